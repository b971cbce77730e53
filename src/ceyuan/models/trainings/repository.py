"""All SQL of training runs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from ceyuan.kernel.actor import Actor
from ceyuan.kernel.upserts import upsert
from ceyuan.models.trainings.errors import TrainingRunNotFound
from ceyuan.models.trainings.tables import TrainingPoint, TrainingRun

_MEASURED = ("loss", "heldout_loss", "learning_rate", "tokens_per_second", "eta_s", "at")


async def get(session: AsyncSession, run_id: str) -> TrainingRun:
    """The run; raises `TrainingRunNotFound`."""
    run = await session.get(TrainingRun, run_id)
    if run is None:
        raise TrainingRunNotFound()
    return run


async def of_job(session: AsyncSession, job_id: str) -> TrainingRun | None:
    """The run that a job carries out."""
    found: TrainingRun | None = await session.scalar(select(TrainingRun).where(TrainingRun.job_id == job_id))
    return found


def visible_to(actor: Actor) -> Select[TrainingRun]:
    """The runs of the actor's organisations."""
    query = select(TrainingRun)
    if actor.kind == "system" or actor.is_admin:
        return query
    return query.where(TrainingRun.org_id.in_(list(actor.roles)))


async def ended_badly_before(session: AsyncSession, when: datetime) -> Sequence[TrainingRun]:
    """Failed and cancelled runs that ended before `when`."""
    ended = TrainingRun.state.in_(("failed", "cancelled")) & (TrainingRun.finished_at < when)
    return (await session.scalars(select(TrainingRun).where(ended))).all()


async def points(session: AsyncSession, run_id: str, after: int, limit: int) -> Sequence[TrainingPoint]:
    """Points of a curve after a step, in order."""
    query = select(TrainingPoint).where(TrainingPoint.run_id == run_id, TrainingPoint.step > after)
    return (await session.scalars(query.order_by(TrainingPoint.step).limit(limit))).all()


async def keep_points(session: AsyncSession, rows: list[dict[str, Any]]) -> None:
    """Add points; a step that was told before an interruption and is told again takes the newer figures."""
    await session.execute(upsert(session, TrainingPoint, rows, key=("run_id", "step"), update=_MEASURED))
