"""The servers that are measured, each in a process of its own: `python -m benchmarks.gateway.servers KIND ARGUMENTS`.

`upstream`: the fake model server. `gateway`: ours, with key, prices, quota, journal, ledger and label on.
`peer`: the least that a proxy of the common kind can be, Starlette with httpx, without key, money or journal.
`aiohttp` and `raw`: the ceilings. Each prints its port.
"""

from __future__ import annotations

import asyncio
import json
import socket
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import uvicorn
import uvloop

from benchmarks.gateway.load import FakeUpstream


def _listen() -> socket.socket:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", 0))
    listener.listen(2048)
    return listener


async def _serve(app: Any, *, http: Any = "httptools", **more: Any) -> None:
    listener = _listen()
    config = uvicorn.Config(
        app, lifespan="off", http=http, loop="uvloop", access_log=False, log_level="error", proxy_headers=False
    )
    print(json.dumps({"port": listener.getsockname()[1], **more}), flush=True)
    await uvicorn.Server(config).serve(sockets=[listener])


async def upstream() -> None:
    listener = _listen()
    server = await asyncio.get_running_loop().create_server(FakeUpstream, sock=listener, backlog=2048)
    print(json.dumps({"port": listener.getsockname()[1]}), flush=True)
    await server.serve_forever()


async def peer(upstream_port: str) -> None:
    import httpx
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response, StreamingResponse
    from starlette.routing import Route

    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    client = httpx.AsyncClient(base_url=f"http://127.0.0.1:{upstream_port}", limits=limits, timeout=60)

    async def proxy(request: Request) -> Response:
        sent = client.build_request("POST", request.url.path, content=await request.body())
        answer = await client.send(sent, stream=True)
        kind = answer.headers.get("content-type")
        if kind == "text/event-stream":
            return StreamingResponse(answer.aiter_raw(), answer.status_code, media_type=kind)
        return Response(await answer.aread(), answer.status_code, media_type=kind)

    await _serve(Starlette(routes=[Route("/v1/chat/completions", proxy, methods=["POST"])]))


async def aiohttp_server(upstream_port: str) -> None:
    from aiohttp import web

    from benchmarks.gateway.ceilings import aiohttp_proxy

    runner = web.AppRunner(aiohttp_proxy(int(upstream_port)), access_log=None)
    await runner.setup()
    listener = _listen()
    await web.SockSite(runner, listener, backlog=2048).start()
    print(json.dumps({"port": listener.getsockname()[1]}), flush=True)
    await asyncio.Event().wait()


async def raw(upstream_port: str) -> None:
    from benchmarks.gateway.ceilings import RawProxy

    listener = _listen()
    port = int(upstream_port)
    server = await asyncio.get_running_loop().create_server(lambda: RawProxy(port), sock=listener, backlog=2048)
    print(json.dumps({"port": listener.getsockname()[1]}), flush=True)
    await server.serve_forever()


async def gateway(upstream_port: str, folder: str) -> None:
    from ceyuan import metering
    from ceyuan.identity import issue_service
    from ceyuan.identity.organisations.founding import add_organisation
    from ceyuan.kernel.actor import SYSTEM
    from ceyuan.kernel.tables import Base
    from ceyuan.models.gateway.app import GatewayApp
    from ceyuan.models.gateway.running import GatewayService
    from ceyuan.models.serving import ModelDirectory, NewServed, NewUpstream, add_upstream, serve_model
    from ceyuan.server import rooms
    from ceyuan.server.assembly import build_platform
    from ceyuan.server.listening import PatientProtocol
    from ceyuan.server.run import settle_heap
    from ceyuan.server.settings import ServerSettings

    rooms.load_tables()
    lower = ("jobs", "audit", "blobs", "workflow", "identity", "metering", "hub", "serving", "gateway")
    rooms.ROOMS = tuple(room for room in rooms.ROOMS if room.name in lower)
    platform = build_platform(ServerSettings(data_dir=Path(folder)))
    async with platform.database.connection() as connection:
        await connection.run_sync(Base.metadata.create_all)
    async with platform.work(SYSTEM) as uow:
        org = await add_organisation(uow, name="bench", display_name="Bench", kind="company", official=True)
        key = await issue_service(uow, org.id, name="bench", role="member", scopes=["gateway:call"])
        for resource, price in (("gateway.tokens.input", 800_000), ("gateway.tokens.output", 2_000_000)):
            await metering.set_price(uow, metering.NewPrice(resource, price, per=1_000_000))
        await metering.top_up(uow, org.id, 10**12, reference="bench")
        await metering.add_quota(uow, org.id, metering.NewQuota("tokens", Decimal(10**12), "day", True))
        await add_upstream(uow, NewUpstream("fake", f"http://127.0.0.1:{upstream_port}/v1", key="sk-bench"))
        await serve_model(uow, NewServed("echo", upstream="fake"))
    await platform.dispatcher.start()
    services = [*platform.find(ModelDirectory), *platform.find(GatewayService)]
    for service in services:
        await service.start(platform)
    (app,) = platform.find(GatewayApp)
    settle_heap()
    try:
        await _serve(app, http=PatientProtocol, key=key.secret, org=org.id, database=str(platform.database.path))
    finally:
        for service in reversed(services):
            await service.stop(platform)
        await platform.dispatcher.stop()
        await platform.database.close()


if __name__ == "__main__":
    kinds = {"upstream": upstream, "peer": peer, "gateway": gateway, "aiohttp": aiohttp_server, "raw": raw}
    uvloop.run(kinds[sys.argv[1]](*sys.argv[2:]))
