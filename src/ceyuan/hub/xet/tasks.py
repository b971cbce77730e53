"""The job that cuts content which came whole: afterwards it costs only what is new, and its flat form is a cache."""

from __future__ import annotations

import asyncio
import shutil
import time
from contextlib import AsyncExitStack
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy import exists, select

from ceyuan.hub.chunks import Chunk, Xorb, is_eligible, text_of
from ceyuan.hub.chunks.process import INDEX, KNOWN, SIZED
from ceyuan.hub.history.tables import HubHeld
from ceyuan.hub.repositories.tables import HubRepository
from ceyuan.hub.settings import HubSettings
from ceyuan.hub.xet import repository
from ceyuan.hub.xet.encoding import Run, xorb_of
from ceyuan.hub.xet.tables import HubXetFile
from ceyuan.kernel.actor import SYSTEM
from ceyuan.kernel.jobs import JobContext, job, submit
from ceyuan.kernel.platform import Platform

SMALLEST = 1024 * 1024
"""Smaller content stays whole: chunks would save nothing."""
EVERY_S = 300.0
_BATCH = 16
_FOLDER = "pack-"
_MEMORY_MB = 2000
_LEFT_S = 2 * 24 * 3600.0


async def plan_packing(platform: Platform) -> None:
    """Submit a job for content that came whole some time ago; needs the engines' extra."""
    if find_spec("numpy") is None:
        return
    await asyncio.to_thread(_clear_up, platform)
    horizon = platform.clock.now() - timedelta(minutes=platform.section(HubSettings).pack_after_minutes)
    async with platform.work(SYSTEM, write=False) as uow:
        waiting = sorted(
            await uow.session.scalars(
                select(HubHeld.sha256)
                .join(HubRepository, HubRepository.id == HubHeld.repository_id)
                .where(
                    HubHeld.size >= SMALLEST,
                    HubRepository.updated_at <= horizon,
                    HubRepository.deleted_at.is_(None),
                    ~exists().where(HubXetFile.sha256 == HubHeld.sha256),
                )
                .distinct()
                .limit(_BATCH)
            )
        )
    if waiting:
        async with platform.work(SYSTEM) as uow:
            await submit(uow, "hub.pack", {"contents": waiting}, key=f"hub.pack/{waiting[0]}/{len(waiting)}")


def _clear_up(platform: Platform) -> None:
    """Remove what a job that was killed left behind."""
    oldest = time.time() - _LEFT_S
    for folder in platform.blobs.backend.spool.glob(f"{_FOLDER}*"):
        if folder.stat().st_mtime < oldest:
            shutil.rmtree(folder, ignore_errors=True)


@job("hub.pack", title=("整理大文件存储", "Cut large files into chunks"), queue="heavy")
async def pack_contents(ctx: JobContext, params: dict[str, Any]) -> dict[str, Any]:
    """Cut contents (SHA-256) that lie flat, store the chunks that are new, and note how each file is put together."""
    platform: Platform = ctx.platform
    folder = platform.blobs.backend.spool / f"{_FOLDER}{uuid4().hex}"
    folder.mkdir(parents=True)
    try:
        async with AsyncExitStack() as stack:
            files = {}
            for sha256 in params["contents"]:
                if await platform.blobs.exists(sha256):
                    files[sha256] = str(await stack.enter_async_context(platform.blobs.as_file(sha256)))
            arguments = {"files": files, "folder": str(folder)}
            entry = "ceyuan.hub.chunks.process"
            await ctx.run_process(f"{entry}:cut_files", arguments, memory_mb=_MEMORY_MB, span=(0.0, 0.4))
            for sha256 in files:
                await _write_known(platform, folder, sha256)
            found = await ctx.run_process(f"{entry}:pack_files", arguments, memory_mb=_MEMORY_MB, span=(0.4, 0.9))
        stored = 0
        for sha256, packed in found.items():
            stored += await _keep(platform, sha256, packed)
        ctx.log(f"{len(found)} files cut, {stored} bytes stored", zh=f"已切分 {len(found)} 个文件，存入 {stored} 字节")
        return {"files": len(found), "stored_bytes": stored}
    finally:
        await asyncio.to_thread(shutil.rmtree, folder, True)


async def _write_known(platform: Platform, folder: Path, sha256: str) -> None:
    """Write where the chunks of a file lie already, as far as the index leads to them."""
    raw = await asyncio.to_thread((folder / f"{sha256}.chunks").read_bytes)
    chunks = [digest for digest, _ in SIZED.iter_unpack(raw)]
    asked = [text_of(digest) for digest in chunks if is_eligible(digest)] + [text_of(d) for d in chunks[:1]]
    async with platform.database.session(write=False) as session:
        rows = await repository.xorbs(session, await repository.holders(session, asked))
    places = {
        chunk.hash: (xorb.hash, number)
        for xorb in map(xorb_of, rows.values())
        for number, chunk in enumerate(xorb.chunks)
    }
    known = [KNOWN.pack(digest, *places[digest]) for digest in dict.fromkeys(chunks) if digest in places]
    await asyncio.to_thread((folder / f"{sha256}.known").write_bytes, b"".join(known))


async def _keep(platform: Platform, sha256: str, packed: dict[str, Any]) -> int:
    """Store a file's new xorbs and note how it is put together; returns the bytes stored."""
    made: list[tuple[Xorb, str]] = []
    for digest, place in packed["made"]:
        raw = await asyncio.to_thread(Path(place).with_suffix(".index").read_bytes)
        xorb = Xorb(bytes.fromhex(digest), [Chunk(*fields) for fields in INDEX.iter_unpack(raw)])
        made.append((xorb, (await platform.blobs.put_file(Path(place))).sha256))
    runs = [Run(bytes.fromhex(xorb), first, last, size) for xorb, first, last, size in packed["runs"]]
    if not runs:
        return 0
    async with platform.work(SYSTEM) as uow:
        now = uow.clock.now()
        await platform.blobs.refer(uow, [blob for _, blob in made])
        for xorb, blob in made:
            await repository.add_xorb(uow.session, xorb, blob, now)
        places = await repository.xorbs(uow.session, {text_of(runs[0].xorb)})
        first = xorb_of(places[text_of(runs[0].xorb)]).chunks[runs[0].first].hash
        await repository.index_chunks(uow.session, [xorb for xorb, _ in made], [(first, runs[0].xorb)])
        digest = text_of(bytes.fromhex(packed["hash"]))
        await repository.add_file(uow.session, sha256, digest, runs, now, flat=True)
    return sum(xorb.stored for xorb, _ in made)
