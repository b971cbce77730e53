"""Use cases of bills: preview the running month, issue what is over, look up."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import orjson

from ceyuan.kernel.ids import new_id
from ceyuan.kernel.work import UnitOfWork
from ceyuan.metering.bills import repository
from ceyuan.metering.bills.tables import Bill, BillLine
from ceyuan.metering.errors import PeriodOpen
from ceyuan.metering.periods import bounds, period_of, previous
from ceyuan.metering.quantities import plain
from ceyuan.metering.settings import MeteringSettings
from ceyuan.metering.usage.repository import close_period, closed_periods
from ceyuan.metering.wallets import lock_org


@dataclass(frozen=True, slots=True)
class Line:
    """One line: see `BillLine`."""

    resource: str
    model: str
    payee: str
    late: bool
    unit_micro: int
    per: int
    quantity: Decimal
    events: int
    cost_micro: int
    wallet_micro: int

    @property
    def payable_micro(self) -> int:
        return self.cost_micro - self.wallet_micro


@dataclass(frozen=True, slots=True)
class BillView:
    """A bill with its lines; `id`, `number`, `digest` and `issued_at` are null while it is only a preview."""

    id: str | None
    number: str | None
    org_id: str
    period: str
    cost_micro: int
    wallet_micro: int
    payable_micro: int
    digest: str | None
    issued_at: datetime | None
    lines: Sequence[Line]


def digest_of(number: str, org_id: str, period: str, lines: Sequence[Line]) -> str:
    """SHA-256 of the bill's canonical JSON: keys sorted, quantities as plain decimals."""
    body: dict[str, Any] = {"number": number, "org_id": org_id, "period": period}
    body["lines"] = [asdict(line) | {"quantity": plain(line.quantity)} for line in lines]
    return hashlib.sha256(orjson.dumps(body, option=orjson.OPT_SORT_KEYS)).hexdigest()


async def _lines(uow: UnitOfWork, org_id: str, period: str) -> list[Line]:
    start, _ = bounds(period, uow.platform.section(MeteringSettings).timezone)
    return [
        Line(
            row.resource,
            row.model,
            row.payee,
            bool(row.late),
            row.unit_micro,
            row.per,
            row.quantity,
            row.events,
            int(row.cost),
            int(row.wallet),
        )
        for row in await repository.sums(uow.session, org_id, period, start)
    ]


def _totals(lines: Sequence[Line]) -> tuple[int, int, int]:
    cost, wallet = sum(line.cost_micro for line in lines), sum(line.wallet_micro for line in lines)
    return cost, wallet, cost - wallet


async def preview_bill(uow: UnitOfWork, org_id: str, period: str | None = None) -> BillView:
    """The month so far, as a bill would show it; the present month if none is named."""
    period = period or period_of(uow.clock.now(), uow.platform.section(MeteringSettings).timezone)
    lines = await _lines(uow, org_id, period)
    return BillView(None, None, org_id, period, *_totals(lines), None, None, lines)


async def issue_bill(uow: UnitOfWork, org_id: str, period: str) -> BillView:
    """Issue the bill of a month that is over, once; again it returns the same bill.

    From then on the month is closed for this organisation: usage of it that is posted later stands on the
    bill of the month in which it is posted. Raises `PeriodOpen` before the month's end.
    """
    _, end = bounds(period, uow.platform.section(MeteringSettings).timezone)
    now = uow.clock.now()
    if now < end:
        raise PeriodOpen(
            (f"{period} 账期至 {end:%Y-%m-%d %H:%M} UTC 才结束", f"{period} ends at {end:%Y-%m-%d %H:%M} UTC only"),
            hint=("可先查看当月预览", "look at the preview meanwhile"),
        )
    await lock_org(uow, org_id)
    known = await repository.find(uow.session, org_id, period)
    if known is not None:
        return await _view(uow, known)
    lines = await _lines(uow, org_id, period)
    bill_id = new_id("bill")
    number = f"CY-{period.replace('-', '')}-{bill_id[-10:].upper()}"
    cost, wallet, payable = _totals(lines)
    bill = Bill(
        id=bill_id,
        number=number,
        org_id=org_id,
        period=period,
        cost_micro=cost,
        wallet_micro=wallet,
        payable_micro=payable,
        lines=len(lines),
        digest=digest_of(number, org_id, period, lines),
        issued_at=now,
        issued_by=uow.actor.id,
    )
    uow.session.add(bill)
    await uow.session.flush()
    uow.session.add_all(
        BillLine(bill_id=bill_id, position=position, **asdict(line)) for position, line in enumerate(lines)
    )
    if (org_id, period) not in await closed_periods(uow.session, [org_id]):
        await close_period(uow.session, org_id, period, now)
    await uow.session.flush()
    await uow.audit("metering.bill_issued", bill_id, org_id, number=number, cost_micro=cost, digest=bill.digest)
    await uow.publish("metering.bill_issued", org_id=org_id, bill_id=bill_id, period=period, payable_micro=payable)
    return await _view(uow, bill)


async def _view(uow: UnitOfWork, bill: Bill) -> BillView:
    lines = [
        Line(
            row.resource,
            row.model,
            row.payee,
            row.late,
            row.unit_micro,
            row.per,
            row.quantity,
            row.events,
            row.cost_micro,
            row.wallet_micro,
        )
        for row in await repository.lines_of(uow.session, bill.id)
    ]
    return BillView(
        bill.id,
        bill.number,
        bill.org_id,
        bill.period,
        bill.cost_micro,
        bill.wallet_micro,
        bill.payable_micro,
        bill.digest,
        bill.issued_at,
        lines,
    )


async def get_bill(uow: UnitOfWork, bill_id: str) -> BillView:
    """An issued bill with its lines; raises `NotFound`."""
    return await _view(uow, await repository.get(uow.session, bill_id))


async def due_bills(uow: UnitOfWork) -> list[tuple[str, str]]:
    """(organisation, month) pairs whose bill may be issued now: the month and the days of grace are over."""
    settings = uow.platform.section(MeteringSettings)
    now = uow.clock.now()
    last = previous(period_of(now, settings.timezone))
    if now.astimezone(settings.timezone).day <= settings.bill_after_days:
        last = previous(last)
    return await repository.due(uow.session, last)
