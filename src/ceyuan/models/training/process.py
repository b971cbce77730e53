"""A training run in its own process, from a corpus folder to a model folder.

The output folder is the run's memory. Killed at any moment and started again with the same
arguments, it goes on from what is whole and ends in the same bytes:

    run.json            what run this is; another recipe or corpus is refused
    work/               tokeniser, packed tokens, the last two checkpoints
    curves.json         losses so far, rewritten while training
    model/              the result; complete once it holds manifest.json
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .corpus import Corpus
from .durable import canonical_json, write_json
from .faults import ResumeFault, TrainingFault
from .recipe import Precision, Recipe
from .telling import Report, Teller
from .torch_extra import require_torch

__all__ = ["RunFolder", "TrainingRequest", "main"]

RUN_FORMAT = 1
LOCK_PATIENCE_S = 15.0


@dataclass(frozen=True)
class TrainingRequest:
    """The arguments of `main`, read and checked."""

    corpus: Corpus
    output: Path
    recipe: Recipe
    name: str
    dataset: str
    licence: str

    @classmethod
    def from_mapping(cls, args: Mapping[str, Any]) -> TrainingRequest:
        """Read the JSON arguments described at `main`."""
        reading = {key: str(args[key]) for key in ("column", "split_column", "train", "heldout") if key in args}
        return cls(
            corpus=Corpus(Path(args["corpus"]), **reading),
            output=Path(args["output"]),
            recipe=Recipe.from_mapping(args.get("recipe") or {}),
            name=str(args.get("name") or "mini-zh"),
            dataset=str(args.get("dataset") or ""),
            licence=str(args.get("licence") or ""),
        )


@dataclass(frozen=True)
class RunFolder:
    """Where things lie below the output folder."""

    root: Path

    @property
    def tokeniser(self) -> Path:
        """The trained tokeniser."""
        return self.root / "work" / "tokenizer.json"

    @property
    def checkpoints(self) -> Path:
        """The folder of the last two checkpoints."""
        return self.root / "work" / "checkpoints"

    @property
    def curves(self) -> Path:
        """Losses so far; readable at any time."""
        return self.root / "curves.json"

    @property
    def model(self) -> Path:
        """The result."""
        return self.root / "model"

    def tokens(self, split: str) -> Path:
        """Packed tokens of one split."""
        return self.root / "work" / f"tokens-{split}.npy"


def main(args: dict[str, Any], report: Report) -> dict[str, Any]:
    """Train, evaluate and export; or finish what an interrupted process left.

    Args:
        args: `corpus` (folder of Parquet shards) and `output` (folder); optional `recipe` (as for
            `Recipe.from_mapping`), `column`, `split_column`, `train`, `heldout` (how the corpus
            names them), and for the card `name`, `dataset`, `licence`.
        report: called about once a second with `progress` (0 to 1), `message` (zh, en), `stage`,
            and while training `step`, `steps`, `loss`, `heldout_loss`, `learning_rate`,
            `tokens_per_second`, `eta_s`.

    Returns:
        `model` (folder), `content_hash`, `parameters`, `train_tokens`, `loss`, `perplexity`, and
        `seconds` of this process, which are no part of the content.

    Raises:
        TrainingFault: with a message in both languages.
    """
    began = time.monotonic()
    require_torch()
    # Threads that wait by sleeping, not by spinning: a shared machine stays usable, and slow
    # neighbours cost less. Read when PyTorch starts its threads, hence before its import.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    from . import stages

    request = TrainingRequest.from_mapping(args)
    folder, teller = RunFolder(request.output), Teller(report)
    folder.root.mkdir(parents=True, exist_ok=True)
    try:
        with _only_process(folder.root):
            teller.stage(0.0, "prepare", ("检查数据与配方", "Checking corpus and recipe"))
            run, precision = _identify(request, folder)
            result = stages.run_all(request, folder, run, precision, teller)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise TrainingFault(
            "磁盘空间不足。释放空间后重新运行，会从断点继续。",
            "The disk is full. Free some space and run again; it goes on from where it was.",
        ) from error
    return {**result, "seconds": round(time.monotonic() - began, 3)}


def _identify(request: TrainingRequest, folder: RunFolder) -> tuple[str, Precision]:
    """The identity of this run, and the precision it began with.

    Raises:
        ResumeFault: the folder belongs to another run.
    """
    from .loop import resolve_precision

    path = folder.root / "run.json"
    known = json.loads(path.read_bytes()) if path.exists() else {}
    precision: Precision = known.get("precision") or resolve_precision(request.recipe.precision)
    described = {
        "format": RUN_FORMAT,
        "recipe": request.recipe.to_mapping(),
        "corpus": request.corpus.fingerprint(),
        "precision": precision,
    }
    run = hashlib.sha256(canonical_json(described)).hexdigest()
    if known and known.get("run") != run:
        raise ResumeFault(
            "输出文件夹属于另一次训练（配方或数据不同）。请换一个文件夹，或先清空它。",
            "The output folder belongs to another run (its recipe or corpus differs). "
            "Choose another folder, or empty this one.",
        )
    if not known:
        write_json(path, {**described, "run": run})
    return run, precision


@contextmanager
def _only_process(root: Path) -> Iterator[None]:
    """Hold the folder; the operating system lets go of it when the process dies."""
    with (root / ".lock").open("w") as lock:
        deadline = time.monotonic() + LOCK_PATIENCE_S
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise ResumeFault(
                        "另一个进程正在使用这个输出文件夹。",
                        "Another process is working in this output folder.",
                    ) from None
                time.sleep(0.1)
        yield
