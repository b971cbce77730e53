"""Looking after pools: who answers, with what capacity."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime

from ceyuan.compute.executors import ExecutorFault, Machine
from ceyuan.compute.pools import repository
from ceyuan.compute.pools.clusters import KINDS
from ceyuan.compute.pools.errors import PoolUnreachable
from ceyuan.compute.pools.kinds import Found
from ceyuan.compute.pools.opening import open_executors
from ceyuan.compute.pools.settings import PoolSettings
from ceyuan.compute.pools.tables import ExecutorPool, PoolNode
from ceyuan.compute.pools.uses import tell_changed
from ceyuan.kernel.actor import SYSTEM
from ceyuan.kernel.ids import new_id
from ceyuan.kernel.platform import Platform
from ceyuan.kernel.work import UnitOfWork
from ceyuan.metering import transact

logger = logging.getLogger(__name__)
_AT_ONCE = 16
_PATIENCE_S = 30.0
_FIRST_S = 4.0
"""The first look waits until those who wait for the first page have seen it."""


async def look_at_pool(platform: Platform, pool: ExecutorPool) -> list[PoolNode]:
    """The nodes of a cluster that is about to be registered; raises `PoolUnreachable`."""
    kind = KINDS[pool.kind]
    try:
        async with asyncio.timeout(_PATIENCE_S):
            found = await kind.look(platform, pool)
    except (ExecutorFault, TimeoutError) as fault:
        raise PoolUnreachable(
            (f"无法使用资源池:{fault or '超时'}", f"the pool cannot be used: {fault or 'no answer in time'}")
        ) from fault
    if not found:
        raise PoolUnreachable(("集群没有节点", "the cluster has no nodes"))
    now = platform.clock.now()
    pool.health, pool.checked_at, pool.isolated = "up", now, all(one.isolated for one in found)
    return [fresh_node(pool.id, one, now) for one in found]


def fresh_node(pool_id: str, found: Found, now: datetime) -> PoolNode:
    """The row of a node that was just found."""
    row = PoolNode(id=new_id("node"), pool_id=pool_id, name=found.name, address="", port=0, user="", host_key="")
    row.sealed_key, row.root, row.draining, row.created_at = None, "", False, now
    _enter(row, found, now)
    return row


def _enter(row: PoolNode, found: Found, now: datetime) -> None:
    row.cpus, row.memory_mib, row.isolated = found.cpus, found.memory_mib, found.isolated
    row.accelerator, row.accelerators = found.accelerator, found.accelerators
    row.health, row.fault, row.misses, row.checked_at = "up" if found.up else "down", found.fault[:400], 0, now


async def look_after_pools(platform: Platform) -> None:
    """Look at every pool and host, and write down who answers; what failed before is tried again."""
    async with platform.work(SYSTEM, write=False) as uow:
        pools = await repository.all_pools(uow.session)
        nodes = await repository.nodes_of(uow.session, [pool.id for pool in pools])
    limit = asyncio.Semaphore(_AT_ONCE)
    looks = [_look(platform, limit, pool, [node for node in nodes if node.pool_id == pool.id]) for pool in pools]
    for seen in await asyncio.gather(*looks):
        await transact(platform, seen.keep)
    tell_changed(platform)


class _Seen:
    """What a look at one pool brought, to be written down in a transaction of its own."""

    def __init__(self, pool_id: str) -> None:
        self.pool_id = pool_id
        self.fault = ""
        self.found: list[Found] | None = None
        self.hosts: dict[str, Machine | str] = {}

    async def keep(self, uow: UnitOfWork) -> None:
        pools = {pool.id: pool for pool in await repository.all_pools(uow.session)}
        pool = pools.get(self.pool_id)
        if pool is None:
            return
        now, nodes = uow.clock.now(), await repository.nodes_of(uow.session, [pool.id])
        if self.found is not None:
            self._keep_found(uow, pool, nodes, now)
        elif not KINDS[pool.kind].has_hosts:
            for node in nodes:
                self._miss(uow, node, self.fault)
        for node in nodes:
            answer = self.hosts.get(node.id)
            if isinstance(answer, str):
                self._miss(uow, node, answer)
            elif answer is not None:
                memory = int(answer.memory_gib * 1024)
                found = Found(node.name, answer.cpus, memory, node.accelerator, node.accelerators, answer.sandbox)
                _enter(node, found, now)
        pool.fault = self.fault[:400]
        pool.health = "up" if any(node.health == "up" for node in nodes) or self.found else "down" if nodes else "empty"
        pool.isolated = all(node.isolated for node in nodes)
        pool.checked_at = now

    def _keep_found(self, uow: UnitOfWork, pool: ExecutorPool, nodes: list[PoolNode], now: datetime) -> None:
        known, told = {node.name: node for node in nodes}, {one.name: one for one in self.found or ()}
        for name, one in told.items():
            if name in known:
                _enter(known[name], one, now)
            else:
                uow.session.add(fresh_node(pool.id, one, now))
        for name, node in known.items():
            if name not in told:
                self._miss(uow, node, "the cluster does not tell of it any more")

    @staticmethod
    def _miss(uow: UnitOfWork, node: PoolNode, fault: str) -> None:
        node.misses += 1
        node.fault = fault[:400]
        if node.misses >= uow.platform.section(PoolSettings).misses:
            node.health = "down"


async def _look(platform: Platform, limit: asyncio.Semaphore, pool: ExecutorPool, nodes: list[PoolNode]) -> _Seen:
    seen, kind = _Seen(pool.id), KINDS[pool.kind]
    try:
        if not kind.has_hosts:
            async with limit, asyncio.timeout(_PATIENCE_S):
                seen.found = await kind.look(platform, pool)
            return seen
        answers = await asyncio.gather(*(_ask(platform, limit, pool, node) for node in nodes))
        seen.hosts = dict(zip((node.id for node in nodes), answers, strict=True))
    except (ExecutorFault, TimeoutError, OSError) as fault:
        seen.fault = str(fault) or "no answer in time"
    return seen


async def _ask(platform: Platform, limit: asyncio.Semaphore, pool: ExecutorPool, node: PoolNode) -> Machine | str:
    try:
        async with limit, asyncio.timeout(_PATIENCE_S):
            return await open_executors(platform).of(pool, node).probe()
    except (ExecutorFault, TimeoutError, OSError) as fault:
        return str(fault) or "no answer in time"


class PoolWatch:
    """Runs beside the platform: enters this machine, then looks at all pools again and again."""

    def __init__(self, enter: Callable[[UnitOfWork], Awaitable[None]]) -> None:
        self._enter = enter
        self._task: asyncio.Task[None] | None = None

    async def start(self, platform: Platform) -> None:
        """Begin to look."""
        self._task = asyncio.create_task(self._run(platform), name="pool-watch")

    async def stop(self, platform: Platform) -> None:
        """Look no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self, platform: Platform) -> None:
        pause = _FIRST_S
        while True:
            await asyncio.sleep(pause)
            pause = platform.section(PoolSettings).look_s
            try:
                await transact(platform, self._enter)
                await look_after_pools(platform)
            except Exception:
                logger.exception("looking at the pools failed; it is tried again")
