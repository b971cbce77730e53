"""A cluster's queue replayed: tasks with gangs, preemption, reservations, and what came of it."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ceyuan.compute.queueing import kernels
from ceyuan.compute.queueing.durations import BINS, EDGES, LEAN, Floats, Ints, bin_of

PREEMPTION_COST = 60.0
"""Seconds of work lost by stopping a task at a checkpoint and starting it again."""


class QueueingError(ValueError):
    """Tasks or a cluster that cannot be meant."""


@dataclass(frozen=True)
class Tasks:
    """Columns of one length: ``submit`` (seconds, rising), ``work`` (seconds when running undisturbed),
    ``accelerators``, ``group`` (who submits, any small integers)."""

    submit: Floats
    work: Floats
    accelerators: Ints
    group: Ints

    def __post_init__(self) -> None:
        if len({len(self.submit), len(self.work), len(self.accelerators), len(self.group)}) != 1:
            raise QueueingError("columns of tasks differ in length")
        if len(self) and (self.work.min() < 0 or self.accelerators.min() < 1 or (np.diff(self.submit) < 0).any()):
            raise QueueingError("tasks need work of zero seconds or more, one accelerator or more, and rising times")

    def __len__(self) -> int:
        return len(self.submit)

    def between(self, start: float, end: float) -> Tasks:
        """Those submitted from ``start`` until before ``end``."""
        chosen = (self.submit >= start) & (self.submit < end)
        return Tasks(self.submit[chosen], self.work[chosen], self.accelerators[chosen], self.group[chosen])


@dataclass(frozen=True)
class Policy:
    """A way to schedule; see the kernels' ``Rules`` for the fields."""

    name: str
    order: int
    skip: bool = True
    preempt: bool = False
    margin: float = 1.0
    patience: float = 0.0
    tick: float = 0.0
    reserve: float = 0.0
    size_power: float = 0.0
    cost: float = PREEMPTION_COST


FIFO = Policy("FIFO", kernels.ARRIVAL, skip=False)
FIFO_BACKFILL = Policy("FIFO, others pass", kernels.ARRIVAL)
SJF = Policy("SJF, oracle", kernels.DURATION)
SRTF = Policy("SRTF, oracle", kernels.REMAINING, preempt=True)
LEARNT = Policy("learnt", kernels.LEARNT, preempt=True, margin=2.0, tick=300.0, patience=6 * 3600.0, size_power=-0.5)
"""Ours: Gittins's rank learnt from finished tasks, preemption, ranks that fall with waiting and with size (large gangs
are few and hard to fit: without it they wait for all the others)."""


@dataclass(frozen=True)
class Outcome:
    """What came of a replay; times in seconds, per task: ``completion`` (from submission to the end), ``wait`` (that
    part in which it did not work: queueing, being preempted, the cost of preemption)."""

    policy: str
    completion: Floats
    wait: Floats
    started: Floats
    preemptions: int
    makespan: float
    utilisation: float
    accelerators: Ints

    def wait_of_large(self, least: int, quantile: float) -> float:
        """Quantile of the wait of tasks of at least so many accelerators."""
        chosen = self.wait[self.accelerators >= least]
        return float(np.quantile(chosen, quantile)) if len(chosen) else 0.0


