from __future__ import annotations

import hashlib
import random
from pathlib import Path

import pytest
from sqlalchemy import select

from ceyuan.hub import commit_folder, create_repository, open_revision
from ceyuan.hub.settings import HubSettings
from ceyuan.hub.xet.tables import HubXetFile, HubXorb
from ceyuan.hub.xet.tasks import plan_packing
from ceyuan.kernel.jobs.tables import Job
from tests.workshop import Workshop

pytestmark = pytest.mark.engine_bound

MIB = 1 << 20


async def packed(workshop: Workshop) -> None:
    await plan_packing(workshop.platform)
    async with workshop.platform.work(write=False) as uow:
        ids = list(await uow.session.scalars(select(Job.id).where(Job.kind == "hub.pack")))
    for job_id in ids:
        job = await workshop.ended(job_id)
        assert job.state == "succeeded", job.error


async def test_what_came_whole_is_cut_and_a_changed_version_stores_what_changed(
    workshop: Workshop, tmp_path: Path
) -> None:
    platform = workshop.platform
    platform.sections[HubSettings] = HubSettings(pack_after_minutes=0)
    async with platform.work(await workshop.actor("li")) as uow:
        await create_repository(uow, "model", "lab", "big")
    data = random.Random(5).randbytes(6 * MIB)
    changed = data[: 2 * MIB] + random.Random(6).randbytes(MIB // 4) + data[2 * MIB + MIB // 4 :]
    sizes = []
    for content in (data, changed):
        folder = tmp_path / str(len(sizes))
        folder.mkdir()
        (folder / "w.safetensors").write_bytes(content)
        await commit_folder(platform, "models/lab/big", folder, message="more")
        await packed(workshop)
        async with platform.work(write=False) as uow:
            sizes.append(sum(await uow.session.scalars(select(HubXorb.stored))))
    assert sizes[0] < 6.1 * MIB
    assert sizes[1] - sizes[0] < MIB
    sha256 = hashlib.sha256(changed).hexdigest()
    async with platform.work(write=False) as uow:
        row = await uow.session.get(HubXetFile, sha256)
        assert row is not None
        assert (await open_revision(uow, "models/lab/big")).commit.files == 1
    await platform.blobs.backend.delete(sha256)
    assert await platform.blobs.read(sha256) == changed
