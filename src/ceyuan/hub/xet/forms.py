"""The forms in which content is kept: flat in a blob, in xorbs, or both; and what of them may go."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta

from ceyuan.hub.settings import HubSettings
from ceyuan.hub.xet import reading, repository
from ceyuan.kernel.blobs import BlobReferences
from ceyuan.kernel.platform import Platform
from ceyuan.kernel.work import UnitOfWork

_BATCH = 500
_REFERRED = "hub.referred"


async def refer_contents(uow: UnitOfWork, sizes: Mapping[str, int]) -> None:
    """Say, in the unit of work that writes the references, that these contents (SHA-256 to bytes) are referred to, in
    whatever form they are kept. Raises `BlobMissing` for content that is not."""
    # What this unit of work referred to before is safe until it ends.
    before: set[str] = uow.session.info.setdefault(_REFERRED, set())
    wanted = sizes.keys() - before
    if not wanted:
        return
    in_xorbs = await repository.blobs_of(uow.session, wanted)
    blobs = {blob for needed in in_xorbs.values() for blob in needed}
    flat = wanted - in_xorbs.keys()
    await uow.platform.blobs.refer(uow, blobs | flat, sizes={sha256: sizes[sha256] for sha256 in flat})
    before |= wanted


class XetOrigin:
    """Fills the blob store's hook: flat content is made from xorbs when somebody asks for it."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._noting: set[asyncio.Task[None]] = set()

    async def size(self, sha256: str) -> int | None:
        """The bytes of the content, if it lies in xorbs."""
        async with self._platform.database.session(write=False) as session:
            row = await repository.file(session, sha256)
        return row.size if row is not None else None

    async def content(self, sha256: str) -> AsyncIterator[bytes] | None:
        """The content, if it lies in xorbs."""
        where = await reading.layout_of(self._platform, sha256)
        return reading.stream(self._platform, where) if where is not None else None

    async def made(self, sha256: str) -> None:
        """Hear that the flat form is there now. Who asked for it may be in a transaction of its own, so the note is
        written beside it."""
        task = asyncio.create_task(self._note(sha256))
        self._noting.add(task)
        task.add_done_callback(self._noting.discard)

    async def _note(self, sha256: str) -> None:
        async with self._platform.work() as uow:
            await repository.set_flat(uow.session, sha256, uow.clock.now())

    async def start(self, platform: Platform) -> None:
        """Nothing to start."""

    async def stop(self, platform: Platform) -> None:
        """Finish the notes."""
        await asyncio.gather(*self._noting, return_exceptions=True)


async def evict(platform: Platform) -> None:
    """Remove the oldest flat forms of content that lies in xorbs, until the rest fit into their limit."""
    limit = platform.section(HubSettings).flat_cache_bytes
    async with platform.database.session(write=False) as session:
        over = await repository.flat_bytes(session) - limit
        oldest = await repository.oldest_flat(session, _BATCH) if over > 0 else []
    for sha256, size in oldest:
        if over <= 0:
            return
        await platform.blobs.backend.delete(sha256)
        async with platform.work() as uow:
            await repository.set_flat(uow.session, sha256, None)
        over -= size


async def forget(platform: Platform) -> None:
    """Drop what nothing holds any more, files first, then the xorbs that no file needs. What another room refers
    to stays: its flat form may be gone."""
    horizon = platform.clock.now() - timedelta(hours=platform.section(HubSettings).upload_hours)
    spared = await _elsewhere(platform)
    async with platform.work() as uow:
        await repository.forget_files(uow.session, horizon, spared, _BATCH)
    async with platform.work() as uow:
        await repository.forget_xorbs(uow.session, horizon, _BATCH)


async def _elsewhere(platform: Platform) -> set[str]:
    """What other rooms refer to."""
    found: set[str] = set()
    for provider in platform.find(BlobReferences):  # type: ignore[type-abstract]
        if type(provider).__module__.startswith("ceyuan.hub."):
            continue
        async with platform.work(write=False) as uow:
            found.update([sha256 async for sha256 in provider.references(uow)])
    return found
