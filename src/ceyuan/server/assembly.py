"""Puts the platform's parts together from settings, and starts and stops them in order."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from ceyuan import __version__
from ceyuan.identity import PublicAddress
from ceyuan.kernel.audit import AuditLog
from ceyuan.kernel.blobs import BlobStore
from ceyuan.kernel.database import Database
from ceyuan.kernel.jobs import Jobs, engine_url, executor_name
from ceyuan.kernel.platform import Platform, Service
from ceyuan.kernel.secrets import SecretSettings, open_vault
from ceyuan.server import rooms
from ceyuan.server.settings import ServerSettings

logger = logging.getLogger(__name__)
_FIRST_CHORES_S = 15.0
"""Chores wait until those who wait for the first page have seen it."""


def build_platform(settings: ServerSettings) -> Platform:
    """Make the platform's parts; nothing runs yet and nothing is written but the data folder and its key."""
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    database_url = settings.effective_database_url
    # A database without its key must not get a new one: what was sealed would be lost without a word.
    fresh = settings.sqlite_path is None or not (settings.data_dir / "ceyuan.sqlite").exists()
    vault = open_vault(SecretSettings(), settings.data_dir, create=fresh)
    platform = Platform(
        database=Database(database_url),
        data_dir=settings.data_dir,
        blobs=BlobStore(settings.effective_blob_url),
        audit=AuditLog(),
        vault=vault,
    )
    platform.sections[ServerSettings] = settings
    platform.jobs = Jobs(
        platform,
        database_url=engine_url(database_url, settings.data_dir),
        heavy=settings.heavy_jobs,
        code_version=__version__,
        executor=executor_name(),
    )
    platform.provide(PublicAddress, PublicAddress(settings.origin, settings.is_secure))
    rooms.wire(platform)
    return platform


@asynccontextmanager
async def running(platform: Platform) -> AsyncIterator[Platform]:
    """Start events, jobs and the rooms' background services; stop them in the opposite order."""
    async with AsyncExitStack() as stops:
        stops.push_async_callback(platform.database.close)
        await platform.database.ping()
        # The job engine takes the loop's thread pool with it: it goes last.
        stops.push_async_callback(platform.jobs.stop)
        stops.push_async_callback(platform.dispatcher.stop)
        # The job engine makes its tables while this loop stands still, and waits for every transaction that is open:
        # one of the dispatcher's could never end.
        await platform.jobs.start()
        await platform.dispatcher.start()
        for service in platform.services:
            await service.start(platform)
            stops.push_async_callback(_stop, service, platform)
        chores = asyncio.create_task(_do_chores(platform), name="chores")
        stops.push_async_callback(_cancel, chores)
        yield platform


async def _stop(service: Service, platform: Platform) -> None:
    try:
        await service.stop(platform)
    except Exception:
        logger.exception("a background service did not stop cleanly")


async def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def _do_chores(platform: Platform) -> None:
    """Run the rooms' periodic chores, each at its own interval; one that fails is tried again next time."""
    loop = asyncio.get_running_loop()
    due = {chore: loop.time() + min(chore.every_s, _FIRST_CHORES_S) for chore in platform.chores}
    while True:
        for chore, at in list(due.items()):
            if loop.time() >= at:
                due[chore] = loop.time() + chore.every_s
                try:
                    await chore.run(platform)
                except Exception:
                    logger.exception("the chore %s failed", chore.name)
        await asyncio.sleep(1.0)
