"""Statistics of usage for charts: sums by time and dimension, out of the hourly sums."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from sqlalchemy import func, select

from ceyuan.kernel.errors import Invalid
from ceyuan.kernel.work import UnitOfWork
from ceyuan.metering.sql import table_of
from ceyuan.metering.usage.repository import DIMENSIONS
from ceyuan.metering.usage.tables import UsageHour

Bucket = Literal["hour", "day", "month", "total"]
MAX_POINTS = 20_000
_hours = table_of(UsageHour)


@dataclass(frozen=True, slots=True)
class StatPoint:
    """Sums of one bucket and one combination of dimensions. `bucket` is an hour (ISO 8601, UTC), a day, a month, or
    `total`; `quantity` is null where resources with different units were added up."""

    bucket: str
    dimensions: Mapping[str, str]
    quantity: Decimal | None
    cost_micro: int
    events: int


async def statistics(
    uow: UnitOfWork,
    *,
    org_id: str | None,
    start: datetime,
    end: datetime,
    bucket: Bucket = "day",
    by: Sequence[str] = (),
    filters: Mapping[str, str] | None = None,
) -> list[StatPoint]:
    """Sums over [start, end) (full hours), of one organisation or of all, by time and the dimensions `by` (of
    `resource`, `model`, `token_id`, `person_id`, `project`, `scenario`, and `org_id` across organisations)."""
    filters = filters or {}
    unknown = [name for name in (*by, *filters) if name not in (*DIMENSIONS, "org_id")]
    if unknown or start >= end:
        raise Invalid(
            (
                f"统计维度或时间范围无效:{'、'.join(unknown)}",
                f"unknown dimension or empty interval: {', '.join(unknown)}",
            ),
            hint=(f"可用维度:{'、'.join(DIMENSIONS)}", f"dimensions: {', '.join(DIMENSIONS)}"),
        )
    moments: dict[str, Any] = {"hour": _hours.c.hour, "day": _hours.c.day, "month": func.substr(_hours.c.day, 1, 7)}
    moment = moments.get(bucket)
    groups = [*([] if moment is None else [moment]), *(_hours.c[name] for name in by)]
    sums = (func.sum(_hours.c.quantity), func.sum(_hours.c.cost_micro), func.sum(_hours.c.events))
    query = select(*groups, *sums).where(_hours.c.hour >= start, _hours.c.hour < end)
    if org_id is not None:
        query = query.where(_hours.c.org_id == org_id)
    for name, value in filters.items():
        query = query.where(_hours.c[name] == value)
    query = query.group_by(*groups).order_by(*groups).limit(MAX_POINTS + 1)
    rows = [row for row in await uow.session.execute(query) if row[-1]]
    if len(rows) > MAX_POINTS:
        raise Invalid(
            ("统计结果过多", "too many points"),
            hint=("请缩小时间范围或减少维度", "narrow the interval or use fewer dimensions"),
        )
    one_unit = "resource" in by or "resource" in filters
    return [_point(row, moment is not None, by, one_unit) for row in rows]


def _point(row: Any, has_moment: bool, by: Sequence[str], one_unit: bool) -> StatPoint:
    values = list(row)
    moment = values.pop(0) if has_moment else "total"
    bucket = moment.isoformat() if isinstance(moment, datetime) else str(moment)
    dimensions = dict(zip(by, values, strict=False))
    quantity, cost, events = values[-3:]
    return StatPoint(bucket, dimensions, quantity if one_unit else None, int(cost), int(events))
