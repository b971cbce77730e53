"""The switchboard finds for every route what the router itself would find."""

from __future__ import annotations

import re

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.routing import Match

from ceyuan.server.app import create_app
from ceyuan.server.assembly import build_platform
from ceyuan.server.settings import ServerSettings
from ceyuan.server.switchboard import Switchboard


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    return create_app(build_platform(ServerSettings(data_dir=tmp_path_factory.mktemp("switchboard"))))


def test_every_route_is_found_as_the_router_finds_it(app: FastAPI) -> None:
    board = app.router.middleware_stack
    assert isinstance(board, Switchboard)
    found = 0
    for route in app.routes:
        if not isinstance(route, APIRoute):
            continue
        path = re.sub(r"\{[^}]+\}", "some", route.path)
        for method in route.methods:
            scope = {"type": "http", "method": method, "path": path}
            first = next(r for r in app.routes if r.matches(scope)[0] is Match.FULL)
            ours = [r for r in board.candidates(method, path) if r.matches(scope)[0] is Match.FULL]
            assert ours[:1] in ([], [first]), f"{method} {path}"
            found += bool(ours)
    assert found > 400, "most routes begin with three fixed segments"


async def test_what_no_route_fits_gets_the_routers_own_answer(app: FastAPI) -> None:
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        assert (await client.get("/api/v1/nothing")).status_code == 404
        assert (await client.get("/api/v1/jobs/a/b/c/d")).status_code == 404
        assert (await client.put("/api/v1/health")).status_code == 405
        moved = await client.get("/api/v1/health/")
        assert moved.status_code == 307
        assert moved.headers["location"].endswith("/api/v1/health")
