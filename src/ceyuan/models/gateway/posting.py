"""Finished calls on their way into the ledger and the records: in batches, each call once.

One transaction takes a batch: usage to metering, rows of calls, sums of minutes. The row's id is the call's,
so a batch that comes again after a crash finds what is there already and leaves it alone.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from ceyuan.kernel.platform import Platform
from ceyuan.kernel.work import UnitOfWork
from ceyuan.metering import BadUsage, UsageEvent, post_usage, transact
from ceyuan.models.gateway import repository
from ceyuan.models.gateway.call import Call
from ceyuan.models.gateway.funds import INPUT, OUTPUT, REQUESTS, Cost, Hold

logger = logging.getLogger(__name__)
_LONGEST_PAUSE_S = 10.0
_CHARGED = {"ok", "blocked", "cancelled", "interrupted"}


@dataclass(frozen=True, slots=True)
class Finished:
    """A call that is over. `hold` and `used` are missing for refusals and for calls of a process that is gone;
    `prompt` and `answer` are there where the organisation keeps them."""

    call: Call
    hold: Hold | None = None
    used: Cost | None = None
    prompt: dict[str, Any] | None = None
    answer: str = ""


def usage_events(call: Call, now: datetime) -> list[UsageEvent]:
    """What metering is told of a call: its tokens and the request itself; nothing where nothing was produced."""
    if call.status not in _CHARGED or call.usage_from == "none":
        return []
    at = min(datetime.fromtimestamp(call.at, UTC), now)
    parts = ((INPUT, "in", call.prompt_tokens), (OUTPUT, "out", call.completion_tokens), (REQUESTS, "req", 1))
    evidence = {"answer_sha256": call.answer_sha256, "usage_from": call.usage_from, "in_doubt": call.in_doubt}
    return [
        UsageEvent(
            key=f"{call.id}:{short}",
            org_id=call.org_id,
            resource=resource,
            quantity=quantity,
            occurred_at=at,
            model=call.price_model,
            subject=call.id,
            evidence=evidence if resource == OUTPUT else {},
            token_id=call.key_id,
            person_id=call.actor_id if call.actor_id.startswith("per_") else "",
            project=call.project,
            scenario=call.scenario,
        )
        for resource, short, quantity in parts
        if quantity
    ]


async def post_batch(uow: UnitOfWork, batch: Sequence[Finished], keep_refusals: int) -> dict[str, int]:
    """Post a batch in this transaction; returns the cost in micro-yuan of each call that is new."""
    known = await repository.known_calls(uow.session, [finished.call.id for finished in batch])
    fresh = [finished for finished in batch if finished.call.id not in known]
    if not fresh:
        return {}
    now = uow.clock.now()
    events = [event for finished in fresh for event in usage_events(finished.call, now)]
    costs: dict[str, int] = {}
    if events:
        posted = await post_usage(uow, events)
        for key, micro in posted.costs.items():
            call_id = key.partition(":")[0]
            costs[call_id] = costs.get(call_id, 0) + micro
    kept = await _kept(uow, fresh, keep_refusals)
    await repository.insert_calls(uow.session, [(finished.call, costs.get(finished.call.id, 0)) for finished in kept])
    bodies = [(finished.call, finished.prompt, finished.answer) for finished in kept if finished.prompt is not None]
    await repository.insert_bodies(uow.session, bodies)
    await repository.add_minutes(uow.session, [(f.call, costs.get(f.call.id, 0)) for f in fresh])
    told = [f.call.id for f in fresh if f.call.verdicts]
    if told:
        await uow.publish("gateway.calls_flagged", call_ids=told)
    return {finished.call.id: costs.get(finished.call.id, 0) for finished in fresh}


async def _kept(uow: UnitOfWork, fresh: Sequence[Finished], most: int) -> list[Finished]:
    """The calls that get a row of their own: all but refusals beyond `most` per minute and organisation."""
    refused = [finished for finished in fresh if finished.call.status == "refused"]
    if not refused:
        return list(fresh)
    counts = await repository.refusals_by_minute(uow.session, [finished.call for finished in refused])
    kept = []
    for finished in fresh:
        if finished.call.status == "refused":
            key = (finished.call.org_id, repository.minute_of(finished.call))
            counts[key] = counts.get(key, 0) + 1
            if counts[key] > most:
                continue
        kept.append(finished)
    return kept


class Poster:
    """The queue of finished calls and the task that posts it. `settled` is told each call that is committed."""

    def __init__(
        self,
        platform: Platform,
        *,
        every_s: float,
        batch: int,
        keep_refusals: int,
        settled: Callable[[Finished, int], None],
    ) -> None:
        self._platform = platform
        self._every_s = every_s
        self._batch = batch
        self._keep_refusals = keep_refusals
        self._settled = settled
        self._queue: list[Finished] = []
        self._wake = asyncio.Event()
        self._lock = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None
        self.fault: str | None = None
        self.posted_at: float | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="gateway-poster")

    def add(self, finished: Finished) -> None:
        """Post this soon."""
        self._queue.append(finished)
        if len(self._queue) >= self._batch:
            self._wake.set()

    @property
    def backlog(self) -> int:
        return len(self._queue)

    async def flush(self) -> None:
        """Post everything that is there now; raises what the database raises."""
        async with self._lock:
            while self._queue:
                batch = self._queue[: self._batch]
                await self._post(batch)
                del self._queue[: len(batch)]

    async def stop(self) -> None:
        """Stop after a last attempt; what it leaves is in the journal."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        try:
            await self.flush()
        except Exception:
            logger.exception("calls could not be posted before the end; the journal keeps them")

    async def post_now(self, batch: Sequence[Finished]) -> None:
        """Post calls that are not in the queue: those of a journal that another process left."""
        for start in range(0, len(batch), self._batch):
            await self._post(batch[start : start + self._batch])

    async def _post(self, batch: Sequence[Finished]) -> None:
        try:
            costs = await transact(self._platform, lambda uow: post_batch(uow, batch, self._keep_refusals))
        except BadUsage as error:
            costs = await self._post_singly(batch, error)
        self.posted_at = time.time()
        for finished in batch:
            self._settled(finished, costs.get(finished.call.id, 0))

    async def _post_singly(self, batch: Sequence[Finished], error: BadUsage) -> dict[str, int]:
        """One call that metering cannot take must not keep the others back: it is recorded in doubt, uncharged."""
        costs: dict[str, int] = {}
        for finished in batch:
            try:
                costs |= await transact(self._platform, lambda uow: post_batch(uow, [finished], self._keep_refusals))  # noqa: B023
            except BadUsage:
                logger.error("metering refuses call %s: %s", finished.call.id, error.line())
                finished.call.in_doubt, finished.call.usage_from = True, "none"
                costs |= await transact(self._platform, lambda uow: post_batch(uow, [finished], self._keep_refusals))  # noqa: B023
        return costs

    async def _run(self) -> None:
        pause = self._every_s
        while True:
            try:
                await asyncio.wait_for(self._wake.wait(), pause)
            except TimeoutError:
                pass
            self._wake.clear()
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


def old_calls(now: datetime, days: int) -> datetime:
    """The moment before which records have served their time."""
    return now - timedelta(days=days)
