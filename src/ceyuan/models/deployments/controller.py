"""Replicas that follow the load, and what they cost.

Every second the wait that calls have at the engines is estimated: calls beyond what the ready replicas run at once,
times the usual length of a call, over the calls they run at once. Where that stays above the deployment's bound one
more replica is started; where fewer would do for a while one ends, after its calls. The time for which replicas are
loaded is posted to the ledger once a minute.
"""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass, field

from ceyuan.kernel.ids import new_id
from ceyuan.kernel.platform import Platform
from ceyuan.metering import UsageEvent, post_usage, transact
from ceyuan.models.serving import ModelDirectory, ServedModel
from ceyuan.models.serving.replicas import estimated_delay_s
from ceyuan.models.serving.variants import DeploymentPlan

logger = logging.getLogger(__name__)
REPLICA_SECONDS = "serving.replica_seconds"
TICK_S = 1.0
_UP_AFTER = 2
"""Ticks above the bound before a replica is added."""
_DOWN_AFTER = 30
"""Ticks in which fewer replicas would do before one ends."""
_POST_EVERY_S = 60.0


@dataclass(slots=True)
class Pressure:
    """What is known of one deployment's load: the wait in ms, ticks above the bound, ticks in which fewer would do, and
    replica-seconds that are not posted yet."""

    delay_ms: float = 0.0
    above: int = 0
    below: int = 0
    owed_s: float = 0.0
    ready: frozenset[str] = field(default_factory=frozenset)


class Controller:
    """Looks after the deployments of this process; a service of the platform."""

    def __init__(self) -> None:
        self._task: asyncio.Task[None] | None = None
        self._pressure: dict[str, Pressure] = {}
        self._posted_at = 0.0

    async def start(self, platform: Platform) -> None:
        """Begin to look."""
        self._posted_at = time.monotonic()
        self._task = asyncio.create_task(self._run(platform), name="deployments")

    async def stop(self, platform: Platform) -> None:
        """Post what is owed."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._post(platform)

    def pressure(self, served_id: str) -> Pressure:
        """What is known of a deployment's load."""
        return self._pressure.get(served_id, Pressure())

    async def _run(self, platform: Platform) -> None:
        (directory,) = platform.find(ModelDirectory)
        while True:
            await asyncio.sleep(TICK_S)
            try:
                self.tick(directory)
                if time.monotonic() - self._posted_at > _POST_EVERY_S:
                    await self._post(platform)
            except Exception:
                logger.exception("the deployments could not be looked after; it is tried again")

    def tick(self, directory: ModelDirectory) -> None:
        """Look at every deployment once."""
        deployed = directory.deployed()
        for row, plan in deployed:
            # Replicas in pools follow the load by themselves, and their tasks are metered.
            if plan.pool is None:
                self._look(directory, row, plan)
        for gone in self._pressure.keys() - {row.id for row, _ in deployed}:
            if not self._pressure[gone].owed_s:
                del self._pressure[gone]

    def _look(self, directory: ModelDirectory, row: ServedModel, plan: DeploymentPlan) -> None:
        engines = directory.engines
        if engines is None:
            return
        known = self._pressure.setdefault(row.id, Pressure())
        count = directory.scale_of(row.id, plan)
        names = [plan.stable.engine(row.id, index) for index in range(count)]
        loads = [load for name in names if (load := engines.load(name)) is not None]
        others = [one.engine(row.id, 0) for one in plan.variants if one.name != "stable"]
        ready = frozenset(name for name in (*names, *others) if (load := engines.load(name)) is not None and load.ready)
        known.owed_s += len(ready) * TICK_S
        if ready != known.ready:
            known.ready = ready
            directory.refresh()
        known.delay_ms = estimated_delay_s(loads) * 1000
        held, places = sum(load.in_flight for load in loads), sum(load.parallel for load in loads)
        all_ready = len([load for load in loads if load.ready]) == count
        known.above = known.above + 1 if known.delay_ms > plan.scale.delay_ms and all_ready else 0
        spare = count > 1 and held <= places * (count - 1) // count // 2
        known.below = known.below + 1 if spare else 0
        if known.above >= _UP_AFTER and count < plan.scale.most:
            known.above = 0
            directory.embedded.set_scale(row.id, count + 1)
        elif known.below >= _DOWN_AFTER and count > max(plan.scale.least, 1):
            known.below = 0
            directory.embedded.set_scale(row.id, count - 1)

    async def _post(self, platform: Platform) -> None:
        """Post the replica-seconds that are owed; what cannot be posted is owed further."""
        (directory,) = platform.find(ModelDirectory)
        now = platform.clock.now()
        self._posted_at = time.monotonic()
        due: list[tuple[Pressure, UsageEvent]] = []
        for row, _ in directory.deployed():
            known = self._pressure.get(row.id)
            if known is not None and known.owed_s >= 1 and row.owner_org_id:
                event = UsageEvent(
                    key=new_id("replica"),
                    org_id=row.owner_org_id,
                    resource=REPLICA_SECONDS,
                    quantity=int(known.owed_s),
                    occurred_at=now,
                    model=row.price_model,
                    subject=row.id,
                )
                due.append((known, event))
        if due:
            await transact(platform, lambda uow: post_usage(uow, [event for _, event in due]))
            for known, event in due:
                known.owed_s -= int(event.quantity)
