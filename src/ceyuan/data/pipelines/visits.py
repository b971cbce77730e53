"""Visits to where sources lie: a site, a bucket, another hub or a database is brought up to date on this machine."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ceyuan.data.pipelines.aside import few, in_words
from ceyuan.data.pipelines.errors import NothingFetched
from ceyuan.data.pipelines.storage import crawled_folder, mirrored_folder
from ceyuan.data.sources import SourceSpec, mark_visited, secret_of
from ceyuan.data.sources.places import CRAWLED, is_fetched
from ceyuan.data.sources.settings import DataSettings
from ceyuan.hub import local_snapshot
from ceyuan.kernel.jobs import JobContext

_TOLD = 200
"""Pages that could not be had which are named in a job's log."""
_SPAN = (0.0, 0.02)


async def files_of(ctx: JobContext, spec: SourceSpec, work: Path, visits: dict[str, Any]) -> Path | None:
    """Where the files of a dataset, a site, a bucket or a database lie for the engine, brought up to date; null for
    other kinds. ``visits`` takes what a visit told, by the source's key. Raises `JobFailed`, and `NothingFetched` where
    nothing could be had."""
    if spec.kind in CRAWLED:
        return await _crawled(ctx, spec, visits)
    if is_fetched(spec.kind, spec.location):
        return await _mirrored(ctx, spec, visits)
    if spec.reference is None:
        return None
    folder = work / "inputs" / spec.key
    await local_snapshot(ctx.platform, spec.reference, folder, actor=ctx.actor, links=True)
    await asyncio.to_thread(_leave_data, folder)
    return folder


def _leave_data(folder: Path) -> None:
    """Take away what only tells of the data: a card is no document of a corpus."""
    from ceyuan.data.mirroring.holding import holding

    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    for name in names - set(holding(names)):
        (folder / name).unlink()


async def _mirrored(ctx: JobContext, spec: SourceSpec, visits: dict[str, Any]) -> Path:
    """The bucket, the repository or the rows, brought up to date; the secret reaches the process alone."""
    settings = ctx.platform.section(DataSettings)
    folder = mirrored_folder(ctx.platform, spec.id)
    async with ctx.platform.work(ctx.actor, write=False) as uow:
        secret = await secret_of(uow, spec.id)
    arguments = {"kind": spec.kind, "folder": str(folder), "location": spec.location}
    found: dict[str, Any] = await ctx.run_process(
        "ceyuan.data.mirroring.entry:main",
        arguments | {"options": spec.options, "allowed": settings.crawl_allowed},
        memory_mb=settings.memory_mb,
        time_s=settings.time_s,
        span=_SPAN,
        environment={"CEYUAN_SOURCE_SECRET": secret},
    )
    await _told(ctx, spec, found, "name")
    visits[spec.key] = found
    return folder / "files"


async def _crawled(ctx: JobContext, spec: SourceSpec, visits: dict[str, Any]) -> Path:
    """The site's pages, brought up to date."""
    settings = ctx.platform.section(DataSettings)
    folder = crawled_folder(ctx.platform, spec.id)
    found: dict[str, Any] = await ctx.run_process(
        "ceyuan.data.crawling.crawl:main",
        {
            "folder": str(folder),
            "start": spec.location,
            "mode": CRAWLED[spec.kind],
            "pages": spec.reading["limit"] or settings.crawl_pages,
            "delay_s": settings.crawl_delay_s,
            "agent": settings.crawl_agent,
            "allowed": settings.crawl_allowed,
        },
        memory_mb=settings.memory_mb,
        time_s=settings.time_s,
        span=_SPAN,
    )
    await _told(ctx, spec, found, "url")
    visits[spec.key] = found
    pages = folder / "pages"
    if not any(one.is_file() for one in pages.rglob("*")):
        raise NothingFetched(spec.location, _words(found["quarantined"]))
    return pages


async def _told(ctx: JobContext, spec: SourceSpec, found: dict[str, Any], place: str) -> None:
    """Put into the job's log what a visit brought and what could not be had, and the same, with the answers of robots
    files, on the source's page: it stays there whatever becomes of the job."""
    names = ("fetched", "unchanged", "gone", "quarantined", "robots", "robots_rules")
    counts = {name: found.get(name) for name in names}
    level = "warning" if found["quarantined"] else "info"
    ctx.log(f"visited {spec.location}", level, key=spec.key, zh=f"已访问 {spec.location}", **counts)
    for one in found["quarantine"][:_TOLD]:
        detail = one["detail"] if one["detail"] not in ("", one[place]) else ""
        told = f"未取得：{one[place]}：{in_words(one['reason'])[0]}" + (detail and f"（{detail}）")
        ctx.log(f"not taken: {one[place]}: {one['reason']}" + (detail and f" ({detail})"), "warning", zh=told, **one)
    found["examples"] = few({"where": one[place], **one} for one in found["quarantine"])
    found["quarantine"] = []
    async with ctx.platform.work(ctx.actor) as uow:
        await mark_visited(uow, spec.id, found)


def _words(reasons: Mapping[str, int]) -> tuple[str, str]:
    """Reasons with their counts, in both languages."""
    sides = []
    for side, mark in ((0, "、"), (1, ", ")):
        sides.append(mark.join(f"{in_words(name)[side]} × {n}" for name, n in reasons.items()))
    return sides[0], sides[1]
