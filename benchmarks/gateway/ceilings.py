"""What a proxy in this language can do at most: the least that aiohttp can be, and the least that asyncio itself can.

Neither knows keys, money, journals or records; both read as much of a request as they need to pass it on.
"""

from __future__ import annotations

import asyncio
from typing import cast

from aiohttp import ClientSession, ClientTimeout, TCPConnector, web


def aiohttp_proxy(upstream_port: int) -> web.Application:
    """aiohttp on both sides: read, ask, pass on."""
    app = web.Application()
    url = f"http://127.0.0.1:{upstream_port}/v1/chat/completions"

    async def session(app: web.Application):  # type: ignore[no-untyped-def]
        app["session"] = ClientSession(connector=TCPConnector(limit=0), timeout=ClientTimeout(None))
        yield
        await app["session"].close()

    async def proxy(request: web.Request) -> web.StreamResponse:
        body = await request.read()
        async with app["session"].post(url, data=body, headers={"Content-Type": "application/json"}) as answer:
            if answer.content_type != "text/event-stream":
                return web.Response(body=await answer.read(), content_type="application/json")
            response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
            await response.prepare(request)
            async for chunk in answer.content.iter_any():
                await response.write(chunk)
            await response.write_eof()
            return response

    app.cleanup_ctx.append(session)
    app.router.add_post("/v1/chat/completions", proxy)
    return app


class RawProxy(asyncio.Protocol):
    """A client's connection, each with an upstream connection of its own; bytes pass as they come."""

    def __init__(self, upstream_port: int) -> None:
        self._port = upstream_port
        self._waiting: list[bytes] = []
        self._upstream: asyncio.Transport | None = None
        self._task: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self._task = asyncio.get_running_loop().create_task(self._connect())

    async def _connect(self) -> None:
        loop = asyncio.get_running_loop()
        upstream, _ = await loop.create_connection(lambda: _Back(self.transport), "127.0.0.1", self._port)
        self._upstream = upstream
        for data in self._waiting:
            upstream.write(data)

    def data_received(self, data: bytes) -> None:
        if self._upstream is None:
            self._waiting.append(data)
        else:
            self._upstream.write(data)

    def connection_lost(self, error: Exception | None) -> None:
        if self._upstream is not None:
            self._upstream.close()


class _Back(asyncio.Protocol):
    def __init__(self, client: asyncio.Transport) -> None:
        self._client = client

    def data_received(self, data: bytes) -> None:
        self._client.write(data)
