"""Actors around the data rooms: two organisations, and one person for each part that can be played."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
from fastapi import Request

from ceyuan.hub import Owner, OwnerDirectory
from ceyuan.kernel.actor import ANONYMOUS, Actor, Role
from ceyuan.kernel.jobs import ActorResolver
from ceyuan.kernel.platform import Platform
from ceyuan.kernel.work import UnitOfWork
from ceyuan.server.asgi import Door

ORGANISATIONS = {"demo": "org_demo", "other": "org_other"}


def person(name: str, *duties: str, **roles: Role) -> Actor:
    """A signed-in person with duties and roles by organisation."""
    return Actor(kind="person", id=f"per_{name}", label=name, roles=roles, duties=frozenset(duties))


ACTORS = {
    "member": person("member", org_demo="member"),
    "viewer": person("viewer", org_demo="viewer"),
    "maintainer": person("maintainer", org_demo="maintainer"),
    "operator": person("operator", "operator", org_demo="member"),
    "outsider": person("outsider", org_other="owner"),
    "admin": Actor(kind="person", id="per_admin", label="admin", is_admin=True),
}


class _ByWord(ActorResolver):
    async def actor(self, platform: Platform, actor_id: str) -> Actor:
        return ACTORS[actor_id.removeprefix("per_")]


@pytest.fixture(autouse=True)
def cast(request: pytest.FixtureRequest) -> None:
    """The platform knows the organisations, people by the word of their token, and jobs run as who started them."""
    if "built" not in request.fixturenames:
        return
    built: Platform = request.getfixturevalue("built")

    async def find(_uow: UnitOfWork, name: str) -> Owner | None:
        return Owner(ORGANISATIONS[name], name) if name in ORGANISATIONS else None

    async def authenticate(_platform: Platform, asked: Request) -> Actor:
        return ACTORS.get(asked.headers.get("authorization", "").removeprefix("Bearer "), ANONYMOUS)

    built.hooks[OwnerDirectory] = [OwnerDirectory(find)]
    built.hooks[ActorResolver] = [_ByWord()]
    built.authenticate = authenticate


As = Callable[[str], httpx.AsyncClient]


@pytest.fixture
async def signed_in(built: Platform) -> AsyncIterator[As]:
    """HTTP clients by the actor's word; `""` is anonymous."""
    door: Any = Door(built)
    clients: list[httpx.AsyncClient] = []

    def make(word: str) -> httpx.AsyncClient:
        headers = {"Authorization": f"Bearer {word}"} if word else {}
        transport = httpx.ASGITransport(app=door)
        clients.append(httpx.AsyncClient(transport=transport, base_url="http://testserver", headers=headers))
        return clients[-1]

    yield make
    for client in clients:
        await client.aclose()
