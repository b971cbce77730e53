"""What happens to a task whose job ended badly: its try is ended, metered, and the money that is left given back."""

from __future__ import annotations

import asyncio
import logging
import shutil
from datetime import timedelta

from ceyuan.compute.executors import ExecutorFault, Run
from ceyuan.compute.pools import PoolNode
from ceyuan.compute.tasks import repository
from ceyuan.compute.tasks.admitting import leave_seats, wake_after
from ceyuan.compute.tasks.money import give_back, settle
from ceyuan.compute.tasks.places import open_place, task_folder
from ceyuan.compute.tasks.service import JOB_KIND, ticket_of
from ceyuan.compute.tasks.settings import TaskSettings
from ceyuan.compute.tasks.tables import ComputeTask
from ceyuan.kernel import jobs
from ceyuan.kernel.actor import SYSTEM
from ceyuan.kernel.errors import NotFound
from ceyuan.kernel.events import Event
from ceyuan.kernel.platform import Platform
from ceyuan.kernel.work import UnitOfWork
from ceyuan.metering import transact

logger = logging.getLogger(__name__)


async def on_job_finished(uow: UnitOfWork, event: Event) -> None:
    """Mark a task whose job failed or was cancelled; its try is ended by the chore below."""
    if event.data.get("kind") != JOB_KIND:
        return
    job = await jobs.find(uow, str(event.data["job_id"]))
    task = await repository.of_job(uow.session, job.id)
    # A job that somebody resumed in the meantime is open again, and the task with it.
    if task is None or job.state not in ("failed", "cancelled") or task.state == job.state:
        return
    task.closing = job.state
    if task.attempt is None:
        await _close(uow, task)


async def _close(uow: UnitOfWork, task: ComputeTask) -> None:
    await give_back(uow, task)
    assert task.closing is not None
    task.state, task.closing, task.finished_at = task.closing, None, uow.clock.now()
    leave_seats(task)
    wake_after(uow)
    await uow.publish("compute.task_finished", task_id=task.id, org_id=task.org_id, state=task.state)


async def close_tasks(platform: Platform) -> None:
    """End the tries of stopped tasks; those that still end are looked at again next time."""
    async with platform.work(SYSTEM, write=False) as uow:
        waiting = await repository.closing(uow.session)
    for task_id in waiting:
        try:
            await _close_one(platform, task_id)
        except Exception:
            logger.exception("the task %s could not be closed; it is tried again", task_id)


async def _close_one(platform: Platform, task_id: str) -> None:
    async with platform.work(SYSTEM, write=False) as uow:
        task = await repository.get(uow.session, task_id)
        key = task.attempt
        ticket = None if key is None else ticket_of(task, key)
    run = None
    if ticket is not None and key is not None:
        place = await open_place(platform, ticket)
        try:
            run = await place.executor.cancel(key)
            if not run.ended and run.state != "absent":
                return
            await place.save()
            await place.tidy()
        except ExecutorFault:
            # A place that stays silent ends the try by itself; until then it is asked again.
            if not await _given_up(platform, ticket.node_id):
                raise
            run = run or Run(key, "lost", reason="unreachable")

    async def close(uow: UnitOfWork) -> None:
        task = await repository.get(uow.session, task_id, lock=True)
        if task.closing is None or task.attempt != key:
            return
        if run is not None and run.state != "absent":
            task.reason = task.reason or run.reason
            await settle(uow, task, run)
        task.attempt = None
        await _close(uow, task)

    await transact(platform, close)


async def _given_up(platform: Platform, node_id: str) -> bool:
    """Whether a node is down for so long that whatever ran there has ended by its lease."""
    async with platform.work(SYSTEM, write=False) as uow:
        node = await uow.session.get(PoolNode, node_id)
        if node is None or node.health != "down" or node.checked_at is None:
            return node is None
        silent = (uow.clock.now() - node.checked_at).total_seconds()
        return silent > platform.section(TaskSettings).lease_s + 30


async def sweep(platform: Platform) -> None:
    """Remove the files of tasks that ended long ago, here and where they ran."""
    kept = timedelta(days=platform.section(TaskSettings).keep_days)
    async with platform.work(SYSTEM, write=False) as uow:
        old = await repository.ended_before(uow.session, uow.clock.now() - kept)
        tickets = [ticket_of(task, one["key"]) for task in old for one in task.attempts]
        folders = [task_folder(platform, task.id) for task in old]
    # What was swept before has no folder any more: nobody is asked again.
    present = {folder.name for folder in folders if folder.is_dir()}
    for ticket in tickets:
        if ticket is not None and ticket.task_id in present:
            try:
                await (await open_place(platform, ticket)).executor.forget(ticket.key)
            except (ExecutorFault, NotFound) as fault:
                logger.info("the files of %s stay where they are: %s", ticket.key, fault)
    for folder in folders:
        if folder.is_dir():
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
