"""All SQL of tasks."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from ceyuan.compute.tasks.errors import TaskNotFound
from ceyuan.compute.tasks.tables import ComputeTask
from ceyuan.kernel.actor import Actor


async def get(session: AsyncSession, task_id: str, *, lock: bool = False) -> ComputeTask:
    """The task; raises `TaskNotFound`."""
    row = await session.get(ComputeTask, task_id, with_for_update=lock or None)
    if row is None:
        raise TaskNotFound()
    return row


async def of_job(session: AsyncSession, job_id: str) -> ComputeTask | None:
    """The task that a job drives."""
    return await session.scalar(select(ComputeTask).where(ComputeTask.job_id == job_id))


async def closing(session: AsyncSession) -> list[str]:
    """Tasks whose try at work must be ended."""
    return list(await session.scalars(select(ComputeTask.id).where(ComputeTask.closing.is_not(None)).limit(100)))


async def holding(session: AsyncSession) -> list[ComputeTask]:
    """Tasks that hold seats, in the order of their ids."""
    query = select(ComputeTask).where(ComputeTask.pool_id.is_not(None)).order_by(ComputeTask.id)
    return list(await session.scalars(query))


async def waiting(session: AsyncSession, most: int = 2000) -> list[ComputeTask]:
    """Tasks that wait for seats, the oldest first."""
    query = select(ComputeTask).where(
        ComputeTask.state == "queued", ComputeTask.pool_id.is_(None), ComputeTask.closing.is_(None)
    )
    return list(await session.scalars(query.order_by(ComputeTask.created_at, ComputeTask.id).limit(most)))


async def any_waiting(session: AsyncSession) -> bool:
    """Whether any task waits for seats."""
    query = select(ComputeTask.id).where(
        ComputeTask.state == "queued", ComputeTask.pool_id.is_(None), ComputeTask.closing.is_(None)
    )
    return await session.scalar(query.limit(1)) is not None


async def holds_of(session: AsyncSession, org_id: str) -> list[str]:
    """The money that an organisation's tasks have set aside, by id."""
    query = select(ComputeTask.hold_id).where(ComputeTask.org_id == org_id, ComputeTask.hold_id.is_not(None))
    return [hold_id for hold_id in await session.scalars(query) if hold_id]


async def ended_lengths(session: AsyncSession, most: int = 2000) -> list[tuple[str, int, float]]:
    """(organisation, accelerators, seconds) of tasks that ended by themselves, the newest first."""
    query = select(ComputeTask).where(ComputeTask.state == "succeeded").order_by(ComputeTask.finished_at.desc())
    rows = await session.scalars(query.limit(most))
    return [(row.org_id, int(row.placed.get("accelerators", 0)), row.seconds) for row in rows]


async def ended_before(session: AsyncSession, moment: datetime) -> list[ComputeTask]:
    """Tasks that ended before a moment, newest first."""
    query = select(ComputeTask).where(ComputeTask.finished_at < moment).order_by(ComputeTask.finished_at.desc())
    return list(await session.scalars(query.limit(1000)))


def visible_to(actor: Actor) -> Select[ComputeTask]:
    """The tasks of the actor's organisations; administrators see all."""
    query = select(ComputeTask)
    return query if actor.is_admin else query.where(ComputeTask.org_id.in_(list(actor.roles)))
