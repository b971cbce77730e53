"""All SQL of bills."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from ceyuan.metering.bills.tables import Bill, BillLine
from ceyuan.metering.errors import NoSuchEntry
from ceyuan.metering.usage.tables import ClosedPeriod, UsageCharge, UsageRow

_LINE = (UsageRow.resource, UsageRow.model, UsageRow.payee, UsageRow.unit_micro, UsageRow.per)


async def find(session: AsyncSession, org_id: str, period: str) -> Bill | None:
    return (await session.scalars(select(Bill).where(Bill.org_id == org_id, Bill.period == period))).one_or_none()


async def get(session: AsyncSession, bill_id: str) -> Bill:
    bill = await session.get(Bill, bill_id)
    if bill is None:
        raise NoSuchEntry(("没有这张账单", "no such bill"))
    return bill


async def lines_of(session: AsyncSession, bill_id: str) -> list[BillLine]:
    query = select(BillLine).where(BillLine.bill_id == bill_id).order_by(BillLine.position)
    return list(await session.scalars(query))


async def sums(session: AsyncSession, org_id: str, period: str, start: datetime) -> list[Any]:
    """The period's events by resource, model, payee, price and lateness, with what wallets paid of them."""
    late = case((UsageRow.occurred_at < start, 1), else_=0).label("late")
    mine = (UsageRow.org_id == org_id, UsageRow.period == period)
    by_wallets = (
        select(UsageCharge.event_id, func.sum(UsageCharge.amount_micro).label("amount"))
        .join(UsageRow, UsageRow.id == UsageCharge.event_id)
        .where(*mine, UsageCharge.wallet_id.is_not(None))
        .group_by(UsageCharge.event_id)
        .subquery()
    )
    query = (
        select(
            *_LINE,
            late,
            func.sum(UsageRow.quantity).label("quantity"),
            func.count().label("events"),
            func.sum(UsageRow.cost_micro).label("cost"),
            func.coalesce(func.sum(by_wallets.c.amount), 0).label("wallet"),
        )
        .outerjoin(by_wallets, by_wallets.c.event_id == UsageRow.id)
        .where(*mine)
        .group_by(*_LINE, late)
        .order_by(late.desc(), *_LINE)
    )
    return list(await session.execute(query))


async def due(session: AsyncSession, last_period: str) -> list[tuple[str, str]]:
    """Organisations and months up to `last_period` that have usage and no bill yet."""
    query = (
        select(UsageRow.org_id, UsageRow.period)
        .outerjoin(ClosedPeriod, and_(ClosedPeriod.org_id == UsageRow.org_id, ClosedPeriod.period == UsageRow.period))
        .where(UsageRow.period <= last_period, ClosedPeriod.org_id.is_(None))
        .distinct()
        .order_by(UsageRow.period, UsageRow.org_id)
    )
    return [(row.org_id, row.period) for row in await session.execute(query)]


def listing(org_id: str | None, period: str | None) -> Select[Bill]:
    query = select(Bill)
    if org_id is not None:
        query = query.where(Bill.org_id == org_id)
    return query if period is None else query.where(Bill.period == period)
