"""Sums of usage by hour, kept as events are posted and recomputable from them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from ceyuan.metering.periods import day_of, hour_of
from ceyuan.metering.usage import repository


def by_hour(rows: Iterable[Mapping[str, Any]], zone: ZoneInfo) -> list[dict[str, Any]]:
    """The rows of `usage_hour` that these events make."""
    sums: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in rows:
        hour, day = hour_of(row["occurred_at"]), day_of(row["occurred_at"], zone)
        dimensions = {name: row[name] for name in repository.DIMENSIONS}
        key = (row["org_id"], hour, day, *dimensions.values())
        if key not in sums:
            base = {"quantity": Decimal(0), "cost_micro": 0, "events": 0}
            sums[key] = {"org_id": row["org_id"], "hour": hour, "day": day, **dimensions, **base}
        sums[key]["quantity"] += row["quantity"]
        sums[key]["cost_micro"] += row["cost_micro"]
        sums[key]["events"] += 1
    return list(sums.values())


async def add(session: AsyncSession, rows: Iterable[Mapping[str, Any]], zone: ZoneInfo) -> None:
    """Add these events to the sums."""
    await repository.add_hours(session, by_hour(rows, zone))
