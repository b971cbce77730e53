"""A started platform with an organisation, money, and a model that says what the test wants."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ceyuan.hub import commit_folder, create_repository
from ceyuan.kernel.actor import Actor
from ceyuan.kernel.jobs import Job, resume
from ceyuan.kernel.jobs.repository import get
from ceyuan.kernel.platform import Platform
from ceyuan.server.assembly import running
from tests.models.fake_upstream import FakeUpstream
from tests.models.gateway.house import House


class Workshop(House):
    """The gateway's house with people and datasets: li owns the organisation `lab`, zoe is nobody's."""

    async def move_in(self) -> None:
        await self.furnish()
        await self.people.add("zoe")
        await self.people.add("officer", duties=("programme_officer", "operator", "reviewer"))

    async def actor(self, name: str = "li") -> Actor:
        return await self.people.actor(name)

    def answer(self, *words: str) -> None:
        """What the model says from now on."""
        self.upstream.words = list(words)

    async def ended(self, job_id: str, *, seconds: float = 90) -> Job:
        """Wait for a job; the finished row."""
        async with asyncio.timeout(seconds):
            while True:
                async with self.platform.database.session(write=False) as session:
                    job = await get(session, job_id)
                if job.state not in ("queued", "running"):
                    await self.platform.dispatcher.drain()
                    return job
                await asyncio.sleep(0.05)

    async def again(self, job_id: str) -> Job:
        """Run a job that has ended once more, as after a crash before its end was written; the finished row."""
        async with self.platform.work(await self.actor()) as uow:
            (await get(uow.session, job_id)).state = "failed"
            await resume(uow, job_id)
        return await self.ended(job_id)

    async def dataset(self, name: str, rows: list[dict[str, Any]], folder: Path) -> str:
        """A dataset of these rows in the hub; its reference."""
        (folder / "data").mkdir(parents=True)
        pq.write_table(pa.Table.from_pylist(rows), folder / "data" / "part-0.parquet")
        actor = await self.actor()
        async with self.platform.work(actor) as uow:
            await create_repository(uow, "dataset", "lab", name)
        revision = await commit_folder(self.platform, f"datasets/lab/{name}", folder, message="rows", actor=actor)
        return revision.ref

    async def model(self, name: str, folder: Path) -> str:
        """A model's revision in the hub; its reference."""
        folder.mkdir(parents=True)
        (folder / "README.md").write_text("# model\n")
        actor = await self.actor()
        async with self.platform.work(actor) as uow:
            await create_repository(uow, "model", "lab", name)
        revision = await commit_folder(self.platform, f"models/lab/{name}", folder, message="weights", actor=actor)
        return revision.ref


@asynccontextmanager
async def open_workshop(platform: Platform) -> AsyncIterator[Workshop]:
    """Start everything and furnish it."""
    upstream = FakeUpstream()
    await upstream.start()
    async with running(platform):
        workshop = Workshop(platform, upstream, "")
        await workshop.move_in()
        yield workshop
    await upstream.stop()
