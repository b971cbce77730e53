"""Actors around the hub: two organisations, and one person for each part that can be played."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import httpx
import pytest
from fastapi import FastAPI, Request

from ceyuan.hub import HubRepository, Owner, OwnerDirectory, Visibility, create_repository
from ceyuan.hub.naming import Kind
from ceyuan.kernel.actor import ANONYMOUS, Actor, Role
from ceyuan.kernel.platform import Platform
from ceyuan.kernel.work import UnitOfWork
from ceyuan.server.asgi import Door

ORGANISATIONS = {"demo": "org_demo", "other": "org_other", "renamed": "org_demo"}


def person(name: str, **roles: Role) -> Actor:
    """A signed-in person with roles by organisation, such as `person("li", org_demo="member")`."""
    return Actor(kind="person", id=f"per_{name}", label=name, roles=roles)


MEMBER = person("member", org_demo="member")
VIEWER = person("viewer", org_demo="viewer")
MAINTAINER = person("maintainer", org_demo="maintainer", org_other="member")
HEAD = person("head", org_demo="owner")
OUTSIDER = person("outsider", org_other="owner")
READER = replace(MEMBER, scopes=frozenset({"hub:read"}))
SCOPELESS = replace(MEMBER, scopes=frozenset())
ACTORS = {
    "member": MEMBER,
    "viewer": VIEWER,
    "maintainer": MAINTAINER,
    "head": HEAD,
    "outsider": OUTSIDER,
    "reader": READER,
    "scopeless": SCOPELESS,
}


@pytest.fixture
def platform(built: Platform) -> Platform:
    """The platform without running jobs, which the hub does not need."""
    return built


@pytest.fixture(autouse=True)
def owners(request: pytest.FixtureRequest) -> None:
    """The platform knows the organisations `demo` and `other`, and people by the word of their token."""
    if "platform" not in request.fixturenames:
        return
    platform: Platform = request.getfixturevalue("platform")

    async def find(_uow: UnitOfWork, name: str) -> Owner | None:
        key = name.casefold()
        return Owner(ORGANISATIONS[key], key) if key in ORGANISATIONS else None

    async def authenticate(_platform: Platform, asked: Request) -> Actor:
        return ACTORS.get(asked.headers.get("authorization", "").removeprefix("Bearer "), ANONYMOUS)

    platform.hooks[OwnerDirectory] = [OwnerDirectory(find)]
    platform.authenticate = authenticate


_app: dict[str, FastAPI] = {}
As = Callable[[str], httpx.AsyncClient]


@pytest.fixture
async def signed_in(platform: Platform) -> AsyncIterator[As]:
    """HTTP clients by the actor's word: `signed_in("member")`; `""` is anonymous."""
    door = Door(platform)
    # FastAPI prepares its routes at the first request: once is enough for all tests.
    door.app = _app.setdefault("app", door.app)
    door.app.state.platform = platform
    clients: list[httpx.AsyncClient] = []

    def make(word: str) -> httpx.AsyncClient:
        headers = {"Authorization": f"Bearer {word}"} if word else {}
        transport = httpx.ASGITransport(app=door)
        clients.append(httpx.AsyncClient(transport=transport, base_url="http://testserver", headers=headers))
        return clients[-1]

    yield make
    for client in clients:
        await client.aclose()


async def make_repository(
    platform: Platform, name: str = "corpus", kind: Kind = "dataset", visibility: Visibility = "private"
) -> HubRepository:
    """A repository of `demo`, made by its member."""
    async with platform.work(MEMBER) as uow:
        return await create_repository(uow, kind, "demo", name, visibility=visibility)
