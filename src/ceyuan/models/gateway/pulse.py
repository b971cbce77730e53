"""The pulse of a process: one timer that looks at all running calls, so that a call needs none of its own. While the
process itself stands still (no processor, a long collection of garbage) no call's time runs: an answer may be waiting
in the socket, and no server is to blame."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

_TICK_S = 0.1


class Timer:
    """How long a task may still wait, and what to begin once it has taken longer than a tick."""

    __slots__ = ("_cancelling", "begun", "due", "late", "look", "task")

    def __init__(
        self, task: asyncio.Task[object], now: float, due: float, look: Callable[[asyncio.Task[object]], None] | None
    ) -> None:
        self.task = task
        self.begun = now
        self.due = due
        self.look = look
        self.late = False
        self._cancelling = task.cancelling()

    def was_late(self) -> bool:
        """Whether the `CancelledError` in hand comes from the pulse alone; asks once, and clears it."""
        if not self.late:
            return False
        self.late = False
        return self.task.uncancel() <= self._cancelling


class Pulse:
    """Cancels tasks whose time is over, to within a tenth of a second of this process's own running time."""

    def __init__(self) -> None:
        self._timers: set[Timer] = set()
        self._handle: asyncio.TimerHandle | None = None
        self._next = 0.0

    def begin(self, seconds: float, look: Callable[[asyncio.Task[object]], None] | None = None) -> Timer:
        """Watch the current task; `look` is told of it once if it is still there after a tick."""
        loop = asyncio.get_running_loop()
        task = asyncio.current_task(loop)
        assert task is not None
        now = loop.time()
        timer = Timer(task, now, now + seconds, look)
        self._timers.add(timer)
        if self._handle is None:
            self._wait(loop, now)
        return timer

    def end(self, timer: Timer) -> None:
        """Watch it no longer."""
        self._timers.discard(timer)

    def _beat(self, loop: asyncio.AbstractEventLoop) -> None:
        now = loop.time()
        stood_still = max(now - self._next, 0.0)
        for timer in list(self._timers):
            timer.due += stood_still
            if timer.due <= now and not timer.late:
                timer.late = True
                timer.task.cancel()
            elif timer.look is not None and now - timer.begun >= _TICK_S:
                look, timer.look = timer.look, None
                look(timer.task)
        self._handle = None
        if self._timers:
            self._wait(loop, now)

    def _wait(self, loop: asyncio.AbstractEventLoop, now: float) -> None:
        self._next = now + _TICK_S
        self._handle = loop.call_at(self._next, self._beat, loop)
