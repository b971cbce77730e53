"""One request and its answer on a connection, as ASGI applications know them: what uvicorn's own cycle does, with less
work for each request. The head of an answer leaves with the first of its body, in one packet: a system call and a
wake-up of the client would otherwise be spent on a head that says nothing by itself.
"""

from __future__ import annotations

import asyncio
import http
import logging
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ceyuan.server.listening import PatientProtocol

logger = logging.getLogger(__name__)
_STATUS = {
    status: b"HTTP/1.1 %d %b\r\n"
    % (status, http.HTTPStatus(status).phrase.encode() if status in set(http.HTTPStatus) else b"")
    for status in range(100, 600)
}
_TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""A header's name (RFC 9110 §5.6.2)."""
_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_MOST_NAMES = 1024
_names: dict[bytes, bytes] = {}
"""Header names that were checked, in lower case."""
_FAULT = b"Internal Server Error"
_NO_BODY = frozenset({204, 304})
_FRAMING = frozenset({b"content-length", b"transfer-encoding", b"connection"})


class Bell:
    """Wakes the one who waits for it; rung before, it does not keep anybody waiting."""

    __slots__ = ("_waiter", "rung")

    def __init__(self) -> None:
        self.rung = False
        self._waiter: asyncio.Future[None] | None = None

    def set(self) -> None:
        """Ring."""
        self.rung = True
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def wait(self) -> None:
        """Wait until it rings."""
        while not self.rung:
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter


