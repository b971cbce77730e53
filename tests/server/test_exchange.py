"""What goes over a connection for what an application says: heads leave with their bodies, or soon; bodies are as long
as they were said to be; what HTTP forbids is an error of the application's."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from uvicorn.config import Config
from uvicorn.server import ServerState

from ceyuan.server.listening import PatientProtocol

App = Callable[[Any, Any, Any], Awaitable[None]]
GET = b"GET /a%20b?q=1 HTTP/1.1\r\nhost: a\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n"
SAID = [(b"Content-Length", b"4")]


class Recorder(asyncio.Transport):
    """What reaches the connection."""

    def __init__(self) -> None:
        super().__init__()
        self.done: list[bytes] = []
        self.closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.done.append(bytes(data))

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed

    def pause_reading(self) -> None:
        self.done.append(b"<paused>")

    def resume_reading(self) -> None:
        self.done.append(b"<resumed>")


async def converse(app: App, *requests: bytes, default: list[tuple[bytes, bytes]] | None = None) -> Recorder:
    """What is sent to a client that says all this at once."""
    state, recorder = ServerState(), Recorder()
    state.default_headers = default or []
    config = Config(app, lifespan="off", log_level="critical")
    protocol = PatientProtocol(config, state, {}, _loop=asyncio.get_running_loop())
    protocol.connection_made(recorder)
    for request in requests:
        protocol.data_received(request)
    for _ in range(20):
        await asyncio.sleep(0)
    assert not state.tasks
    protocol.connection_lost(OSError())
    return recorder


def answering(*parts: bytes, headers: list[tuple[bytes, bytes]] = SAID, status: int = 200, pause: bool = False) -> App:
    """An application that sends these parts."""

    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": status, "headers": headers})
        if pause:
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        for number, part in enumerate(parts, 1):
            await send({"type": "http.response.body", "body": part, "more_body": number < len(parts)})

    return app


async def test_a_head_leaves_with_the_body_that_follows_it() -> None:
    said = await converse(answering(b"ab", b"cd"), GET, default=[(b"server", b"us")])
    assert said.done == [b"HTTP/1.1 200 OK\r\nserver: us\r\ncontent-length: 4\r\n\r\nab", b"cd"]
    assert not said.closed


async def test_the_head_of_a_stream_does_not_wait_for_its_first_word() -> None:
    said = await converse(answering(b"ab", b"", headers=[], pause=True), GET)
    assert said.done == [b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", b"2\r\nab\r\n", b"0\r\n\r\n"]


async def test_the_answer_to_a_head_request_has_no_body() -> None:
    said = await converse(answering(b"abcd"), GET.replace(b"GET", b"HEAD"))
    assert said.done == [b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n"]


@pytest.mark.parametrize("status", [204, 304])
async def test_an_answer_without_content_is_not_framed(status: int) -> None:
    said = await converse(answering(b"", headers=[], status=status), GET)
    assert b"".join(said.done).endswith(b"\r\n\r\n")
    assert b"chunked" not in b"".join(said.done)


async def test_the_connection_closes_where_either_side_says_so() -> None:
    by_client = await converse(answering(b"abcd"), GET.replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n"))
    by_us = await converse(answering(b"abcd", headers=[*SAID, (b"connection", b"close")]), GET)
    assert by_client.closed
    assert by_us.closed
    assert [said.done[0].count(b"connection: close") for said in (by_client, by_us)] == [1, 1]


@pytest.mark.parametrize(
    "headers", [[(b"a", b"b\r\nset-cookie: x")], [(b"a", b"\0")], [(b"a b", b"c")], [(b"", b"c")], [(b"a:", b"c")]]
)
async def test_a_header_that_would_split_the_answer_is_refused(headers: list[tuple[bytes, bytes]]) -> None:
    said = await converse(answering(b"abcd", headers=[*SAID, *headers]), GET)
    assert said.done == [
        b"HTTP/1.1 500 Internal Server Error\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: 21\r\n"
        b"connection: close\r\n\r\nInternal Server Error"
    ]
    assert said.closed


@pytest.mark.parametrize(
    ("parts", "begins"),
    [((b"abcde",), b"HTTP/1.1 500"), ((b"abc",), b"HTTP/1.1 500"), ((b"ab", b"cde"), b"HTTP/1.1 200")],
)
async def test_a_body_of_another_length_than_was_said_ends_the_connection(
    parts: tuple[bytes, ...], begins: bytes
) -> None:
    said = await converse(answering(*parts), GET)
    assert said.closed
    assert said.done[0].startswith(begins)
    assert b"e" not in b"".join(said.done[1:])


async def test_an_application_that_says_nothing_is_an_error() -> None:
    async def app(_scope: Any, _receive: Any, _send: Any) -> None:
        return None

    said = await converse(app, GET)
    assert said.done[0].startswith(b"HTTP/1.1 500")
    assert said.closed


async def test_paths_are_unquoted_and_queries_are_left_alone() -> None:
    seen: list[tuple[str, bytes, bytes]] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append((scope["path"], scope["raw_path"], scope["query_string"]))
        await answering(b"abcd")(scope, receive, send)

    for target in (b"/a%20b?q=1%20", b"//c/d?e", b"http://a/f?g", b"/h"):
        await converse(app, GET.replace(b"/a%20b?q=1", target))
    assert seen == [
        ("/a b", b"/a%20b", b"q=1%20"),
        ("//c/d", b"//c/d", b"e"),
        ("/f", b"/f", b"g"),
        ("/h", b"/h", b""),
    ]


async def test_requests_that_come_together_are_answered_in_their_order() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.sleep(0)
        await answering(scope["path"].encode()[-4:])(scope, receive, send)

    said = await converse(app, b"".join(GET.replace(b"/a%20b?q=1", b"/%s" % word) for word in (b"one1", b"two2")))
    bodies = [part.rpartition(b"\r\n\r\n")[2] for part in said.done if part.startswith(b"HTTP")]
    assert bodies == [b"one1", b"two2"]


async def test_a_body_in_many_parts_arrives_whole() -> None:
    heard = b""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        nonlocal heard
        more = True
        while more:
            message = await receive()
            heard, more = heard + message["body"], message["more_body"]
        await answering(b"abcd")(scope, receive, send)
        assert (await receive())["type"] == "http.disconnect"

    chunks = b"".join(b"3\r\n%03d\r\n" % number for number in range(500))
    await converse(app, POST + chunks[:1000], chunks[1000:] + b"0\r\n\r\n")
    assert heard == b"".join(b"%03d" % number for number in range(500))
