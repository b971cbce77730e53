"""Garbage collection and scrubbing.

Collection marks what the rooms refer to, and deletes what is unmarked and older than the grace period.
A blob is deleted in two transactions: the first condemns its row, the second locks the row, sees that
nobody has touched it since, and deletes content and row. A reference that comes in between touches the
row, and so either saves the blob or finds it gone and fails; it never points at nothing.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from sqlalchemy import delete, select, update

from ceyuan.kernel.actor import SYSTEM, Actor
from ceyuan.kernel.blobs.backend import StoredBlob
from ceyuan.kernel.blobs.errors import BlobCorrupt, BlobMissing
from ceyuan.kernel.blobs.staging import PREFIX
from ceyuan.kernel.blobs.tables import BlobRow
from ceyuan.kernel.upserts import insert_missing

if TYPE_CHECKING:
    from ceyuan.kernel.platform import Platform
    from ceyuan.kernel.work import UnitOfWork

logger = logging.getLogger(__name__)
_BATCH = 100
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
STAGE_AGE = timedelta(days=2)
"""A staged file older than this belongs to a process that is gone."""


class BlobReferences(Protocol):
    """The hook by which a room tells which blobs it refers to; every room that keeps hashes fills it."""

    def references(self, uow: UnitOfWork) -> AsyncIterator[str]:
        """All hashes (SHA-256, hexadecimal) that the room's rows refer to; repeats are welcome."""
        ...


@dataclass(slots=True)
class Collection:
    """What a collection saw and did: counts, bytes, and hashes that are referred to but not in the store."""

    kept: int = 0
    young: int = 0
    deleted: int = 0
    freed_bytes: int = 0
    dry_run: bool = False
    missing: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Scrub:
    """What a scrub read: counts, bytes, and the corrupted blobs, which were set aside."""

    checked: int = 0
    checked_bytes: int = 0
    corrupt: list[str] = field(default_factory=list)


async def collect_garbage(platform: Platform, *, dry_run: bool = False, actor: Actor = SYSTEM) -> Collection:
    """Delete what no room refers to and what is older than the store's grace period.

    With `dry_run` only count. Raises without having deleted anything if a room cannot tell its references,
    or if none was asked, since everything would look like garbage then.
    """
    store = platform.blobs
    cutoff = platform.clock.now() - store.grace
    oldest = datetime.now(UTC) - store.grace
    marked = await _mark(platform)
    unseen = set(marked)
    report = Collection(dry_run=dry_run)
    async for batch in store.backend.walk():
        garbage = []
        for blob in batch:
            digest = bytes.fromhex(blob.sha256)
            unseen.discard(digest)
            if digest in marked:
                report.kept += 1
            elif blob.modified >= oldest:
                report.young += 1
            else:
                garbage.append(blob)
        for at in range(0, len(garbage), _BATCH):
            await _sweep(platform, garbage[at : at + _BATCH], cutoff, report)
    report.missing = sorted(digest.hex() for digest in unseen)
    if report.missing:
        logger.error("%d blobs are referred to but not stored, such as %s", len(report.missing), report.missing[0])
    if not dry_run:
        await asyncio.to_thread(_forget_stages, platform)
        if store.landing is not None:
            await store.landing.sweep(datetime.now(UTC) - STAGE_AGE)
        if report.deleted:
            async with platform.work(actor) as uow:
                await uow.audit("blobs.collect", "blobs", deleted=report.deleted, freed_bytes=report.freed_bytes)
    return report


async def _mark(platform: Platform) -> set[bytes]:
    providers: list[BlobReferences] = platform.find(BlobReferences)  # type: ignore[type-abstract]
    if not providers:
        raise RuntimeError("no room tells its references to blobs: everything would be collected")
    marked: set[bytes] = set()
    for provider in providers:
        async with platform.work(SYSTEM, write=False) as uow:
            async for sha256 in provider.references(uow):
                marked.add(bytes.fromhex(sha256))
    return marked


async def _sweep(platform: Platform, garbage: Sequence[StoredBlob], cutoff: datetime, report: Collection) -> None:
    sizes = {blob.sha256: blob.size for blob in garbage}
    untouched = (BlobRow.sha256.in_(sizes), BlobRow.touched_at < cutoff)
    if report.dry_run:
        async with platform.work(SYSTEM, write=False) as uow:
            touched = set(
                await uow.session.scalars(
                    select(BlobRow.sha256).where(BlobRow.sha256.in_(sizes), BlobRow.touched_at >= cutoff)
                )
            )
        _count(report, {sha256: size for sha256, size in sizes.items() if sha256 not in touched}, len(touched))
        return
    async with platform.work(SYSTEM) as uow:
        rows = [{"sha256": s, "size": n, "touched_at": _LONG_AGO, "condemned": True} for s, n in sorted(sizes.items())]
        await uow.session.execute(insert_missing(uow.session, BlobRow, rows))
        await uow.session.execute(update(BlobRow).where(*untouched).values(condemned=True))
    async with platform.work(SYSTEM) as uow:
        condemned = list(
            await uow.session.scalars(
                select(BlobRow.sha256)
                .where(*untouched, BlobRow.condemned.is_(True))
                .order_by(BlobRow.sha256)
                .with_for_update()
            )
        )
        await asyncio.gather(*(platform.blobs.backend.delete(sha256) for sha256 in condemned))
        await uow.session.execute(delete(BlobRow).where(BlobRow.sha256.in_(condemned)))
    _count(report, {sha256: sizes[sha256] for sha256 in condemned}, len(sizes) - len(condemned))


def _count(report: Collection, deleted: dict[str, int], young: int) -> None:
    report.deleted += len(deleted)
    report.freed_bytes += sum(deleted.values())
    report.young += young


def _forget_stages(platform: Platform) -> None:
    oldest = (datetime.now(UTC) - STAGE_AGE).timestamp()
    for path in platform.blobs.backend.spool.glob(f"{PREFIX}*"):
        try:
            if path.stat().st_mtime < oldest:
                path.unlink()
        except FileNotFoundError:
            pass


async def scrub(platform: Platform, *, actor: Actor = SYSTEM) -> Scrub:
    """Read every blob again and set corrupted ones aside, so that their content can be stored anew."""
    store, report = platform.blobs, Scrub()
    async for batch in store.backend.walk():
        for blob in batch:
            try:
                async for _chunk in store.stream(blob.sha256):
                    pass
            except BlobMissing:
                continue
            except BlobCorrupt:
                logger.error("the blob %s is corrupted and was set aside", blob.sha256)
                await store.backend.set_aside(blob.sha256)
                report.corrupt.append(blob.sha256)
            report.checked += 1
            report.checked_bytes += blob.size
    if report.corrupt:
        async with platform.work(actor) as uow:
            await uow.audit("blobs.corrupt", "blobs", digests=report.corrupt[:100], count=len(report.corrupt))
    return report
