"""The lean ASGI handler of `/v1`: below FastAPI, before any middleware."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

import orjson
from fastapi import Request

from ceyuan.kernel.errors import CeyuanError, Language
from ceyuan.kernel.ids import new_id
from ceyuan.kernel.platform import Platform
from ceyuan.models.gateway import counting, messages, metrics
from ceyuan.models.gateway.answers import JSON, Header, error_body, error_document, error_headers, language_of
from ceyuan.models.gateway.call import Endpoint
from ceyuan.models.gateway.course import Incoming, Sink
from ceyuan.models.gateway.errors import BodyTooLarge, ClientGone, ModelUnknown, UnknownRoute, WrongMethod
from ceyuan.models.gateway.gateway import Gateway, late_body
from ceyuan.models.gateway.keys import Caller, Callers, KeyStore, caller_of, key_of, require_owner, session_owner
from ceyuan.models.gateway.prompt import PATHS
from ceyuan.models.gateway.repeats import LONGEST_KEY

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Headers = Mapping[bytes, bytes]

_MAX_TAGS = 8
_MODELS = "/v1/models"
_CALLS: dict[str, Endpoint] = {**PATHS, messages.PATH: "chat"}


class AsgiSink:
    """An answer that goes out over an ASGI connection."""

    __slots__ = ("_send",)

    def __init__(self, send: Send) -> None:
        self._send = send

    def start(self, status: int, headers: list[Header]) -> Awaitable[None]:
        """Send the head."""
        return self._send({"type": "http.response.start", "status": status, "headers": headers})

    def send(self, data: bytes, *, more: bool) -> Awaitable[None]:
        """Send a part of the body."""
        return self._send({"type": "http.response.body", "body": data, "more_body": more})

    async def fail(self, error: CeyuanError, incoming: Incoming, *, started: bool) -> None:
        """An answer in OpenAI's shape, or an event of that shape within a stream that has begun."""
        if started:
            document = error_document(error, incoming.id, incoming.language)
            await self.send(b"data: " + orjson.dumps(document, default=str) + b"\n\n", more=False)
            return
        await self.refuse(error, incoming.id, incoming.language)

    async def refuse(self, error: CeyuanError, request_id: str, language: Language) -> None:
        """An answer that is nothing but an error."""
        body = error_body(error, request_id, language)
        await self.start(error.status, error_headers(error, body, request_id))
        await self.send(body, more=False)


class Watch:
    """Cancels the work of a request when its client leaves; it looks only where the work takes longer than a moment."""

    __slots__ = ("_read", "_receive", "_task", "gone", "work")

    def __init__(self, receive: Receive) -> None:
        self.work: asyncio.Task[object] | None = None
        self.gone = False
        self._receive = receive
        self._task: asyncio.Task[None] | None = None
        self._read = False

    def begin(self, work: asyncio.Task[object]) -> None:
        """Watch for this task from now on, or once the body is read."""
        self.work = work
        if self._read:
            self._task = asyncio.create_task(self._run(work))

    def may_begin(self) -> None:
        """The body is read."""
        self._read = True
        if self.work is not None:
            self.begin(self.work)

    def end(self) -> None:
        """Watch no longer."""
        if self._task is not None:
            self._task.cancel()

    async def _run(self, work: asyncio.Task[object]) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self.gone = True
        work.cancel()


