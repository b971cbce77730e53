"""Connections whose clients take their time on purpose (slow-loris), or send heads without end.

A request's head must be whole soon and be small, its body may not fall silent; who keeps to neither is answered and
cut off, whatever room the request is for. uvicorn bounds only the silence between requests.
"""

from __future__ import annotations

import asyncio
import urllib.parse
from typing import Any

import httptools
from uvicorn.protocols.http.flow_control import service_unavailable
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from ceyuan.server.exchange import Exchange

HEAD_S = 30.0
"""Seconds in which the head of a request must come, from its first byte or from the connection's beginning."""
HEAD_BYTES = 64 * 1024
SILENCE_S = 60.0
"""Seconds for which a body may fall silent while we would take more of it."""
_READ_AHEAD = 64 * 1024
"""Bytes of a body that may wait for the application before the connection is left alone."""
_SLOW = b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


class PatientProtocol(HttpToolsProtocol):
    """uvicorn's protocol with an end to its patience, and exchanges of our own (`exchange`). A request that comes in
    one piece costs no timer, and a connection one in as many seconds as it may rest."""

    cycle: Exchange  # type: ignore[assignment]

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._awaited = "head"
        self._seen = 0
        self._heard = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._rests_since: float | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._timer = self.loop.call_later(HEAD_S, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        self._wait_no_more()
        if self.timeout_keep_alive_task is not None:
            self.timeout_keep_alive_task.cancel()
            self.timeout_keep_alive_task = None
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
        parser, scope = self.parser, self.scope
        version = parser.get_http_version()
        method = scope["method"] = parser.get_method().decode("ascii")
        scope["http_version"] = version
        if parser.should_upgrade() and self._should_upgrade():
            return
        path, scope["query_string"] = _parts_of(self.url)
        text = path.decode("ascii")
        scope["path"] = self.root_path + (urllib.parse.unquote(text) if "%" in text else text)
        scope["raw_path"] = self.root_path.encode("ascii") + path if self.root_path else path
        app = self.app
        most = self.limit_concurrency
        if most is not None and (len(self.connections) >= most or len(self.tasks) >= most):
            app = service_unavailable
        before: Exchange | None = self.cycle
        self.cycle = Exchange(
            self,
            scope,
            keep_alive=version != "1.0" and parser.should_keep_alive(),
            expects_continue=self.expect_100_continue,
            is_head=method == "HEAD",
        )
        if before is None or before.response_complete:
            self.cycle.begin(app)
        else:
            # Its turn comes when the one before it is answered.
            self.flow.pause_reading()
            self.pipeline.appendleft((self.cycle, app))  # type: ignore[arg-type]

    def on_body(self, body: bytes) -> None:
        exchange = self.cycle
        if exchange.response_complete:
            return
        exchange.add(body)
        if len(exchange.body) > _READ_AHEAD:
            self.flow.pause_reading()
        exchange.message_event.set()

    def on_message_complete(self) -> None:
        self._awaited = ""
        self._wait_no_more()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """The answer is sent: the next request that waits begins, or the connection rests."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            exchange, app = self.pipeline.pop()
            exchange.begin(app)  # type: ignore[attr-defined]
            return
        self._rests_since = self.loop.time()
        if self.timeout_keep_alive_task is None:
            self._rest(self.timeout_keep_alive)

    def _unset_keepalive_if_required(self) -> None:
        self._rests_since = None

    def _rest(self, seconds: float) -> None:
        self.timeout_keep_alive_task = self.loop.call_later(seconds, self.timeout_keep_alive_handler)

    def timeout_keep_alive_handler(self) -> None:
        """Close the connection if it has rested for long enough."""
        self.timeout_keep_alive_task = None
        if self._rests_since is None or self.transport.is_closing():
            return
        left = self._rests_since + self.timeout_keep_alive - self.loop.time()
        if left > 0:
            self._rest(left)
        else:
            self.transport.close()

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


def _parts_of(url: bytes) -> tuple[bytes, bytes]:
    """The path of a request's target as it was sent, and its query."""
    if url[:1] == b"/" and url[1:2] != b"/" and b"#" not in url:
        path, _, query = url.partition(b"?")
        return path, query
    parsed = httptools.parse_url(url)
    return parsed.path, parsed.query or b""
