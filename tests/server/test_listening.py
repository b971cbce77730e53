"""Clients that take their time on purpose are cut off; those that have a reason are not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from uvicorn.config import Config
from uvicorn.server import ServerState

from ceyuan.server import listening
from ceyuan.server.listening import PatientProtocol

Connect = Callable[[bytes], Awaitable[tuple[asyncio.StreamReader, asyncio.StreamWriter]]]
HEAD = b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\n\r\n"


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Echoes a body, after what the test waits for."""
    body, message = b"", await receive()
    while message["type"] == "http.request":
        body += message["body"]
        if not message["more_body"]:
            break
        message = await receive()
    else:
        return
    await asyncio.sleep(0.3 if body == b"wait" else 0)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"4")]})
    await send({"type": "http.response.body", "body": body})


@pytest.fixture
async def connect(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Connect]:
    monkeypatch.setattr(listening, "HEAD_S", 0.1)
    monkeypatch.setattr(listening, "SILENCE_S", 0.1)
    config = Config(application, lifespan="off", log_level="error")
    state = ServerState()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: PatientProtocol(config, state, {}), "127.0.0.1", 0)
    writers = []

    async def open_with(data: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        writers.append(writer)
        writer.write(data)
        return reader, writer

    yield open_with
    for writer in writers:
        writer.close()
    server.close()


@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        (b"", b"HTTP/1.1 408"),
        (b"GET / HT", b"HTTP/1.1 408"),
        (HEAD[:-2], b"HTTP/1.1 408"),
        (HEAD + b"ab", b"HTTP/1.1 408"),
        (b"GET / HTTP/1.1\r\nx: " + b"a" * 100_000, b"HTTP/1.1 431"),
        (b"nonsense\r\n\r\n", b"HTTP/1.1 400"),
    ],
)
async def test_who_never_ends_a_request_is_cut_off(connect: Connect, sent: bytes, answer: bytes) -> None:
    reader, _ = await connect(sent)
    assert (await reader.read()).startswith(answer)


async def test_an_answer_may_take_its_time_and_a_connection_is_used_again(connect: Connect) -> None:
    reader, writer = await connect(HEAD + b"wait")
    assert (await reader.readuntil(b"wait")).startswith(b"HTTP/1.1 200")
    writer.write(HEAD[:20])
    writer.write(HEAD[20:] + b"once")
    assert (await reader.readuntil(b"once")).startswith(b"HTTP/1.1 200")
