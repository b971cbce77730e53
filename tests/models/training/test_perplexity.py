from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ceyuan.models.training import ResumeFault, Shape
from ceyuan.models.training.tokeniser import train_tokeniser
from tests.models.training.conftest import needs_torch, sentences

torch = pytest.importorskip("torch", reason="PyTorch, an optional component, is not installed: make setup")

from ceyuan.models.training.model_folder import TrainedModel, load_model, save_model  # noqa: E402
from ceyuan.models.training.network import Decoder  # noqa: E402
from ceyuan.models.training.perplexity import document_costs, perplexity  # noqa: E402
from ceyuan.models.training.sampling import continue_text  # noqa: E402

pytestmark = needs_torch
SHAPE = Shape(vocabulary=400, width=32, layers=2, heads=4, kv_heads=2, feed_forward=64, context=32)


def model(spread: float = 1.0) -> TrainedModel:
    decoder = Decoder(SHAPE)
    decoder.start(5)
    with torch.no_grad():
        for weight in decoder.parameters():
            if weight.dim() > 1:
                weight.mul_(spread)
    return TrainedModel(decoder.eval(), train_tokeniser(sentences(1, 100), 400))


def test_a_model_that_knows_nothing_is_as_perplexed_as_its_vocabulary_is_large() -> None:
    score = perplexity(model(0.0), sentences(2, 10))
    assert score.value == pytest.approx(400, rel=1e-4)
    assert score.low == pytest.approx(400, rel=1e-4)


@pytest.fixture(scope="module")
def wild() -> TrainedModel:
    return model(12.0)


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 140))
def test_every_token_of_a_document_is_scored_once_however_long_it_is(wild: TrainedModel, length: int) -> None:
    text = sentences(3, 1)[0] * 4
    text = text[: length + 1]
    nats, counts = document_costs(wild, [text])
    assert counts[0] == len(wild.tokeniser.encode(text, add_special_tokens=False).ids)
    if counts[0] < SHAPE.context:
        ids = torch.tensor([wild.tokeniser.encode(text).ids])
        with torch.inference_mode():
            logits = wild.decoder(ids[:, :-1])
        expected = torch.nn.functional.cross_entropy(logits[0], ids[0, 1:], reduction="sum")
        assert nats[0] == pytest.approx(float(expected), rel=1e-4)


def test_a_document_costs_the_same_alone_and_among_others(wild: TrainedModel) -> None:
    texts = sentences(4, 23)
    together, _ = document_costs(wild, texts)
    alone = [document_costs(wild, [text])[0][0] for text in texts]
    assert together == pytest.approx(alone, rel=1e-4)


def test_progress_is_told_up_to_the_end(wild: TrainedModel) -> None:
    shares: list[float] = []
    perplexity(wild, sentences(5, 40), report=shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_a_saved_model_comes_back_and_says_the_same(wild: TrainedModel, tmp_path: Path) -> None:
    save_model(wild.decoder, wild.tokeniser, tmp_path)
    again = load_model(tmp_path)
    assert perplexity(again, sentences(6, 5)) == perplexity(wild, sentences(6, 5))
    assert continue_text(again, "第一条", 20, seed=3) == continue_text(wild, "第一条", 20, seed=3)


@pytest.mark.parametrize("name", ["model.safetensors", "config.json", "tokenizer.json"])
def test_a_damaged_model_folder_is_refused(wild: TrainedModel, tmp_path: Path, name: str) -> None:
    save_model(wild.decoder, wild.tokeniser, tmp_path)
    (tmp_path / name).write_bytes(b"{}")
    with pytest.raises(ResumeFault, match="not a whole model folder"):
        load_model(tmp_path)
