"""The job that gathers an export, and the blobs that it keeps for a while."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from ceyuan.identity.notices.inbox import notify
from ceyuan.identity.privacy.archive import write_archive
from ceyuan.identity.privacy.hooks import ExportFile, OrganisationData, PersonalData, json_file
from ceyuan.identity.privacy.service import EXPORT_JOB, OPEN
from ceyuan.identity.privacy.tables import DataRequest
from ceyuan.identity.settings import RetentionSettings
from ceyuan.kernel.events import Event
from ceyuan.kernel.jobs import JobContext, job
from ceyuan.kernel.work import UnitOfWork


async def export_files(uow: UnitOfWork, row: DataRequest) -> AsyncIterator[tuple[str, ExportFile]]:
    """Every room's files for the request, with the room's folder; a table of contents comes first."""
    about = {"kind": row.kind, "person_id": row.person_id, "org_id": row.org_id, "asked_at": row.created_at}
    yield "", json_file("about.json", about)
    if row.org_id is None:
        for personal in uow.platform.find(PersonalData):  # type: ignore[type-abstract]
            async for file in personal.export(uow, row.person_id):
                yield personal.room, file
    else:
        for shared in uow.platform.find(OrganisationData):  # type: ignore[type-abstract]
            async for file in shared.export(uow, row.org_id):
                yield shared.room, file


@job(EXPORT_JOB, title=("导出数据", "Export data"), retries=2)
async def run_export(ctx: JobContext, params: dict[str, Any]) -> dict[str, Any]:
    """Gather the files, keep the archive, tell who asked."""
    request_id: str = params["request_id"]
    platform = ctx.platform

    async def gather() -> dict[str, Any]:
        with tempfile.TemporaryDirectory(dir=platform.data_dir, prefix="export-") as folder:
            path = Path(folder) / "export.zip"
            async with platform.work(write=False) as uow:
                row = await uow.session.get_one(DataRequest, request_id)
                count = await write_archive(path, export_files(uow, row))
            blob = await platform.blobs.put_file(path)
        return {"sha256": blob.sha256, "size": blob.size, "files": count}

    async def finish(uow: UnitOfWork) -> None:
        row = await uow.session.get_one(DataRequest, request_id, with_for_update=True)
        await platform.blobs.refer(uow, [made["sha256"]])
        days = platform.section(RetentionSettings).export_days
        row.state, row.done_at = "done", uow.clock.now()
        row.blob, row.size, row.expires_at = made["sha256"], made["size"], uow.clock.now() + timedelta(days=days)
        await notify(
            uow,
            "identity.export_ready",
            ("数据导出已完成", "Your data export is ready"),
            body=(f"请在 {days} 天内下载。", f"Download it within {days} days."),
            link="/console/settings/privacy",
            to=[row.person_id],
            level="success",
        )

    made = await ctx.step("gather", gather)
    ctx.log(f"{made['files']} files, {made['size']} bytes", zh=f"{made['files']} 个文件，{made['size']} 字节")
    await ctx.transaction("finish", finish)
    return {"request_id": request_id, "files": made["files"], "size": made["size"]}


async def export_ended(uow: UnitOfWork, event: Event) -> None:
    """Note that an export failed or was cancelled, so that another can be asked for."""
    if event.data.get("kind") != EXPORT_JOB or event.data.get("state") == "succeeded":
        return
    row: DataRequest | None = await uow.session.scalar(
        select(DataRequest).where(DataRequest.job_id == event.data["job_id"], DataRequest.state.in_(OPEN))
    )
    if row is not None:
        row.state, row.done_at = "failed", uow.clock.now()


class ExportBlobs:
    """Tells the blob store which archives are still to be had."""

    async def references(self, uow: UnitOfWork) -> AsyncIterator[str]:
        """Hashes of the archives."""
        for sha256 in await uow.session.scalars(select(DataRequest.blob).where(DataRequest.blob.is_not(None))):
            if sha256 is not None:
                yield sha256
