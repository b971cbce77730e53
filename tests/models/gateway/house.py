"""A running gateway for tests: platform, fake upstream, HTTP server, an organisation with money and keys."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import uvicorn
from sqlalchemy import select

from ceyuan import metering
from ceyuan.identity import issue_personal, issue_service
from ceyuan.kernel.actor import SYSTEM, Actor
from ceyuan.kernel.ids import new_id
from ceyuan.kernel.platform import Platform
from ceyuan.models.gateway.app import GatewayApp
from ceyuan.models.gateway.gateway import Gateway
from ceyuan.models.gateway.running import GatewayService
from ceyuan.models.gateway.tables import GatewayCall
from ceyuan.models.serving import ModelDirectory, NewServed, NewUpstream, add_upstream, serve_model
from ceyuan.server.listening import PatientProtocol
from tests.identity.actors import People
from tests.models.fake_upstream import FakeUpstream

YUAN = 1_000_000
CHAT = {"model": "echo", "messages": [{"role": "user", "content": "四季有哪些?"}]}


class House:
    """What the tests of the gateway do again and again."""

    def __init__(self, platform: Platform, upstream: FakeUpstream, url: str) -> None:
        self.platform = platform
        self.upstream = upstream
        self.url = url
        self.people = People(platform)
        self.org = ""
        self.key = ""

    @property
    def service(self) -> GatewayService:
        (service,) = self.platform.find(GatewayService)
        return service

    @property
    def gateway(self) -> Gateway:
        assert self.service.gateway is not None
        return self.service.gateway

    async def furnish(self) -> None:
        """An organisation with ten yuan, a key, a priced model behind the fake upstream."""
        self.org = await self.people.organisation("lab", li="owner", wang="member")
        self.key = await self.new_key()
        await self.top_up(10 * YUAN)
        for resource, unit, per in (
            ("gateway.tokens.input", 2 * YUAN, 1_000_000),
            ("gateway.tokens.output", 8 * YUAN, 1_000_000),
        ):
            await self.do(lambda uow, r=resource, u=unit, p=per: metering.set_price(uow, metering.NewPrice(r, u, p)))
        await self.do(lambda uow: add_upstream(uow, NewUpstream("fake", self.upstream.url, key="sk-upstream-secret")))
        await self.serve()
        await self.settle()

    async def serve(self, name: str = "echo", **fields: Any) -> None:
        new = NewServed(
            **{"name": name, "upstream": "fake", "capabilities": ("chat", "completions", "embeddings")} | fields
        )
        await self.do(lambda uow: serve_model(uow, new, replace_existing=True))
        for directory in self.platform.find(ModelDirectory):
            await directory.reload()

    async def do(self, use_case: Any, actor: Actor = SYSTEM) -> Any:
        return await metering.transact(self.platform, use_case, actor=actor)

    async def new_key(self, *scopes: str, org: str | None = None, role: Any = "member") -> str:
        issued = await self.do(
            lambda uow: issue_service(uow, org or self.org, name="key", role=role, scopes=scopes or ("gateway:call",))
        )
        self.last_key_id = issued.token.id
        return str(issued.secret)

    async def personal_key(self, name: str, **options: Any) -> str:
        person = await self.people.find(name) or await self.people.add(name)
        issued = await self.do(
            lambda uow: issue_personal(uow, name="mine", scopes=["gateway:call"], person_id=person.id, **options)
        )
        return str(issued.secret)

    async def top_up(self, micro: int, org: str | None = None) -> None:
        await self.do(lambda uow: metering.top_up(uow, org or self.org, micro, reference=new_id("pay")))

    async def balance(self, org: str | None = None) -> int:
        limits = await self.limits(org)
        return limits.general_micro

    async def limits(self, org: str | None = None) -> metering.Limits:
        async with self.platform.work(write=False) as uow:
            return await metering.limits_for(uow, org or self.org)

    async def settle(self) -> None:
        """Deliver events and post finished calls, so that tests see what came of a call."""
        await self.platform.dispatcher.drain()
        if self.service.gateway is not None:
            await self.service.gateway.poster.flush()
        await self.platform.dispatcher.drain()

    async def calls(self) -> list[GatewayCall]:
        await self.settle()
        async with self.platform.work(write=False) as uow:
            return list(await uow.session.scalars(select(GatewayCall).order_by(GatewayCall.id)))

    async def the_call(self) -> GatewayCall:
        (call,) = await self.calls()
        return call

    async def post(
        self,
        body: Any = None,
        path: str = "/v1/chat/completions",
        *,
        key: str | None = "",
        headers: dict[str, str] | None = None,
    ) -> tuple[int, Any, dict[str, str]]:
        """POST and read the whole answer: status, JSON or text, headers in lower case."""
        sent = dict(headers or {})
        if key is not None:
            sent.setdefault("Authorization", f"Bearer {key or self.key}")
        content = body if isinstance(body, bytes) else None
        async with aiohttp.ClientSession() as session:
            async with session.post(
                self.url + path, json=None if content is not None else body or CHAT, data=content, headers=sent
            ) as answer:
                text = await answer.read()
                try:
                    parsed: Any = await answer.json(content_type=None)
                except ValueError:
                    parsed = text.decode("utf-8", "replace")
                return answer.status, parsed, {name.lower(): value for name, value in answer.headers.items()}

    async def stream(self, body: dict[str, Any] | None = None, **options: Any) -> tuple[list[str], dict[str, str]]:
        """POST with `stream` and return the events' payloads."""
        status, text, headers = await self.post({**(body or CHAT), "stream": True, **options})
        assert status == 200, text
        return [event.removeprefix("data: ") for event in str(text).split("\n\n") if event], headers


@asynccontextmanager
async def serve_http(app: Any) -> AsyncIterator[str]:
    """Serve an ASGI application on a free port of loopback; gives its address."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    config = uvicorn.Config(app, log_level="warning", lifespan="off", http=PatientProtocol, access_log=False)
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    task = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started:
        await asyncio.sleep(0.005)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        server.force_exit = True
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(task, 5)
        listener.close()


@asynccontextmanager
async def started(platform: Platform) -> AsyncIterator[Platform]:
    """Run events, the directory and the gateway, but no jobs."""
    await platform.dispatcher.start()
    services = [*platform.find(ModelDirectory), *platform.find(GatewayService)]
    for service in services:
        await service.start(platform)
    try:
        yield platform
    finally:
        for service in reversed(services):
            await service.stop(platform)
        await platform.dispatcher.stop()


def app_of(platform: Platform) -> GatewayApp:
    (app,) = platform.find(GatewayApp)
    return app
