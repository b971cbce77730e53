"""Connections whose clients take their time on purpose (slow-loris), or send heads without end.

A request's head must be whole soon and be small, its body may not fall silent; who keeps to neither is answered and
cut off, whatever room the request is for. uvicorn bounds only the silence between requests.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from ceyuan.server.writing import HeadWithBody

HEAD_S = 30.0
"""Seconds in which the head of a request must come, from its first byte or from the connection's beginning."""
HEAD_BYTES = 64 * 1024
SILENCE_S = 60.0
"""Seconds for which a body may fall silent while we would take more of it."""
_SLOW = b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


class PatientProtocol(HttpToolsProtocol):
    """uvicorn's protocol with an end to its patience. A request that comes in one piece costs no timer."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._awaited = "head"
        self._seen = 0
        self._heard = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(HeadWithBody(transport, self.loop))
        self._timer = self.loop.call_later(HEAD_S, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        self._wait_no_more()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if not self._awaited or self.transport.is_closing():
            return
        self._heard = self.loop.time()
        if self._awaited == "head":
            self._seen += len(data)
            if self._seen > HEAD_BYTES:
                self._end(_LARGE)
                return
        if self._timer is None:
            self._timer = self.loop.call_later(HEAD_S if self._awaited == "head" else SILENCE_S, self._look)

    def on_message_begin(self) -> None:
        self._awaited, self._seen = "head", 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._awaited = "body"
        self._wait_no_more()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._awaited = ""
        self._wait_no_more()
        super().on_message_complete()

    def _wait_no_more(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        self._timer = None
        if self._awaited == "head":
            self._end(_SLOW)
            return
        # Who reads slowly is we, while reading is paused.
        silent = 0.0 if self.flow.read_paused else self.loop.time() - self._heard
        if silent >= SILENCE_S:
            self._end(_SLOW)
        else:
            self._timer = self.loop.call_later(SILENCE_S - silent, self._look)

    def _end(self, answer: bytes) -> None:
        # In an answer that has begun no other one can be sent.
        if self.cycle is None or not self.cycle.response_started or self.cycle.response_complete:
            self.transport.write(answer)
        self.transport.close()
