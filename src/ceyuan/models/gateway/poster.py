"""The queue of finished calls: posted here while they are few, by a process of its own while they are many."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence

from ceyuan.kernel.platform import Platform
from ceyuan.models.gateway.posting import Finished, post_calls
from ceyuan.models.gateway.posting_process import PostingProcess, PostingProcessGone

logger = logging.getLogger(__name__)
_LONGEST_PAUSE_S = 10.0
_IDLE_S = 60.0
"""A posting process that had nothing to do for so long ends."""
_WORTH_WAITING_S = 5.0
"""A posting process that takes longer to start than this is not waited for: the calls are posted here meanwhile."""
_REMOTE_BATCH = 200
"""Calls that are handed over at once: packing them must not keep the calls that run waiting."""


class Poster:
    """Finished calls and the task that posts them. `settled` is told each call that is committed.

    From `process_above` calls per second on, a process of its own does the posting, so that the calls that run keep
    the processor of this one; 0 = never.
    """

    def __init__(
        self,
        platform: Platform,
        *,
        every_s: float,
        batch: int,
        keep_refusals: int,
        settled: Callable[[Finished, int], None],
        process_above: int = 0,
    ) -> None:
        self._platform = platform
        self._every_s = every_s
        self._batch = batch
        self._keep_refusals = keep_refusals
        self._settled = settled
        self._process_above = process_above
        self._process: PostingProcess | None = None
        self._starting: asyncio.Task[None] | None = None
        self._busy_at = self._begun_at = 0.0
        self._queue: list[Finished] = []
        self._wake = asyncio.Event()
        self._lock = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None
        self.fault: str | None = None
        self.posted_at: float | None = None

    def start(self) -> None:
        """Post from now on."""
        self._task = asyncio.create_task(self._run(), name="gateway-poster")

    def add(self, finished: Finished) -> None:
        """Post this soon."""
        self._queue.append(finished)

    @property
    def backlog(self) -> int:
        """Calls that wait."""
        return len(self._queue)

    @property
    def process_id(self) -> int | None:
        """The process that posts, while there is one."""
        return self._process.pid if self._process is not None else None

    async def flush(self) -> None:
        """Post everything that is there now; raises what the database raises."""
        async with self._lock:
            while self._queue:
                batch = self._queue[: self._batch if self._process is None else _REMOTE_BATCH]
                await self._post(batch)
                del self._queue[: len(batch)]

    async def stop(self) -> None:
        """Stop after a last attempt; what it leaves is in the journal."""
        for task in (self._task, self._starting):
            if task is not None:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
        try:
            await self.flush()
        except Exception:
            logger.exception("calls could not be posted before the end; the journal keeps them")
        await self._end_process()

    async def post_now(self, batch: Sequence[Finished]) -> None:
        """Post calls that are not in the queue: those of a journal that another process left."""
        for start in range(0, len(batch), self._batch):
            await self._post(batch[start : start + self._batch])

    async def _post(self, batch: Sequence[Finished]) -> None:
        if self._process is not None:
            try:
                costs = await self._process.post(batch)
            except PostingProcessGone as error:
                logger.warning("the posting process is gone (%s): its calls are posted here", error)
                await self._end_process()
                costs = await post_calls(self._platform, batch, self._keep_refusals)
        else:
            costs = await post_calls(self._platform, batch, self._keep_refusals)
        self.posted_at = time.time()
        for finished in batch:
            self._settled(finished, costs.get(finished.call.id, 0))

    async def _run(self) -> None:
        pause = self._every_s
        while True:
            await asyncio.sleep(pause)
            if await self._leave_to_process():
                continue
            try:
                await asyncio.shield(self.flush())
                pause, self.fault = self._every_s, None
            except asyncio.CancelledError:
                raise
            except Exception as error:
                if self.fault is None:
                    logger.exception("finished calls cannot be posted; they wait in the journal")
                self.fault = f"{type(error).__name__}: {error}"[:300]
                pause = min(pause * 2, _LONGEST_PAUSE_S)

    async def _leave_to_process(self) -> bool:
        """Whether calls wait for a posting process that is starting; begins and ends it by the load."""
        now = time.monotonic()
        busy = 0 < self._process_above * self._every_s <= len(self._queue)
        if busy:
            self._busy_at = now
            if self._process is None and self._starting is None:
                self._begun_at = now
                self._starting = asyncio.create_task(self._start_process(), name="gateway-posting-process")
        elif self._process is not None and now - self._busy_at > _IDLE_S and not self._queue:
            await self._end_process()
        if self._starting is None:
            return False
        if self._starting.done():
            self._starting = None
            return False
        return now - self._begun_at < _WORTH_WAITING_S

    async def _start_process(self) -> None:
        try:
            self._process = await PostingProcess.start(self._platform, self._keep_refusals)
        except (OSError, PostingProcessGone, TimeoutError):
            logger.exception("no posting process can be started: calls are posted here")

    async def _end_process(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            await process.end()
