"""The installation's own tasks as a workload."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from ceyuan.compute.pools import all_pools
from ceyuan.compute.tasks import ComputeTask, Resources, TaskSpec
from ceyuan.compute.twin.schemas import Recorded
from ceyuan.kernel.work import UnitOfWork

MOST = 20_000


async def recorded_tasks(uow: UnitOfWork, org_id: str, wanted: Recorded) -> list[dict[str, Any]]:
    """Tasks that came in the last days and ran: when they came, what they held and for how long. The oldest first, the
    newest `MOST` at most; times in seconds since the first."""
    since = uow.clock.now() - timedelta(days=wanted.days)
    query = select(ComputeTask).where(
        ComputeTask.created_at >= since, ComputeTask.seconds > 0, ComputeTask.finished_at.is_not(None)
    )
    if not wanted.everybody:
        query = query.where(ComputeTask.org_id == org_id)
    newest = await uow.session.scalars(query.order_by(ComputeTask.created_at.desc()).limit(MOST))
    names = {pool.id: pool.name for pool in await all_pools(uow.session)}
    rows = sorted(newest, key=lambda task: (task.created_at, task.id))
    return [_row(task, names, rows[0].created_at.timestamp()) for task in rows]


def _row(task: ComputeTask, names: dict[str, str], start: float) -> dict[str, Any]:
    spec = TaskSpec.model_validate(task.spec)
    held = Resources.model_validate(task.placed) if task.placed else spec.resources
    return {
        "key": task.id,
        "owner": task.org_id,
        "need": {
            "cpus": held.cpus,
            "memory_mib": round(held.memory_gib * 1024),
            "accelerator": held.accelerator if held.accelerators else "",
            "accelerators": held.accelerators,
            "nodes": held.nodes,
        },
        "submit": task.created_at.timestamp() - start,
        "seconds": task.seconds,
        "limit": max(spec.time_limit_s, task.seconds),
        "priority": spec.priority,
        "interruptible": spec.interruptible,
        "deadline": None if spec.deadline is None else spec.deadline.timestamp() - start,
        "regions": list(spec.regions),
        "places": [names.get(pool, pool) for pool in spec.pools],
    }
