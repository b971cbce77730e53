"""What happens to a task whose job ended badly: its try is ended, metered, and the money that is left given back."""

from __future__ import annotations

import asyncio
import logging
import shutil
from datetime import timedelta

from ceyuan.compute.tasks import repository
from ceyuan.compute.tasks.money import give_back, settle
from ceyuan.compute.tasks.places import local_place
from ceyuan.compute.tasks.service import JOB_KIND
from ceyuan.compute.tasks.settings import TaskSettings
from ceyuan.compute.tasks.tables import ComputeTask
from ceyuan.kernel import jobs
from ceyuan.kernel.actor import SYSTEM
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
    executor = local_place(platform).executor
    async with platform.work(SYSTEM, write=False) as uow:
        key = (await repository.get(uow.session, task_id)).attempt
    run = None if key is None else await executor.cancel(key)
    if run is not None and not run.ended and run.state != "absent":
        return

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


async def sweep(platform: Platform) -> None:
    """Remove the files of tasks that ended long ago."""
    kept, place = timedelta(days=platform.section(TaskSettings).keep_days), local_place(platform)
    async with platform.work(SYSTEM, write=False) as uow:
        old = await repository.ended_before(uow.session, uow.clock.now() - kept)
        folders = [place.folder(task.id) for task in old]
        folders += [place.executor.root / one["key"] for task in old for one in task.attempts]
    for folder in folders:
        if folder.is_dir():
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
