"""Times of a crontab line, in a time zone."""

from datetime import UTC, datetime

import pytest

from ceyuan.data.schedules.cron import next_time

NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)  # a Wednesday


@pytest.mark.parametrize(
    ("line", "zone", "expected"),
    [
        ("* * * * *", "UTC", "2026-03-04T12:01"),
        ("30 2 * * *", "Asia/Shanghai", "2026-03-04T18:30"),
        ("*/20 9-11 * * *", "UTC", "2026-03-05T09:00"),
        ("0 0 * * 1-5", "UTC", "2026-03-05T00:00"),
        ("0 0 * * 7", "UTC", "2026-03-08T00:00"),
        ("0 0 13 * 5", "UTC", "2026-03-06T00:00"),
        ("15,45 12 4 3 *", "UTC", "2026-03-04T12:15"),
        ("0 0 29 2 *", "UTC", "2028-02-29T00:00"),
        ("@monthly", "UTC", "2026-04-01T00:00"),
    ],
)
def test_the_next_time(line: str, zone: str, expected: str) -> None:
    assert next_time(line, zone, NOON) == datetime.fromisoformat(expected).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "line", ["", "* * * *", "60 * * * *", "5-1 * * * *", "*/0 * * * *", "a * * * *", "* * 0 * *", "0 * * * * *"]
)
def test_what_is_no_line_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        next_time(line, "UTC", NOON)


def test_a_day_that_never_comes_is_told() -> None:
    with pytest.raises(ValueError, match="day"):
        next_time("0 0 31 2 *", "UTC", NOON)


def test_the_hour_that_comes_twice_in_autumn_is_not_slept_through() -> None:
    before = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert next_time("*/30 * * * *", "Europe/Berlin", before) == datetime(2026, 10, 25, 1, 0, tzinfo=UTC)
