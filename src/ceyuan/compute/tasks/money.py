"""What a task costs: core-seconds, held beforehand, posted once for each try."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from ceyuan.compute.executors import Run
from ceyuan.compute.tasks.description import Resources, TaskSpec
from ceyuan.compute.tasks.errors import BudgetTooSmall
from ceyuan.compute.tasks.tables import ComputeTask
from ceyuan.kernel.ids import is_id
from ceyuan.kernel.work import UnitOfWork
from ceyuan.metering import Resource, UsageEvent, Want, place_hold, post_usage, quote, release_hold

CORE_SECOND = Resource(
    "compute.core_second", unit=("核·秒", "core-seconds"), title=("任务占用处理器", "Processors held by tasks")
)
LEAST_S = 60
"""A budget must cover so many seconds."""
_THREE = Decimal("0.001")


def core_seconds(seconds: float, resources: Resources) -> Decimal:
    """What a try of so many seconds is metered with: all processors that it held."""
    return (Decimal(str(seconds)) * resources.cpus).quantize(_THREE)


async def cost_of(uow: UnitOfWork, org_id: str, seconds: float, resources: Resources) -> int:
    """Micro-yuan for holding the resources so long, by the prices of now."""
    return (await quote(uow, org_id, [Want(CORE_SECOND.name, core_seconds(seconds, resources))])).cost_micro


async def check_budget(uow: UnitOfWork, org_id: str, spec: TaskSpec, resources: Resources) -> tuple[int, int]:
    """(least, most) cost of one try; raises `BudgetTooSmall`."""
    least = await cost_of(uow, org_id, min(LEAST_S, spec.time_limit_s), resources)
    most = await cost_of(uow, org_id, spec.ends_by(uow.clock.now()), resources)
    if spec.budget_micro is not None and spec.budget_micro < least:
        raise BudgetTooSmall(
            (f"至少需要 {least} 微元", f"at least {least} micro-yuan are needed"),
            hint=("请提高预算或减少资源", "raise the budget or ask for less"),
            least_micro=least,
        )
    return least, most if spec.budget_micro is None else min(most, spec.budget_micro)


async def hold_for(uow: UnitOfWork, org_id: str, reference: str, task_id: str, amount_micro: int) -> str:
    """Set the money for a try aside; raises `InsufficientFunds`."""
    want = Want(CORE_SECOND.name, amount_micro=amount_micro)
    return (await place_hold(uow, org_id, [want], reference=reference, subject=task_id)).id


async def settle(uow: UnitOfWork, task: ComputeTask, run: Run) -> None:
    """Post what a try used, once per key, and write it down as an ended attempt."""
    quantity = core_seconds(run.seconds, Resources.model_validate(task.placed))
    if quantity > 0:
        event = UsageEvent(
            key=f"task:{run.key}",
            org_id=task.org_id,
            resource=CORE_SECOND.name,
            quantity=quantity,
            occurred_at=uow.clock.now(),
            subject=task.id,
            person_id=task.created_by if is_id(task.created_by, "per") else "",
            evidence={**_evidence(run), "cpus": task.placed["cpus"]},
            hold_id=task.hold_id,
            group=task.id,
        )
        posted = await post_usage(uow, [event])
        if posted.posted:
            task.cost_micro += posted.cost_micro
    if all(one["key"] != run.key for one in task.attempts):
        task.attempts = [*task.attempts, {"key": run.key, "state": run.state, **_evidence(run)}]
        task.seconds = sum(one["seconds"] for one in task.attempts)
    task.attempt = None


async def give_back(uow: UnitOfWork, task: ComputeTask) -> None:
    """Release what is left of the money set aside."""
    if task.hold_id is not None:
        await release_hold(uow, task.hold_id)
        task.hold_id = None


def _evidence(run: Run) -> dict[str, Any]:
    names = ("exit_code", "reason", "started_at", "ended_at", "seconds", "cpu_seconds", "peak_mb")
    return {name: getattr(run, name) for name in names}
