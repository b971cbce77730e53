"""Working days in China, and when a period of days ends.

A period in days is counted as the Civil Code says: the day on which it begins is not counted (art. 201),
it ends at midnight of its last day, and if that is a public holiday, of the next working day (art. 203).
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

logger = logging.getLogger(__name__)
CHINA = ZoneInfo("Asia/Shanghai")
_ONE_DAY = timedelta(days=1)
_FIXED_HOLIDAYS = frozenset({(1, 1), (5, 1), (5, 2), (10, 1), (10, 2), (10, 3)})
"""Public holidays with fixed dates (Regulation on Public Holidays for National Festivals, 2024 revision, art. 2)."""


@dataclass(frozen=True, slots=True)
class WorkCalendar:
    """Tells working days: the published calendar, corrected by what an operator added."""

    extra_holidays: frozenset[date] = frozenset()
    extra_workdays: frozenset[date] = frozenset()

    def is_working(self, day: date) -> bool:
        """Whether offices work on `day`."""
        if day in self.extra_workdays:
            return True
        return day not in self.extra_holidays and _is_published_workday(day)

    def next_working(self, day: date) -> date:
        """`day` itself if offices work on it, else the first working day after it."""
        while not self.is_working(day):
            day += _ONE_DAY
        return day

    def after_working_days(self, start: datetime, days: int) -> datetime:
        """The end of the `days`-th working day after the day of `start`."""
        day = start.astimezone(CHINA).date()
        for _ in range(days):
            day = self.next_working(day + _ONE_DAY)
        return _midnight_after(day)

    def after_calendar_days(self, start: datetime, days: int) -> datetime:
        """The end of the `days`-th day after the day of `start`, moved on if it is a holiday."""
        day = start.astimezone(CHINA).date() + timedelta(days=days)
        return _midnight_after(self.next_working(day))


def _midnight_after(day: date) -> datetime:
    return datetime.combine(day + _ONE_DAY, time(), CHINA)


@cache
def _is_published_workday(day: date) -> bool:
    # The library is imported here: it costs memory that a platform without deadlines need not spend.
    import chinese_calendar

    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        _warn_once(day.year)
        return day.weekday() < 5 and (day.month, day.day) not in _FIXED_HOLIDAYS


@cache
def _warn_once(year: int) -> None:
    logger.warning(
        "the public holidays of %d are not known: weekends and fixed holidays are taken; "
        "upgrade chinesecalendar or set CEYUAN_EXTRA_HOLIDAYS and CEYUAN_EXTRA_WORKDAYS",
        year,
    )
