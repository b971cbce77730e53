"""Times by a crontab line: minute, hour, day of month, month, day of week (POSIX.1-2024, crontab), in a time zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self
from zoneinfo import ZoneInfo

_FIELDS = (("minute", 0, 59), ("hour", 0, 23), ("day", 1, 31), ("month", 1, 12), ("weekday", 0, 7))
_NAMES = {"@hourly": "0 * * * *", "@daily": "0 0 * * *", "@weekly": "0 0 * * 0", "@monthly": "0 0 1 * *"}
_YEARS = 9  # a 29 February comes at least once


@dataclass(frozen=True, slots=True)
class Cron:
    """A crontab line. Where day of month and day of week are both given, either is enough, as POSIX says."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    either: bool

    @classmethod
    def of(cls, line: str) -> Self:
        """The times of a line such as ``30 2 * * 1-5`` or ``@daily``. Raises ``ValueError`` with the faulty field."""
        parts = _NAMES.get(line.strip(), line).split()
        if len(parts) != len(_FIELDS):
            raise ValueError("five fields")
        sets = [_numbers(part, *field) for part, field in zip(parts, _FIELDS, strict=True)]
        minutes, hours, days, months, weekdays = sets
        either = parts[2] != "*" and parts[4] != "*"
        return cls(minutes, hours, days, months, frozenset(day % 7 for day in weekdays), either)

    def after(self, moment: datetime, zone: str) -> datetime:
        """The first time after ``moment``, in UTC. Raises ``ValueError`` where there is none."""
        place = ZoneInfo(zone)
        local = moment.astimezone(place)
        day = local.date()
        for _ in range(366 * _YEARS):
            if self._on(day.month, day.day, day.isoweekday() % 7):
                for hour in sorted(self.hours):
                    for minute in sorted(self.minutes):
                        at = datetime(day.year, day.month, day.day, hour, minute, tzinfo=place).astimezone(UTC)
                        if at > moment:
                            return at
            day += timedelta(days=1)
        raise ValueError("never")

    def _on(self, month: int, day: int, weekday: int) -> bool:
        by_day, by_weekday = day in self.days, weekday in self.weekdays
        return month in self.months and (by_day or by_weekday if self.either else by_day and by_weekday)


def _numbers(text: str, name: str, low: int, high: int) -> frozenset[int]:
    found: set[int] = set()
    for part in text.split(","):
        span, _, every = part.partition("/")
        first, _, last = span.partition("-")
        try:
            begin, end = (low, high) if span == "*" else (int(first), int(last or (high if every else first)))
            step = int(every) if every else 1
        except ValueError:
            raise ValueError(name) from None
        if not (low <= begin <= end <= high and step >= 1):
            raise ValueError(name)
        found.update(range(begin, end + 1, step))
    return frozenset(found)
