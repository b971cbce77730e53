"""All SQL of replicas in pools."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from ceyuan.models.replicas.tables import PoolReplica, ReplicaGroup

LIVE = ("starting", "ready", "draining", "stopping")
KEPT = 5
"""Failed replicas of a deployment that stay for its page."""


async def kept(session: AsyncSession, served_id: str | None = None) -> list[PoolReplica]:
    """The replicas that live, and those that failed last, oldest first; of one deployment or of all."""
    query = select(PoolReplica).where(PoolReplica.state.in_((*LIVE, "failed")))
    if served_id is not None:
        query = query.where(PoolReplica.served_id == served_id)
    return list(await session.scalars(query.order_by(PoolReplica.changed_at, PoolReplica.id)))


async def groups(session: AsyncSession) -> dict[str, ReplicaGroup]:
    """Every group by its deployment."""
    return {row.served_id: row for row in await session.scalars(select(ReplicaGroup))}


async def locked_group(session: AsyncSession, served_id: str, wanted: int, now: datetime) -> ReplicaGroup:
    """The group of a deployment, held against other processes until the transaction ends; made at its first time."""
    row = await session.get(ReplicaGroup, served_id, with_for_update=True)
    if row is None:
        row = ReplicaGroup(
            served_id=served_id,
            wanted=wanted,
            used_at=now,
            above_since=None,
            below_since=None,
            loads={},
            spent_micro=0,
        )
        session.add(row)
        await session.flush()
    return row


async def forget(session: AsyncSession, rows: Sequence[PoolReplica]) -> None:
    """Remove replicas that ended, and what failed beyond the last few."""
    failed = [row.id for row in rows if row.state == "failed"]
    gone = [row.id for row in rows if row.state == "ended"] + failed[: max(0, len(failed) - KEPT)]
    if gone:
        await session.execute(delete(PoolReplica).where(PoolReplica.id.in_(gone)))


async def forget_group(session: AsyncSession, served_id: str) -> None:
    """Remove what is left of a deployment that is gone."""
    await session.execute(delete(PoolReplica).where(PoolReplica.served_id == served_id))
    await session.execute(delete(ReplicaGroup).where(ReplicaGroup.served_id == served_id))
