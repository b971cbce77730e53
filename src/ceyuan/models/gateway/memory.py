"""An answer that stays in memory: the sink of calls from within the platform."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

import orjson

from ceyuan.kernel.errors import CeyuanError
from ceyuan.models.gateway.answers import Header
from ceyuan.models.gateway.course import Incoming
from ceyuan.models.gateway.errors import BadRequest


@dataclass(slots=True)
class Memory:
    """An answer that stays in memory; with a queue its parts can be read while it is made."""

    status: int = 0
    parts: list[bytes] = field(default_factory=list)
    error: CeyuanError | None = None
    queue: asyncio.Queue[bytes | None] | None = None
    call_id: str = ""

    async def start(self, status: int, headers: list[Header]) -> None:
        self.status = status
        self.call_id = next((value.decode() for name, value in headers if name == b"x-request-id"), "")

    async def send(self, data: bytes, *, more: bool) -> None:
        if self.queue is None:
            self.parts.append(data)
        else:
            await self.queue.put(data)

    async def fail(self, error: CeyuanError, incoming: Incoming, *, started: bool) -> None:
        self.error = error

    def document(self) -> dict[str, Any]:
        """The whole answer as JSON; raises what the gateway or the upstream refused with."""
        if self.error is not None:
            raise self.error
        document: dict[str, Any] = orjson.loads(b"".join(self.parts))
        if self.status >= 400:
            words = str((document.get("error") or {}).get("message", document))[:500]
            raise BadRequest((f"模型服务拒绝了请求:{words}", f"the model's server refused the request: {words}"))
        return document
