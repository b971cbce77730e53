"""Sums of usage by hour, kept as events are posted and recomputable from them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from operator import itemgetter
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from ceyuan.metering.periods import day_of, hour_of
from ceyuan.metering.usage import repository

_names = ("org_id", *repository.DIMENSIONS)
_values = itemgetter(*_names)


def by_hour(rows: Iterable[Mapping[str, Any]], zone: ZoneInfo) -> list[dict[str, Any]]:
    """The rows of `usage_hour` that these events make."""
    sums: dict[tuple[Any, ...], list[Any]] = {}
    for row in rows:
        at = row["occurred_at"]
        key = (hour_of(at, zone), day_of(at, zone), _values(row))
        sum_of = sums.setdefault(key, [Decimal(0), 0, 0])
        sum_of[0] += row["quantity"]
        sum_of[1] += row["cost_micro"]
        sum_of[2] += 1
    return [
        dict(zip(_names, values, strict=True))
        | {"hour": hour, "day": day, "quantity": quantity, "cost_micro": cost, "events": events}
        for (hour, day, values), (quantity, cost, events) in sums.items()
    ]


async def add(session: AsyncSession, rows: Iterable[Mapping[str, Any]], zone: ZoneInfo) -> None:
    """Add these events to the sums."""
    await repository.add_hours(session, by_hour(rows, zone))
