"""What a task costs: core-seconds, held beforehand, posted once for each try."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ceyuan.compute.executors import Run
from ceyuan.compute.tasks import repository
from ceyuan.compute.tasks.amounts import CORE_SECOND, amounts
from ceyuan.compute.tasks.chain import START, link_of
from ceyuan.compute.tasks.description import Resources, TaskSpec
from ceyuan.compute.tasks.errors import BudgetTooSmall
from ceyuan.compute.tasks.tables import ComputeTask
from ceyuan.kernel.errors import QuotaExceeded
from ceyuan.kernel.ids import is_id
from ceyuan.kernel.money import to_yuan
from ceyuan.kernel.work import UnitOfWork
from ceyuan.metering import InsufficientFunds, UsageEvent, Want, get_hold, place_hold, post_usage, quote, release_hold

LEAST_S = 60
"""A budget must cover so many seconds."""


async def cost_of(uow: UnitOfWork, org_id: str, seconds: float, resources: Resources) -> int:
    """Micro-yuan for holding the resources so long, by the prices of now."""
    wants = [Want(name, quantity) for name, quantity in amounts(seconds, resources).items()]
    return (await quote(uow, org_id, wants)).cost_micro


async def hour_price(uow: UnitOfWork, org_id: str, accelerator: str) -> float:
    """Yuan for an hour of one accelerator with a core, or of a core where it is `cpu`, by the prices of now."""
    one = Resources(accelerator=accelerator, accelerators=int(accelerator != "cpu"))
    return await cost_of(uow, org_id, 3600, one) / 1e6


async def check_budget(uow: UnitOfWork, org_id: str, spec: TaskSpec, wishes: Sequence[Resources]) -> tuple[int, int]:
    """(least, most) cost of one try, whichever of the wishes it gets; raises `BudgetTooSmall`."""
    short, whole = min(LEAST_S, spec.time_limit_s), spec.ends_by(uow.clock.now())
    least = min([await cost_of(uow, org_id, short, wish) for wish in wishes])
    most = max([await cost_of(uow, org_id, whole, wish) for wish in wishes])
    if spec.budget_micro is not None and spec.budget_micro < least:
        raise BudgetTooSmall(
            (f"至少需要 {to_yuan(least)} 元", f"at least {to_yuan(least)} yuan are needed"),
            hint=("请提高预算或减少资源", "raise the budget or ask for less"),
            least_micro=least,
        )
    return least, most if spec.budget_micro is None else min(most, spec.budget_micro)


async def hold_for(
    uow: UnitOfWork, task: ComputeTask, spec: TaskSpec, wishes: Sequence[Resources], reference: str, most_micro: int
) -> str:
    """Set the money for a try aside, by resource as its dearest wish needs it; raises `InsufficientFunds`."""
    wants = await _wants(uow, task.org_id, spec, wishes, most_micro)
    return (await place_hold(uow, task.org_id, wants, reference=reference, subject=task.id)).id


async def _wants(
    uow: UnitOfWork, org_id: str, spec: TaskSpec, wishes: Sequence[Resources], most_micro: int
) -> list[Want]:
    seconds = max(1.0, spec.ends_by(uow.clock.now()))
    costs = [(await cost_of(uow, org_id, seconds, wish), wish) for wish in wishes]
    whole, dearest = max(costs, key=lambda one: one[0])
    wants, left = [], most_micro
    for name, quantity in list(amounts(seconds, dearest).items())[1:]:
        part = (await quote(uow, org_id, [Want(name, quantity)])).cost_micro
        amount = min(left, part * most_micro // max(1, whole))
        wants.append(Want(name, amount_micro=amount))
        left -= amount
    wants.append(Want(CORE_SECOND.name, amount_micro=left))
    return wants


async def _most(uow: UnitOfWork, org_id: str, spec: TaskSpec, wish: Resources) -> int:
    """What a try of a wish costs at most."""
    most = await cost_of(uow, org_id, max(1.0, spec.ends_by(uow.clock.now())), wish)
    return most if spec.budget_micro is None else min(most, spec.budget_micro)


async def set_aside(
    uow: UnitOfWork, task: ComputeTask, spec: TaskSpec, wishes: Sequence[Resources], reference: str, most_micro: int
) -> str | None:
    """The hold for a try; none where the task must wait for money that other tasks of its organisation still hold.

    Raises `InsufficientFunds` where even that would not do: the task could never begin.
    """
    try:
        return await hold_for(uow, task, spec, wishes, reference, most_micro)
    except InsufficientFunds as refusal:
        coming, missing = 0, int(refusal.fields["missing_micro"])
        for hold_id in await repository.holds_of(uow.session, task.org_id):
            coming += (await get_hold(uow, hold_id)).rest_micro
        if coming < missing:
            raise
    return None


async def seat_paid(uow: UnitOfWork, task: ComputeTask, spec: TaskSpec, wish: Resources, reference: str) -> bool:
    """Set the money for a task that is about to get seats aside, if that was not done yet; whether it could be."""
    if task.hold_id is None:
        try:
            most = await _most(uow, task.org_id, spec, wish)
            task.hold_id = await hold_for(uow, task, spec, [wish], reference, most)
        except (InsufficientFunds, QuotaExceeded):
            return False
    return True


async def missing_for(uow: UnitOfWork, org_id: str, spec: TaskSpec) -> list[int]:
    """Micro-yuan that balances and credit do not cover, for a try of each wish."""
    missing = []
    for wish in spec.wishes:
        wants = await _wants(uow, org_id, spec, [wish], await _most(uow, org_id, spec, wish))
        missing.append((await quote(uow, org_id, wants)).missing_micro)
    return missing


async def lacking(uow: UnitOfWork, task: ComputeTask) -> list[int]:
    """The same for a waiting task; nothing once its money is set aside."""
    return [] if task.hold_id else await missing_for(uow, task.org_id, TaskSpec.model_validate(task.spec))


async def settle(uow: UnitOfWork, task: ComputeTask, run: Run) -> None:
    """Post what a try used, once per key and resource, and write it down as an ended attempt: a link of the chain on
    which the certificate of delivery rests. The first word about a key stays."""
    if any(one["key"] == run.key for one in task.attempts):
        task.attempt = None
        return
    previous = [one["link"]["hash"] for one in task.attempts if one.get("link")]
    link = link_of(task, run, previous[-1] if previous else START)
    placed = Resources.model_validate(task.placed)
    seats = (task.admission or {}).get("seats", [])
    events = [
        UsageEvent(
            key=f"task:{run.key}" if name == CORE_SECOND.name else f"task:{run.key}:device",
            org_id=task.org_id,
            resource=name,
            quantity=quantity,
            occurred_at=uow.clock.now(),
            subject=task.id,
            person_id=task.created_by if is_id(task.created_by, "per") else "",
            evidence={**_evidence(run), "cpus": placed.cpus, "seats": seats, "link": link["hash"]},
            hold_id=task.hold_id,
            group=task.id,
        )
        for name, quantity in amounts(run.seconds, placed).items()
        if quantity > 0
    ]
    if events:
        posted = await post_usage(uow, events)
        if posted.posted:
            task.cost_micro += posted.cost_micro
    where = {"pool": (task.admission or {}).get("pool", ""), "pool_id": task.pool_id, "seats": seats}
    where["weighed"] = (task.admission or {}).get("weighed", [])
    row = {"key": run.key, "state": run.state, **_evidence(run), **where, "placed": task.placed, "link": link}
    task.attempts = [*task.attempts, row]
    task.seconds = sum(one["seconds"] for one in task.attempts)
    task.attempt = None


async def give_back(uow: UnitOfWork, task: ComputeTask) -> None:
    """Release what is left of the money set aside."""
    if task.hold_id is not None:
        await release_hold(uow, task.hold_id)
        task.hold_id = None


def _evidence(run: Run) -> dict[str, Any]:
    names = ("exit_code", "reason", "started_at", "ended_at", "seconds", "cpu_seconds", "peak_mb", "accounting")
    return {name: getattr(run, name) for name in names}
