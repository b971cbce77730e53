"""The workers of the queues: each looks for runs when it is told that some wait, and of its own accord only seldom.

DBOS's workers ask the database again and again for each queue, four times a second to begin a job soon. Where one
process alone hands runs over it knows when there is something to find, so its workers can rest meanwhile.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterable

from ceyuan.kernel.jobs.durable import DBOS, Queue, queue_worker_thread

_JOIN_S = 10.0


class Bell(threading.Event):
    """What a worker waits at between two looks: rung, it looks at once; set, it ends."""

    def __init__(self) -> None:
        super().__init__()
        self._call = threading.Event()

    def ring(self) -> None:
        """There may be something to find."""
        self._call.set()

    def set(self) -> None:
        """End."""
        super().set()
        self._call.set()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until it is rung or set, at most so long; whether it is set."""
        if not self.is_set():
            self._call.wait(timeout)
            # Rung again after this it is heard at the next wait; what it was rung for before is found by the look now.
            self._call.clear()
        return self.is_set()


class QueueWorkers:
    """The workers of one process, in threads of their own."""

    def __init__(self, engine: DBOS) -> None:
        self._engine = engine
        self._bells: dict[str, Bell] = {}
        self._threads: list[threading.Thread] = []

    def add(self, queue: Queue) -> None:
        """Begin to take runs off this queue."""
        bell = self._bells[queue.name] = Bell()
        thread = threading.Thread(
            target=queue_worker_thread, args=(bell, self._engine, queue), name=f"queue-{queue.name}", daemon=True
        )
        self._threads.append(thread)
        thread.start()

    def ring(self, names: Iterable[str]) -> None:
        """There may be something to find in these queues."""
        for name in names:
            if bell := self._bells.get(name):
                bell.ring()

    async def stop(self) -> None:
        """End them."""
        for bell in self._bells.values():
            bell.set()
        await asyncio.to_thread(self._join)

    def _join(self) -> None:
        for thread in self._threads:
            thread.join(_JOIN_S)
