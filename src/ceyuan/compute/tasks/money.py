"""What a task costs: core-seconds and device-seconds, held beforehand, posted once for each try."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from ceyuan.compute.catalogue import read_tariffs
from ceyuan.compute.executors import Run
from ceyuan.compute.tasks import repository
from ceyuan.compute.tasks.amounts import CORE_SECOND
from ceyuan.compute.tasks.chain import START, charged_of, link_of
from ceyuan.compute.tasks.description import Resources, TaskSpec
from ceyuan.compute.tasks.errors import BudgetTooSmall
from ceyuan.compute.tasks.tables import ComputeTask
from ceyuan.compute.tasks.tariffs import Charge, Way
from ceyuan.kernel.errors import QuotaExceeded
from ceyuan.kernel.ids import is_id
from ceyuan.kernel.money import to_yuan
from ceyuan.kernel.work import UnitOfWork
from ceyuan.metering import InsufficientFunds, UsageEvent, Want, get_hold, place_hold, post_usage, quote, release_hold

LEAST_S = 60
"""A budget must cover so many seconds."""


async def _cost(uow: UnitOfWork, org_id: str, wants: Sequence[Want]) -> int:
    return (await quote(uow, org_id, wants)).cost_micro


async def way_of(uow: UnitOfWork, task: ComputeTask) -> Way:
    """What the try at work is charged with: the tariff of the offer that its pool delivered when it got its seats."""
    offer_id = (task.admission or {}).get("offer")
    tariffs = await read_tariffs(uow.session, [offer_id] if offer_id else [])
    spot = bool(task.spec.get("interruptible"))
    return Way(Resources.model_validate(task.placed), tariffs.get(str(offer_id)), spot, charged_of(task))


def _charges(way: Way, run: Run, now: datetime) -> list[Charge]:
    """The use of a try, cut where its price changes."""
    begins = now - timedelta(seconds=run.seconds)
    if run.started_at is not None:
        begins = datetime.fromtimestamp(run.started_at, UTC)
    return way.charges(begins, run.seconds)


async def cost_so_far(uow: UnitOfWork, task: ComputeTask, run: Run) -> int:
    """Micro-yuan that a try at work used so far."""
    charges = _charges(await way_of(uow, task), run, uow.clock.now())
    return await _cost(uow, task.org_id, [charge.want for charge in charges])


async def hour_price(uow: UnitOfWork, org_id: str, accelerator: str) -> float:
    """Yuan for an hour of one accelerator with a core, or of a core where it is `cpu`, by the price list of now."""
    one = Way(Resources(accelerator=accelerator, accelerators=int(accelerator != "cpu")))
    return await _cost(uow, org_id, one.dearest(uow.clock.now(), 3600)) / 1e6


async def check_budget(uow: UnitOfWork, org_id: str, spec: TaskSpec, ways: Sequence[Way]) -> tuple[int, int]:
    """(least, most) cost of one try, whichever of its wishes it gets and wherever; raises `BudgetTooSmall`."""
    now = uow.clock.now()
    whole = spec.ends_by(now)
    short = min(LEAST_S, whole)
    least = min([await _cost(uow, org_id, [one.want for one in way.charges(now, short)]) for way in ways])
    most = max([await _cost(uow, org_id, way.dearest(now, whole)) for way in ways])
    if spec.budget_micro is not None and spec.budget_micro < least:
        raise BudgetTooSmall(
            (f"至少需要 {to_yuan(least)} 元", f"at least {to_yuan(least)} yuan are needed"),
            hint=("请提高预算或减少资源", "raise the budget or ask for less"),
            least_micro=least,
        )
    return least, most if spec.budget_micro is None else min(most, spec.budget_micro)


async def hold_for(
    uow: UnitOfWork, task: ComputeTask, spec: TaskSpec, ways: Sequence[Way], reference: str, most_micro: int
) -> str:
    """Set the money for a try aside, by resource as its dearest way needs it; raises `InsufficientFunds`."""
    wants = await _wants(uow, task.org_id, spec, ways, most_micro)
    return (await place_hold(uow, task.org_id, wants, reference=reference, subject=task.id)).id


async def _wants(uow: UnitOfWork, org_id: str, spec: TaskSpec, ways: Sequence[Way], most_micro: int) -> list[Want]:
    now = uow.clock.now()
    seconds = max(1.0, spec.ends_by(now))
    uses = [way.dearest(now, seconds) for way in ways]
    costs = [(await _cost(uow, org_id, use), use) for use in uses]
    whole, dearest = max(costs, key=lambda one: one[0])
    wants, left = [], most_micro
    for want in dearest[1:]:
        part = await _cost(uow, org_id, [want])
        amount = min(left, part * most_micro // max(1, whole))
        wants.append(Want(want.resource, amount_micro=amount))
        left -= amount
    wants.append(Want(CORE_SECOND.name, amount_micro=left))
    return wants


async def _most(uow: UnitOfWork, org_id: str, spec: TaskSpec, way: Way) -> int:
    """What a try costs at most in one way."""
    now = uow.clock.now()
    most = await _cost(uow, org_id, way.dearest(now, max(1.0, spec.ends_by(now))))
    return most if spec.budget_micro is None else min(most, spec.budget_micro)


async def set_aside(
    uow: UnitOfWork, task: ComputeTask, spec: TaskSpec, ways: Sequence[Way], reference: str, most_micro: int
) -> str | None:
    """The hold for a try; none where the task must wait for money that other tasks of its organisation still hold.

    Raises `InsufficientFunds` where even that would not do: the task could never begin.
    """
    try:
        return await hold_for(uow, task, spec, ways, reference, most_micro)
    except InsufficientFunds as refusal:
        coming, missing = 0, int(refusal.fields["missing_micro"])
        for hold_id in await repository.holds_of(uow.session, task.org_id):
            coming += (await get_hold(uow, hold_id)).rest_micro
        if coming < missing:
            raise
    return None


async def seat_paid(uow: UnitOfWork, task: ComputeTask, spec: TaskSpec, way: Way, reference: str) -> bool:
    """Set the money for a task that is about to get seats aside, if that was not done yet; whether it could be."""
    if task.hold_id is None:
        try:
            most = await _most(uow, task.org_id, spec, way)
            task.hold_id = await hold_for(uow, task, spec, [way], reference, most)
        except (InsufficientFunds, QuotaExceeded):
            return False
    return True


async def missing_for(uow: UnitOfWork, org_id: str, spec: TaskSpec, ways: Sequence[Sequence[Way]]) -> list[int]:
    """Micro-yuan that balances and credit do not cover, for a try of each wish in the dearest of its ways."""
    missing = []
    for own in ways:
        most = max([await _most(uow, org_id, spec, way) for way in own])
        wants = await _wants(uow, org_id, spec, own, most)
        missing.append((await quote(uow, org_id, wants)).missing_micro)
    return missing


async def lacking(uow: UnitOfWork, task: ComputeTask, ways: Sequence[Sequence[Way]]) -> list[int]:
    """The same for a waiting task; nothing once its money is set aside."""
    return [] if task.hold_id else await missing_for(uow, task.org_id, TaskSpec.model_validate(task.spec), ways)


async def settle(uow: UnitOfWork, task: ComputeTask, run: Run) -> None:
    """Post what a try used, once per key and resource, and write it down as an ended attempt: a link of the chain on
    which the certificate of delivery rests. The first word about a key stays."""
    if any(one["key"] == run.key for one in task.attempts):
        task.attempt = None
        return
    previous = [one["link"]["hash"] for one in task.attempts if one.get("link")]
    link = link_of(task, run, previous[-1] if previous else START)
    seats = (task.admission or {}).get("seats", [])
    way = await way_of(uow, task)
    charges = _charges(way, run, uow.clock.now())
    events = _events(uow, task, run, charges, {"cpus": way.resources.cpus, "seats": seats, "link": link["hash"]})
    costs: dict[str, int] = {}
    if events:
        posted = await post_usage(uow, events)
        costs.update(posted.costs)
        if posted.posted:
            task.cost_micro += posted.cost_micro
    where = {"pool": (task.admission or {}).get("pool", ""), "pool_id": task.pool_id, "seats": seats}
    where["weighed"] = (task.admission or {}).get("weighed", [])
    row = {"key": run.key, "state": run.state, **_evidence(run), **where, "placed": task.placed, "link": link}
    row |= {"offer": (task.admission or {}).get("offer"), "charged": link["charged"]}
    row["charges"] = [_shown(one, costs.get(event.key, 0)) for one, event in zip(charges, events, strict=True)]
    task.attempts = [*task.attempts, row]
    task.seconds = sum(one["seconds"] for one in task.attempts)
    task.attempt = None


def _events(
    uow: UnitOfWork, task: ComputeTask, run: Run, charges: Sequence[Charge], evidence: dict[str, Any]
) -> list[UsageEvent]:
    """One event for each part of the use with a price of its own; the first of a resource bears the try's own key."""
    now, counts, events = uow.clock.now(), dict[str, int](), list[UsageEvent]()
    for charge in charges:
        nth = counts[charge.resource] = counts.get(charge.resource, 0) + 1
        key = f"task:{run.key}" + ("" if charge.resource == CORE_SECOND.name else ":device")
        events.append(
            UsageEvent(
                key=key if nth == 1 else f"{key}:{nth}",
                org_id=task.org_id,
                resource=charge.resource,
                quantity=charge.quantity,
                # The price list's is that of the moment of posting, an offer's that of the use.
                occurred_at=now if charge.rate is None else min(now, charge.end),
                subject=task.id,
                person_id=task.created_by if is_id(task.created_by, "per") else "",
                evidence={**_evidence(run), **evidence, "offer": (task.admission or {}).get("offer")},
                rate=charge.rate,
                hold_id=task.hold_id,
                group=task.id,
            )
        )
    return events


def _shown(charge: Charge, cost_micro: int) -> dict[str, Any]:
    """A part of the bill as it is kept with the try."""
    rate = charge.rate
    return {
        "resource": charge.resource,
        "quantity": str(charge.quantity),
        "unit_micro": None if rate is None else rate.unit_micro,
        "per": None if rate is None else rate.per,
        "tariff": charge.tariff,
        "start": charge.start.timestamp(),
        "end": charge.end.timestamp(),
        "cost_micro": cost_micro,
    }


async def give_back(uow: UnitOfWork, task: ComputeTask) -> None:
    """Release what is left of the money set aside."""
    if task.hold_id is not None:
        await release_hold(uow, task.hold_id)
        task.hold_id = None


def _evidence(run: Run) -> dict[str, Any]:
    names = ("exit_code", "reason", "started_at", "ended_at", "seconds", "cpu_seconds", "peak_mb", "accounting")
    return {name: getattr(run, name) for name in names}
