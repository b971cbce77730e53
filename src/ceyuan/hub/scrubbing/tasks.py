"""The job that reads everything again, and when."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from ceyuan.hub.history.tables import HubHeld
from ceyuan.hub.repositories.tables import HubRepository
from ceyuan.hub.settings import HubSettings
from ceyuan.hub.xet import repository as xorbs
from ceyuan.kernel.actor import SYSTEM
from ceyuan.kernel.blobs import scrub
from ceyuan.kernel.jobs import Job, JobContext, job, submit
from ceyuan.kernel.platform import Platform
from ceyuan.kernel.work import UnitOfWork

KIND = "hub.scrub"
EVERY_S = 3600.0
_SHOWN = 100


async def latest(uow: UnitOfWork, *, finished: bool = False) -> Job | None:
    """The newest scrub, or the newest that came to an end."""
    query = select(Job).where(Job.kind == KIND).order_by(Job.created_at.desc()).limit(1)
    if finished:
        query = query.where(Job.finished_at.is_not(None))
    found: Job | None = await uow.session.scalar(query)
    return found


async def plan_scrub(platform: Platform) -> None:
    """Submit a scrub when the last one is older than the setting says."""
    days = platform.section(HubSettings).scrub_days
    if days == 0:
        return
    async with platform.work(SYSTEM, write=False) as uow:
        last = await latest(uow)
        now = uow.clock.now()
        if await uow.session.scalar(select(HubHeld.sha256).limit(1)) is None:
            return
        due = last is None or (last.finished_at is not None and last.created_at <= now - timedelta(days=days))
    if due:
        async with platform.work(SYSTEM) as uow:
            await submit(uow, KIND, {}, key=f"{KIND}/{now.date().isoformat()}")


@job(KIND, title=("复核存储内容", "Read all that is stored again"), queue="heavy")
async def scrub_contents(ctx: JobContext, _params: dict[str, Any]) -> dict[str, Any]:
    """Read every blob, set damaged ones aside, and say which repositories hold what was damaged."""
    report = await scrub(ctx.platform)
    affected = await _holders(ctx.platform, report.corrupt) if report.corrupt else []
    for digest in report.corrupt[:_SHOWN]:
        ctx.log(f"damaged and set aside: {digest}", zh=f"已损坏，移到一旁：{digest}")
    return {
        "checked": report.checked,
        "bytes": report.checked_bytes,
        "corrupt": report.corrupt[:_SHOWN],
        "corrupt_count": len(report.corrupt),
        "affected": affected,
    }


async def _holders(platform: Platform, damaged: list[str]) -> list[str]:
    """The repositories whose files need damaged content, whole or as a part."""
    async with platform.work(SYSTEM, write=False) as uow:
        contents = set(damaged) | await xorbs.files_in_blobs(uow.session, damaged)
        names = await uow.session.execute(
            select(HubRepository.kind, HubRepository.owner, HubRepository.name)
            .join(HubHeld, HubHeld.repository_id == HubRepository.id)
            .where(HubHeld.sha256.in_(sorted(contents)[:900]), HubRepository.deleted_at.is_(None))
            .distinct()
            .limit(_SHOWN)
        )
        return sorted(f"{kind}s/{owner}/{name}" for kind, owner, name in names)
