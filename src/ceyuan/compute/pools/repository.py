"""All SQL of pools."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Select, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from ceyuan.compute.pools.errors import NodeNotFound, PoolNotFound
from ceyuan.compute.pools.tables import ExecutorPool, PoolNode
from ceyuan.kernel.actor import Actor


async def get(session: AsyncSession, pool_id: str, *, lock: bool = False) -> ExecutorPool:
    """The pool by id or name; raises `PoolNotFound`."""
    query = select(ExecutorPool).where(or_(ExecutorPool.id == pool_id, ExecutorPool.name == pool_id))
    row = await session.scalar(query.with_for_update() if lock else query)
    if row is None:
        raise PoolNotFound()
    return row


async def node(session: AsyncSession, node_id: str) -> PoolNode:
    """The node; raises `NodeNotFound`."""
    row = await session.get(PoolNode, node_id)
    if row is None:
        raise NodeNotFound()
    return row


async def nodes_of(session: AsyncSession, pool_ids: Collection[str]) -> list[PoolNode]:
    """The nodes of pools, in a fixed order."""
    query = select(PoolNode).where(PoolNode.pool_id.in_(list(pool_ids))).order_by(PoolNode.pool_id, PoolNode.name)
    return list(await session.scalars(query))


async def all_pools(session: AsyncSession, *, lock: bool = False) -> list[ExecutorPool]:
    """Every pool, the oldest first."""
    query = select(ExecutorPool).order_by(ExecutorPool.created_at, ExecutorPool.id)
    return list(await session.scalars(query.with_for_update() if lock else query))


async def named(session: AsyncSession, name: str) -> ExecutorPool | None:
    """The pool of this name."""
    return await session.scalar(select(ExecutorPool).where(ExecutorPool.name == name))


async def count(session: AsyncSession) -> int:
    """How many pools there are."""
    return int(await session.scalar(select(func.count()).select_from(ExecutorPool)) or 0)


def visible_to(actor: Actor) -> Select[ExecutorPool]:
    """The shared pools and those of the actor's organisations; operators see all."""
    query = select(ExecutorPool)
    if actor.has_duty("operator"):
        return query
    return query.where(or_(ExecutorPool.org_id.is_(None), ExecutorPool.org_id.in_(list(actor.roles))))