class GatewayApp:
    """The ASGI application of the gateway; `gateway` is there once the platform has started."""

    def __init__(self, platform: Platform, keys: KeyStore) -> None:
        self._platform = platform
        self._keys = keys
        self._callers = Callers(platform)
        self._counts: counting.Counts | None = None
        self.gateway: Gateway | None = None

    def serves(self, path: str) -> bool:
        """Whether a path belongs to the gateway."""
        return path == "/v1" or path.startswith("/v1/")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers: Headers = dict(scope["headers"])
        request_id = new_id("req")
        sink: AsgiSink | messages.MessageSink = AsgiSink(send)
        try:
            path, method = scope["path"], scope["method"]
            if path in _CALLS:
                if path == messages.PATH:
                    sink = messages.MessageSink(sink, request_id)
                if method != "POST":
                    raise WrongMethod(hint=("请使用 POST", "use POST"))
                await self._call(Arrived(request_id, scope, headers, receive), sink)
            elif path == counting.PATH:
                sink = messages.MessageSink(sink, request_id)
                if method != "POST":
                    raise WrongMethod(hint=("请使用 POST", "use POST"))
                await self._count(Arrived(request_id, scope, headers, receive), send)
            elif path == _MODELS or path.startswith(_MODELS + "/"):
                if method not in ("GET", "HEAD"):
                    raise WrongMethod(hint=("请使用 GET", "use GET"))
                await self._models(path, Arrived(request_id, scope, headers, receive), sink)
            else:
                raise UnknownRoute(hint=("请对照接口文档检查路径", "check the path; see the API reference"))
        except ClientGone:
            return
        except CeyuanError as error:
            metrics.observe_refusal(error.code)
            await sink.refuse(error, request_id, language_of(headers.get(b"accept-language", b"")))

    async def _call(self, arrived: Arrived, sink: Sink) -> None:
        gateway = self._ready()
        at, began = time.time(), time.monotonic()
        headers = arrived.headers
        caller = await self._caller(arrived)
        watch = Watch(arrived.receive)
        limit = int(gateway.settings.max_body_mb * 1e6)

        async def body() -> bytes:
            whole = await read_body(arrived, limit)
            watch.may_begin()
            return messages.chat_of(whole) if path == messages.PATH else whole

        path = arrived.scope["path"]
        incoming = Incoming(
            id=arrived.id,
            at=at,
            began=began,
            endpoint=_CALLS[path],
            caller=caller,
            body=body,
            watch=watch.begin,
            repeat_key=_word(headers.get(b"idempotency-key"), LONGEST_KEY),
            inside=headers.get(b"x-ceyuan-data", b"") == b"inside",
            language=language_of(headers.get(b"accept-language", b"")),
            scenario=_word(headers.get(b"x-ceyuan-scenario")),
            tags=parse_tags(headers.get(b"x-ceyuan-tags", b"")),
            content_type=headers.get(b"content-type", b""),
            traceparent=headers.get(b"traceparent", b""),
        )
        try:
            await gateway.handle(incoming, sink)
        except asyncio.CancelledError:
            if not watch.gone or watch.work is None:
                raise
            watch.work.uncancel()
        finally:
            watch.end()

    async def _count(self, arrived: Arrived, send: Send) -> None:
        """Say how many tokens a messages request has."""
        gateway = self._ready()
        if self._counts is None or self._counts.gateway is not gateway:
            self._counts = counting.Counts(gateway)
        caller = await self._caller(arrived)
        try:
            async with asyncio.timeout(gateway.settings.body_timeout_s):
                body = await read_body(arrived, int(gateway.settings.max_body_mb * 1e6))
        except TimeoutError:
            raise late_body() from None
        inside = arrived.headers.get(b"x-ceyuan-data", b"") == b"inside"
        tokens, counted = await self._counts.count(caller, body, arrived.id, inside=inside)
        data = orjson.dumps({"input_tokens": tokens})
        headers = [JSON, (b"content-length", b"%d" % len(data)), (b"x-request-id", arrived.id.encode())]
        sink = AsgiSink(send)
        await sink.start(200, [*headers, (b"x-ceyuan-counted-by", counted.encode())])
        await sink.send(data, more=False)

    async def _models(self, path: str, arrived: Arrived, sink: Sink) -> None:
        gateway = self._ready()
        caller = await self._caller(arrived)
        limits = gateway.policies.limits_of(caller.key_id)
        routes = [route for route in gateway.directory.visible(caller.org_id) if limits.allows(route.name)]
        name = path.removeprefix(_MODELS).lstrip("/")
        cards = [
            {
                "id": route.name,
                "object": "model",
                "created": route.created,
                "owned_by": "ceyuan",
                "title": route.title,
                "capabilities": sorted(route.capabilities),
                "context_length": route.context,
                "revision": route.revision_for(caller.org_id),
            }
            for route in routes
            if not name or route.name == name
        ]
        if name and not cards:
            raise ModelUnknown(name)
        body = orjson.dumps(cards[0] if name else {"object": "list", "data": cards})
        headers = [JSON, (b"content-length", str(len(body)).encode()), (b"x-request-id", arrived.id.encode())]
        await sink.start(200, headers)
        await sink.send(b"" if arrived.scope["method"] == "HEAD" else body, more=False)

    async def _caller(self, arrived: Arrived) -> Caller:
        """Who calls: by key, or by the console's session cookie where no key was sent."""
        headers = arrived.headers
        authorization, api_key = headers.get(b"authorization", b""), headers.get(b"x-api-key", b"")
        said = (authorization, api_key, headers.get(b"openai-organization", b""), headers.get(b"openai-project", b""))
        known = self._callers.find(said) if authorization or api_key else None
        if known is not None:
            return known
        owner = None
        if not authorization and not api_key and b"cookie" in headers:
            owner = await session_owner(self._platform, Request(arrived.scope))
        by_key = owner is None
        if owner is None:
            owner = await require_owner(self._keys, key_of(authorization, api_key))
        caller = await caller_of(self._keys, owner, said[2].decode("utf-8", "replace"), _word(said[3]))
        if by_key:
            self._callers.keep(said, caller)
        return caller

    def _ready(self) -> Gateway:
        if self.gateway is None:
            raise CeyuanError(("网关尚未启动", "the gateway has not started"))
        return self.gateway


