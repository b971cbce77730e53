"""Collection of what nothing refers to, on both databases, and the race with a new reference."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator

import pytest

from ceyuan.kernel.actor import SYSTEM
from ceyuan.kernel.blobs import Blob, BlobMissing, BlobReferences, collect_garbage, collection, scrub
from ceyuan.kernel.clock import ManualClock
from ceyuan.kernel.platform import Platform
from ceyuan.kernel.work import UnitOfWork


class Room:
    """A room that refers to some blobs."""

    def __init__(self) -> None:
        self.held: set[str] = set()

    async def references(self, uow: UnitOfWork) -> AsyncIterator[str]:
        for sha256 in sorted(self.held):
            yield sha256


@pytest.fixture
def room(built: Platform) -> Room:
    room = Room()
    built.hooks[BlobReferences] = [room]
    built.clock = ManualClock()
    return room


def age(platform: Platform, *blobs: Blob) -> None:
    """Let the blobs have been stored three days ago, and their rows have been touched before that."""
    for blob in blobs:
        path = platform.blobs.local_path(blob.sha256)
        assert path is not None
        os.utime(path, (time.time() - 3 * 86400,) * 2)
    assert isinstance(platform.clock, ManualClock)
    platform.clock.advance(3 * platform.blobs.grace)


async def refer(platform: Platform, *blobs: Blob) -> None:
    async with platform.work(SYSTEM) as uow:
        await platform.blobs.refer(uow, [blob.sha256 for blob in blobs])


async def test_only_old_unreferenced_blobs_go(built: Platform, room: Room) -> None:
    kept, orphan, never_referred = [await built.blobs.put_bytes(name) for name in (b"kept", b"orphan", b"never")]
    await refer(built, kept, orphan)
    age(built, kept, orphan, never_referred)
    young = await built.blobs.put_bytes(b"young")
    room.held = {kept.sha256}
    report = await collect_garbage(built)
    assert (report.kept, report.young, report.deleted, report.freed_bytes) == (1, 1, 2, 11)
    assert [await built.blobs.exists(b.sha256) for b in (kept, young, orphan, never_referred)] == [
        True,
        True,
        False,
        False,
    ]


async def test_a_dry_run_deletes_nothing_and_counts_the_same(built: Platform, room: Room) -> None:
    blobs = [await built.blobs.put_bytes(bytes([n])) for n in range(5)]
    await refer(built, *blobs)
    age(built, *blobs)
    await refer(built, blobs[0])
    dry = await collect_garbage(built, dry_run=True)
    assert all([await built.blobs.exists(b.sha256) for b in blobs])
    real = await collect_garbage(built)
    assert (dry.deleted, dry.young, dry.freed_bytes) == (real.deleted, real.young, real.freed_bytes) == (4, 1, 4)


async def test_a_recently_touched_blob_stays_although_its_file_is_old(built: Platform, room: Room) -> None:
    blob = await built.blobs.put_bytes(b"x")
    age(built, blob)
    await refer(built, blob)
    assert (await collect_garbage(built)).deleted == 0


async def test_storing_known_content_again_makes_it_young(built: Platform, room: Room) -> None:
    blob = await built.blobs.put_bytes(b"x")
    age(built, blob)
    await built.blobs.put_bytes(b"x")
    assert (await collect_garbage(built)).deleted == 0


async def test_referring_to_missing_content_fails(built: Platform, room: Room) -> None:
    with pytest.raises(BlobMissing):
        await refer(built, Blob("0" * 64, 1))
    blob = await built.blobs.put_bytes(b"x")
    age(built, blob)
    await collect_garbage(built)
    with pytest.raises(BlobMissing):
        await refer(built, blob)
    await built.blobs.put_bytes(b"x")
    await refer(built, blob)


async def test_without_anybody_to_ask_nothing_is_collected(built: Platform, room: Room) -> None:
    built.hooks[BlobReferences] = []
    with pytest.raises(RuntimeError, match="no room"):
        await collect_garbage(built)


async def test_a_room_that_cannot_tell_stops_the_collection(built: Platform, room: Room) -> None:
    blob = await built.blobs.put_bytes(b"x")
    age(built, blob)

    class Broken:
        async def references(self, uow: UnitOfWork) -> AsyncIterator[str]:
            raise OSError("broken")
            yield ""

    built.provide(BlobReferences, Broken())  # type: ignore[type-abstract]
    with pytest.raises(OSError, match="broken"):
        await collect_garbage(built)
    assert await built.blobs.exists(blob.sha256)


async def test_references_to_lost_content_are_reported(built: Platform, room: Room) -> None:
    room.held = {"ab" * 32}
    assert (await collect_garbage(built)).missing == ["ab" * 32]


async def test_a_reference_made_while_the_collection_runs_never_dangles(
    built: Platform, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The collection has marked and listed; the reference comes before, between or after its two transactions."""
    sweep = collection._sweep
    for number in range(6):
        blob = await built.blobs.put_bytes(f"contended {number}".encode())
        age(built, blob)
        outcome: list[bool] = []

        async def late(blob: Blob = blob, outcome: list[bool] = outcome, turns: int = number) -> None:
            for _ in range(turns * 3):
                await asyncio.sleep(0)
            try:
                await refer(built, blob)
                outcome.append(True)
            except BlobMissing:
                outcome.append(False)

        async def swept(*arguments: object, late: object = late) -> None:
            await asyncio.gather(sweep(*arguments), late())  # type: ignore[arg-type, operator]

        with monkeypatch.context() as patch:
            patch.setattr(collection, "_sweep", swept)
            await collect_garbage(built)
        for referred in outcome:
            assert referred == await built.blobs.exists(blob.sha256)


async def test_a_reference_made_while_the_content_is_being_deleted_fails_instead_of_dangling(
    built: Platform, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    blob = await built.blobs.put_bytes(b"contended")
    await refer(built, blob)
    age(built, blob)
    delete, late = built.blobs.backend.delete, []

    async def slow_delete(sha256: str) -> None:
        late.append(asyncio.create_task(refer(built, blob)))
        await asyncio.sleep(0.1)
        assert not late[0].done()
        await delete(sha256)

    monkeypatch.setattr(built.blobs.backend, "delete", slow_delete)
    assert (await collect_garbage(built)).deleted == 1
    with pytest.raises(BlobMissing):
        await late[0]


async def test_old_stages_of_dead_processes_are_removed(built: Platform, room: Room) -> None:
    spool = built.blobs.backend.spool
    spool.mkdir(parents=True)
    for name, days in (("stage-old", 3), ("stage-new", 0)):
        (spool / name).write_bytes(b"x")
        os.utime(spool / name, (time.time() - days * 86400,) * 2)
    await collect_garbage(built)
    assert [path.name for path in spool.iterdir()] == ["stage-new"]


async def test_a_scrub_sets_corrupted_content_aside_so_that_it_can_be_stored_anew(built: Platform, room: Room) -> None:
    good, bad = await built.blobs.put_bytes(b"good"), await built.blobs.put_bytes(b"evil")
    path = built.blobs.local_path(bad.sha256)
    assert path is not None
    path.chmod(0o644)
    path.write_bytes(b"live")
    report = await scrub(built)
    assert (report.checked, report.corrupt) == (2, [bad.sha256])
    assert not await built.blobs.exists(bad.sha256)
    await built.blobs.put_bytes(b"evil")
    assert (await scrub(built)).corrupt == []
    assert await built.blobs.read(good.sha256) == b"good"
