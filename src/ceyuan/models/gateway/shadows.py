"""Shadow traffic: copies of calls to a revision that answers nobody, so that it can be watched under real load.

A copy is neither charged nor recorded, never goes outside, and is dropped where too many are under way. What is
learned is kept in memory: how many, how many failed, how long they took, how often the answer was the same.
"""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import dataclass, field

import orjson

from ceyuan.kernel.errors import CeyuanError
from ceyuan.kernel.ids import new_id
from ceyuan.models.gateway.call import Call
from ceyuan.models.gateway.histogram import bucket_of, percentile
from ceyuan.models.gateway.prompt import Prompt
from ceyuan.models.gateway.upstream import Target, Upstreams
from ceyuan.models.gateway.usage import generated_in
from ceyuan.models.serving import ModelDirectory, Replica, Route

_MOST_AT_ONCE = 4
_PATIENCE_S = 120.0
_LONGEST = 8 << 20


@dataclass(slots=True)
class ShadowFigures:
    """What is known of a shadow: copies, those that failed or were dropped, those whose answer was the same."""

    calls: int = 0
    failed: int = 0
    dropped: int = 0
    same: int = 0
    latency: dict[str, int] = field(default_factory=dict)

    def p95_ms(self) -> float | None:
        """The latency below which 95 % of the copies lie."""
        return percentile(self.latency, 0.95)


class Shadows:
    """The copies of one process."""

    def __init__(self, directory: ModelDirectory, upstreams: Upstreams) -> None:
        self._directory = directory
        self._upstreams = upstreams
        self._running: set[asyncio.Task[None]] = set()
        self._figures: dict[str, ShadowFigures] = {}
        self._rng = random.Random()

    def figures(self, engine: str) -> ShadowFigures | None:
        """What is known of the shadow behind this engine."""
        return self._figures.get(engine)

    def copy(self, route: Route, call: Call, prompt: Prompt, path: str, said: str) -> None:
        """Send a copy of a call that was answered with `said`, where the draw says so."""
        assert route.shadow is not None
        replica, percent = route.shadow
        if self._rng.random() * 100 >= percent or (
            replica.only_for is not None and call.org_id not in replica.only_for
        ):
            return
        figures = self._figures.setdefault(replica.id, ShadowFigures())
        if len(self._running) >= _MOST_AT_ONCE:
            figures.dropped += 1
            return
        document = {name: value for name, value in prompt.document.items() if not name.startswith("stream")}
        body = orjson.dumps({**document, "model": replica.model})
        task = asyncio.create_task(self._send(replica, path, body, said, figures), name=f"shadow-{call.id}")
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _send(self, replica: Replica, path: str, body: bytes, said: str, figures: ShadowFigures) -> None:
        assert replica.engine is not None
        began = time.monotonic()
        figures.calls += 1
        call_id = new_id("shadow")
        held = self._directory.engine_place(replica.engine, wait_s=0.1, call_id=call_id)
        try:
            async with asyncio.timeout(_PATIENCE_S), held as place:
                target = Target(place.base_url + path, place.headers, place.socket, place.direct)
                answer = await self._upstreams.post(target, body, call_id)
                try:
                    content = await answer.read(_LONGEST)
                    status = answer.status
                finally:
                    answer.close()
            document = orjson.loads(content) if status == 200 else None
        except (TimeoutError, CeyuanError, orjson.JSONDecodeError):
            document = None
        if not isinstance(document, dict):
            figures.failed += 1
            return
        figures.same += generated_in(document).text == said
        bucket = str(bucket_of((time.monotonic() - began) * 1000))
        figures.latency[bucket] = figures.latency.get(bucket, 0) + 1

    async def stop(self) -> None:
        """Drop what is under way."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
