import hashlib
import importlib.util
from pathlib import Path

import pytest

from ceyuan.models.training import Shape
from ceyuan.models.training.tokeniser import train_tokeniser
from tests.models.training.conftest import needs_torch, sentences

torch = pytest.importorskip("torch", reason="PyTorch, an optional component, is not installed: make setup")

from ceyuan.models.training.gguf_export import export_gguf  # noqa: E402
from ceyuan.models.training.model_folder import TrainedModel  # noqa: E402
from ceyuan.models.training.network import Decoder  # noqa: E402
from ceyuan.models.training.verification import verify_gguf  # noqa: E402

pytestmark = needs_torch
SHAPE = Shape(vocabulary=420, width=64, layers=2, heads=4, kv_heads=2, feed_forward=96, context=128)
HARD = [
    "第一条　为了规范管理，根据《中华人民共和国宪法》，制定本法。",
    "ＡＢＣ１２３ 混排 mixed text, it's 3.14159!\n\n\t下一段……——“引号”‘’",
    "繁體中文與罕用字：㐀𠮷龘，表情🙂👩‍👩‍👧，한국어 кириллица",
    "  前后空格  \r\n换行\r\n   ",
    "<|begin|>不是开头<|end|>",
    "e\u0301 组合符　全角空格\u200b零宽",
]


@pytest.fixture(scope="module")
def decided() -> TrainedModel:
    """A model whose choices are far apart, as after much training."""
    decoder = Decoder(SHAPE)
    decoder.start(11)
    with torch.no_grad():
        for weight in decoder.parameters():
            if weight.dim() > 1:
                weight.mul_(6)
    return TrainedModel(decoder.eval(), train_tokeniser(sentences(1, 300), 420))


def test_the_same_model_gives_the_same_file(decided: TrainedModel, tmp_path: Path) -> None:
    for name in ("one", "two"):
        export_gguf(decided, tmp_path / name, name="小模型")
    one, two = (hashlib.sha256((tmp_path / name).read_bytes()).digest() for name in ("one", "two"))
    assert one == two


@pytest.mark.skipif(
    importlib.util.find_spec("xllamacpp") is None, reason="the embedded engine (xllamacpp) is not installed"
)
@pytest.mark.parametrize("kind", ["f32", "f16"])
def test_llama_cpp_cuts_text_alike_and_answers_alike(decided: TrainedModel, tmp_path: Path, kind: str) -> None:
    path = tmp_path / "model.gguf"
    export_gguf(decided, path, name="小模型", kind="f32" if kind == "f32" else "f16")
    found = verify_gguf(decided, path, HARD + sentences(2, 14))
    assert found.passed, found
    assert found.same_tokens == found.texts == 20
    assert found.same_answers >= found.prompts - 1
    assert found.largest_difference < (0.01 if kind == "f32" else 0.1)


@pytest.mark.skipif(
    importlib.util.find_spec("xllamacpp") is None, reason="the embedded engine (xllamacpp) is not installed"
)
def test_a_file_of_another_model_is_found_out(decided: TrainedModel, tmp_path: Path) -> None:
    other = Decoder(SHAPE)
    other.load_state_dict(decided.decoder.state_dict())
    with torch.no_grad():
        other.model.layers[0].self_attn.q_proj.weight.mul_(-1)
    export_gguf(TrainedModel(other, decided.tokeniser), tmp_path / "other.gguf", name="other")
    assert not verify_gguf(decided, tmp_path / "other.gguf", sentences(2, 6)).passed
