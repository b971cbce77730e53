"""What the calls of deployments are like: counted in this process, and told to the others where there are any."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ceyuan.kernel.ids import new_id
from ceyuan.models.replicas.deciding import Demand
from ceyuan.models.replicas.tables import ReplicaGroup
from ceyuan.models.serving.engine import Load
from ceyuan.models.serving.replicas import estimated_delay_s
from ceyuan.models.serving.variants import DeploymentPlan

_SMOOTHING = 0.2
_TOLD_EVERY_S = 5.0
_FRESH_S = 15.0
"""What a process told longer ago is not believed: it has ended, or will tell again."""


@dataclass(slots=True)
class Calls:
    """The calls of one deployment in this process: waiting for a replica, at replicas, their usual length in s, and
    when the last one came (seconds since 1970)."""

    waiting: int = 0
    held: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    mean_s: float = 0.0
    used_at: float = 0.0

    def told(self) -> dict[str, Any]:
        """As other processes read it."""
        held = {name: count for name, count in self.held.items() if count}
        return {"waiting": self.waiting, "held": held, "mean_s": self.mean_s, "used_at": self.used_at}


class Loads:
    """The calls of all deployments. With `shared` this process tells the others of its own."""

    def __init__(self, *, shared: bool) -> None:
        self._shared = shared
        self._name = new_id("process")
        self._calls: dict[str, Calls] = {}
        self._told: dict[str, tuple[float, dict[str, Any]]] = {}

    def of(self, served_id: str) -> Calls:
        """The calls of a deployment in this process."""
        return self._calls.setdefault(served_id, Calls())

    @contextmanager
    def at(self, served_id: str, replica_id: str) -> Iterator[None]:
        """A call is at a replica."""
        calls, began = self.of(served_id), time.monotonic()
        calls.held[replica_id] += 1
        calls.used_at = time.time()
        try:
            yield
            taken = time.monotonic() - began
            calls.mean_s = taken if not calls.mean_s else calls.mean_s + _SMOOTHING * (taken - calls.mean_s)
        finally:
            calls.held[replica_id] -= 1
            calls.used_at = time.time()

    def is_due(self, served_id: str) -> bool:
        """Whether the others should hear of our calls: they changed, or they have not heard for a while."""
        if not self._shared or served_id not in self._calls:
            return False
        at, told = self._told.get(served_id, (0.0, {}))
        now = self.of(served_id).told()
        busy = bool(now["waiting"] or now["held"])
        return now != told or (busy and time.time() - at > _TOLD_EVERY_S)

    def write(self, group: ReplicaGroup, now: datetime) -> None:
        """Tell the others of our calls, and forget processes that are gone."""
        calls = self.of(group.served_id)
        if calls.used_at > group.used_at.timestamp():
            group.used_at = now
        if not self._shared:
            return
        at, told = now.timestamp(), calls.told()
        self._told[group.served_id] = (time.time(), told)
        fresh = {name: one for name, one in group.loads.items() if at - one["at"] < _FRESH_S}
        group.loads = {**fresh, self._name: {"at": at, **told}}

    def _all(self, group: ReplicaGroup) -> list[dict[str, Any]]:
        """What every process holds."""
        now = time.time()
        others = [one for name, one in group.loads.items() if name != self._name and now - one["at"] < _FRESH_S]
        return [self.of(group.served_id).told(), *others]

    def held(self, group: ReplicaGroup) -> dict[str, int]:
        """The calls at each replica, of all processes."""
        held: dict[str, int] = defaultdict(int)
        for one in self._all(group):
            for name, count in one["held"].items():
                held[name] += count
        return held

    def demand(self, group: ReplicaGroup, plan: DeploymentPlan, ready: int) -> Demand:
        """What all processes have to do for a deployment, of whose stable revision so many replicas are ready."""
        every = self._all(group)
        waiting = sum(one["waiting"] for one in every)
        held = sum(sum(one["held"].values()) for one in every)
        used_at = max([group.used_at.timestamp(), *(one["used_at"] for one in every)])
        mean_s = max(one["mean_s"] for one in every)
        loads = loads_of(plan, ready, held, waiting, mean_s)
        return Demand(waiting, held, estimated_delay_s(loads) if held or waiting else 0.0, used_at)


def loads_of(plan: DeploymentPlan, ready: int, held: int, waiting: int, mean_s: float) -> list[Load]:
    """The replicas as the estimate of the wait takes them: those that are ready, and the line before them."""
    concurrency = plan.pool.concurrency if plan.pool is not None else 1
    line = [Load(False, waiting, concurrency, 0.0)]
    if ready:
        line += [Load(True, held, concurrency, mean_s), *[Load(True, 0, concurrency, mean_s)] * (ready - 1)]
    return line
