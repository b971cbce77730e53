"""Where a run stands, in one file that is either whole or not there.

A checkpoint is a safetensors file: weights, both Adam moments, PyTorch's random state, and in its
header one JSON text with step, data position and history. Its name carries the step and the
beginning of its SHA-256, so a damaged one is recognised and the one before it is taken.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from .durable import sha256_of, write_bytes
from .faults import ResumeFault
from .network import Decoder

__all__ = ["Curves", "Progress", "foreign_checkpoint", "latest", "restore", "save_checkpoint"]

KEPT = 2
NAME = re.compile(r"step-(\d{8})-([0-9a-f]{16})\.safetensors")
MOMENTS = ("exp_avg", "exp_avg_sq")


@dataclass
class Curves:
    """What is plotted: training loss by step, held-out loss by step, both in nats per token."""

    train: list[tuple[int, float]] = field(default_factory=list)
    heldout: list[tuple[int, float]] = field(default_factory=list)


@dataclass
class Progress:
    """The part of a checkpoint that is not a tensor.

    `position` counts the training windows read; with the recipe's seed it fixes all that follow.
    """

    run: str
    step: int = 0
    position: int = 0
    curves: Curves = field(default_factory=Curves)


def save_checkpoint(folder: Path, decoder: Decoder, optimiser: torch.optim.AdamW, progress: Progress) -> Path:
    """Write the checkpoint of this step, then drop all but the last two."""
    data = save(dict(_tensors(decoder, optimiser)), {"progress": json.dumps(asdict(progress))})
    digest = hashlib.sha256(data).hexdigest()[:16]
    path = folder / f"step-{progress.step:08d}-{digest}.safetensors"
    write_bytes(path, data)
    for old in _newest_first(folder)[KEPT:]:
        old.unlink(missing_ok=True)
    return path


def latest(folder: Path) -> Path | None:
    """The newest whole checkpoint; damaged ones are removed on the way."""
    for path in _newest_first(folder):
        match = NAME.fullmatch(path.name)
        if match and sha256_of(path).startswith(match[2]):
            return path
        path.unlink()
    return None


def restore(path: Path, decoder: Decoder, optimiser: torch.optim.AdamW) -> Progress:
    """Put weights, moments and random state back and return the progress.

    Raises:
        ResumeFault: the file does not belong to this model or is no checkpoint.
    """
    names = [name for name, _ in decoder.named_parameters()]
    try:
        with safe_open(path, framework="pt") as file:
            raw = json.loads(file.metadata()["progress"])
            state = {key: file.get_tensor(key).clone() for key in file.keys()}  # noqa: SIM118
        progress = Progress(**{**raw, "curves": _curves(raw["curves"])})
        # Copied into the existing, aligned storage: kernels may sum in another order elsewhere.
        with torch.no_grad():
            for name, weight in decoder.named_parameters():
                weight.copy_(state[f"weight.{name}"])
        moments = {
            index: {
                "step": torch.tensor(float(progress.step)),
                **{moment: state[f"{moment}.{name}"] for moment in MOMENTS},
            }
            for index, name in enumerate(names)
        }
        groups = optimiser.state_dict()["param_groups"]
        optimiser.load_state_dict({"state": moments, "param_groups": groups})
        torch.set_rng_state(state["random"])
    except (SafetensorError, KeyError, TypeError, RuntimeError) as error:
        raise foreign_checkpoint(path) from error
    return progress


def foreign_checkpoint(path: Path) -> ResumeFault:
    """The fault of a whole checkpoint that belongs elsewhere."""
    return ResumeFault(
        f"检查点 {path.name} 不属于这次训练。请换一个输出文件夹。",
        f"The checkpoint {path.name} does not belong to this run. Choose another output folder.",
    )


def _tensors(decoder: Decoder, optimiser: torch.optim.AdamW) -> Iterator[tuple[str, Tensor]]:
    yield "random", torch.get_rng_state()
    for name, weight in decoder.named_parameters():
        yield f"weight.{name}", weight.detach()
        for moment in MOMENTS:
            held = optimiser.state[weight].get(moment)
            yield f"{moment}.{name}", torch.zeros_like(weight) if held is None else held


def _curves(raw: dict[str, Any]) -> Curves:
    return Curves(
        train=[(int(step), float(loss)) for step, loss in raw["train"]],
        heldout=[(int(step), float(loss)) for step, loss in raw["heldout"]],
    )


def _newest_first(folder: Path) -> list[Path]:
    return sorted(
        (path for path in folder.glob("step-*.safetensors") if NAME.fullmatch(path.name)),
        key=lambda path: path.name,
        reverse=True,
    )
