"""Checking the books: everything that is kept as a sum is computed again from what it sums up."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Select, and_, func, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from ceyuan.kernel.actor import SYSTEM
from ceyuan.kernel.platform import Platform
from ceyuan.kernel.work import UnitOfWork
from ceyuan.metering import guards
from ceyuan.metering.bills.tables import Bill, BillLine
from ceyuan.metering.holds.tables import HoldPart, HoldRow
from ceyuan.metering.ledger.tables import LedgerAccount, LedgerEntry, LedgerPosting
from ceyuan.metering.settings import MeteringSettings
from ceyuan.metering.sql import is_sqlite
from ceyuan.metering.usage.tables import UsageCharge, UsageHour, UsageRow
from ceyuan.metering.wallets.tables import WalletRow

SHOWN = 20
"""How many offenders one finding lists."""
STALE = timedelta(minutes=10)
"""How long after its end an open hold or wallet counts as forgotten by the sweeper."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that is broken, how often, and some of the rows."""

    rule: str
    count: int
    rows: list[dict[str, Any]]


@dataclass(slots=True)
class BooksReport:
    """The outcome: `findings` is empty when the books are right; `counts` says how much was checked, and
    `unpriced_events` how much use had no price (not a fault, but worth a look)."""

    findings: list[Finding] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        return not self.findings


Query = Select[*tuple[Any, ...]]
_amount = func.coalesce(func.sum(LedgerPosting.amount_micro), 0)


def _ledger() -> dict[str, Query]:
    last = select(LedgerPosting.account_id, func.max(LedgerPosting.seq).label("seq")).group_by(LedgerPosting.account_id)
    newest = last.subquery()
    return {
        "entry_not_zero": select(LedgerPosting.entry_id, _amount.label("sum"))
        .group_by(LedgerPosting.entry_id)
        .having(func.sum(LedgerPosting.amount_micro) != 0),
        "entry_without_postings": select(LedgerEntry.id)
        .outerjoin(LedgerPosting, LedgerPosting.entry_id == LedgerEntry.id)
        .where(LedgerPosting.seq.is_(None)),
        "posting_without_entry": select(LedgerPosting.seq, LedgerPosting.entry_id)
        .outerjoin(LedgerEntry, LedgerEntry.id == LedgerPosting.entry_id)
        .where(LedgerEntry.id.is_(None)),
        "balance_differs": select(LedgerAccount.id, LedgerAccount.balance_micro, _amount.label("recomputed"))
        .outerjoin(LedgerPosting, LedgerPosting.account_id == LedgerAccount.id)
        .group_by(LedgerAccount.id, LedgerAccount.balance_micro)
        .having(LedgerAccount.balance_micro != _amount),
        "running_balance_differs": select(LedgerAccount.id, LedgerPosting.seq)
        .join(newest, newest.c.account_id == LedgerAccount.id)
        .join(LedgerPosting, LedgerPosting.seq == newest.c.seq)
        .where(LedgerPosting.balance_after_micro != LedgerAccount.balance_micro),
        "below_floor": select(LedgerAccount.id, LedgerAccount.balance_micro).where(
            LedgerAccount.balance_micro < LedgerAccount.floor_micro
        ),
    }


