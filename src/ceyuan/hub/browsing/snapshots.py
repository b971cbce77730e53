"""A revision as a folder of the local machine: what jobs read from."""

from __future__ import annotations

import asyncio
import fnmatch
import hashlib
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from ceyuan.hub.browsing.service import open_revision
from ceyuan.hub.gating.access import require_open
from ceyuan.hub.naming import Reference
from ceyuan.hub.trees import File, walk
from ceyuan.kernel.actor import SYSTEM, Actor
from ceyuan.kernel.blobs import BlobCorrupt
from ceyuan.kernel.platform import Platform

_AT_ONCE = 8


async def local_snapshot(
    platform: Platform,
    reference: str | Reference,
    into: Path,
    *,
    actor: Actor = SYSTEM,
    only: Sequence[str] = (),
    links: bool = False,
) -> Path:
    """Put the files of a revision below the folder `into` and return it.

    `only` are patterns (fnmatch) over paths. Files are verified copies; those that are there already with the
    right content are left, other files are not touched. With `links` they are hard links into the blob store
    where it is a folder on the same file system: quick and without space, but nobody must write to them.
    """
    async with platform.work(actor, write=False) as uow:
        view = await open_revision(uow, reference)
        await require_open(uow, view.row)
        files = [
            (path, file)
            async for path, file in walk(view.trees, view.root)
            if not only or any(fnmatch.fnmatch(path, pattern) for pattern in only)
        ]
    into.mkdir(parents=True, exist_ok=True)
    for start in range(0, len(files), _AT_ONCE):
        some = files[start : start + _AT_ONCE]
        await asyncio.gather(*(_bring(platform, file, into / path, links) for path, file in some))
    return into


async def _bring(platform: Platform, file: File, target: Path, links: bool) -> None:
    async with platform.blobs.as_file(file.sha256) as source:
        await asyncio.to_thread(_place, source, target, file, links)


def _place(source: Path, target: Path, file: File, links: bool) -> None:
    if target.is_file() and target.stat().st_size == file.size and _hash(target) == file.sha256:
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name[:100]}.part")
    part.unlink(missing_ok=True)
    if not links or not _linked(source, part):
        shutil.copyfile(source, part)
        if _hash(part) != file.sha256:
            part.unlink()
            raise BlobCorrupt(file.sha256)
    os.replace(part, target)


def _linked(source: Path, target: Path) -> bool:
    try:
        os.link(source, target)
    except OSError:
        return False
    return True


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
