"""Working days in China and the ends of periods (Civil Code art. 201 and 203)."""

from __future__ import annotations

import logging
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceyuan.kernel.errors import Invalid
from ceyuan.kernel.workflow import WorkCalendar, calendar_days, hours, until, working_days
from ceyuan.kernel.workflow.days import CHINA, _is_published_workday, _warn_once

PLAIN = WorkCalendar()


def china(year: int, month: int, day: int, hour: int = 0) -> datetime:
    return datetime(year, month, day, hour, tzinfo=CHINA)


def test_the_first_day_does_not_count_and_the_last_ends_at_midnight() -> None:
    assert PLAIN.after_working_days(china(2026, 3, 2, 10), 5) == china(2026, 3, 10)
    assert PLAIN.after_calendar_days(china(2026, 3, 2, 10), 7) == china(2026, 3, 10)


def test_holidays_and_weekend_work_as_announced_for_2026_are_known() -> None:
    # General Office of the State Council, notice on holidays in 2026: National Day 1-7 October, work on 20 September
    # and 10 October.
    assert not PLAIN.is_working(date(2026, 10, 7))
    assert PLAIN.is_working(date(2026, 10, 10))
    assert PLAIN.is_working(date(2026, 9, 20))
    assert PLAIN.after_working_days(china(2026, 9, 30, 9), 3) == china(2026, 10, 11)


def test_a_period_that_ends_on_a_holiday_goes_on_to_the_next_working_day() -> None:
    assert PLAIN.after_calendar_days(china(2026, 9, 28), 5) == china(2026, 10, 9)
    assert PLAIN.after_calendar_days(china(2026, 3, 2), 5) == china(2026, 3, 10)


def test_the_day_is_the_one_in_china() -> None:
    late_on_sunday_in_utc = datetime(2026, 3, 1, 17, tzinfo=UTC)
    assert PLAIN.after_working_days(late_on_sunday_in_utc, 1) == china(2026, 3, 4)


def test_years_beyond_the_calendar_fall_back_with_one_warning(caplog: pytest.LogCaptureFixture) -> None:
    _is_published_workday.cache_clear()
    _warn_once.cache_clear()
    with caplog.at_level(logging.WARNING):
        assert [PLAIN.is_working(date(2093, 10, day)) for day in (1, 2, 3, 4, 5)] == [False, False, False, False, True]
        assert not PLAIN.is_working(date(2093, 1, 1))
    assert len([r for r in caplog.records if "2093" in r.getMessage()]) == 1


def test_an_operator_can_add_holidays_and_workdays() -> None:
    calendar = WorkCalendar(frozenset({date(2093, 10, 5)}), frozenset({date(2093, 10, 4)}))
    assert not calendar.is_working(date(2093, 10, 5))
    assert calendar.is_working(date(2093, 10, 4))


@given(st.dates(date(2005, 1, 1), date(2026, 11, 1)), st.integers(0, 23), st.integers(1, 30))
def test_a_working_period_ends_after_a_working_day_and_never_shrinks(day: date, hour: int, days: int) -> None:
    start = datetime(day.year, day.month, day.day, hour, tzinfo=UTC)
    end = PLAIN.after_working_days(start, days)
    assert PLAIN.is_working(date.fromordinal(end.date().toordinal() - 1))
    assert end > start
    assert PLAIN.after_working_days(start, days + 1) > end
    assert end >= PLAIN.after_calendar_days(start, days)


def test_deadlines_take_their_numbers_from_the_instance_where_it_has_them() -> None:
    start = china(2026, 3, 2, 10)
    assert working_days(5, setting="days").due(start, {}, PLAIN) == china(2026, 3, 10)
    assert working_days(5, setting="days").due(start, {"days": 1}, PLAIN) == china(2026, 3, 4)
    assert calendar_days(7).due(start, {"days": 1}, PLAIN) == china(2026, 3, 10)
    assert hours(3).due(start, {}, PLAIN) == china(2026, 3, 2, 13)
    assert until("closes_at").due(start, {}, PLAIN) is None
    assert until("closes_at").due(start, {"closes_at": "2026-08-31T17:30"}, PLAIN) == datetime(
        2026, 8, 31, 17, 30, tzinfo=CHINA
    )
    assert until("closes_at").due(start, {"closes_at": "2026-08-31T17:30:00Z"}, PLAIN) == datetime(
        2026, 8, 31, 17, 30, tzinfo=UTC
    )


@pytest.mark.parametrize("value", ["soon", -1, 10**9, [], {}])
def test_unusable_settings_are_refused(value: object) -> None:
    with pytest.raises(Invalid):
        working_days(5, setting="days").due(china(2026, 3, 2), {"days": value}, PLAIN)
    with pytest.raises(Invalid):
        until("at").due(china(2026, 3, 2), {"at": value}, PLAIN)
