from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ceyuan.models.training import Recipe, ResumeFault, TrainingFault
from tests.models.training.conftest import needs_torch

torch = pytest.importorskip("torch", reason="PyTorch, an optional component, is not installed: make setup")

from ceyuan.models.training.checkpoint import latest  # noqa: E402
from ceyuan.models.training.loop import Pulse, fit, learning_rate  # noqa: E402
from ceyuan.models.training.network import Decoder  # noqa: E402

pytestmark = needs_torch
TOKENS = np.random.default_rng(0).integers(2, 400, size=4_000).astype(np.uint16)


class Stopped(Exception):
    """Stands for whatever ends a process between two steps."""


def weights(recipe: Recipe, folder: Path, stop_after: int | None = None, run: str = "run") -> dict[str, Any]:
    def listen(pulse: Pulse) -> None:
        if pulse.step == stop_after:
            raise Stopped

    decoder, _, _ = fit(recipe, "float32", TOKENS, TOKENS[:600], folder, run, listen)
    return dict(decoder.state_dict())


def same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return all(torch.equal(one[name], other[name]) for name in one)


@pytest.fixture
def recipe(tiny: dict[str, Any]) -> Recipe:
    return Recipe.from_mapping({**tiny, "steps": 16, "checkpoint_every": 3})


@pytest.mark.parametrize("stop", [2, 3, 11, 15])
def test_a_stopped_run_ends_in_the_same_weights(recipe: Recipe, tmp_path: Path, stop: int) -> None:
    undisturbed = weights(recipe, tmp_path / "one")
    with pytest.raises(Stopped):
        weights(recipe, tmp_path / "two", stop)
    assert same(weights(recipe, tmp_path / "two"), undisturbed)


def test_the_resumed_run_tells_the_same_history(recipe: Recipe, tmp_path: Path) -> None:
    _, undisturbed, _ = fit(recipe, "float32", TOKENS, TOKENS, tmp_path / "one", "run", lambda _: None)
    with pytest.raises(Stopped):
        weights(recipe, tmp_path / "two", 10)
    _, resumed, _ = fit(recipe, "float32", TOKENS, TOKENS[:600], tmp_path / "two", "run", lambda _: None)
    assert resumed.curves.train == undisturbed.curves.train
    assert len(resumed.curves.train) == recipe.steps
    assert resumed.position == recipe.steps * recipe.batch


def test_two_checkpoints_are_kept(recipe: Recipe, tmp_path: Path) -> None:
    weights(recipe, tmp_path)
    steps = sorted(path.name[5:13] for path in tmp_path.iterdir())
    assert steps == ["00000015", "00000016"]


@pytest.mark.parametrize("damage", [b"", b"junk", None])
def test_a_damaged_checkpoint_is_passed_over_for_the_one_before(
    recipe: Recipe, tmp_path: Path, damage: bytes | None
) -> None:
    undisturbed = weights(recipe, tmp_path)
    newest = max(tmp_path.iterdir())
    data = bytearray(newest.read_bytes())
    data[-1] ^= 1
    newest.write_bytes(data if damage is None else damage)
    before = latest(tmp_path)
    assert before is not None
    assert before.name.startswith("step-00000015-")
    assert same(weights(recipe, tmp_path), undisturbed)


def test_the_checkpoint_of_another_run_is_refused(recipe: Recipe, tmp_path: Path) -> None:
    weights(recipe, tmp_path)
    with pytest.raises(ResumeFault, match="does not belong"):
        weights(recipe, tmp_path, run="other")


def test_the_checkpoint_of_another_shape_is_refused(recipe: Recipe, tiny: dict[str, Any], tmp_path: Path) -> None:
    weights(recipe, tmp_path)
    tiny["shape"]["width"] = 64
    with pytest.raises(ResumeFault, match="does not belong"):
        weights(Recipe.from_mapping(tiny), tmp_path)


def test_training_learns(recipe: Recipe, tmp_path: Path) -> None:
    pattern = np.tile(np.arange(2, 34, dtype=np.uint16), 200)
    _, progress, _ = fit(recipe, "float32", pattern, pattern[:600], tmp_path, "run", lambda _: None)
    assert progress.curves.train[-1][1] < progress.curves.train[0][1] - 0.2
    assert progress.curves.heldout[-1][0] == recipe.steps


def test_a_diverging_run_says_what_to_change(recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nothing_sums = lambda self, tokens, targets: self.model.norm.weight.sum() * float("nan")  # noqa: E731
    monkeypatch.setattr(Decoder, "loss", nothing_sums)
    with pytest.raises(TrainingFault, match="Lower the learning rate"):
        weights(recipe, tmp_path)
    assert latest(tmp_path) is None


def test_the_rate_warms_up_then_falls_to_its_final_share(recipe: Recipe) -> None:
    rates = [learning_rate(recipe, step) for step in range(recipe.steps + 1)]
    assert rates[: recipe.warmup] == sorted(rates[: recipe.warmup])
    assert max(rates) == recipe.learning_rate
    assert rates[recipe.warmup :] == sorted(rates[recipe.warmup :], reverse=True)
    assert rates[-1] == pytest.approx(recipe.learning_rate * recipe.final_rate)
