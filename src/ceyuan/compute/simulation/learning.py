"""Expected lengths, learnt during a replay from what has ended in it, as the platform learns them."""

from __future__ import annotations

from collections import deque

LEAST, KEPT, EVERY_S = 20, 2000, 3600.0
"""Ended tasks before anything is expected, how many are remembered, seconds between two lessons."""


class Lengths:
    """Median seconds to expect of an owner's task."""

    def __init__(self) -> None:
        self._seen: deque[tuple[str, int, float]] = deque(maxlen=KEPT)
        self._learnt_at = float("-inf")
        self._known: dict[tuple[str, int], float] | None = None
        self._durations: object | None = None

    def saw(self, owner: str, accelerators: int, seconds: float, now: float) -> None:
        """A task ended."""
        from ceyuan.compute.queueing import Durations

        self._seen.append((owner, accelerators, seconds))
        if len(self._seen) >= LEAST and now - self._learnt_at >= EVERY_S:
            durations = Durations()
            durations.observe(self._seen)
            self._learnt_at, self._durations, self._known = now, durations, {}

    def of(self, owner: str, accelerators: int, otherwise: float) -> float:
        """Seconds to expect; `otherwise` while too little has ended."""
        from ceyuan.compute.queueing import Durations

        if self._known is None or not isinstance(self._durations, Durations):
            return otherwise
        key = (owner, accelerators)
        if key not in self._known:
            self._known[key] = self._durations.remaining(owner, accelerators, 0.0)
        return self._known[key]