def _holds(now: Any) -> dict[str, Query]:
    rest = HoldRow.amount_micro - HoldRow.captured_micro - HoldRow.released_micro
    waiting = func.coalesce(func.sum(rest), 0)
    parts = (
        select(
            HoldPart.hold_id,
            func.sum(HoldPart.amount_micro).label("amount"),
            func.sum(HoldPart.captured_micro).label("captured"),
            func.sum(HoldPart.released_micro).label("released"),
        )
        .group_by(HoldPart.hold_id)
        .subquery()
    )
    return {
        "hold_account_differs": select(LedgerAccount.owner, LedgerAccount.balance_micro, waiting.label("recomputed"))
        .outerjoin(HoldRow, HoldRow.account_id == LedgerAccount.id)
        .where(LedgerAccount.kind == "hold")
        .group_by(LedgerAccount.id, LedgerAccount.owner, LedgerAccount.balance_micro)
        .having(LedgerAccount.balance_micro != waiting),
        "hold_parts_differ": select(HoldRow.id)
        .outerjoin(parts, parts.c.hold_id == HoldRow.id)
        .where(
            or_(
                func.coalesce(parts.c.amount, 0) != HoldRow.amount_micro,
                func.coalesce(parts.c.captured, 0) != HoldRow.captured_micro,
                func.coalesce(parts.c.released, 0) != HoldRow.released_micro,
            )
        ),
        "closed_hold_with_money": select(HoldRow.id, rest.label("rest")).where(HoldRow.state != "open", rest != 0),
        "stale_hold": select(HoldRow.id, HoldRow.expires_at).where(
            HoldRow.state == "open", HoldRow.expires_at < now - STALE
        ),
    }


def _wallets(now: Any, grace: timedelta) -> dict[str, Query]:
    joined = select(WalletRow.id, LedgerAccount.balance_micro).join(
        LedgerAccount, LedgerAccount.id == WalletRow.account_id
    )
    return {
        "closed_wallet_with_money": joined.where(WalletRow.state != "active", LedgerAccount.balance_micro != 0),
        "stale_wallet": joined.where(WalletRow.state == "active", WalletRow.valid_to < now - grace - STALE),
        "wallet_account_without_wallet": select(LedgerAccount.id)
        .outerjoin(WalletRow, WalletRow.account_id == LedgerAccount.id)
        .where(LedgerAccount.kind == "wallet", WalletRow.id.is_(None)),
    }


def _usage() -> dict[str, Query]:
    charged = func.coalesce(func.sum(UsageCharge.amount_micro), 0)
    by_event = (
        select(UsageRow.id, UsageRow.cost_micro, charged.label("charged"))
        .outerjoin(UsageCharge, UsageCharge.event_id == UsageRow.id)
        .group_by(UsageRow.id, UsageRow.cost_micro)
        .having(UsageRow.cost_micro != charged)
    )
    events = (
        select(UsageRow.entry_id, func.sum(UsageRow.cost_micro).label("cost"))
        .where(UsageRow.entry_id.is_not(None))
        .group_by(UsageRow.entry_id)
        .subquery()
    )
    settled = (
        select(LedgerPosting.entry_id, func.sum(LedgerPosting.amount_micro).label("amount"))
        .join(LedgerAccount, LedgerAccount.id == LedgerPosting.account_id)
        .where(LedgerAccount.kind == "settled")
        .group_by(LedgerPosting.entry_id)
        .subquery()
    )
    return {
        "charges_differ": by_event,
        "event_without_entry": select(UsageRow.id).where(UsageRow.cost_micro != 0, UsageRow.entry_id.is_(None)),
        "entry_differs_from_events": select(events.c.entry_id, events.c.cost)
        .outerjoin(settled, settled.c.entry_id == events.c.entry_id)
        .where(events.c.cost != func.coalesce(settled.c.amount, 0)),
        "usage_entry_without_events": select(LedgerEntry.id)
        .outerjoin(UsageRow, UsageRow.entry_id == LedgerEntry.id)
        .where(LedgerEntry.kind.in_(("usage", "refund")), UsageRow.id.is_(None)),
    }


def _bills() -> dict[str, Query]:
    used = func.coalesce(func.sum(UsageRow.cost_micro), 0)
    lines = func.coalesce(func.sum(BillLine.cost_micro), 0)
    return {
        "bill_differs_from_lines": select(Bill.id, Bill.cost_micro, lines.label("recomputed"))
        .outerjoin(BillLine, BillLine.bill_id == Bill.id)
        .group_by(Bill.id, Bill.cost_micro)
        .having(Bill.cost_micro != lines),
        "bill_differs_from_usage": select(Bill.id, Bill.cost_micro, used.label("recomputed"))
        .outerjoin(UsageRow, and_(UsageRow.org_id == Bill.org_id, UsageRow.period == Bill.period))
        .group_by(Bill.id, Bill.cost_micro)
        .having(Bill.cost_micro != used),
    }


