"""Looking after the replicas of all deployments in pools: what is seen is written down, and what is due is done.

Every process does so. What is to be done is decided once more in the transaction that does it, under the lock of the
deployment's group, so that two processes, or one that was killed in between, start nothing twice.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Sequence
from datetime import UTC, datetime

from sqlalchemy import select

from ceyuan.compute.tasks import stop_task
from ceyuan.kernel.errors import CeyuanError, NotFound
from ceyuan.kernel.jobs.errors import JobFinished
from ceyuan.kernel.platform import Platform
from ceyuan.kernel.work import UnitOfWork
from ceyuan.metering import transact
from ceyuan.models.replicas import repository
from ceyuan.models.replicas.deciding import STEADY_S, Bounds, Change, Course, Seen, fill, steer, step
from ceyuan.models.replicas.loads import Loads
from ceyuan.models.replicas.looking import Looker, TaskSeen, cost_of_task, last_words, see_task
from ceyuan.models.replicas.settings import ReplicaSettings
from ceyuan.models.replicas.starting import keeper_of, renewed_after, start_replica
from ceyuan.models.replicas.tables import PoolReplica, ReplicaGroup
from ceyuan.models.serving.tables import ServedModel
from ceyuan.models.serving.variants import DeploymentPlan, plan_of

logger = logging.getLogger(__name__)
_AFTER_REFUSAL_S = 10.0
"""A deployment whose replica could not be queued is tried again after so long."""
Kept = dict[str, list[tuple[PoolReplica, TaskSeen]]]
"""The replicas of each deployment with their tasks, oldest first."""


def bounds_of(settings: ReplicaSettings) -> Bounds:
    """The settings as the rules take them."""
    return Bounds(settings.start_timeout_s, settings.idle_s, settings.drain_s)


async def _plan(uow: UnitOfWork, served_id: str) -> tuple[ServedModel | None, DeploymentPlan | None]:
    model = await uow.session.get(ServedModel, served_id)
    plan = plan_of(model.routing) if model is not None and model.state == "ready" else None
    return model, plan if plan is not None and plan.pool is not None else None


class Keeper:
    """Looks after them; `loads` says what the calls are like."""

    def __init__(self, platform: Platform, loads: Loads) -> None:
        self._platform = platform
        self._bounds = bounds_of(platform.section(ReplicaSettings))
        self._loads = loads
        self._words: dict[str, str] = {}
        self._names: dict[str, str] = {}
        self._noted: dict[str, str] = {}
        self._not_before: dict[str, float] = {}
        self.looker = Looker(platform)
        self.kept: Kept = {}
        self.groups: dict[str, ReplicaGroup] = {}

    async def tick(self, wanted: Collection[str]) -> None:
        """Look at everything once: at the deployments that are `wanted`, and at what is left of others."""
        await self._read()
        live = [(row, task) for rows in self.kept.values() for row, task in rows if row.state in repository.LIVE]
        await self.looker.look([(row, task, self._names.get(row.served_id, "")) for row, task in live])
        changed = False
        for served_id in sorted({*wanted, *self.kept, *self.groups}):
            try:
                changed |= await self._keep(served_id)
            except CeyuanError as error:
                await self._note(served_id, error)
        if changed:
            await self._read()

    async def _read(self) -> None:
        async with self._platform.work(write=False) as uow:
            rows = await repository.kept(uow.session)
            self.groups = await repository.groups(uow.session)
            kept: Kept = {}
            for row in rows:
                task = await see_task(uow, row.task_id) if row.state in repository.LIVE else TaskSeen("ended")
                kept.setdefault(row.served_id, []).append((row, task))
            models = await uow.session.scalars(select(ServedModel).where(ServedModel.id.in_(list(kept))))
            self._names = {model.id: model.name for model in models}
            uow.session.expunge_all()
        self.kept = kept

    async def _keep(self, served_id: str) -> bool:
        """Do what is due for one deployment; whether anything was."""
        async with self._platform.work(write=False) as uow:
            model, plan = await _plan(uow, served_id)
            if model is not None and plan is None and served_id not in self.kept and served_id not in self.groups:
                return False
        if time.monotonic() < self._not_before.get(served_id, 0.0):
            return False
        kept, group = self.kept.get(served_id, []), self.groups.get(served_id)
        if group is not None and (plan is not None or any(row.state in repository.LIVE for row, _ in kept)):
            course, changes = self._decide(plan, kept, group)
            if not changes and course == _course(group) and not self._loads.is_due(served_id):
                return False
            await self._hear([row for row, _ in kept if any(one.replica == row.id and one.fault for one in changes)])
        await transact(self._platform, lambda uow: self._settle(uow, served_id), actor=keeper_of(plan))
        return True

    async def _hear(self, rows: Sequence[PoolReplica]) -> None:
        """Fetch the last words of what failed, outside of any transaction that others wait for."""
        for row in rows:
            async with self._platform.work(write=False) as uow:
                self._words[row.id] = await last_words(uow, row.task_id)

    def _decide(
        self, plan: DeploymentPlan | None, kept: Sequence[tuple[PoolReplica, TaskSeen]], group: ReplicaGroup
    ) -> tuple[Course, list[Change]]:
        now = self._platform.clock.now().timestamp()
        held = self._loads.held(group)
        live = [self._seen(row, task, held, now) for row, task in kept if row.state in repository.LIVE]
        failed = [self._seen(row, task, held, now) for row, task in kept if row.state == "failed"]
        changes = [change for one in live if (change := step(one, now, self._bounds)) is not None]
        course = _course(group)
        if plan is not None:
            ready = sum(one.state == "ready" and one.number == plan.stable.number for one in live)
            course = steer(plan, course, self._loads.demand(group, plan, ready), ready, now, self._bounds)
        # A replica that changes by itself is counted when it has.
        moved = {change.replica for change in changes}
        changes += [
            change
            for change in fill(plan, course.wanted, live, failed, now)
            if change.replica not in moved and not (change.kind == "start" and moved)
        ]
        return course, changes

    def _seen(self, row: PoolReplica, task: TaskSeen, held: dict[str, int], now: float) -> Seen:
        look = self.looker.of(row.id)
        current = look.attempt is not None and look.attempt == task.attempt
        return Seen(
            id=row.id,
            number=row.number,
            state=row.state,
            task=task.state,
            attempt=task.attempt,
            known_attempt=row.attempt,
            port=look.port if current else 0,
            answers=look.answers if current else None,
            held=held.get(row.id, 0),
            failures=row.failures,
            changed_at=row.changed_at.timestamp(),
            ready_at=row.ready_at.timestamp() if row.ready_at is not None else None,
            renew_at=row.renew_at.timestamp(),
            running_s=now - task.since if task.state == "running" else 0.0,
            ill=self.looker.ill(row.id),
        )

    async def _settle(self, uow: UnitOfWork, served_id: str) -> None:
        """Decide anew by what is there now, and do it."""
        model, plan = await _plan(uow, served_id)
        now = uow.clock.now()
        least = plan.scale.least if plan is not None else 0
        group = await repository.locked_group(uow.session, served_id, least, now)
        rows = await repository.kept(uow.session, served_id)
        if plan is None and not any(row.state in repository.LIVE for row in rows):
            await repository.forget_group(uow.session, served_id)
            return
        kept = [
            (row, await see_task(uow, row.task_id) if row.state in repository.LIVE else TaskSeen("ended"))
            for row in rows
        ]
        self._loads.write(group, now)
        if model is not None and model.fault is not None and model.fault == self._noted.pop(served_id, None):
            model.fault = None
        course, changes = self._decide(plan, kept, group)
        _keep_course(group, course)
        by_id = {row.id: row for row in rows}
        for change in changes:
            if change.kind == "start":
                assert model is not None
                assert plan is not None
                earlier = [row.failures for row in rows if row.number == change.number and row.state == "failed"]
                await start_replica(uow, model, plan, change.number, earlier[-1] if earlier else 0)
            else:
                await self._move(uow, group, by_id[change.replica], change)
        await uow.session.flush()
        await repository.forget(uow.session, rows)

    async def _move(self, uow: UnitOfWork, group: ReplicaGroup, row: PoolReplica, change: Change) -> None:
        now, look = uow.clock.now(), self.looker.of(row.id)
        if change.fault is not None:
            zh, en = change.fault
            row.fault = row.fault or f"{en}\n{self._words.pop(row.id, '')}".strip()
            steady = row.ready_at is not None and (now - row.ready_at).total_seconds() >= STEADY_S
            row.failures = 1 if steady else row.failures + 1
            logger.warning("the replica %s of %s failed: %s (%s)", row.id, row.served_id, en, zh)
        state = "stopping" if change.kind == "fail" else change.state
        if state == "ready":
            row.attempt, row.host, row.port = look.attempt, look.host, look.port
            row.ready_at, row.renew_at = now, now + renewed_after(uow.platform.section(ReplicaSettings))
        if state == "ended" and row.fault is not None:
            state = "failed"
        if state in ("ended", "failed"):
            row.sealed_key = None
            group.spent_micro += await cost_of_task(uow, row.task_id)
        if state == "stopping":
            try:
                await stop_task(uow, row.task_id)
            except (JobFinished, NotFound):
                logger.info("the task %s of a replica has ended already", row.task_id)
        row.state, row.changed_at = state, now

    async def _note(self, served_id: str, error: CeyuanError) -> None:
        """A replica could not even be queued (no money, no such pool any more): the deployment's page says why."""
        words = error.line()[:500]
        self._not_before[served_id] = time.monotonic() + _AFTER_REFUSAL_S
        if self._noted.get(served_id) == words:
            return
        logger.warning("the replicas of %s cannot be looked after: %s", served_id, words)
        self._noted[served_id] = words

        async def note(uow: UnitOfWork) -> None:
            model = await uow.session.get(ServedModel, served_id, with_for_update=True)
            if model is not None:
                model.fault = words

        await transact(self._platform, note)


def _course(group: ReplicaGroup) -> Course:
    since = (group.above_since, group.below_since)
    return Course(group.wanted, *(moment.timestamp() if moment is not None else None for moment in since))


def _keep_course(group: ReplicaGroup, course: Course) -> None:
    group.wanted = course.wanted
    group.above_since = _moment(course.above_since)
    group.below_since = _moment(course.below_since)


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
