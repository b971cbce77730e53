"""Courses over time from rows: each try of a task is an interval in which it held, cost and emitted something."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ceyuan.compute.overview.tables import CapacityChange
from ceyuan.compute.tasks import ComputeTask, Resources

STEPS = 96
"""Points of a course."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A try: of which organisation, in which pool, from when to when (seconds since 1970), holding what, at which cost
    (micro-yuan)."""

    org_id: str
    pool_id: str
    start: float
    end: float
    held: Resources
    cost_micro: float

    @property
    def amounts(self) -> dict[str, int]:
        """What is held, by resource."""
        found = {"cpus": self.held.cpus * self.held.nodes}
        if self.held.accelerators:
            found[self.held.accelerator] = self.held.accelerators * self.held.nodes
        return found


def intervals_of(task: ComputeTask, now: float, running_cost_micro: int = 0) -> list[Interval]:
    """A task's tries that ran, the one at work up to now with what it cost so far. Tries that say nothing of their
    charges share by seconds what the others leave of the task's cost."""
    found, plain = [], [one for one in task.attempts if "charges" not in one]
    said = sum(part["cost_micro"] for one in task.attempts for part in one.get("charges", []))
    second = (task.cost_micro - said) / max(1e-9, sum(float(one["seconds"]) for one in plain))
    for one in task.attempts:
        if one.get("started_at") is not None and one["seconds"] > 0:
            held = Resources.model_validate(one.get("placed") or task.placed)
            start, end = float(one["started_at"]), float(one["started_at"]) + float(one["seconds"])
            cost = second * float(one["seconds"])
            if "charges" in one:
                cost = float(sum(part["cost_micro"] for part in one["charges"]))
            found.append(Interval(task.org_id, one.get("pool_id") or "", start, end, held, cost))
    if task.pool_id is not None and task.attempt is not None and task.admission is not None:
        start, held = float(task.admission.get("since", now)), Resources.model_validate(task.placed)
        found.append(Interval(task.org_id, task.pool_id, start, max(start, now), held, float(running_cost_micro)))
    return found


@dataclass(frozen=True, slots=True)
class Grid:
    """Equal steps of time between two moments (seconds since 1970)."""

    start: float
    end: float

    @property
    def step(self) -> float:
        """Seconds of a step."""
        return (self.end - self.start) / STEPS

    def add(self, row: list[float], start: float, end: float, amount: float) -> None:
        """Add `amount` for each second between two moments to the steps that these lie in."""
        start, end = max(start, self.start), min(end, self.end)
        if end <= start:
            return
        first = int((start - self.start) / self.step)
        for at in range(first, min(STEPS, math.ceil((end - self.start) / self.step))):
            low = self.start + at * self.step
            row[at] += amount * max(0.0, min(end, low + self.step) - max(start, low))


def waited(task: ComputeTask, now: float) -> tuple[float, float]:
    """From when to when a task waited for its first seats (seconds since 1970)."""
    begun = [float(one["started_at"]) for one in task.attempts if one.get("started_at") is not None]
    if not begun and task.admission is not None:
        begun = [float(task.admission.get("since", now))]
    ended = now if task.finished_at is None else task.finished_at.timestamp()
    return task.created_at.timestamp(), min(begun, default=ended)


def capacity_course(grid: Grid, changes: Sequence[CapacityChange]) -> dict[str, list[float | None]]:
    """What there was of each resource at the end of each step; `None` before anybody looked."""
    found: dict[str, list[float | None]] = {}
    state: dict[tuple[str, str], int] = {}
    at = 0
    for step in range(STEPS):
        edge = grid.start + (step + 1) * grid.step
        while at < len(changes) and changes[at].at.timestamp() <= edge + 1e-6:
            state[(changes[at].pool_id, changes[at].resource)] = changes[at].capacity
            at += 1
        sums: dict[str, float] = {}
        for (_, resource), amount in state.items():
            sums[resource] = sums.get(resource, 0.0) + amount
        for resource, total in sums.items():
            found.setdefault(resource, [None] * STEPS)[step] = total
    return found