async def _hours(session: AsyncSession) -> list[dict[str, Any]]:
    """Organisations whose hourly sums differ from their events."""

    async def sums(table: type[UsageRow] | type[UsageHour], events: Any) -> dict[str, tuple[Any, ...]]:
        columns = (func.sum(table.quantity), func.sum(table.cost_micro), events)
        rows = await session.execute(select(table.org_id, *columns).group_by(table.org_id))
        return {row[0]: tuple(row[1:]) for row in rows}

    posted, kept = await sums(UsageRow, func.count()), await sums(UsageHour, func.sum(UsageHour.events))
    return [{"org_id": org_id} for org_id in sorted({*posted, *kept}) if posted.get(org_id) != kept.get(org_id)]


async def check_books(platform: Platform) -> BooksReport:
    """Compute every balance, hold, charge, sum and bill again and compare, in one state of the database; changes
    nothing. It reads every row of the books: run it as a job, not in a request."""
    async with platform.work(SYSTEM, write=False) as uow:
        if not is_sqlite(uow.session):
            # Each statement would otherwise see what was committed before it began.
            await uow.session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
        return await examine(uow)


async def examine(uow: UnitOfWork) -> BooksReport:
    """The check within a unit of work that is there already."""
    session, now, report = uow.session, uow.clock.now(), BooksReport()
    grace = timedelta(seconds=uow.platform.section(MeteringSettings).wallet_grace_s)
    rules = {**_ledger(), **_holds(now), **_wallets(now, grace), **_usage(), **_bills()}
    for rule, query in rules.items():
        await _look(session, report, rule, query)
    total = int(await session.scalar(select(func.coalesce(func.sum(LedgerAccount.balance_micro), 0))) or 0)
    if total:
        report.findings.append(Finding("books_not_zero", 1, [{"sum": total}]))
    different = await _hours(session)
    if different:
        report.findings.append(Finding("hourly_sums_differ", len(different), different[:SHOWN]))
    lacking = await session.run_sync(lambda sync: guards.missing(_connection(sync)))
    if lacking:
        report.findings.append(Finding("guards_missing", len(lacking), [{"trigger": name} for name in lacking]))
    await _count(session, report)
    return report


def _connection(sync: Any) -> Connection:
    connection: Connection = sync.connection()
    return connection


async def _look(session: AsyncSession, report: BooksReport, rule: str, query: Query) -> None:
    count = await session.scalar(select(func.count()).select_from(query.subquery())) or 0
    if count:
        rows = [dict(row) for row in (await session.execute(query.limit(SHOWN))).mappings()]
        shown = [{key: value if isinstance(value, int) else str(value) for key, value in row.items()} for row in rows]
        report.findings.append(Finding(rule, count, shown))


async def _count(session: AsyncSession, report: BooksReport) -> None:
    counted: dict[str, Any] = {
        "accounts": select(func.count()).select_from(LedgerAccount),
        "entries": select(func.count()).select_from(LedgerEntry),
        "postings": select(func.count()).select_from(LedgerPosting),
        "events": select(func.count()).select_from(UsageRow),
        "open_holds": select(func.count()).select_from(HoldRow).where(HoldRow.state == "open"),
        "wallets": select(func.count()).select_from(WalletRow),
        "bills": select(func.count()).select_from(Bill),
        "unpriced_events": select(func.count())
        .select_from(UsageRow)
        .where(UsageRow.price_id.is_(None), UsageRow.unit_micro == 0, UsageRow.quantity != 0),
    }
    for name, query in counted.items():
        report.counts[name] = await session.scalar(query) or 0


__all__ = ["BooksReport", "Finding", "check_books"]
