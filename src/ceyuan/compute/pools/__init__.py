"""Executor pools: the machines on which tasks run, registered by operators, looked after, drained, removed.

A pool is of a kind (this machine, SSH hosts, a cluster with a queue of its own) and belongs to everybody or
to one organisation. Which task gets which node is for the room of tasks; it says here what it holds (`PoolUse`).
"""

from ceyuan.compute.pools.clusters import KINDS
from ceyuan.compute.pools.health import look_after_pools
from ceyuan.compute.pools.kinds import IMAGE, Kind
from ceyuan.compute.pools.opening import OpenExecutors, open_executors
from ceyuan.compute.pools.repository import all_pools, nodes_of
from ceyuan.compute.pools.service import (
    LOCAL_NODE,
    LOCAL_POOL,
    NewPool,
    add_host,
    drain,
    ensure_local,
    find_pool,
    register_pool,
)
from ceyuan.compute.pools.tables import ExecutorPool, PoolNode
from ceyuan.compute.pools.uses import PoolUse, Use

__all__ = [
    "IMAGE",
    "KINDS",
    "LOCAL_NODE",
    "LOCAL_POOL",
    "ExecutorPool",
    "Kind",
    "NewPool",
    "OpenExecutors",
    "PoolNode",
    "PoolUse",
    "Use",
    "add_host",
    "all_pools",
    "drain",
    "ensure_local",
    "find_pool",
    "look_after_pools",
    "nodes_of",
    "open_executors",
    "register_pool",
]
