"""Where corpora keep the work that saves work: one folder per dataset on this machine; it may go at any time."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

from ceyuan.kernel.events import Event
from ceyuan.kernel.platform import Platform


def store_folder(platform: Platform, repository_id: str) -> Path:
    """The folder of a dataset's measured documents. Without it the next run measures everything anew, with the
    same result."""
    return platform.data_dir / "corpora" / repository_id


async def forget_store(platform: Platform, event: Event) -> None:
    """A deleted dataset leaves no texts behind here."""
    if event.data["kind"] == "dataset":
        await asyncio.to_thread(shutil.rmtree, store_folder(platform, event.data["repository_id"]), True)
