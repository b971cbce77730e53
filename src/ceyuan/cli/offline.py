"""A platform's folder opened by a command while the platform itself is stopped."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from ceyuan.kernel.errors import Invalid

if TYPE_CHECKING:
    from ceyuan.kernel.platform import Platform

R = TypeVar("R")


def with_stopped_platform(data: Path | None, work: Callable[[Platform], Awaitable[R]]) -> R:
    """Run `work` on the platform of this data folder.

    Raises `AlreadyRunning` while a process serves the folder, and `Invalid` for a folder without a platform or
    with a database of another version than this program's.
    """
    from ceyuan.cli.platform import require_platform, settings_of
    from ceyuan.server import rooms, schema
    from ceyuan.server.assembly import build_platform
    from ceyuan.server.run import exclusive

    settings = settings_of(data)
    require_platform(settings)

    async def go() -> R:
        platform = build_platform(settings)
        rooms.load_tables()
        try:
            version = await schema.current(platform.database)
            schema.require_known(version)
            if version != schema.head():
                raise Invalid(
                    ("数据库需要先升级", "the database has to be brought forward first"),
                    hint=("请运行 ceyuan upgrade", "run ceyuan upgrade"),
                )
            return await work(platform)
        finally:
            await platform.database.close()

    with exclusive(settings.data_dir):
        return asyncio.run(go())
