"""One HTTP/1.1 connection to an upstream (RFC 9112): a request at a time, kept alive, without anything between the
transport and the parser."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

import httptools

_HELD = 1 << 18
"""Bytes of a body that may wait for their reader before the socket is left alone."""
_LONGEST_HEAD = 1 << 18
_HEAD, _MORE, _END = range(3)


class Broken(Exception):
    """The connection cannot give the answer; `sent` says whether the request may have reached the other side."""

    def __init__(self, reason: str, *, sent: bool) -> None:
        super().__init__(reason)
        self.sent = sent


class Connection(asyncio.Protocol):
    """One connection. `request` sends bytes and waits for the head of the answer; `more` and `rest` read its body."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._waiter: asyncio.Future[None] | None = None
        self._wanted = _HEAD
        self._busy = False
        self.idle_since = 0.0
        self._clear()

    def _clear(self) -> None:
        self.status = 0
        self.headers: dict[bytes, bytes] = {}
        self.headed = self.ended = False
        self._error: Broken | None = None
        self._parts: list[bytes] = []
        self._held = self._head_size = 0
        self._paused = self._framed = self._keep = self._informs = False
        self.when_ended: Callable[[], None] | None = None

    @property
    def transport(self) -> asyncio.Transport:
        """The transport below; there once the connection is made."""
        assert self._transport is not None
        return self._transport

    @property
    def is_reusable(self) -> bool:
        """Whether the last answer was read to its end and the other side keeps the connection."""
        return self.ended and self._keep and self._error is None and not self.transport.is_closing()

    @property
    def ends_soon(self) -> bool:
        """Whether the answer has begun, is not over, and nothing went wrong."""
        return self.headed and not self.ended and self._error is None and not self._paused

    async def request(self, data: bytes) -> None:
        """Send a whole request and wait until the head of its answer is there; raises `Broken`."""
        transport = self.transport
        if transport.is_closing():
            raise Broken("it was closed before the request was sent", sent=False)
        self._clear()
        self._busy = True
        transport.write(data)
        while not self.headed:
            await self._wait(_HEAD)

    async def more(self) -> bytes:
        """What has come of the body, at least one byte; empty at its end. Raises `Broken`."""
        while not self._parts:
            if self.ended:
                return b""
            await self._wait(_MORE)
        return self._take()

    async def rest(self, limit: int) -> bytes:
        """The rest of the body, or more than `limit` bytes of it; raises `Broken`."""
        parts: list[bytes] = []
        size = 0
        while True:
            if self._parts:
                parts.append(self._take())
                size += len(parts[-1])
            if self.ended or size > limit:
                return parts[0] if len(parts) == 1 else b"".join(parts)
            await self._wait(_END)

    def leave(self, now: float) -> bool:
        """The answer is not read any further; True if the connection may be used again."""
        self._busy = False
        if self.is_reusable:
            self.idle_since = now
            return True
        # Reading on to reuse the connection would let the upstream work for nobody.
        self.transport.abort()
        return False

    def _take(self) -> bytes:
        parts, self._parts, self._held = self._parts, [], 0
        if self._paused:
            self._paused = False
            self.transport.resume_reading()
        return parts[0] if len(parts) == 1 else b"".join(parts)

    async def _wait(self, wanted: int) -> None:
        if self._error is not None:
            raise self._error
        self._wanted = wanted
        waiter = self._waiter = self._loop.create_future()
        try:
            await waiter
        finally:
            self._waiter = None

    def _wake(self) -> None:
        waiter = self._waiter
        if waiter is None or waiter.done():
            return
        if self._error is not None and not (self._parts and self._wanted == _MORE):
            waiter.set_exception(self._error)
            return
        if self._wanted == _HEAD:
            ready = self.headed
        elif self._wanted == _MORE:
            ready = bool(self._parts) or self.ended
        else:
            ready = self.ended or self._paused
        if ready:
            waiter.set_result(None)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The transport is there."""
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Bytes of the answer; what comes without a request ends the connection."""
        if not self._busy:
            self.transport.abort()
            return
        if not self.headed:
            self._head_size += len(data)
            if self._head_size > _LONGEST_HEAD and not self._parts:
                self._fail("the head of the answer is too long")
                return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._fail(f"the answer is not HTTP: {error}")
            return
        if self._held > _HELD and not self._paused and not self.ended:
            self._paused = True
            self.transport.pause_reading()
        self._wake()
        if self.ended and self.when_ended is not None:
            when_ended, self.when_ended = self.when_ended, None
            when_ended()

    def connection_lost(self, error: Exception | None) -> None:
        """The other side closed it: that ends a body without a length, and breaks everything else off."""
        if not self._busy or self.ended or self._error is not None:
            return
        if self.headed and not self._framed and error is None:
            self.ended = True
        else:
            self._error = Broken(str(error or "it was closed"), sent=True)
        self._wake()

    def _fail(self, reason: str) -> None:
        self._error = Broken(reason, sent=True)
        self.transport.abort()
        self._wake()

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header of the answer."""
        self.headers[name.lower()] = value

    def on_headers_complete(self) -> None:
        """The head is whole."""
        status = self._parser.get_status_code()
        self._informs = status < 200
        if self._informs:
            return
        self.status, self.headed = status, True
        self._framed = b"content-length" in self.headers or b"transfer-encoding" in self.headers

    def on_body(self, data: bytes) -> None:
        """A part of the body."""
        self._parts.append(data)
        self._held += len(data)

    def on_message_complete(self) -> None:
        """The answer is whole, unless it was one that only informs (1xx)."""
        if self._informs:
            self.headers.clear()
            return
        self.ended, self._keep = True, self._parser.should_keep_alive()