class Exchange:
    """A request and its answer. `body`, `more_body`, `disconnected` and `message_event` are told by the connection."""

    __slots__ = (
        "_chunked",
        "_expects_continue",
        "_head",
        "_is_head",
        "_left",
        "_protocol",
        "_task",
        "body",
        "disconnected",
        "keep_alive",
        "message_event",
        "more_body",
        "response_complete",
        "response_started",
        "scope",
    )

    def __init__(
        self, protocol: PatientProtocol, scope: Any, *, keep_alive: bool, expects_continue: bool, is_head: bool
    ) -> None:
        self._protocol = protocol
        self.scope = scope
        self.keep_alive = keep_alive
        self._expects_continue = expects_continue
        self._is_head = is_head
        self.message_event = Bell()
        self.body: bytes | bytearray = b""
        self.more_body = True
        self.disconnected = self.response_started = self.response_complete = False
        self._chunked = False
        self._left = 0
        self._head = b""
        self._task: asyncio.Task[None] | None = None

    def begin(self, app: Any) -> None:
        """Let the application answer, in a task of its own."""
        protocol = self._protocol
        self._task = protocol.loop.create_task(self.run(app))
        protocol.tasks.add(self._task)

    def add(self, part: bytes) -> None:
        """A part of the request's body has come; most often it is all that waits."""
        if not self.body:
            self.body = part
        elif isinstance(self.body, bytearray):
            self.body += part
        else:
            self.body = bytearray(self.body) + part

    async def run(self, app: Any) -> None:
        """Let the application answer; where it fails, the client is told or the connection ends."""
        protocol = self._protocol
        try:
            await app(self.scope, self.receive, self.send)
        except BaseException as error:
            logger.error("the application failed", exc_info=error)
            await self._end_badly()
        else:
            if not self.response_complete and not self.disconnected:
                logger.error("the application returned without completing its answer")
                await self._end_badly()
        finally:
            if self._task is not None:
                protocol.tasks.discard(self._task)

    async def _end_badly(self) -> None:
        if self.response_started and not self._head:
            self._protocol.transport.close()
            return
        # Nothing has left yet, so the client can still be told.
        self.response_started, self._head = False, b""
        headers = [
            (b"content-type", b"text/plain; charset=utf-8"),
            (b"content-length", b"%d" % len(_FAULT)),
            (b"connection", b"close"),
        ]
        await self.send({"type": "http.response.start", "status": 500, "headers": headers})
        await self.send({"type": "http.response.body", "body": _FAULT})

    async def receive(self) -> Any:
        """The next part of the request's body, or that the client is gone or was answered."""
        protocol = self._protocol
        if self._expects_continue and not protocol.transport.is_closing():
            self._expects_continue = False
            protocol.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        bell = self.message_event
        if not self.disconnected and not self.response_complete:
            protocol.flow.resume_reading()
            if not bell.rung:
                await bell.wait()
            bell.rung = False
        if self.disconnected or self.response_complete:
            return {"type": "http.disconnect"}
        body, self.body = self.body, b""
        return {"type": "http.request", "body": bytes(body), "more_body": self.more_body}

    async def send(self, message: Any) -> None:
        """Send the head, then the body in parts; raises `RuntimeError` for what HTTP does not allow."""
        flow = self._protocol.flow
        if flow.write_paused and not self.disconnected:
            await flow.drain()
        if self.disconnected:
            return
        if not self.response_started:
            self._start(message)
        elif self.response_complete:
            raise RuntimeError(f"unexpected message {message['type']}: the answer is complete")
        else:
            self._go_on(message)

    def _start(self, message: Any) -> None:
        if message["type"] != "http.response.start":
            raise RuntimeError(f"expected http.response.start, got {message['type']}")
        status: int = message["status"]
        self._chunked, self._left = False, 0
        lines, values = [_STATUS[status]], []
        framed = closes = False
        headers = message.get("headers", ())
        if self._protocol.server_state.default_headers:
            headers = (*self._protocol.server_state.default_headers, *headers)
        for given, value in headers:
            name = _names.get(given) or _checked(given)
            if name in _FRAMING:
                if name == b"content-length":
                    self._left, framed = int(value), True
                elif name == b"transfer-encoding" and value.lower() == b"chunked":
                    self._chunked = framed = True
                elif name == b"connection" and b"close" in value.lower():
                    self.keep_alive, closes = False, True
            values.append(value)
            lines += (name, b": ", value, b"\r\n")
        if _CONTROL.search(b"".join(values)) is not None:
            raise RuntimeError("a header's value holds a control character")
        if not self.keep_alive and not closes:
            lines.append(b"connection: close\r\n")
        self._expects_continue = False
        self.response_started = True
        waits = not framed
        if waits and not self._is_head and status not in _NO_BODY:
            self._chunked = True
            lines.append(b"transfer-encoding: chunked\r\n")
        lines.append(b"\r\n")
        self._head = b"".join(lines)
        if waits or self._chunked:
            # What comes next may take its time, as the first word of a stream does.
            self._protocol.loop.call_soon(self._flush)

    def _flush(self) -> None:
        if self._head and not self.disconnected:
            head, self._head = self._head, b""
            self._protocol.transport.write(head)

    def _go_on(self, message: Any) -> None:
        if message["type"] != "http.response.body":
            raise RuntimeError(f"expected http.response.body, got {message['type']}")
        body: bytes = message.get("body", b"")
        more: bool = message.get("more_body", False)
        head, self._head = self._head, b""
        if self._is_head:
            data = head
            self._left = 0
        elif self._chunked:
            data = b"%b%x\r\n%b\r\n" % (head, len(body), body) if body else head
            if not more:
                data += b"0\r\n\r\n"
        else:
            self._left -= len(body)
            if self._left < 0 or (self._left and not more):
                self._head = head
                raise RuntimeError("the body is not as long as its head said")
            data = b"%b%b" % (head, body) if head else body
        transport = self._protocol.transport
        if data:
            transport.write(data)
        if not more:
            self.response_complete = True
            self.message_event.set()
            if not self.keep_alive:
                transport.close()
            self._protocol.on_response_complete()


def _checked(name: bytes) -> bytes:
    """A header's name in lower case; raises `RuntimeError` if it is none."""
    if _TOKEN.fullmatch(name) is None:
        raise RuntimeError("a header has an invalid name")
    if len(_names) >= _MOST_NAMES:
        _names.clear()
    lower = _names[name] = name.lower()
    return lower
