"""How capacity changes: looked at every minute, written down where it differs from what was written last."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from ceyuan.compute.overview.tables import CapacityChange
from ceyuan.compute.pools import ExecutorPool, PoolNode, all_pools, nodes_of
from ceyuan.kernel.actor import SYSTEM, Actor
from ceyuan.kernel.ids import new_id
from ceyuan.kernel.platform import Platform

KEEP = timedelta(days=400)
Amount = tuple[int, int]
"""What there is of a resource, and what of it takes tasks."""


def resources_of(pool: ExecutorPool, nodes: list[PoolNode]) -> dict[str, Amount]:
    """What a pool has, by resource."""
    found: dict[str, Amount] = {}
    for node in nodes:
        usable = pool.state == "active" and not node.draining and node.health == "up"
        rows = [("cpus", node.cpus)]
        if node.accelerators:
            rows.append((node.accelerator, node.accelerators))
        for name, amount in rows:
            had = found.get(name, (0, 0))
            found[name] = (had[0] + amount, had[1] + (amount if usable else 0))
    return found


async def latest(session: AsyncSession) -> dict[tuple[str, str], CapacityChange]:
    """The last change of each pool and resource."""
    newest = (
        select(CapacityChange.pool_id, CapacityChange.resource, func.max(CapacityChange.id).label("id"))
        .group_by(CapacityChange.pool_id, CapacityChange.resource)
        .subquery()
    )
    rows = await session.scalars(select(CapacityChange).join(newest, CapacityChange.id == newest.c.id))
    return {(row.pool_id, row.resource): row for row in rows}


async def note_capacity(platform: Platform) -> None:
    """Write down what changed; of pools that are gone, that they have nothing any more."""
    async with platform.work(SYSTEM, write=False) as uow:
        pools = {pool.id: pool for pool in await all_pools(uow.session)}
        nodes = await nodes_of(uow.session, list(pools))
        known = await latest(uow.session)
    now = platform.clock.now()
    seen = {
        (pool.id, name): amount
        for pool in pools.values()
        for name, amount in resources_of(pool, [node for node in nodes if node.pool_id == pool.id]).items()
    }
    changes = [
        CapacityChange(
            id=new_id("cap"),
            pool_id=key[0],
            org_id=pools[key[0]].org_id if key[0] in pools else known[key].org_id,
            resource=key[1],
            capacity=amount[0],
            usable=amount[1],
            at=now,
        )
        for key in seen.keys() | known.keys()
        if (amount := seen.get(key, (0, 0))) != ((known[key].capacity, known[key].usable) if key in known else None)
    ]
    if changes:
        async with platform.work(SYSTEM) as uow:
            uow.session.add_all(changes)


async def forget_old(platform: Platform) -> None:
    """Remove changes from before anybody's view; the last of each pool stays."""
    async with platform.work(SYSTEM) as uow:
        kept = [row.id for row in (await latest(uow.session)).values()]
        old = CapacityChange.at < uow.clock.now() - KEEP
        await uow.session.execute(delete(CapacityChange).where(old, CapacityChange.id.not_in(kept)))


async def changes_of(session: AsyncSession, actor: Actor, until: datetime) -> list[CapacityChange]:
    """The changes, up to a moment and in order, of pools that are shared or the actor's; operators see all."""
    query = select(CapacityChange).where(CapacityChange.at <= until)
    if not actor.has_duty("operator"):
        query = query.where(or_(CapacityChange.org_id.is_(None), CapacityChange.org_id.in_(list(actor.roles))))
    return list(await session.scalars(query.order_by(CapacityChange.at, CapacityChange.id)))
