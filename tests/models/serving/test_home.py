"""Of several processes on one database one runs the embedded engines of deployments, and knows when it may not."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from ceyuan.kernel.platform import Platform
from ceyuan.models.deployments import service
from ceyuan.models.deployments.errors import SeveralProcesses
from ceyuan.models.serving.errors import EngineUnavailable
from ceyuan.models.serving.home import LASTS, EngineHome, living
from ceyuan.models.serving.tables import EngineHolder
from ceyuan.models.serving.variants import DeploymentPlan, Scale, Variant
from ceyuan.server.assembly import build_platform
from ceyuan.server.settings import ServerSettings
from tests.models.conftest import _needed_rooms

STABLE = Variant("stable", 1, "hub:models/lab/m@x:m.gguf", "models/lab/m@x", "n", "org", released=True, percent=0)


class Processes:
    """Processes of ours, each with a data folder of its own, over one PostgreSQL."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url, self.folder = url, folder
        self.platforms: list[Platform] = []
        self.now = 0.0

    def home(self, name: str) -> EngineHome:
        platform = build_platform(ServerSettings(data_dir=self.folder / name, database_url=self.url))
        self.platforms.append(platform)
        return EngineHome(platform, lambda: None, monotonic=lambda: self.now)

    async def forget(self, home: EngineHome) -> None:
        """Let the time pass after which others take a process for dead."""
        async with self.platforms[0].work() as uow:
            past = uow.clock.now() - timedelta(seconds=1)
            await uow.session.execute(update(EngineHolder).where(EngineHolder.worker == home.worker).values(until=past))


@pytest.fixture
async def processes(postgres_copy: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Processes]:
    monkeypatch.setattr("ceyuan.server.rooms.ROOMS", _needed_rooms())
    made = Processes(postgres_copy, tmp_path)
    yield made
    for platform in made.platforms:
        await platform.database.close()


async def test_one_holds_the_engines_until_it_goes_or_is_silent(processes: Processes) -> None:
    first, second = processes.home("a"), processes.home("b")
    await first.renew()
    await second.renew()
    assert (first.here, second.here) == (True, False)
    with pytest.raises(EngineUnavailable, match="run in the process"):
        second.require()
    await second.renew()
    assert not second.here
    # Begun again in its own folder it is the same one.
    again = processes.home("a")
    await again.renew()
    assert again.here
    # Silent for too long, it stops by itself before the other one takes over.
    processes.now += LASTS.total_seconds()
    assert not first.here
    await processes.forget(first)
    await second.renew()
    await first.renew()
    assert (first.here, second.here) == (False, True)
    assert first.holder == second.label


async def test_with_several_processes_a_deployment_without_a_pool_is_refused_and_told_why(processes: Processes) -> None:
    plan = DeploymentPlan((STABLE,), Scale())
    first, second = processes.home("a"), processes.home("b")
    await first.renew()
    platform = processes.platforms[0]
    async with platform.work() as uow:
        assert await living(uow) == [first.label]
        await service._check_pool(uow, plan, STABLE, "lab/m")
    await second.renew()
    async with platform.work() as uow:
        with pytest.raises(SeveralProcesses, match="2 processes share the database"):
            await service._check_pool(uow, plan, STABLE, "lab/m")
