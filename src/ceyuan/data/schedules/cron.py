"""Times by a crontab line, in a time zone, as Debian's cron counts them (cronsim), also where clocks change."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

_NAMES = {"@hourly": "0 * * * *", "@daily": "0 0 * * *", "@weekly": "0 0 * * 0", "@monthly": "0 0 1 * *"}
_FIELDS = 5
"""Minute, hour, day of month, month, day of week; with a sixth the library would count seconds."""


def next_time(line: str, zone: str, after: datetime) -> datetime:
    """The first time after a moment, in UTC, of a line such as `30 2 * * 1-5` or `@daily`. Raises `ValueError`, which
    names the faulty field, also where no day ever fits."""
    written = _NAMES.get(line.strip(), line)
    if len(written.split()) != _FIELDS:
        raise ValueError("five fields")
    try:
        return next(CronSim(written, after.astimezone(ZoneInfo(zone)))).astimezone(UTC)
    except CronSimError as error:
        raise ValueError(str(error)) from error
    except StopIteration:
        raise ValueError("no day ever fits") from None
