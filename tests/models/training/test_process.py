import errno
import fcntl
import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ceyuan.models.training import CorpusFault, RecipeFault, ResumeFault, TrainingFault
from ceyuan.models.training import process as process_module
from ceyuan.models.training.process import main
from tests.models.training.conftest import needs_torch, write_shard

pytestmark = needs_torch
FILES = {
    "README.md",
    "config.json",
    "curves.json",
    "generation_config.json",
    "manifest.json",
    "mini-zh-f32.gguf",
    "model.safetensors",
    "perplexity.json",
    "recipe.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "training_state.safetensors",
}
WITHOUT_TORCH = """
import sys
sys.modules["torch"] = None
import ceyuan.models.training as training
from ceyuan.models.training.process import main
try:
    main({"corpus": "x", "output": sys.argv[1]}, lambda report: None)
except training.TorchMissing as fault:
    assert "pip install torch" in fault.message[0] and "make setup" in fault.message[1]
    print("told")
"""


def arguments(corpus: Path, output: Path, tiny: dict[str, Any]) -> dict[str, Any]:
    return {"corpus": str(corpus), "output": str(output), "recipe": tiny, "dataset": "demo/corpus-zh@1"}


@pytest.fixture(scope="module")
def finished(corpus_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Any, Path]:
    from tests.models.training.conftest import TINY

    output = tmp_path_factory.mktemp("run")
    reports: list[dict[str, Any]] = []
    asked = {**arguments(corpus_folder, output, TINY), "name": "demo/mini-zh", "licence": "mit"}
    return main(asked, reports.append), reports, output


def test_a_run_leaves_a_whole_model_folder(finished: Any) -> None:
    result, _, output = finished
    folder = Path(result["model"])
    assert folder == output / "model"
    assert {path.name for path in folder.iterdir()} == FILES


def test_the_manifest_names_every_file_by_its_hash(finished: Any) -> None:
    folder = Path(finished[0]["model"])
    manifest = json.loads((folder / "manifest.json").read_text())
    assert set(manifest["files"]) == FILES - {"manifest.json"}
    for name, entry in manifest["files"].items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == entry["sha256"]
    assert manifest["content_hash"] == finished[0]["content_hash"]


def test_progress_rises_and_training_tells_its_figures(finished: Any) -> None:
    _, reports, _ = finished
    shares = [report["progress"] for report in reports]
    assert shares == sorted(shares)
    assert list(dict.fromkeys(report["stage"] for report in reports))[:3] == [
        "prepare",
        "tokeniser",
        "pack",
    ]
    told = [report for report in reports if report["stage"] == "train"]
    assert [report["step"] for report in told if report["heldout_loss"] is not None] == [6, 12, 18, 24]
    assert {"loss", "tokens_per_second", "eta_s", "learning_rate"} <= set(told[0])
    assert all(len(report["message"]) == 2 for report in reports)


def test_curves_can_be_read_while_it_runs_and_stay_in_the_result(finished: Any) -> None:
    _, _, output = finished
    running = json.loads((output / "curves.json").read_text())
    kept = json.loads((output / "model" / "curves.json").read_text())
    assert running == kept
    assert [step for step, _ in kept["train"]] == list(range(1, 25))
    assert kept["heldout"][-1][1] < kept["heldout"][0][1]


def test_the_card_speaks_both_languages_and_names_data_and_score(finished: Any) -> None:
    card = (finished[2] / "model" / "README.md").read_text()
    for words in ('license: "mit"', "demo/corpus-zh@1", "困惑度", "Held-out perplexity", "局限", "Limits"):
        assert words in card
    assert f"{finished[0]['perplexity']['value']:.2f}" in card


def test_a_finished_run_answers_at_once_with_the_same_result(
    finished: Any, corpus_folder: Path, tiny: dict[str, Any]
) -> None:
    result, _, output = finished
    reports: list[dict[str, Any]] = []
    again = main(arguments(corpus_folder, output, tiny), reports.append)
    assert {**again, "seconds": 0} == {**result, "seconds": 0}
    assert len(reports) == 1


def test_another_recipe_or_corpus_in_the_same_folder_is_refused(
    finished: Any, corpus_folder: Path, tiny: dict[str, Any], tmp_path: Path
) -> None:
    output = finished[2]
    with pytest.raises(ResumeFault, match="another run"):
        main(arguments(corpus_folder, output, {**tiny, "seed": 5}), lambda _: None)
    write_shard(tmp_path / "train-0.parquet", text=["别的文本"])
    with pytest.raises(ResumeFault, match="another run"):
        main(arguments(tmp_path, output, tiny), lambda _: None)


def test_a_second_process_in_the_same_folder_is_refused(
    corpus_folder: Path, tiny: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process_module, "LOCK_PATIENCE_S", 0.0)
    with (tmp_path / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(ResumeFault, match="Another process"):
            main(arguments(corpus_folder, tmp_path, tiny), lambda _: None)


def test_a_full_disk_is_told_and_the_run_goes_on_when_there_is_room(
    corpus_folder: Path, tiny: dict[str, Any], tmp_path: Path, finished: Any
) -> None:
    asked = {**arguments(corpus_folder, tmp_path, tiny), "name": "demo/mini-zh", "licence": "mit"}

    def fill(report: dict[str, Any]) -> None:
        if report.get("step", 0) >= 12:
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(TrainingFault, match="disk is full"):
        main(asked, fill)
    assert main(asked, lambda _: None)["content_hash"] == finished[0]["content_hash"]


def test_wrong_arguments_are_told_before_anything_is_written(
    corpus_folder: Path, tiny: dict[str, Any], tmp_path: Path
) -> None:
    with pytest.raises(RecipeFault):
        main(arguments(corpus_folder, tmp_path / "out", {**tiny, "steps": -1}), lambda _: None)
    assert not (tmp_path / "out").exists()


def test_too_little_held_out_text_is_told(tiny: dict[str, Any], tmp_path: Path) -> None:
    write_shard(tmp_path / "train-0.parquet", text=["训练文本，够长的训练文本。" * 9] * 30)
    write_shard(tmp_path / "heldout-0.parquet", text=["短"])
    with pytest.raises(CorpusFault, match="Too little text"):
        main(arguments(tmp_path, tmp_path / "out", tiny), lambda _: None)


def test_without_torch_the_package_imports_and_says_how_to_install_it(tmp_path: Path) -> None:
    script = [sys.executable, "-c", WITHOUT_TORCH, str(tmp_path)]
    done = subprocess.run(script, capture_output=True, check=True)
    assert done.stdout.decode().strip() == "told"
