from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from ceyuan.kernel.actor import SYSTEM
from ceyuan.kernel.events import Event
from ceyuan.kernel.jobs import Jobs
from ceyuan.kernel.tables import Base
from ceyuan.kernel.work import UnitOfWork
from ceyuan.server.assembly import build_platform, running
from ceyuan.server.settings import ServerSettings
from tests.postgres import PostgresServer


@pytest.mark.timeout(60)
async def test_an_event_under_way_does_not_stand_in_the_way_of_a_first_start(
    postgres_server: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = asyncio.Event()
    start = Jobs.start

    async def start_slowly(jobs: Jobs) -> None:
        await asyncio.sleep(0.5)
        await start(jobs)

    async def hear(uow: UnitOfWork, event: Event) -> None:
        await uow.audit("test.heard", "event")
        await asyncio.sleep(0.6)
        heard.set()

    monkeypatch.setattr(Jobs, "start", start_slowly)
    with postgres_server.fresh_database() as url:
        platform = build_platform(ServerSettings(data_dir=tmp_path / "data", database_url=url))
        async with platform.database.connection() as connection:
            await connection.run_sync(Base.metadata.create_all)
        platform.subscriptions.on("test.said", hear)
        async with platform.work(SYSTEM) as uow:
            await uow.publish("test.said")
        async with running(platform):
            await heard.wait()
