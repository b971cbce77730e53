"""Where corpora keep the work that saves work: one folder per dataset on this machine; it may go at any time."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ceyuan.data.files import read_json, sha256_of
from ceyuan.kernel.events import Event
from ceyuan.kernel.platform import Platform


def store_folder(platform: Platform, repository_id: str) -> Path:
    """The folder of a dataset's measured documents. Without it the next run measures everything anew, with the
    same result."""
    return platform.data_dir / "corpora" / repository_id


def kept_collection(platform: Platform, repository_id: str) -> Path:
    """The folder of what was collected into a raw dataset last. Without it every source is read anew."""
    return platform.data_dir / "collected" / repository_id


def crawled_folder(platform: Platform, source_id: str) -> Path:
    """The folder of a site's pages as they were last had."""
    return platform.data_dir / "crawls" / source_id


def mirrored_folder(platform: Platform, source_id: str) -> Path:
    """The folder of a bucket's, a repository's or a query's content as it was last had."""
    return platform.data_dir / "mirrors" / source_id


def take_up(kept: Path, out: Path, keys: Sequence[str]) -> None:
    """Put what was collected last into `out`, for the sources `keys`: the engine reads none of them again whose files
    are as they were. Files are linked, not copied; the engine replaces files, it never writes into them."""
    if out.exists() or not kept.is_dir():
        return
    building = out.with_name(f".{out.name}.building")
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir(parents=True)
    for name in (*keys, "run.json"):
        if (kept / name).is_dir() and _whole(kept / name):
            shutil.copytree(kept / name, building / name, copy_function=_link)
        elif (kept / name).is_file():
            shutil.copyfile(kept / name, building / name)
    building.rename(out)


def put_down(out: Path, kept: Path) -> None:
    """Keep what was collected for the next time."""
    kept.parent.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(kept, ignore_errors=True)
    if out.is_dir():
        shutil.move(out, kept)


def _whole(folder: Path) -> bool:
    """Whether the shards of a collected source are those that were written."""
    record: Any = read_json(folder / "source.json")
    shards = [*record.get("shards", ()), *record.get("media", ())]
    return bool(shards) and all(
        (folder / one["file"]).is_file() and sha256_of(folder / one["file"]) == one["sha256"] for one in shards
    )


def _link(source: str, target: str) -> str:
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
    return target


async def forget_source(platform: Platform, event: Event) -> None:
    """A deleted source leaves no copy behind here."""
    source_id = event.data["source_id"]
    for folder in (crawled_folder(platform, source_id), mirrored_folder(platform, source_id)):
        await asyncio.to_thread(shutil.rmtree, folder, True)


async def forget_store(platform: Platform, event: Event) -> None:
    """A deleted dataset leaves no texts behind here."""
    if event.data["kind"] == "dataset":
        repository_id = event.data["repository_id"]
        for folder in (store_folder(platform, repository_id), kept_collection(platform, repository_id)):
            await asyncio.to_thread(shutil.rmtree, folder, True)
