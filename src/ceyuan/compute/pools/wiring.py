"""Puts pools into the platform: their executors stay open, and somebody looks after them."""

from __future__ import annotations

from ceyuan.compute.pools.health import PoolWatch
from ceyuan.compute.pools.opening import OpenExecutors
from ceyuan.compute.pools.service import ensure_local
from ceyuan.compute.pools.tables import ExecutorPool
from ceyuan.identity import OrganisationData, OrganisationRows, Rows
from ceyuan.kernel.platform import Platform


def wire(platform: Platform) -> None:
    """Provide the open executors; begin to look at pools with the platform."""
    executors = OpenExecutors(platform)
    platform.provide(OpenExecutors, executors)
    rows = OrganisationRows(
        "pools", Rows("executor_pools", ExecutorPool, ExecutorPool.org_id, without=frozenset({"sealed_secret"}))
    )
    platform.provide(OrganisationData, rows)  # type: ignore[type-abstract]
    platform.services.append(executors)
    platform.services.append(PoolWatch(ensure_local))
