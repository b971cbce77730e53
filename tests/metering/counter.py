"""Metering's desk as HTTP clients meet it: an organisation that exists, and people named by a header."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any

import httpx
from fastapi import FastAPI, Request

from ceyuan.identity.organisations.founding import add_organisation
from ceyuan.kernel.actor import ANONYMOUS, SYSTEM, Actor
from ceyuan.kernel.platform import Platform
from ceyuan.kernel.web import install_error_handlers
from tests.metering.bench import OPERATOR, Bench
from tests.metering.people import holding


@dataclass
class Counter:
    """Sends requests as `operator`, `auditor`, `owner`, `maintainer`, `member`, `outsider` or `anonymous`."""

    bench: Bench
    client: httpx.AsyncClient
    name: str

    @classmethod
    async def open(cls, bench: Bench, routers: list[str]) -> Counter:
        name = f"o{bench.org[-12:]}"
        async with bench.platform.work(SYSTEM) as uow:
            row = await add_organisation(uow, name=name, display_name="测试单位", kind="company")
        bench.org = row.id
        actors = {role: holding(row.id, role) for role in ("owner", "maintainer", "member", "viewer")}
        actors |= {"operator": OPERATOR, "anonymous": ANONYMOUS, "outsider": holding("org_other", "owner", "outsider")}
        actors["auditor"] = Actor("person", "per_auditor", "Auditor", duties=frozenset({"auditor"}))

        async def authenticate(_platform: Platform, request: Request) -> Actor:
            return actors[request.headers.get("x-actor", "anonymous")]

        bench.platform.authenticate = authenticate
        app = FastAPI()
        install_error_handlers(app)
        for module in routers:
            app.include_router(import_module(module).router)
        app.state.platform = bench.platform
        transport = httpx.ASGITransport(app=app)
        return cls(bench, httpx.AsyncClient(transport=transport, base_url="http://testserver"), name)

    async def send(self, who: str, method: str, path: str, json: Any = None, **query: Any) -> httpx.Response:
        """A request; `{org}` in the path stands for the organisation's id."""
        url = f"/api/v1/metering{path.replace('{org}', self.bench.org)}"
        return await self.client.request(method, url, json=json, params=query, headers={"x-actor": who})

    async def get(self, who: str, path: str, **query: Any) -> Any:
        """The body of a GET that must succeed."""
        answer = await self.send(who, "GET", path, **query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def post(self, who: str, path: str, json: Any = None) -> Any:
        """The body of a POST that must succeed."""
        answer = await self.send(who, "POST", path, json or {})
        assert answer.status_code in (200, 201, 202), answer.text
        return answer.json()
