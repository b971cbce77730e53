"""A platform with two organisations, their people, and a small dataset in the hub."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request

from ceyuan.hub import Owner, OwnerDirectory, commit_folder, create_repository
from ceyuan.kernel.actor import ANONYMOUS, SYSTEM, Actor, Role
from ceyuan.kernel.jobs import ActorResolver, Job
from ceyuan.kernel.platform import Platform
from ceyuan.kernel.work import UnitOfWork
from ceyuan.server import rooms
from ceyuan.server.asgi import Door
from ceyuan.server.assembly import build_platform
from ceyuan.server.settings import ServerSettings
from tests.models.training.conftest import TINY, sentences, write_shard

ORGANISATIONS = {"demo": "org_demo", "other": "org_other"}
DATASET = "datasets/demo/corpus-zh"


def person(name: str, **roles: Role) -> Actor:
    """A signed-in person with roles by organisation."""
    return Actor(kind="person", id=f"per_{name}", label=name, roles=roles)


ACTORS = {
    actor.label: actor
    for actor in (
        person("member", org_demo="member"),
        person("viewer", org_demo="viewer"),
        person("outsider", org_other="owner"),
    )
}


class Known(ActorResolver):
    async def actor(self, platform: Platform, actor_id: str) -> Actor:
        return {actor.id: actor for actor in ACTORS.values()}.get(actor_id, SYSTEM)


NEEDED = ("jobs", "audit", "blobs", "workflow", "identity", "metering", "hub", "training")


@pytest.fixture
async def built(settings: ServerSettings, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Platform]:
    """A platform of the rooms that training stands on, not started."""
    monkeypatch.setattr(rooms, "ROOMS", tuple(room for room in rooms.ROOMS if room.name in NEEDED))
    platform = build_platform(settings)
    yield platform
    await platform.database.close()


@pytest.fixture
async def dataset(platform: Platform, tmp_path: Path) -> str:
    """The reference of a dataset revision that the organisation `demo` holds."""

    async def find(_uow: UnitOfWork, name: str) -> Owner | None:
        return Owner(ORGANISATIONS[name], name) if name in ORGANISATIONS else None

    async def authenticate(_platform: Platform, asked: Request) -> Actor:
        return ACTORS.get(asked.headers.get("authorization", "").removeprefix("Bearer "), ANONYMOUS)

    platform.hooks[OwnerDirectory] = [OwnerDirectory(find)]
    platform.hooks[ActorResolver] = [Known()]
    platform.authenticate = authenticate
    folder = tmp_path / "dataset"
    write_shard(folder / "data" / "train-00000-of-00001.parquet", text=sentences(1, 300))
    write_shard(folder / "data" / "heldout-00000-of-00001.parquet", text=sentences(3, 40))
    async with platform.work(ACTORS["member"]) as uow:
        await create_repository(uow, "dataset", "demo", "corpus-zh")
    revision = await commit_folder(platform, DATASET, folder, message="First", actor=ACTORS["member"])
    return revision.ref


As = Callable[[str], httpx.AsyncClient]
_app: dict[str, FastAPI] = {}


@pytest.fixture
async def signed_in(platform: Platform, dataset: str) -> AsyncIterator[As]:
    """HTTP clients by the actor's word; `""` is anonymous."""
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


def request(dataset: str, model: str = "demo/mini-zh", **recipe: Any) -> dict[str, Any]:
    """The body of a request to train the tiny model."""
    return {"org_id": "org_demo", "dataset": dataset, "model": model, "recipe": {**TINY, **recipe}}


async def ended(platform: Platform, job_id: str) -> Job:
    """The job once it has ended and its events are delivered."""
    while True:
        async with platform.database.session(write=False) as session:
            job = await session.get(Job, job_id)
        assert job is not None
        if job.state not in ("queued", "running"):
            await platform.dispatcher.drain()
            return job
        await platform.jobs.changed(job_id, timeout_s=0.5)
        await asyncio.sleep(0.02)
