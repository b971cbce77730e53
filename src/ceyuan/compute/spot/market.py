"""Interruptible capacity in several zones: what is known of it, and what a job needs."""

from __future__ import annotations

import json
import math
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

IDLE, ON_DEMAND = -1, -2
"""Where a job can be besides a zone's number: nowhere, or on capacity that is never taken away."""

Bools = npt.NDArray[np.bool_]


class SpotError(ValueError):
    """A job, a price or a trace that cannot be meant."""


@dataclass(frozen=True)
class Terms:
    """Prices per hour (``spot`` by zone, any currency), and seconds: ``changeover`` until a started machine works (it
    is paid meanwhile), ``move`` more when it is another zone than the last, ``step`` between decisions."""

    spot: tuple[float, ...]
    on_demand: float
    changeover: float
    move: float
    step: float

    def __post_init__(self) -> None:
        figures = (*self.spot, self.on_demand, self.changeover, self.move, self.step)
        if not self.spot or not all(math.isfinite(f) and f >= 0 for f in figures) or self.step <= 0:
            raise SpotError(
                "prices and times must be finite and not negative, a step longer than nothing, a zone or more"
            )


@dataclass(frozen=True)
class Situation:
    """What a policy may know when it decides: seconds of ``work`` and of ``time`` left, where the job is (zone number,
    ``IDLE``, ``ON_DEMAND``), ``last`` zone or kind it worked in, ``overhead`` seconds until it works where it is, and
    which zones have capacity now."""

    work: float
    time: float
    place: int
    last: int
    overhead: float
    available: Bools
    total_work: float
    total_time: float


def overhead_of(terms: Terms, situation: Situation, place: int) -> float:
    """Seconds of work lost before a job decided to be at ``place`` works."""
    if place == situation.place:
        return situation.overhead
    moves = situation.last not in (IDLE, place)
    return terms.changeover + (terms.move if moves else 0.0)


class Uptimes:
    """Learns from each step seen how long a zone's capacity lasts and how often there is any."""

    AGES = (0.0, 900.0, 3600.0, 4 * 3600.0, 12 * 3600.0, 36 * 3600.0)

    def __init__(self, zones: int, step: float) -> None:
        self.step = step
        self._age = np.zeros(zones)
        self._up = np.zeros(zones, np.bool_)
        self._seen = np.zeros((zones, len(self.AGES)))
        self._ended = np.zeros((zones, len(self.AGES)))
        self._steps, self._any = 0, 0

    def observe(self, available: Bools) -> None:
        """One step more."""
        rows = np.nonzero(self._up)[0]
        ages = np.searchsorted(self.AGES, self._age[rows], side="right") - 1
        self._seen[rows, ages] += 1
        self._ended[rows, ages] += ~available[rows]
        self._age = np.where(available, np.where(self._up, self._age + self.step, 0.0), 0.0)
        self._up = available.copy()
        self._steps += 1
        self._any += bool(available.any())

    @property
    def any_share(self) -> float:
        """Share of the steps in which some zone had capacity; cautious while little was seen."""
        return (self._any + 1.0) / (self._steps + 2.0)

    def lasts(self, zone: int) -> float:
        """Seconds that capacity now there is expected to last: one over the rate of endings at this age."""
        age = int(np.searchsorted(self.AGES, self._age[zone], side="right")) - 1
        return float(self.step * (self._seen[zone, age] + 10.0) / (self._ended[zone, age] + 0.5))


def checkpoint_interval(write: float, between_failures: float) -> float:
    """Seconds between checkpoints that cost least in all, from the seconds that one takes and the mean seconds between
    interruptions (Daly 2006, FGCS 22:303, equation 37)."""
    if not (math.isfinite(write) and write > 0 and between_failures > 0):
        raise SpotError("a checkpoint takes time, and failures have a mean time between them")
    if math.isinf(between_failures):
        return math.inf
    if write >= 2 * between_failures:
        return between_failures
    ratio = write / (2 * between_failures)
    return math.sqrt(2 * write * between_failures) * (1 + math.sqrt(ratio) / 3 + ratio / 9) - write


def read_traces(path: Path) -> tuple[list[str], float, Bools]:
    """(zones, seconds per step, available[zone, step]) from a folder or tar archive of JSON files
    ``{"metadata": {"gap_seconds": s}, "data": [machines that could be had at each step]}``, one per zone; cut to the
    shortest."""
    contents: dict[str, dict[str, object]] = {}
    if path.is_dir():
        for file in sorted(path.rglob("*.json")):
            contents[file.stem] = json.loads(file.read_text())
    else:
        with tarfile.open(path) as archive:
            for member in sorted(archive.getnames()):
                handle = archive.extractfile(member) if member.endswith(".json") else None
                if handle is not None:
                    contents[Path(member).stem] = json.loads(handle.read())
    if not contents:
        raise SpotError(f"{path}: no traces")
    gaps = {float(c["metadata"]["gap_seconds"]) for c in contents.values()}  # type: ignore[index]
    if len(gaps) != 1:
        raise SpotError(f"{path}: traces with different steps")
    rows: list[Sequence[int]] = [c["data"] for c in contents.values()]  # type: ignore[misc]
    length = min(map(len, rows))
    return list(contents), gaps.pop(), np.array([row[:length] for row in rows]) > 0


def made_up(seed: int, zones: int = 5, steps: int = 5000, step: float = 195.0) -> Bools:
    """Invented availability: each zone up and down for exponential times of its own means."""
    generator = np.random.default_rng(seed)
    rows = np.zeros((zones, steps), np.bool_)
    for row in rows:
        up, down = generator.uniform(1.0, 12.0) * 3600, generator.uniform(0.5, 12.0) * 3600
        at, state = 0, bool(generator.random() < up / (up + down))
        while at < steps:
            length = 1 + int(generator.exponential(up if state else down) / step)
            row[at : at + length] = state
            at, state = at + length, not state
    return rows
