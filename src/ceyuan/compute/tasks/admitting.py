"""Admission: hands seats to those whose turn it is, and the job of each to the engine of jobs."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime
from typing import Any

from ceyuan.compute.admission import Chooser, Decision, Situation, Start, best_fit, decide
from ceyuan.compute.admission.seats import Pick
from ceyuan.compute.pools import all_pools
from ceyuan.compute.tasks import repository
from ceyuan.compute.tasks.description import TaskSpec
from ceyuan.compute.tasks.money import seat_paid
from ceyuan.compute.tasks.seats import Guesses, Yard, read_situation
from ceyuan.compute.tasks.settings import TaskSettings
from ceyuan.compute.tasks.siting import Siting
from ceyuan.compute.tasks.tables import ComputeTask
from ceyuan.compute.tasks.tariffs import Way
from ceyuan.kernel import jobs
from ceyuan.kernel.actor import SYSTEM
from ceyuan.kernel.platform import Platform
from ceyuan.kernel.waiting import wait_at_most
from ceyuan.kernel.work import UnitOfWork
from ceyuan.metering import transact

logger = logging.getLogger(__name__)
NOT_YET = datetime(9999, 1, 1, tzinfo=UTC)
"""Until when the job of a task without seats is kept back."""
RULES = ("platform", "best_fit")
"""Rules by which seats are chosen: the engine of placement (the usual one), or the best fit alone."""
_TICK_S = 1.0
_MOVES_S = 30.0
"""How often it is asked at most whether moves would make room."""
_SLOW_TICK_S = 30.0
"""Where nothing waits, another process may still have queued something."""


class Admission:
    """Decides, in this process, whenever something changed; several processes may do so side by side."""

    def __init__(self) -> None:
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._chooser = Chooser()
        self._one_at_a_time = asyncio.Lock()
        self.guesses = Guesses()
        self.siting = Siting()
        self.rule = RULES[0]
        self._moves_asked = 0.0

    def wake(self) -> None:
        """Something changed: capacity, a new task, an end."""
        self._wake.set()

    async def start(self, platform: Platform) -> None:
        """Begin to decide."""
        self._wake.set()
        self._task = asyncio.create_task(self._run(platform), name="task-admission")

    async def stop(self, platform: Platform) -> None:
        """Decide no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self, platform: Platform) -> None:
        while True:
            waiting = 0
            self._wake.clear()
            try:
                waiting = await self.admit(platform)
            except Exception:
                logger.exception("an admission failed; it is tried again")
                waiting = 1
            await wait_at_most(self._wake, _TICK_S if waiting else _SLOW_TICK_S)

    async def admit(self, platform: Platform) -> int:
        """One admission; how many still wait."""
        async with self._one_at_a_time:
            async with platform.work(SYSTEM, write=False) as uow:
                if not await repository.any_waiting(uow.session):
                    return 0
                guess = await self.guesses.now(uow)
                situation, yard = await read_situation(uow, guess)
                await self.siting.look(uow, situation, yard)
            situation = self.siting.applied(situation)
            least = platform.section(TaskSettings).defragment_s
            decision, moved = await asyncio.to_thread(self._decide, situation, least)
            if decision.starts or decision.leave or moved:
                kept = await transact(platform, lambda uow: self._keep(uow, situation, yard, decision, moved))
                if not kept:
                    self.wake()
            return len(decision.waits)

    def _decide(self, situation: Situation, least: float) -> tuple[Decision, tuple[str, ...]]:
        """Who starts and who leaves; and, where nobody does, who goes on elsewhere at the checkpoint so that the task
        that is next need not wait until something ends, if that is `least` seconds away and they have run as long."""
        decision, now = decide(situation, self._pick(situation)), situation.now
        early = now - self._moves_asked < min(least, _MOVES_S)
        if not least or early or decision.starts or decision.leave or self.rule != RULES[0]:
            return decision, ()
        self._moves_asked = now
        begins = {key: reason.start for key, reason in decision.waits.items() if reason.start is not None}
        first = next((claim for claim in situation.claims if begins.get(claim.key, now) - now >= least), None)
        movable = [one.key for one in situation.held if one.interruptible and now - one.since >= least]
        return decision, self._chooser.moves(situation, first, movable) if first is not None else ()

    def _pick(self, situation: Situation) -> Pick:
        return self._chooser.pick(situation) if self.rule == RULES[0] else best_fit

    async def _keep(
        self, uow: UnitOfWork, seen: Situation, yard: Yard, decision: Decision, moved: tuple[str, ...]
    ) -> bool:
        """Write a decision down, unless another one was quicker; whether it was kept."""
        await all_pools(uow.session, lock=True)  # on PostgreSQL: one admission after the other
        now, _yard = await read_situation(uow)
        if {one.key for one in now.held} != {one.key for one in seen.held} or now.nodes != seen.nodes:
            return False
        waiting = {claim.key for claim in now.claims}
        for start in decision.starts:
            if start.key in waiting:
                await self._seat(uow, start, yard, self._weighed(start.key, yard))
        for key in decision.leave:
            task = await repository.get(uow.session, key, lock=True)
            task.notice = task.notice or "preempted"
        if moved and not any(task.notice for task in await repository.holding(uow.session)):
            for key in moved:
                task = await repository.get(uow.session, key, lock=True)
                move_on(task)
                await uow.audit("compute_task.move", task.id, task.org_id, reason="defragmentation")
        return True

    def _weighed(self, key: str, yard: Yard) -> list[dict[str, Any]]:
        """Why the task is placed where it is, for its page."""
        choice = self.siting.chosen(key)
        return [] if choice is None else [one.shown(yard.pools[one.pool].name) for one in choice.weighed]

    @staticmethod
    async def _seat(uow: UnitOfWork, start: Start, yard: Yard, weighed: list[dict[str, Any]]) -> None:
        task = await repository.get(uow.session, start.key, lock=True)
        spec, job = TaskSpec.model_validate(task.spec), await jobs.find(uow, task.job_id, lock=True)
        wish = spec.wishes[start.need]
        # Of several that could each be paid for, the first may have taken what the next one counted on.
        nodes = {node.id: node for node in yard.nodes}
        pool_id = nodes[start.seats[0].node].pool_id
        charged = yard.charged(wish, start.seats)
        way = Way(wish, yard.tariffs.get(pool_id), spec.interruptible, charged)
        if not await seat_paid(uow, task, spec, way, f"task:{task.id}:{job.run}"):
            return
        task.pool_id = pool_id
        task.placed = wish.model_dump()
        task.admission = {
            "pool": yard.pools[pool_id].name,
            "offer": yard.pools[pool_id].offer_id,
            "charged": str(charged),
            "seats": [
                {"node_id": seat.node, "node": nodes[seat.node].name, "devices": list(seat.devices)}
                for seat in start.seats
            ],
            "since": uow.clock.now().timestamp(),
            "weighed": weighed,
        }
        job.not_before = None
        uow.after_commit(uow.platform.jobs.nudge)


def admission(platform: Platform) -> Admission:
    """The platform's admission."""
    return platform.find(Admission)[0]


def leave_seats(task: ComputeTask) -> None:
    """Free what a task holds."""
    task.pool_id, task.admission, task.notice = None, None, None


def move_on(task: ComputeTask) -> None:
    """Ask a task to leave its nodes at its checkpoint, and to come back to them last."""
    task.notice = task.notice or "moved"
    task.avoid = list({*(task.avoid or []), *(seat["node_id"] for seat in (task.admission or {}).get("seats", []))})


def wake_after(uow: UnitOfWork) -> None:
    """Let admission look again once this is committed."""

    async def nudge() -> None:
        for found in uow.platform.find(Admission):
            found.wake()

    uow.after_commit(nudge)
