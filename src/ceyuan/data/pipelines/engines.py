"""The engines for one short question: a process of its own over some files of revisions, and nothing left behind."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from ceyuan.data.sources.settings import DataSettings
from ceyuan.hub import local_snapshot
from ceyuan.kernel.actor import Actor
from ceyuan.kernel.ids import new_id
from ceyuan.kernel.jobs.process import run_process
from ceyuan.kernel.platform import Platform

__all__ = ["ask_engine", "brought"]

_TIME_S = 120


async def ask_engine(
    platform: Platform, entry: str, arguments: dict[str, Any], environment: dict[str, str] | None = None
) -> dict[str, Any]:
    """The result of an engine's entry that nobody waits long for; raises `JobFailed` with its words."""

    async def unheard(_: Any) -> None:
        """These calls are short; nobody waits for progress."""

    memory_mb = platform.section(DataSettings).memory_mb
    outcome = await run_process(
        entry,
        arguments,
        on_report=unheard,
        on_line=unheard,
        memory_mb=memory_mb,
        time_s=_TIME_S,
        environment=environment,
    )
    result: dict[str, Any] = outcome.result
    return result


@asynccontextmanager
async def brought(
    platform: Platform, actor: Actor, only: Sequence[str], *references: str, prefix: str = "look"
) -> AsyncIterator[list[Path]]:
    """Folders with the files `only` of revisions, one per reference, removed at the end."""
    root = platform.data_dir / "work" / new_id(prefix)
    try:
        folders = []
        for number, reference in enumerate(references):
            folders.append(root / str(number))
            await local_snapshot(platform, reference, folders[-1], actor=actor, only=list(only), links=True)
        yield folders
    finally:
        await asyncio.to_thread(shutil.rmtree, root, True)
