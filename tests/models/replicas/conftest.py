"""A running platform with pools, tasks, the gateway and deployments, and a lab whose model has two revisions."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from ceyuan.compute.executors import sandbox_works
from ceyuan.compute.pools.kinds import Found, LocalKind
from ceyuan.compute.tasks import ComputeTask
from ceyuan.hub import commit_folder, create_repository
from ceyuan.kernel.actor import SYSTEM
from ceyuan.models.deployments import service
from ceyuan.models.replicas import PoolReplicas, ReplicaSettings
from ceyuan.models.serving import EngineState, ModelDirectory
from ceyuan.models.serving.variants import PoolRun, Scale
from ceyuan.server import rooms
from ceyuan.server.assembly import build_platform, running
from ceyuan.server.settings import ServerSettings
from tests.models.conftest import NEEDED
from tests.models.fake_upstream import FakeUpstream
from tests.models.gateway.house import House, app_of, serve_http

ADMIN = replace(SYSTEM, is_admin=True)
STAND_IN = PoolRun(
    "command",
    "local",
    cpus=1,
    memory_gib=0.5,
    command=("python3", "{model}/stand_in.py", "{host}", "{port}", "{name}", "{model}"),
    concurrency=4,
)
_ROOMS = (*NEEDED, "catalogue", "pools", "quotas", "tasks", "replicas", "deployments")


@dataclass
class Yard:
    """The house, and the lab's revisions by the word that they answer."""

    house: House
    revisions: dict[str, str]

    @property
    def directory(self) -> ModelDirectory:
        (directory,) = self.house.platform.find(ModelDirectory)
        return directory

    @property
    def pool(self) -> PoolReplicas:
        (pool,) = self.house.platform.find(PoolReplicas)
        return pool

    async def do(self, use_case: Callable[[Any], Awaitable[Any]]) -> Any:
        return await self.house.do(use_case, ADMIN)

    async def deploy(self, word: str = "first", **fields: Any) -> str:
        given = {"name": "lab/big", "model": self.revisions[word], "pool": STAND_IN, "price_model": "echo", **fields}
        row = await self.do(lambda uow: service.deploy(uow, service.NewDeployment(**given)))
        await self.until(lambda: self.directory.find("lab/big", self.house.org) is not None)
        return str(row.id)

    async def until(self, holds: Callable[[], Any]) -> Any:
        """Wait until something holds."""
        for _ in range(2400):
            if found := holds():
                return found
            await asyncio.sleep(0.05)
        raise AssertionError("it never held")

    def replicas(self, served_id: str, *states: str) -> list[EngineState]:
        return [one for one in self.directory.engine_states(served_id) if not states or one.state in states]

    async def ready(self, served_id: str, count: int = 1) -> list[EngineState]:
        """So many replicas that get calls."""
        route = await self.until(
            lambda: (
                (route := self.directory.find("lab/big", self.house.org)) is not None
                and len([one for one in route.replicas if not one.standby and one.variant == "stable"]) == count
                and route
            )
        )
        names = {one.id for one in route.replicas}
        return [one for one in self.replicas(served_id, "ready") if one.name in names]

    async def ask(self, prompt: str = "hi") -> tuple[int, str]:
        """(status, the word of the revision that answered or the error)."""
        body = {"model": "lab/big", "messages": [{"role": "user", "content": prompt}]}
        status, answer, _ = await self.house.post(body)
        return status, answer["choices"][0]["message"]["content"] if status == 200 else str(answer)

    async def kill(self, replica: EngineState) -> None:
        """Make a replica die like one that is killed."""
        async with aiohttp.ClientSession(trust_env=False) as session:
            with pytest.raises(aiohttp.ClientError):
                await session.post(f"http://{replica.address}/die")
        host, _, port = str(replica.address).rpartition(":")
        # A dying process closes its connections one by one; the door closes last.
        while True:
            try:
                _reader, writer = await asyncio.open_connection(host, int(port))
            except ConnectionRefusedError:
                return
            except OSError:
                await asyncio.sleep(0.01)
            else:
                writer.close()

    async def task(self, task_id: str | None) -> ComputeTask:
        async with self.house.platform.work(write=False) as uow:
            found = await uow.session.get(ComputeTask, task_id)
            assert found is not None
            return found

    async def updated(self, served_id: str) -> tuple[Any, Any]:
        """The deployment once its update is over."""
        for _ in range(2400):
            async with self.house.platform.work(write=False) as uow:
                row, plan = await service.see_deployment(uow, served_id)
            if all(one.name == "stable" or one.percent for one in plan.variants):
                return row, plan
            await asyncio.sleep(0.05)
        raise AssertionError(plan)


async def _roomy(kind: LocalKind, platform: Any, pool: Any) -> list[Found]:
    """A machine with room for every replica of a test, however small it is."""
    return [Found("localhost", 16, 65_536, isolated=await asyncio.to_thread(sandbox_works))]


@pytest.fixture
async def yard(sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Yard]:
    monkeypatch.setattr(LocalKind, "look", _roomy)
    monkeypatch.setattr(rooms, "ROOMS", tuple(room for room in rooms.ROOMS if room.name in _ROOMS))
    platform = build_platform(ServerSettings(data_dir=tmp_path / "data", database_url=sqlite_url))
    platform.sections[ReplicaSettings] = ReplicaSettings(look_s=0.1)
    upstream = FakeUpstream()
    await upstream.start()
    async with running(platform), serve_http(app_of(platform)) as url:
        house = House(platform, upstream, url)
        await house.furnish()
        async with platform.work(SYSTEM) as uow:
            await create_repository(uow, "model", "lab", "big")
        revisions = {}
        for word in ("first", "second", "broken"):
            folder = tmp_path / word
            folder.mkdir()
            shutil.copy(Path(__file__).with_name("stand_in.py"), folder)
            (folder / "words").write_text(word)
            made = await commit_folder(platform, "models/lab/big", folder, message=word, actor=SYSTEM)
            revisions[word] = made.ref
        yard = Yard(house, revisions)
        yield yard
        await _clear(yard)
    await upstream.stop()
    await platform.database.close()


async def _clear(yard: Yard) -> None:
    """Leave no server of a test behind."""
    async with yard.house.platform.work(write=False) as uow:
        names = [row.id for row, _ in await service.list_deployments(uow)]
    for name in names:
        await yard.do(lambda uow, name=name: service.remove(uow, name))
    await yard.until(lambda: yard.pool.keeper is None or not yard.pool.keeper.kept)


__all__ = ["ADMIN", "STAND_IN", "Scale", "Yard"]