class Arrived:
    """A request whose body has not been read."""

    __slots__ = ("headers", "id", "receive", "scope")

    def __init__(self, request_id: str, scope: Scope, headers: Headers, receive: Receive) -> None:
        self.id = request_id
        self.scope = scope
        self.headers = headers
        self.receive = receive


async def read_body(arrived: Arrived, limit: int) -> bytes:
    """The whole body; raises `BodyTooLarge` or `ClientGone`."""
    announced = arrived.headers.get(b"content-length")
    if announced is not None and announced.isdigit() and int(announced) > limit:
        raise _too_large(limit)
    message = await arrived.receive()
    if message["type"] == "http.request" and not message.get("more_body", False):
        body: bytes = message.get("body", b"")
        if len(body) > limit:
            raise _too_large(limit)
        return body
    parts: list[bytes] = []
    size = 0
    while True:
        if message["type"] == "http.disconnect":
            raise ClientGone
        part = message.get("body", b"")
        size += len(part)
        if size > limit:
            raise _too_large(limit)
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)
        message = await arrived.receive()


def _too_large(limit: int) -> BodyTooLarge:
    return BodyTooLarge(
        (f"请求体超过 {limit / 1e6:g} MB", f"the body is larger than {limit / 1e6:g} MB"),
        hint=("请缩短输入或分批调用", "shorten the prompt or split the call"),
    )


def _word(value: bytes | None, longest: int = 80) -> str:
    return "" if not value else value.decode("utf-8", "replace").strip()[:longest]


def parse_tags(header: bytes) -> dict[str, str]:
    """`X-Ceyuan-Tags: session=abc, turn=3`: at most eight, names and values of at most 64 characters."""
    tags: dict[str, str] = {}
    if header:
        for part in header.decode("utf-8", "replace").split(",")[:_MAX_TAGS]:
            name, _, value = part.partition("=")
            if name.strip():
                tags[name.strip()[:64]] = value.strip()[:64]
    return tags
