"""Days, months and quota windows in the zone in which the platform bills."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

from ceyuan.kernel.errors import Invalid

Window = Literal["minute", "day", "month"]
_PERIOD = re.compile(r"^\d{4}-(0[1-9]|1[0-2])\Z")


@dataclass(frozen=True, slots=True)
class _Quarter:
    """Where a quarter of an hour lies: clocks of all zones differ from UTC by whole quarters."""

    period: str
    day: str
    hour: datetime
    starts: dict[str, datetime]


@lru_cache(maxsize=8192)
def _quarter(number: int, zone: ZoneInfo) -> _Quarter:
    at = datetime.fromtimestamp(number * 900, UTC)
    local = at.astimezone(zone)
    midnight = local.replace(hour=0, minute=0)
    starts = {"day": midnight.astimezone(UTC), "month": midnight.replace(day=1).astimezone(UTC)}
    return _Quarter(local.strftime("%Y-%m"), local.strftime("%Y-%m-%d"), at.replace(minute=0), starts)


def _of(at: datetime, zone: ZoneInfo) -> _Quarter:
    return _quarter(int(at.timestamp() // 900), zone)


def period_of(at: datetime, zone: ZoneInfo) -> str:
    """The month of a moment, such as `2026-11`."""
    return _of(at, zone).period


def day_of(at: datetime, zone: ZoneInfo) -> str:
    """The calendar day of a moment, such as `2026-11-22`."""
    return _of(at, zone).day


def hour_of(at: datetime, zone: ZoneInfo) -> datetime:
    """The full hour (UTC) in which a moment lies."""
    return _of(at, zone).hour


def window_start(window: Window, at: datetime, zone: ZoneInfo) -> datetime:
    """When the quota window around a moment began, in UTC."""
    if window == "minute":
        return at.astimezone(UTC).replace(second=0, microsecond=0)
    return _of(at, zone).starts[window]


def window_end(window: Window, start: datetime, zone: ZoneInfo) -> datetime:
    """When the quota window that began at `start` ends, in UTC."""
    if window == "minute":
        return start + timedelta(minutes=1)
    local = start.astimezone(zone)
    if window == "day":
        # Wall-clock arithmetic keeps midnight at midnight where clocks change.
        return (local + timedelta(days=1)).astimezone(UTC)
    return _next_month(local).astimezone(UTC)


def _next_month(local: datetime) -> datetime:
    return local.replace(year=local.year + local.month // 12, month=local.month % 12 + 1)


def bounds(period: str, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """First and last (exclusive) moment of a month in UTC; raises `Invalid` unless it reads like `2026-11`."""
    if not _PERIOD.match(period):
        raise Invalid((f"账期“{period}”无效", f"“{period}” is no month"), hint=("例如 2026-11", "for example 2026-11"))
    start = datetime(int(period[:4]), int(period[5:]), 1, tzinfo=zone)
    return start.astimezone(UTC), _next_month(start).astimezone(UTC)


def previous(period: str) -> str:
    """The month before."""
    year, month = int(period[:4]), int(period[5:])
    return f"{year - (month == 1):04d}-{(month - 2) % 12 + 1:02d}"
