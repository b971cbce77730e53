"""Executors that are open: one for each pool, or host of a pool, until its row changes."""

from __future__ import annotations

from ceyuan.compute.executors import Executor
from ceyuan.compute.pools import repository
from ceyuan.compute.pools.clusters import KINDS
from ceyuan.compute.pools.kinds import Kind
from ceyuan.compute.pools.tables import ExecutorPool, PoolNode
from ceyuan.kernel.actor import SYSTEM
from ceyuan.kernel.platform import Platform


class OpenExecutors:
    """Keeps executors by pool, host and version of the row."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._open: dict[str, tuple[int, Executor]] = {}
        self._stale: list[Executor] = []

    def of(self, pool: ExecutorPool, node: PoolNode | None) -> Executor:
        """The executor of a pool, or of a host of it."""
        kind = KINDS[pool.kind]
        name = node.id if kind.has_hosts and node is not None else pool.id
        held = self._open.get(name)
        if held is None or held[0] != pool.version:
            if held is not None:
                self._stale.append(held[1])
            held = self._open[name] = (pool.version, kind.open(self._platform, pool, node))
        return held[1]

    async def find(self, pool_id: str, node_id: str) -> tuple[Kind, Executor, PoolNode]:
        """Kind, executor and node of a seat; raises `PoolNotFound`, `NodeNotFound`."""
        async with self._platform.work(SYSTEM, write=False) as uow:
            pool = await repository.get(uow.session, pool_id)
            node = await repository.node(uow.session, node_id)
            return KINDS[pool.kind], self.of(pool, node), node

    async def start(self, platform: Platform) -> None:
        """Nothing is open at the start."""

    async def stop(self, platform: Platform) -> None:
        """End kept connections."""
        for executor in [*self._stale, *(executor for _version, executor in self._open.values())]:
            await executor.close()
        self._open.clear()
        self._stale.clear()


def open_executors(platform: Platform) -> OpenExecutors:
    """The platform's open executors."""
    return platform.find(OpenExecutors)[0]
