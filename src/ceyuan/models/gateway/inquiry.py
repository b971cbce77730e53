"""Asking an upstream what it counted for a call whose answer did not come to its end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from urllib.parse import quote

import orjson

from ceyuan.kernel.errors import CeyuanError
from ceyuan.models.gateway.call import Call
from ceyuan.models.gateway.upstream import Target, Upstreams
from ceyuan.models.gateway.usage import note_usage
from ceyuan.models.serving import Replica

logger = logging.getLogger(__name__)
_PAUSES_S = (0.2, 1.0, 3.0, 8.0)
"""An upstream that just lost us may still be at work: pauses before it is asked once more."""
_PATIENCE_S = 5.0
_MOST_AT_ONCE = 32
_LONGEST = 1 << 16


class Inquiries:
    """The questions of one process to upstreams that can be asked (`Replica.usage_url`)."""

    def __init__(self, upstreams: Upstreams) -> None:
        self._upstreams = upstreams
        self._tasks: set[asyncio.Task[None]] = set()
        self._turn = asyncio.Semaphore(_MOST_AT_ONCE)
        self._hurry = False

    def ask(self, call: Call, replica: Replica, done: Callable[[], None]) -> None:
        """Find out in the background what the upstream counted, then call `done`; `call.in_doubt` is False once it
        is known."""
        task = asyncio.create_task(self._ask(call, replica, done), name=f"inquiry-{call.id}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    @property
    def open(self) -> int:
        """Questions that are not answered yet."""
        return len(self._tasks)

    async def stop(self) -> None:
        """Ask what is open one last time, without pauses."""
        self._hurry = True
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _ask(self, call: Call, replica: Replica, done: Callable[[], None]) -> None:
        try:
            for pause in _PAUSES_S:
                await asyncio.sleep(0 if self._hurry else pause)
                if await self.settle(call, replica):
                    return
        finally:
            done()

    async def settle(self, call: Call, replica: Replica) -> bool:
        """Ask once; True if the upstream knows, and then the call carries its counts and is in doubt no more."""
        assert replica.usage_url is not None
        target = Target(replica.usage_url.replace("{id}", quote(call.id)), replica.headers)
        try:
            async with self._turn, asyncio.timeout(_PATIENCE_S):
                answer = await self._upstreams.get(target, call.id)
                try:
                    status, body = answer.status, await answer.read(_LONGEST)
                finally:
                    answer.close()
            document = orjson.loads(body) if status == 200 else None
        except (TimeoutError, CeyuanError, orjson.JSONDecodeError) as error:
            logger.info("the upstream of call %s cannot be asked: %s", call.id, error)
            return False
        if status == 404:
            # It has never seen the request, or did nothing for it.
            call.prompt_tokens = call.completion_tokens = 0
            call.usage_from, call.in_doubt = "none", False
            return True
        usage = document.get("usage") if isinstance(document, dict) else None
        if not isinstance(usage, dict) or not isinstance(usage.get("prompt_tokens"), int):
            return False
        note_usage(call, usage)
        call.in_doubt, call.asked = False, True
        return True
