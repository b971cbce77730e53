"""What needs a person: derived from rows, each with where to look."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from ceyuan.compute.pools import ExecutorPool, PoolNode
from ceyuan.compute.tasks import ComputeTask
from ceyuan.kernel.errors import Text

LONG_WAIT = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Alert:
    """`severity` is `bad` or `warn`; `path` is a page of the console."""

    severity: str
    code: str
    words: Text
    path: str


def of_pools(pools: Iterable[ExecutorPool], nodes: Iterable[PoolNode]) -> list[Alert]:
    """Pools and nodes that do not answer, are unsuitable, or take no tasks."""
    found, by_pool = [], dict[str, list[PoolNode]]()
    for node in nodes:
        by_pool.setdefault(node.pool_id, []).append(node)
    for pool in pools:
        path, own = f"/compute/pools/{pool.id}", by_pool.get(pool.id, [])
        down = [node.name for node in own if node.health not in ("up", "unknown")]
        if pool.health not in ("up", "unknown", "empty"):
            words = (f"资源池“{pool.name}”无法使用", f"the pool “{pool.name}” cannot be used")
            found.append(Alert("bad", "pool_down", words, path))
        elif down:
            first = "、".join(down[:3]), ", ".join(down[:3])
            words = (
                f"“{pool.name}”有 {len(down)} 个节点失联:{first[0]}",
                f"{len(down)} nodes of “{pool.name}” do not answer: {first[1]}",
            )
            found.append(Alert("bad", "node_down", words, path))
        if pool.state == "draining":
            words = (f"资源池“{pool.name}”正在排空,不接新任务", f"the pool “{pool.name}” is draining: no new tasks")
            found.append(Alert("warn", "pool_draining", words, path))
        elif not own:
            words = (f"资源池“{pool.name}”还没有节点", f"the pool “{pool.name}” has no nodes")
            found.append(Alert("warn", "pool_empty", words, path))
    return found


def of_tasks(tasks: Iterable[ComputeTask], whys: Mapping[str, tuple[str, Text]], now: datetime) -> list[Alert]:
    """Tasks that can never start, wait long, will miss their deadline, or failed within a day."""
    found, failed, long = [], 0, 0
    for task in tasks:
        path = f"/compute/tasks/{task.id}"
        waiting = task.state == "queued" and task.pool_id is None
        if waiting and whys.get(task.id, ("",))[0] == "never":
            words = (f"现有节点都放不下任务“{task.name}”", f"no node that takes tasks can hold “{task.name}”")
            found.append(Alert("bad", "never", words, path))
        elif waiting and now - task.created_at > LONG_WAIT:
            long += 1
        failed += task.state == "failed" and task.finished_at is not None and now - task.finished_at < timedelta(days=1)
    if long:
        words = (f"{long} 个任务已等待超过 1 小时", f"{long} tasks have waited for more than an hour")
        found.append(Alert("warn", "long_wait", words, "/compute/tasks?state=queued"))
    if failed:
        words = (f"24 小时内有 {failed} 个任务失败", f"{failed} tasks failed within 24 hours")
        found.append(Alert("warn", "failed", words, "/compute/tasks?state=failed"))
    return found
