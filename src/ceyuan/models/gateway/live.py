"""What happens just now: the last calls of this process in memory, and a feed for the monitoring page."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import contextmanager
from itertools import islice
from typing import Any, NamedTuple

from ceyuan.models.gateway.call import Call
from ceyuan.models.gateway.histogram import bucket_of, percentile
from ceyuan.models.gateway.traces import Traces

_KEPT = 1_000
_QUEUE = 500
"""Events that a slow listener may lag behind; older ones are dropped for it."""


class LiveEvent(NamedTuple):
    """A call that ended or was refused, at this cost."""

    call: Call
    cost_micro: int

    @property
    def org_id(self) -> str:
        """Whose call it was."""
        return self.call.org_id

    @property
    def data(self) -> dict[str, Any]:
        """What the page shows of it."""
        return live_facts(self.call, self.cost_micro)


def live_facts(call: Call, cost_micro: int) -> dict[str, Any]:
    """What the page shows of a call; neither prompt nor answer."""
    return {
        "id": call.id,
        "at": call.at,
        "org_id": call.org_id,
        "model": call.model,
        "endpoint": call.endpoint,
        "status": call.status,
        "code": call.code,
        "prompt_tokens": call.prompt_tokens,
        "completion_tokens": call.completion_tokens,
        "cost_micro": cost_micro,
        "total_ms": round(call.total_ms, 2),
        "first_ms": None if call.first_ms is None else round(call.first_ms, 2),
        "actions": sorted({verdict["action"] for verdict in call.verdicts}),
        "clauses": sorted({verdict["clause"] for verdict in call.verdicts if verdict["clause"]}),
        "scenario": call.scenario,
    }


class Live:
    """The ring of recent events, and those who listen."""

    def __init__(self) -> None:
        self._ring: deque[LiveEvent] = deque(maxlen=_KEPT)
        self._listeners: set[asyncio.Queue[LiveEvent]] = set()
        self.traces: Traces | None = None

    def tell(self, call: Call, cost_micro: int = 0, *, parent: bytes = b"") -> None:
        """A call ended; `parent` is the span of the client that it belongs to."""
        if self.traces is not None:
            self.traces.add(call, cost_micro, parent)
        event = LiveEvent(call, cost_micro)
        self._ring.append(event)
        for queue in self._listeners:
            if queue.full():
                queue.get_nowait()
            queue.put_nowait(event)

    def recent(self, may_see: Callable[[str], bool], limit: int = 100) -> list[dict[str, Any]]:
        """The last events of the organisations that the viewer may see, newest first."""
        seen = (event for event in reversed(self._ring) if may_see(event.org_id))
        return [event.data for event in islice(seen, limit)]

    def latency(self, may_see: Callable[[str], bool]) -> dict[str, float | None]:
        """Percentiles in ms over the recent calls."""
        histogram: dict[str, int] = {}
        for event in self._ring:
            if may_see(event.org_id) and event.call.status == "ok":
                bucket = str(bucket_of(event.call.total_ms))
                histogram[bucket] = histogram.get(bucket, 0) + 1
        return {name: percentile(histogram, share) for name, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))}

    @contextmanager
    def _listening(self) -> Any:
        queue: asyncio.Queue[LiveEvent] = asyncio.Queue(_QUEUE)
        self._listeners.add(queue)
        try:
            yield queue
        finally:
            self._listeners.discard(queue)

    async def follow(self, may_see: Callable[[str], bool], *, beat_s: float = 15.0) -> AsyncIterator[dict[str, Any]]:
        """New events as they come; an empty one at every `beat_s` of silence, so that dead listeners are noticed."""
        with self._listening() as queue:
            while True:
                try:
                    async with asyncio.timeout(beat_s):
                        event = await queue.get()
                except TimeoutError:
                    yield {}
                    continue
                if may_see(event.org_id):
                    yield event.data
