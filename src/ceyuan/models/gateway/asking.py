"""Calls of models from within the platform: the same course as any user's call, without HTTP in between."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import orjson

from ceyuan.kernel.actor import Actor
from ceyuan.kernel.ids import new_id
from ceyuan.kernel.platform import Platform
from ceyuan.models.gateway.call import Endpoint
from ceyuan.models.gateway.course import Incoming
from ceyuan.models.gateway.errors import ModelUnknown, Overloaded
from ceyuan.models.gateway.funds import Payer
from ceyuan.models.gateway.gateway import Gateway
from ceyuan.models.gateway.keys import Caller
from ceyuan.models.gateway.memory import Memory
from ceyuan.models.gateway.repeats import LONGEST_KEY
from ceyuan.models.gateway.running import GatewayService
from ceyuan.models.gateway.sse import EventSplitter, document_of


@dataclass(frozen=True, slots=True)
class Said:
    """An answer: its text, the id of the call's record, tokens, milliseconds, why it ended (`stop`, `length`,
    `content_filter`), and what its tokens cost by the prices in force, in micro-yuan."""

    text: str
    call_id: str | None
    prompt_tokens: int
    completion_tokens: int
    latency_ms: float
    finish_reason: str
    cost_micro: int = 0


def _gateway(platform: Platform) -> Gateway:
    for service in platform.find(GatewayService):
        if service.gateway is not None:
            return service.gateway
    raise Overloaded(("网关尚未启动", "the gateway has not started"), retry_after_s=5)


def _caller(actor: Actor, org_id: str, project: str) -> Caller:
    actor.require_role(org_id, "member")
    person = actor.id if actor.kind == "person" else ""
    return Caller(actor.id, actor, Payer(org_id, "", person, project))


def _incoming(
    caller: Caller, endpoint: Endpoint, document: Mapping[str, Any], scenario: str, tags: Mapping[str, str] | None
) -> Incoming:
    body = orjson.dumps(document)

    async def read() -> bytes:
        return body

    return Incoming(
        id=new_id("req"),
        at=time.time(),
        began=time.monotonic(),
        endpoint=endpoint,
        caller=caller,
        body=read,
        scenario=scenario,
        tags=tags or {},
    )


async def call_model(
    platform: Platform,
    actor: Actor,
    org_id: str,
    endpoint: Endpoint,
    document: Mapping[str, Any],
    *,
    scenario: str = "",
    project: str = "",
    tags: Mapping[str, str] | None = None,
    repeat_key: str = "",
) -> tuple[str, dict[str, Any]]:
    """Make a call that is not streamed: OpenAI's request in, the call's id and OpenAI's answer out.

    With `repeat_key` (one namespace for each organisation) an equal call that was answered before, even by a
    process that was killed since, is answered the same without being paid again.

    The organisation pays; the actor must be a member of it. Raises what the gateway refuses with (402, 403, 404,
    429, 400 for content), and 502 to 504 where the model fails.
    """
    sink = Memory()
    incoming = _incoming(_caller(actor, org_id, project), endpoint, {**document, "stream": False}, scenario, tags)
    incoming.repeat_key = repeat_key if len(repeat_key) <= LONGEST_KEY else sha256(repeat_key.encode()).hexdigest()
    await _gateway(platform).handle(incoming, sink)
    document = sink.document()
    return sink.call_id or incoming.id, document


def _cost(gateway: Gateway, org_id: str, model: str, usage: Mapping[str, Any]) -> int:
    route = gateway.directory.find(model, org_id)
    if route is None:
        return 0
    read, said = (int(usage.get(name) or 0) for name in ("prompt_tokens", "completion_tokens"))
    return gateway.funds.cost(org_id, route.price_model, read, said).micro


def _request(
    gateway: Gateway, org_id: str, model: str, messages: Sequence[Mapping[str, Any]], options: dict[str, Any]
) -> tuple[Endpoint, dict[str, Any]]:
    """The request for a conversation; a model that can only continue texts gets the messages as one text."""
    route = gateway.directory.find(model, org_id)
    if route is None:
        raise ModelUnknown(model)
    options = {name: value for name, value in options.items() if value is not None}
    if "chat" in route.capabilities:
        return "chat", {"model": model, "messages": list(messages), **options}
    return "completions", {"model": model, "prompt": "\n".join(str(m.get("content", "")) for m in messages), **options}


async def ask_model(
    platform: Platform,
    actor: Actor,
    org_id: str,
    model: str,
    messages: Sequence[Mapping[str, Any]],
    *,
    max_tokens: int | None = None,
    temperature: float | None = None,
    seed: int | None = None,
    scenario: str = "",
    project: str = "",
    tags: Mapping[str, str] | None = None,
    more: Mapping[str, Any] | None = None,
    repeat_key: str = "",
) -> Said:
    """Ask a model and wait for its whole answer; `more` are further fields of the request. A job names each of its
    calls by a `repeat_key`, so that one that is killed and resumed pays none of them twice. Raises as `call_model`."""
    options = {"max_tokens": max_tokens, "temperature": temperature, "seed": seed, **(more or {})}
    endpoint, document = _request(_gateway(platform), org_id, model, messages, options)
    began = time.monotonic()
    call_id, answer = await call_model(
        *(platform, actor, org_id, endpoint, document),
        scenario=scenario,
        project=project,
        tags=tags,
        repeat_key=repeat_key,
    )
    choice = (answer.get("choices") or [{}])[0]
    message = choice.get("message")
    text = message.get("content") if isinstance(message, dict) else choice.get("text")
    usage = answer.get("usage") or {}
    return Said(
        text=text or "",
        call_id=call_id,
        prompt_tokens=int(usage.get("prompt_tokens") or 0),
        completion_tokens=int(usage.get("completion_tokens") or 0),
        latency_ms=(time.monotonic() - began) * 1000,
        finish_reason=str(choice.get("finish_reason") or ""),
        cost_micro=_cost(_gateway(platform), org_id, model, usage),
    )


class AnswerStream:
    """A streamed answer: iterate over its pieces of text; `said` is there after the last one."""

    def __init__(self, gateway: Gateway, incoming: Incoming, model: str) -> None:
        self._gateway = gateway
        self._incoming = incoming
        self._model = model
        self.call_id = incoming.id
        self.said: Said | None = None

    async def __aiter__(self) -> AsyncIterator[str]:
        queue: asyncio.Queue[bytes | None] = asyncio.Queue(64)
        sink, splitter, texts = Memory(queue=queue), EventSplitter(), []
        usage: dict[str, Any] = {}
        finish = ""

        async def work() -> None:
            try:
                await self._gateway.handle(self._incoming, sink)
            finally:
                await queue.put(None)

        task = asyncio.create_task(work(), name=f"ask-{self.call_id}")
        try:
            while (data := await queue.get()) is not None:
                for event in splitter.feed(data):
                    document = document_of(event) or {}
                    usage = document.get("usage") or usage
                    for choice in document.get("choices") or ():
                        delta = choice.get("delta")
                        text = delta.get("content") if isinstance(delta, dict) else choice.get("text")
                        finish = choice.get("finish_reason") or finish
                        if text:
                            texts.append(text)
                            yield text
            await task
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        if sink.error is not None:
            raise sink.error
        self.said = Said(
            "".join(texts),
            self.call_id,
            int(usage.get("prompt_tokens") or 0),
            int(usage.get("completion_tokens") or 0),
            (time.monotonic() - self._incoming.began) * 1000,
            finish,
            _cost(self._gateway, self._incoming.caller.payer.org_id, self._model, usage),
        )


def stream_model(
    platform: Platform,
    actor: Actor,
    org_id: str,
    model: str,
    messages: Sequence[Mapping[str, Any]],
    *,
    max_tokens: int | None = None,
    temperature: float | None = None,
    seed: int | None = None,
    scenario: str = "",
    project: str = "",
    tags: Mapping[str, str] | None = None,
) -> AnswerStream:
    """Ask a model and read its answer while it is made: `async for text in stream_model(…)`. Raises like the above."""
    gateway = _gateway(platform)
    options = {"max_tokens": max_tokens, "temperature": temperature, "seed": seed, "stream": True}
    options["stream_options"] = {"include_usage": True}  # type: ignore[assignment]
    endpoint, document = _request(gateway, org_id, model, messages, options)
    incoming = _incoming(_caller(actor, org_id, project), endpoint, document, scenario, tags)
    return AnswerStream(gateway, incoming, model)
