"""All SQL of durable jobs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, or_, select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.ext.asyncio import AsyncSession

from ceyuan.kernel.actor import Actor
from ceyuan.kernel.jobs.errors import JobNotFound
from ceyuan.kernel.jobs.tables import Job, JobLog, JobStep

OPEN_STATES = ("queued", "running")


async def get(session: AsyncSession, job_id: str, *, lock: bool = False) -> Job:
    """The job; raises `JobNotFound`."""
    job = await session.get(Job, job_id, with_for_update=lock or None)
    if job is None:
        raise JobNotFound()
    return job


async def by_key(session: AsyncSession, key: str) -> Job | None:
    return await session.scalar(select(Job).where(Job.idempotency_key == key))


def visible_to(actor: Actor) -> Select[Job]:
    """The jobs that an actor may see: its own and those of its organisations."""
    query = select(Job)
    if actor.kind == "system" or actor.is_admin:
        return query
    return query.where(or_(Job.created_by == actor.id, Job.org_id.in_(list(actor.roles))))


async def steps(session: AsyncSession, job_id: str) -> list[JobStep]:
    return list(await session.scalars(select(JobStep).where(JobStep.job_id == job_id).order_by(JobStep.position)))


async def log_after(session: AsyncSession, job_id: str, seq: int, limit: int) -> list[JobLog]:
    query = select(JobLog).where(JobLog.job_id == job_id, JobLog.seq > seq).order_by(JobLog.seq).limit(limit)
    return list(await session.scalars(query))


async def log_tail(session: AsyncSession, job_id: str, limit: int) -> list[JobLog]:
    query = select(JobLog).where(JobLog.job_id == job_id).order_by(JobLog.seq.desc()).limit(limit)
    return list(await session.scalars(query))[::-1]


async def to_hand_over(session: AsyncSession, now: datetime) -> list[Job]:
    """Jobs whose present run the engine was not yet told of."""
    due = or_(Job.not_before.is_(None), Job.not_before <= now)
    query = select(Job).where(Job.state == "queued", Job.handed_run < Job.run, due).order_by(Job.id).limit(100)
    return list(await session.scalars(query))


async def orphaned(session: AsyncSession, now: datetime) -> list[Job]:
    """Running jobs whose lease ran out: their process is gone."""
    return list(await session.scalars(select(Job).where(Job.state == "running", Job.lease_until < now)))


async def awaited(session: AsyncSession, owner: str) -> list[tuple[str, int, str]]:
    """Job, run and queue of the runs that a worker of this owner may take up: handed over, or begun by the owner."""
    handed = (Job.state == "queued") & (Job.handed_run >= Job.run)
    begun = (Job.state == "running") & (Job.lease_owner == owner)
    rows = await session.execute(select(Job.id, Job.run, Job.queue).where(or_(handed, begun)))
    return [(job_id, run, queue) for job_id, run, queue in rows]


async def open_children(session: AsyncSession, job_id: str) -> list[Job]:
    """The children of a job that have not ended."""
    query = select(Job).where(Job.parent_id == job_id, Job.state.in_(OPEN_STATES)).order_by(Job.id).with_for_update()
    return list(await session.scalars(query))


async def to_cancel(session: AsyncSession, job_ids: list[str]) -> list[str]:
    """Those of these jobs that were asked to stop."""
    return (
        list(await session.scalars(select(Job.id).where(Job.id.in_(job_ids), Job.cancel_requested))) if job_ids else []
    )


async def claim(session: AsyncSession, job_id: str, run: int, owner: str, now: datetime, until: datetime) -> bool:
    """Take the lease of a job's run; false if it ended, is another's, or was superseded."""
    free = or_(Job.lease_owner.is_(None), Job.lease_owner == owner, Job.lease_until < now)
    result = await session.execute(
        update(Job)
        .where(Job.id == job_id, Job.run == run, Job.state.in_(OPEN_STATES), free)
        .values(
            state="running",
            lease_owner=owner,
            lease_until=until,
            attempts=Job.attempts + 1,
            started_at=func.coalesce(Job.started_at, now),
        )
        .execution_options(synchronize_session=False)
    )
    assert isinstance(result, CursorResult)
    return result.rowcount == 1


async def add_cost(session: AsyncSession, job_id: str, micro: int) -> None:
    """Count money for a job and for those above it, in micro-yuan."""
    at: str | None = job_id
    while at is not None:
        parent = await session.scalar(select(Job.parent_id).where(Job.id == at))
        await session.execute(
            update(Job)
            .where(Job.id == at)
            .values(cost_micro=Job.cost_micro + micro)
            .execution_options(synchronize_session=False)
        )
        at = parent


async def requeue_orphan(session: AsyncSession, job_id: str, run: int, now: datetime) -> bool:
    """Give a job whose lease ran out a new run; false if somebody took it up in the meantime."""
    result = await session.execute(
        update(Job)
        .where(Job.id == job_id, Job.run == run, Job.state == "running", Job.lease_until < now)
        .values(state="queued", run=run + 1, lease_owner=None, lease_until=None)
        .execution_options(synchronize_session=False)
    )
    assert isinstance(result, CursorResult)
    return result.rowcount == 1


async def change_if_open(session: AsyncSession, job_id: str, current_run: int, **values: Any) -> bool:
    """Guarded update of a job that is still in this run and not ended."""
    result = await session.execute(
        update(Job)
        .where(Job.id == job_id, Job.run == current_run, Job.state.in_(OPEN_STATES))
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    assert isinstance(result, CursorResult)
    return result.rowcount == 1
