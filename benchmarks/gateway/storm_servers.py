"""The servers of the storm: `python -m benchmarks.gateway.storm_servers KIND ARGUMENTS`.

`upstream SEED`: streams and whole answers that take their time; one call in twenty it breaks off. It counts what it
produced for each call until its end, says so at `/usage/<id>` once the call is over, and all of it at `/counts`.
`gateway PORT FOLDER asked|mute`: ours, on a folder that outlives it.
"""

from __future__ import annotations

import asyncio
import json
import logging
import random
import sys
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import uvicorn
import uvloop
from aiohttp import web

from benchmarks.gateway.servers import _listen

PROMPT = 7


@dataclass
class Work:
    """What the upstream did for a call."""

    prompt: int = 0
    completion: int = 0
    over: bool = False


class StormUpstream:
    """Counts by `x-request-id`."""

    def __init__(self, seed: int) -> None:
        self._rng = random.Random(seed)
        self.works: dict[str, Work] = {}

    async def answer(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        work = self.works.setdefault(request.headers["x-request-id"], Work())
        words, breaks = self._rng.randint(1, 12), self._rng.random() < 0.05
        try:
            if body.get("stream"):
                return await self._stream(request, work, words, breaks)
            await asyncio.sleep(self._rng.uniform(0.05, 1.0))
            if breaks:
                assert request.transport is not None
                request.transport.abort()
                return web.Response()
            # Counted when it is made: whether it arrives is not ours to know.
            work.prompt, work.completion = PROMPT, words
            return web.json_response(
                {
                    "id": "c",
                    "object": "chat.completion",
                    "created": 0,
                    "model": "echo",
                    "choices": [
                        {
                            "index": 0,
                            "message": {"role": "assistant", "content": "word " * words},
                            "finish_reason": "stop",
                        }
                    ],
                    "usage": _usage(work),
                }
            )
        finally:
            work.over = True

    async def _stream(self, request: web.Request, work: Work, words: int, breaks: bool) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for number in range(words):
            if breaks and number == words // 2:
                assert request.transport is not None
                request.transport.abort()
                return response
            work.prompt, work.completion = PROMPT, number + 1
            await response.write(_event([{"index": 0, "delta": {"content": "word "}, "finish_reason": None}]))
            await asyncio.sleep(self._rng.uniform(0.01, 0.15))
        await response.write(_event([{"index": 0, "delta": {}, "finish_reason": "stop"}]))
        await response.write(_event([], usage=_usage(work)))
        await response.write(b"data: [DONE]\n\n")
        return response

    async def usage(self, request: web.Request) -> web.Response:
        work = self.works.get(request.match_info["id"])
        if work is None or (work.over and not work.prompt):
            return web.Response(status=404)
        return web.json_response({"usage": _usage(work)}, status=200 if work.over else 202)

    async def counts(self, request: web.Request) -> web.Response:
        return web.json_response({name: w.prompt + w.completion for name, w in self.works.items() if w.prompt})


def _usage(work: Work) -> dict[str, int]:
    total = work.prompt + work.completion
    return {"prompt_tokens": work.prompt, "completion_tokens": work.completion, "total_tokens": total}


def _event(choices: list[dict[str, Any]], **more: Any) -> bytes:
    document = {"id": "c", "object": "chat.completion.chunk", "created": 0, "model": "echo", "choices": choices, **more}
    return b"data: " + json.dumps(document).encode() + b"\n\n"


async def upstream(seed: str) -> None:
    # Clients that leave are what this is about.
    logging.disable()
    storm = StormUpstream(int(seed))
    app = web.Application()
    app.router.add_post("/v1/chat/completions", storm.answer)
    app.router.add_get("/usage/{id}", storm.usage)
    app.router.add_get("/counts", storm.counts)
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True)
    await runner.setup()
    listener = _listen()
    await web.SockSite(runner, listener, backlog=16_384).start()
    print(json.dumps({"port": listener.getsockname()[1]}), flush=True)
    await asyncio.Event().wait()


