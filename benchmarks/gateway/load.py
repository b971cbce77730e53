"""A load generator of raw sockets, and a fake upstream of the same kind: neither costs more than it must."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

CHUNKS = 33
"""Events of a streamed answer, the first with the role, the last with the end."""
ANSWER = (
    b'{"id":"c","object":"chat.completion","created":1700000000,"model":"echo","choices":[{"index":0,"message":'
    b'{"role":"assistant","content":"The seasons are spring, summer, autumn and winter."},"finish_reason":"stop"}],'
    b'"usage":{"prompt_tokens":24,"completion_tokens":31,"total_tokens":55}}'
)


def _whole() -> bytes:
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(ANSWER)
    return head + ANSWER


def _streamed() -> bytes:
    head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
    base = b'data: {"id":"c","object":"chat.completion.chunk","created":1700000000,"model":"echo","choices":'
    events = [base + b'[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}\n\n']
    word = b'[{"index":0,"delta":{"content":" season"},"finish_reason":null}]}\n\n'
    events += [base + word] * (CHUNKS - 2)
    events.append(base + b'[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n')
    events.append(base + b'[],"usage":{"prompt_tokens":24,"completion_tokens":31,"total_tokens":55}}\n\n')
    events.append(b"data: [DONE]\n\n")
    return head + b"".join(b"%x\r\n%s\r\n" % (len(event), event) for event in events) + b"0\r\n\r\n"


class FakeUpstream(asyncio.Protocol):
    """Answers every request at once, with or without a stream as the request asks."""

    whole, streamed = _whole(), _streamed()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._data = b""

    def data_received(self, data: bytes) -> None:
        self._data += data
        while True:
            end = self._data.find(b"\r\n\r\n")
            if end < 0:
                return
            head = self._data[:end].lower()
            at = head.find(b"content-length:")
            length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            if len(self._data) < end + 4 + length:
                return
            body, self._data = self._data[end + 4 : end + 4 + length], self._data[end + 4 + length :]
            streams = b'"stream":true' in body or b'"stream": true' in body
            self._transport.write(self.streamed if streams else self.whole)  # type: ignore[attr-defined]


class Client(asyncio.Protocol):
    """One connection that sends a request again and again; `done` is told the seconds of each answer."""

    def __init__(self, request: bytes, streams: bool, done: Callable[[Client, bool], None]) -> None:
        self._request = request
        self._streams = streams
        self._done = done
        self._parts: list[bytes] = []
        self._size = self._wanted = 0
        self.began = 0.0
        self.busy = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def send(self, began: float) -> None:
        """Send the request; its latency counts from `began`."""
        self.began, self.busy = began, True
        self._parts, self._size, self._wanted = [], 0, 0
        self.transport.write(self._request)  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        self._parts.append(data)
        self._size += len(data)
        first = self._parts[0]
        if not self._streams and not self._wanted:
            end = first.find(b"\r\n\r\n")
            at = first.lower().find(b"content-length:")
            if end < 0 or at < 0:
                self._parts = [b"".join(self._parts)]
                return
            self._wanted = end + 4 + int(first[at + 15 :].split(b"\r\n", 1)[0])
        tail = data if len(data) >= 5 else b"".join(self._parts[-3:])
        if self._size >= self._wanted if self._wanted else tail.endswith(b"0\r\n\r\n"):
            self.busy = False
            good = first.startswith(b"HTTP/1.1 200") and (not self._streams or b"[DONE]" in b"".join(self._parts[-3:]))
            self._done(self, good)

    def connection_lost(self, error: Exception | None) -> None:
        if self.busy:
            self.busy = False
            self._done(self, False)


@dataclass(slots=True)
class Load:
    """What a run of requests took: seconds in all, seconds of each, failures."""

    wall_s: float = 0.0
    latencies: list[float] = field(default_factory=list)
    failed: int = 0

    @property
    def per_second(self) -> float:
        return len(self.latencies) / self.wall_s if self.wall_s else 0.0

    def percentile_ms(self, share: float) -> float:
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000 if ordered else float("nan")


async def drive(
    port: int, request: bytes, *, streams: bool, connections: int, seconds: float, rate: float | None = None
) -> Load:
    """Send requests over `connections` for `seconds`: as fast as answers come, or at `rate` per second (then latency
    counts from the moment at which a request was due, so that waiting is not hidden)."""
    load, loop = Load(), asyncio.get_running_loop()
    idle = deque[Client]()
    ended = loop.create_future()
    stop_at, over = 0.0, rate is None

    def done(client: Client, good: bool) -> None:
        now = time.perf_counter()
        if good:
            load.latencies.append(now - client.began)
        else:
            load.failed += 1
        if rate is None and now < stop_at and not client.transport.is_closing():
            client.send(now)
            return
        idle.append(client)
        if over and len(idle) == connections and not ended.done():
            ended.set_result(None)

    clients = [
        (await loop.create_connection(lambda: Client(request, streams, done), "127.0.0.1", port))[1]
        for _ in range(connections)
    ]
    began = time.perf_counter()
    stop_at = began + seconds
    if rate is None:
        for client in clients:
            client.send(began)
    else:
        idle.extend(clients)
        await _pace(idle, began, stop_at, rate)
        over = True
    if len(idle) < connections:
        await asyncio.wait_for(ended, 60)
    load.wall_s = time.perf_counter() - began
    for client in clients:
        client.transport.close()
    return load


async def _pace(idle: deque[Client], began: float, stop_at: float, rate: float) -> None:
    number = 0
    while (due := began + number / rate) < stop_at:
        pause = due - time.perf_counter()
        if pause > 0.0005:
            await asyncio.sleep(pause)
        while not idle:
            await asyncio.sleep(0)
        idle.popleft().send(due)  # in turn: a server closes those that it hears nothing of
        number += 1
