"""A running platform with engines, jobs and deployments, and a lab whose model has two revisions in the hub."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ceyuan.hub import commit_folder, create_repository
from ceyuan.kernel.actor import SYSTEM
from ceyuan.models.deployments import service
from ceyuan.models.serving import EngineOptions, ModelDirectory
from ceyuan.models.serving.variants import Scale
from ceyuan.server import rooms
from ceyuan.server.assembly import build_platform, running
from ceyuan.server.settings import ServerSettings
from tests.models.conftest import NEEDED
from tests.models.fake_upstream import FakeUpstream
from tests.models.gateway.house import House, app_of, serve_http
from tests.models.tiny_gguf import write_tiny_model

pytest.importorskip("xllamacpp", reason="the extra “standard” is not installed")
ENGINE = EngineOptions(context=512, parallel=1, max_tokens=64, threads=1)
ASK = {"model": "lab/mini", "messages": [{"role": "user", "content": "hi"}], "max_tokens": 4}


@dataclass
class Yard:
    """The house, and the two revisions of the lab's model."""

    house: House
    first: str
    second: str

    @property
    def directory(self) -> ModelDirectory:
        (directory,) = self.house.platform.find(ModelDirectory)
        return directory

    async def deploy(self, **fields: Any) -> str:
        given = {"name": "lab/mini", "model": self.first, "engine": ENGINE, "price_model": "echo", **fields}
        row = await self.house.do(lambda uow: service.deploy(uow, service.NewDeployment(**given)))
        await self.until(lambda: self.directory.find("lab/mini", self.house.org) is not None)
        return str(row.id)

    async def until(self, holds: Callable[[], Any]) -> Any:
        """Wait until something holds."""
        for _ in range(2400):
            if found := holds():
                return found
            await asyncio.sleep(0.05)
        raise AssertionError("it never held")

    async def ask(self, **more: Any) -> tuple[int, Any]:
        status, answer, _ = await self.house.post({**ASK, **more})
        return status, answer

    async def see(self, served_id: str) -> tuple[Any, Any]:
        async with self.house.platform.work(SYSTEM, write=False) as uow:
            return await service.see_deployment(uow, served_id)

    async def ended(self, served_id: str) -> tuple[Any, Any]:
        """The deployment once its update is over."""
        for _ in range(2400):
            row, plan = await self.see(served_id)
            loading = [one for one in plan.variants if one.name != "stable" and not one.percent]
            if not loading:
                await self.directory.reload()
                return row, plan
            await asyncio.sleep(0.05)
        raise AssertionError(plan)


@pytest.fixture
async def yard(sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Yard]:
    wanted = tuple(room for room in rooms.ROOMS if room.name in (*NEEDED, "deployments"))
    monkeypatch.setattr(rooms, "ROOMS", wanted)
    platform = build_platform(ServerSettings(data_dir=tmp_path / "data", database_url=sqlite_url))
    upstream = FakeUpstream()
    await upstream.start()
    async with running(platform), serve_http(app_of(platform)) as url:
        house = House(platform, upstream, url)
        await house.furnish()
        async with platform.work(SYSTEM) as uow:
            await create_repository(uow, "model", "lab", "mini")
        revisions = []
        for seed in (1, 2):
            folder = tmp_path / f"revision-{seed}"
            folder.mkdir()
            write_tiny_model(folder / "mini.gguf", seed=seed)
            revision = await commit_folder(platform, "models/lab/mini", folder, message=f"{seed}", actor=SYSTEM)
            revisions.append(revision.ref)
        yield Yard(house, *revisions)
    await upstream.stop()
    await platform.database.close()


__all__ = ["ASK", "ENGINE", "Scale", "Yard"]
