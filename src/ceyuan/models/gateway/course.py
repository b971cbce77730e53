"""A call on its way: what came in, where the answer goes, and how far it is."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from ceyuan.kernel.errors import CeyuanError, Language
from ceyuan.models.gateway.answers import Header
from ceyuan.models.gateway.call import Call, Endpoint
from ceyuan.models.gateway.funds import Hold
from ceyuan.models.gateway.keys import Caller
from ceyuan.models.gateway.prompt import Prompt
from ceyuan.models.gateway.pulse import Timer
from ceyuan.models.gateway.usage import Generated
from ceyuan.models.serving import Replica

Phase = Literal["body", "before", "turn", "head", "answer"]
"""What is waited for: the client's body, our own decision, one's turn at the model, the head of the upstream's answer,
the rest of it."""


@dataclass(slots=True)
class Incoming:
    """A request of a known caller; `body` reads its bytes, `watch` begins to look whether the client of a task is still
    there.

    Times are unix and monotonic seconds. `inside`: its data must not leave the platform's own servers. With
    `repeat_key` an answer that was given before under the same key to the same request is given again, free of charge.
    """

    id: str
    at: float
    began: float
    endpoint: Endpoint
    caller: Caller
    body: Callable[[], Awaitable[bytes]]
    language: Language = "en"
    scenario: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    watch: Callable[[asyncio.Task[object]], None] | None = None
    repeat_key: str = ""
    inside: bool = False
    content_type: bytes = b""
    traceparent: bytes = b""


class Sink(Protocol):
    """Where an answer goes: an ASGI connection, or memory for calls from within the platform."""

    def start(self, status: int, headers: list[Header]) -> Awaitable[None]: ...

    def send(self, data: bytes, *, more: bool) -> Awaitable[None]: ...

    async def fail(self, error: CeyuanError, incoming: Incoming, *, started: bool) -> None:
        """Tell of an error instead of an answer, or in the middle of one (`started`)."""
        ...


@dataclass(slots=True)
class Run:
    """A call on its way. `intended`: its hold is in the journal; `sent`: the upstream may have begun to work on it;
    `refused`: the upstream said itself that it did not answer it; `moderated`: its prompt was judged."""

    incoming: Incoming
    sink: Sink
    call: Call
    timer: Timer
    phase: Phase = "body"
    prompt: Prompt | None = None
    replica: Replica | None = None
    hold: Hold | None = None
    intended: bool = False
    sent: bool = False
    refused: bool = False
    started: bool = False
    concluded: bool = False
    moderated: bool = False
    said: Generated = field(default_factory=Generated)
    answer: bytes | None = None