def replay(tasks: Tasks, nodes: int, width: int, policy: Policy, history: Tasks | None = None) -> Outcome:
    """Run the tasks on ``nodes`` nodes of ``width`` accelerators.

    ``history``: tasks that have ended before; with those that end during the replay they are all that the learnt order
    knows of durations. Raises ``QueueingError`` for a task larger than the cluster.
    """
    if nodes < 1 or width < 1:
        raise QueueingError("a cluster needs nodes and accelerators")
    if len(tasks) == 0:
        nothing = np.zeros(0)
        return Outcome(policy.name, nothing, nothing, nothing, 0, 0.0, 0.0, np.zeros(0, np.int64))
    whole = -(-tasks.accelerators // width)
    if int(whole.max()) > nodes:
        raise QueueingError(
            f"a task of {int(tasks.accelerators.max())} accelerators, but only {nodes} nodes of {width}"
        )
    group, parents, counts = _groups(tasks, history)
    rules = kernels.Rules(
        policy.order,
        policy.skip,
        policy.preempt,
        policy.cost,
        policy.margin,
        policy.patience,
        policy.tick,
        policy.reserve,
        policy.size_power,
    )
    end = kernels.simulate(
        tasks.submit, tasks.work, tasks.accelerators, group, parents, counts, EDGES, LEAN, nodes, width, rules
    )
    completion = end.finish - tasks.submit
    span = float(end.finish.max() - tasks.submit[0])
    used = float((tasks.work * tasks.accelerators).sum())
    return Outcome(
        policy.name,
        completion,
        completion - tasks.work,
        end.started,
        int(end.preemptions.sum()),
        span,
        used / (span * nodes * width) if span else 0.0,
        tasks.accelerators,
    )


def _groups(tasks: Tasks, history: Tasks | None) -> tuple[Ints, Ints, npt.NDArray[np.float64]]:
    """Row of each task, each row's parent, and the finished tasks before the start per row and bin."""
    rows: dict[tuple[int, ...], int] = {(): 0}
    parents = [-1]

    def row(who: int, size: int) -> int:
        for key, above in (((size,), 0), ((who, size), rows.get((size,), 0))):
            if key not in rows:
                rows[key] = len(parents)
                parents.append(above if len(key) == 1 else rows[(size,)])
        return rows[(who, size)]

    pairs = zip(tasks.group.tolist(), tasks.accelerators.tolist(), strict=True)
    group = np.array([row(who, size) for who, size in pairs], np.int64)
    before: list[tuple[int, float]] = []
    if history is not None:
        known = zip(history.group.tolist(), history.accelerators.tolist(), history.work.tolist(), strict=True)
        before = [(row(who, size), seconds) for who, size, seconds in known]
    counts = np.zeros((len(parents), BINS))
    for at, seconds in before:
        while at >= 0:
            counts[at, bin_of(EDGES, seconds)] += 1
            at = parents[at]
    return group, np.array(parents, np.int64), counts


def read_tasks(path: Path) -> Tasks:
    """Tasks from columns timestamp (UTC), duration (s), num_gpus, cluster: the layout of the Philly extract."""
    try:
        with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as file:
            rows = sorted(
                (
                    datetime.fromisoformat(r["timestamp"]).replace(tzinfo=UTC).timestamp(),
                    float(r["duration"]),
                    int(r["num_gpus"]),
                    r["cluster"],
                )
                for r in csv.DictReader(file)
            )
    except (KeyError, ValueError) as error:
        raise QueueingError(f"{path.name}: {error}") from error
    names = {name: i for i, name in enumerate(sorted({row[3] for row in rows}))}
    return Tasks(
        np.array([r[0] for r in rows]),
        np.array([r[1] for r in rows]),
        np.array([r[2] for r in rows], np.int64),
        np.array([names[r[3]] for r in rows], np.int64),
    )


def made_up(seed: int, tasks: int = 4000, accelerators: int = 64, load: float = 0.8) -> Tasks:
    """Invented tasks: a few groups with their own heavy-tailed durations, mostly single accelerators, some gangs,
    busier by day, so many per second that ``accelerators`` are used to ``load``."""
    generator = np.random.default_rng(seed)
    group = generator.choice(6, tasks, p=[0.4, 0.25, 0.15, 0.1, 0.06, 0.04])
    sizes: Sequence[int] = (1, 2, 4, 8, 16)
    size = generator.choice(sizes, tasks, p=[0.86, 0.05, 0.04, 0.04, 0.01])
    typical = np.exp(generator.normal(6.5, 1.0, 6))
    work = np.clip(typical[group] * np.exp(generator.normal(0, 1.7, tasks)), 5, 10 * 86400)
    span = float((work * size).sum()) / (accelerators * load)
    hour = generator.uniform(0, 1, tasks)
    days = hour + 0.1 * np.sin(2 * np.pi * hour * max(1.0, span / 86400)) / max(1.0, span / 86400)
    return Tasks(np.sort(days) * span, work, size.astype(np.int64), group.astype(np.int64))
