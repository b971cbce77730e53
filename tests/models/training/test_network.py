import pytest

from ceyuan.models.training import Shape
from tests.models.training.conftest import needs_torch

torch = pytest.importorskip("torch", reason="PyTorch, an optional component, is not installed: make setup")

from torch.nn import functional as F  # noqa: E402

from ceyuan.models.training.attention import causal_attention  # noqa: E402
from ceyuan.models.training.head import linear_cross_entropy  # noqa: E402
from ceyuan.models.training.network import Decoder  # noqa: E402

pytestmark = needs_torch
SHAPE = Shape(vocabulary=400, width=32, layers=2, heads=4, kv_heads=2, feed_forward=64, context=32)


@pytest.fixture
def decoder() -> Decoder:
    made = Decoder(SHAPE)
    made.start(7)
    return made


def test_the_shape_counts_the_parameters_that_are_there(decoder: Decoder) -> None:
    assert sum(weight.numel() for weight in decoder.parameters()) == SHAPE.parameters


def test_the_seed_alone_decides_the_first_weights(decoder: Decoder) -> None:
    again, other = Decoder(SHAPE), Decoder(SHAPE)
    again.start(7)
    other.start(8)
    same = [torch.equal(a, b) for a, b in zip(decoder.parameters(), again.parameters(), strict=True)]
    assert all(same)
    assert not torch.equal(decoder.model.embed_tokens.weight, other.model.embed_tokens.weight)


def test_no_position_sees_what_comes_after_it(decoder: Decoder) -> None:
    tokens = torch.randint(0, 400, (1, 20), generator=torch.Generator().manual_seed(1))
    changed = tokens.clone()
    changed[0, 12:] = (changed[0, 12:] + 5) % 400
    before, after = decoder(tokens), decoder(changed)
    assert torch.allclose(before[:, :12], after[:, :12], atol=1e-5)
    assert not torch.allclose(before[:, 12:], after[:, 12:], atol=1e-5)


def test_only_distances_between_positions_matter_to_attention(decoder: Decoder) -> None:
    layer = decoder.model.layers[0].self_attn
    x = torch.randn(1, 8, 32, generator=torch.Generator().manual_seed(2))
    near = layer(x, decoder.cosine[:8], decoder.sine[:8])
    far = layer(x, decoder.cosine[20:28], decoder.sine[20:28])
    assert torch.allclose(near, far, atol=1e-6)


@pytest.mark.parametrize("length", [1, 127, 128, 129, 300])
def test_attention_in_blocks_equals_pytorchs_own(length: int) -> None:
    random = torch.Generator().manual_seed(3)
    query = torch.randn(2, length, 6, 16, generator=random)
    key, value = (torch.randn(2, length, 2, 16, generator=random) for _ in range(2))
    wide_key, wide_value = (part.transpose(1, 2).repeat_interleave(3, dim=1) for part in (key, value))
    expected = F.scaled_dot_product_attention(query.transpose(1, 2), wide_key, wide_value, is_causal=True)
    assert torch.allclose(causal_attention(query, key, value), expected.transpose(1, 2).flatten(2), atol=1e-5)


@pytest.mark.parametrize("tokens", [1, 511, 512, 1_300])
def test_the_joined_head_has_the_loss_and_gradients_of_the_plain_one(tokens: int) -> None:
    random = torch.Generator().manual_seed(4)
    hidden = torch.randn(tokens, 32, generator=random, requires_grad=True)
    weight = torch.randn(400, 32, generator=random, requires_grad=True)
    targets = torch.randint(0, 400, (tokens,), generator=random)
    plain = F.cross_entropy(hidden @ weight.T, targets)
    expected = torch.autograd.grad(plain, (hidden, weight))
    ours = linear_cross_entropy(hidden, weight, targets)
    assert ours.item() == pytest.approx(plain.item(), rel=1e-5)
    for mine, theirs in zip(torch.autograd.grad(ours, (hidden, weight)), expected, strict=True):
        assert torch.allclose(mine, theirs, atol=1e-6)


def test_a_hopeless_prediction_costs_much_but_not_infinity() -> None:
    hidden, weight = torch.tensor([[1_000.0]]), torch.tensor([[1.0], [-1.0]])
    assert 80 < linear_cross_entropy(hidden, weight, torch.tensor([1])).item() < 100
