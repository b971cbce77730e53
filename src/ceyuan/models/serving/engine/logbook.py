"""What happened to an engine: what the platform did with it, what it said itself, and the calls that it answered."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from heapq import merge

_KEPT = 200
"""Lines of either kind; many calls must not push out how the engine came up."""


def _now() -> datetime:
    return datetime.now(UTC)


class Logbook:
    """The last lines of an engine, each with its time in UTC; they outlive the engine's process."""

    def __init__(self, now: Callable[[], datetime] = _now) -> None:
        self._now = now
        self._life: deque[tuple[datetime, str]] = deque(maxlen=_KEPT)
        self._calls: deque[tuple[datetime, str]] = deque(maxlen=_KEPT)

    def note(self, words: str) -> None:
        """The engine was started, tested, ended, or said something."""
        self._life.append((self._now(), words))

    def call(self, words: str) -> None:
        """A call came to its end."""
        self._calls.append((self._now(), words))

    def lines(self) -> list[str]:
        """Everything that is kept, in order of time."""
        return [f"{at:%Y-%m-%dT%H:%M:%S.%f}"[:23] + f"Z {words}" for at, words in merge(self._life, self._calls)]
