"""The head of an answer leaves with its body, or soon; nothing is lost or turned round."""

from __future__ import annotations

import asyncio

import pytest

from ceyuan.server.writing import HeadWithBody

HEAD = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n"


class Recorder(asyncio.Transport):
    """What reaches the connection."""

    def __init__(self) -> None:
        super().__init__()
        self.done: list[bytes] = []

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.done.append(bytes(data))

    def close(self) -> None:
        self.done.append(b"closed")

    def abort(self) -> None:
        self.done.append(b"aborted")


@pytest.fixture
async def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
async def transport(recorder: Recorder) -> HeadWithBody:
    return HeadWithBody(recorder, asyncio.get_running_loop())


async def test_a_head_leaves_with_the_body_that_follows_it(recorder: Recorder, transport: HeadWithBody) -> None:
    transport.write(HEAD)
    transport.write(b"ab")
    transport.write(b"cd")
    assert recorder.done == [HEAD + b"ab", b"cd"]
    await asyncio.sleep(0)
    assert recorder.done == [HEAD + b"ab", b"cd"]


async def test_a_head_whose_body_comes_later_leaves_without_it(recorder: Recorder, transport: HeadWithBody) -> None:
    transport.write(HEAD)
    await asyncio.sleep(0)
    transport.write(b"ab")
    assert recorder.done == [HEAD, b"ab"]


async def test_a_head_leaves_before_the_connection_is_closed(recorder: Recorder, transport: HeadWithBody) -> None:
    transport.write(HEAD)
    transport.close()
    await asyncio.sleep(0)
    assert recorder.done == [HEAD, b"closed"]


async def test_nothing_leaves_after_an_abort(recorder: Recorder, transport: HeadWithBody) -> None:
    transport.write(HEAD)
    transport.abort()
    await asyncio.sleep(0)
    assert recorder.done == [b"aborted"]
