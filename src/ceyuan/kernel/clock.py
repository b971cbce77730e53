"""The time, injectable: rules that depend on time ask a `Clock`, tests turn its hands."""

from __future__ import annotations

import logging
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

logger = logging.getLogger(__name__)
_UNNOTICED = timedelta(seconds=2)
"""What NTP corrects is no news."""


class Clock(Protocol):
    """Tells the time as an aware datetime in UTC."""

    def now(self) -> datetime: ...


class SystemClock:
    """The machine's clock, never running backwards within one process.

    A clock that an operator or NTP sets back would put effects before their causes, and one that stood still would
    let no lease, pause or token run out: time goes on at half its pace until the machine's has caught up.
    """

    def __init__(self) -> None:
        self._last = datetime.min.replace(tzinfo=UTC)
        self._ticks = time.monotonic()
        self._is_ahead = False

    def now(self) -> datetime:
        machine, ticks = datetime.now(UTC), time.monotonic()
        if machine < self._last:
            self._tell(self._last - machine)
            self._last += timedelta(seconds=(ticks - self._ticks) / 2)
        else:
            self._last, self._is_ahead = machine, False
        self._ticks = ticks
        return self._last

    def _tell(self, gap: timedelta) -> None:
        if not self._is_ahead and gap > _UNNOTICED:
            self._is_ahead = True
            logger.warning(
                "the machine's clock was set back by %s: time goes on at half its pace until it has caught up", gap
            )


class ManualClock:
    """A clock that stands still until it is told to move; for tests and simulations."""

    def __init__(self, start: datetime | None = None) -> None:
        self._now = start or datetime(2026, 1, 1, tzinfo=UTC)

    def now(self) -> datetime:
        return self._now

    def advance(self, delta: timedelta) -> None:
        self._now += delta