async def gateway(upstream_port: str, folder: str, asked: str) -> None:
    from ceyuan.kernel.tables import Base
    from ceyuan.models.gateway.app import GatewayApp
    from ceyuan.models.gateway.running import GatewayService
    from ceyuan.models.gateway.settings import GatewaySettings
    from ceyuan.models.serving import ModelDirectory
    from ceyuan.server import rooms
    from ceyuan.server.assembly import build_platform
    from ceyuan.server.listening import PatientProtocol
    from ceyuan.server.run import settle_heap
    from ceyuan.server.settings import ServerSettings

    rooms.load_tables()
    lower = ("jobs", "audit", "blobs", "workflow", "identity", "metering", "hub", "serving", "gateway")
    rooms.ROOMS = tuple(room for room in rooms.ROOMS if room.name in lower)
    platform = build_platform(ServerSettings(data_dir=Path(folder)))
    platform.sections[GatewaySettings] = GatewaySettings(max_in_flight=50_000, max_in_flight_per_org=50_000)
    kept = Path(folder) / "storm.json"
    if not kept.exists():
        async with platform.database.connection() as connection:
            await connection.run_sync(Base.metadata.create_all)
        kept.write_text(json.dumps(await _furnish(platform, upstream_port, asked == "asked")))
    await platform.dispatcher.start()
    services = [*platform.find(ModelDirectory), *platform.find(GatewayService)]
    for service in services:
        await service.start(platform)
    (app,) = platform.find(GatewayApp)
    settle_heap()
    listener = _listen()
    config = uvicorn.Config(
        app, lifespan="off", http=PatientProtocol, access_log=False, log_level="error", backlog=16_384
    )
    listener.listen(16_384)
    print(json.dumps({"port": listener.getsockname()[1], **json.loads(kept.read_text())}), flush=True)
    await uvicorn.Server(config).serve(sockets=[listener])
    for service in reversed(services):
        await service.stop(platform)
    await platform.dispatcher.stop()
    await platform.database.close()


async def _furnish(platform: Any, upstream_port: str, asked: bool) -> dict[str, Any]:
    """An organisation with money, a key, a second one with a hard budget, and the model."""
    from benchmarks.gateway.storm import BUDGET
    from ceyuan import metering
    from ceyuan.identity import issue_service
    from ceyuan.identity.organisations.founding import add_organisation
    from ceyuan.kernel.actor import SYSTEM
    from ceyuan.models.serving import NewServed, NewUpstream, add_upstream, serve_model

    origin = f"http://127.0.0.1:{upstream_port}"
    async with platform.work(SYSTEM) as uow:
        org = await add_organisation(uow, name="storm", display_name="Storm", kind="company", official=True)
        keys = [
            await issue_service(uow, org.id, name=name, role="member", scopes=["gateway:call"])
            for name in ("free", "bounded")
        ]
        for resource, price in (("gateway.tokens.input", 800_000), ("gateway.tokens.output", 2_000_000)):
            await metering.set_price(uow, metering.NewPrice(resource, price, per=1_000_000))
        await metering.top_up(uow, org.id, 10**12, reference="storm")
        quota = metering.NewQuota(
            "tokens", Decimal(BUDGET), "day", True, subject_kind="token", subject_id=keys[1].token.id
        )
        await metering.add_quota(uow, org.id, quota)
        usage_url = origin + "/usage/{id}" if asked else None
        await add_upstream(uow, NewUpstream("storm", origin + "/v1", usage_url=usage_url))
        await serve_model(uow, NewServed("echo", upstream="storm"))
    return {
        "keys": [key.secret for key in keys],
        "budgeted": keys[1].token.id,
        "database": str(platform.database.path),
    }


if __name__ == "__main__":
    kinds = {"upstream": upstream, "gateway": gateway}
    uvloop.run(kinds[sys.argv[1]](*sys.argv[2:]))
