"""All SQL of usage."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from ceyuan.metering.errors import NoSuchEntry
from ceyuan.metering.sql import Rows, add_up, insert_many, insert_missing, table_of
from ceyuan.metering.usage.tables import ClosedPeriod, UsageCharge, UsageHour, UsageRow

_events, _charges, _hours = table_of(UsageRow), table_of(UsageCharge), table_of(UsageHour)
_CHUNK = 500
DIMENSIONS = ("resource", "model", "token_id", "person_id", "project", "scenario")
"""What usage can be grouped and filtered by."""
_HOUR_KEYS = ("org_id", "hour", "day", *DIMENSIONS)


async def known(session: AsyncSession, keys: Sequence[str]) -> dict[str, Any]:
    """What was posted under these keys: id, organisation, resource, quantity and cost."""
    found: dict[str, Any] = {}
    for offset in range(0, len(keys), _CHUNK):
        query = select(
            UsageRow.key, UsageRow.id, UsageRow.org_id, UsageRow.resource, UsageRow.quantity, UsageRow.cost_micro
        ).where(UsageRow.key.in_(keys[offset : offset + _CHUNK]))
        found |= {row.key: row for row in await session.execute(query)}
    return found


async def insert_events(session: AsyncSession, rows: Rows) -> set[str]:
    """Insert events; returns the keys that were there already (another organisation's writer was faster)."""
    if await insert_missing(session, _events, rows) == len(rows):
        return set()
    there = await known(session, [row["key"] for row in rows])
    return {row["key"] for row in rows if there[row["key"]].id != row["id"]}


async def insert_charges(session: AsyncSession, rows: Rows) -> None:
    await insert_many(session, _charges, rows)


async def add_hours(session: AsyncSession, rows: Rows) -> None:
    """Add to the sums by hour, in one order for all writers."""
    ordered = sorted(rows, key=lambda row: tuple(row[name] for name in _HOUR_KEYS))
    await add_up(session, _hours, ordered, keys=_HOUR_KEYS, sums=("quantity", "cost_micro", "events"))


async def closed_periods(session: AsyncSession, org_ids: Iterable[str]) -> set[tuple[str, str]]:
    query = select(ClosedPeriod.org_id, ClosedPeriod.period).where(ClosedPeriod.org_id.in_(list(org_ids)))
    return {(row.org_id, row.period) for row in await session.execute(query)}


async def close_period(session: AsyncSession, org_id: str, period: str, now: datetime) -> None:
    session.add(ClosedPeriod(org_id=org_id, period=period, closed_at=now))
    await session.flush()


async def get(session: AsyncSession, event_id: str) -> UsageRow:
    row = await session.get(UsageRow, event_id)
    if row is None:
        raise NoSuchEntry(("没有这条用量", "no such usage event"))
    return row


async def charges_of(session: AsyncSession, event_ids: Iterable[str]) -> dict[str, list[UsageCharge]]:
    """Charges by event, in order."""
    query = select(UsageCharge).where(UsageCharge.event_id.in_(list(event_ids)))
    found: dict[str, list[UsageCharge]] = {}
    for row in await session.scalars(query.order_by(UsageCharge.event_id, UsageCharge.position)):
        found.setdefault(row.event_id, []).append(row)
    return found


def listing(
    org_id: str | None,
    filters: Mapping[str, str],
    start: datetime | None,
    end: datetime | None,
    *,
    wallet_id: str | None = None,
    entry_id: str | None = None,
) -> Select[UsageRow]:
    """Events by dimension, by half-open time of occurrence, by the wallet that paid, by journal entry."""
    query = select(UsageRow)
    if org_id is not None:
        query = query.where(UsageRow.org_id == org_id)
    for name, value in filters.items():
        query = query.where(_events.c[name] == value)
    if start is not None:
        query = query.where(UsageRow.occurred_at >= start)
    if end is not None:
        query = query.where(UsageRow.occurred_at < end)
    if wallet_id is not None:
        query = query.where(UsageRow.id.in_(select(UsageCharge.event_id).where(UsageCharge.wallet_id == wallet_id)))
    return query if entry_id is None else query.where(UsageRow.entry_id == entry_id)
