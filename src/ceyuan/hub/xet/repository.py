"""All SQL of the content store."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import delete, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from ceyuan.hub.chunks import Xorb, is_eligible, text_of
from ceyuan.hub.commits.tables import HubUpload
from ceyuan.hub.history.tables import HubHeld
from ceyuan.hub.xet.encoding import Run, chunks_to_bytes, runs_to_bytes
from ceyuan.hub.xet.tables import HubChunk, HubXetFile, HubXetUse, HubXorb
from ceyuan.kernel.upserts import insert_missing

_PART = 400


def _parts(values: Iterable[str]) -> list[list[str]]:
    ordered = sorted(set(values))
    return [ordered[at : at + _PART] for at in range(0, len(ordered), _PART)]


async def xorb(session: AsyncSession, digest: str) -> HubXorb | None:
    return await session.get(HubXorb, digest)


async def xorbs(session: AsyncSession, digests: Iterable[str]) -> dict[str, HubXorb]:
    found: dict[str, HubXorb] = {}
    for part in _parts(digests):
        found |= {row.hash: row for row in await session.scalars(select(HubXorb).where(HubXorb.hash.in_(part)))}
    return found


async def add_xorb(session: AsyncSession, made: Xorb, sha256: str, now: datetime) -> bool:
    """Note a xorb that is stored; false if it was known."""
    values = {
        "hash": text_of(made.hash),
        "sha256": sha256,
        "stored": made.stored,
        "size": made.size,
        "chunks": chunks_to_bytes(made.chunks),
        "created_at": now,
    }
    return await session.scalar(insert_missing(session, HubXorb, values).returning(HubXorb.hash)) is not None


async def index_chunks(session: AsyncSession, known: Iterable[Xorb], first: Iterable[tuple[bytes, bytes]]) -> None:
    """Let uploads find these xorbs: by the chunks that clients ask for, and by (chunk, xorb) that begin files."""
    places = {
        text_of(chunk.hash): text_of(each.hash) for each in known for chunk in each.chunks if is_eligible(chunk.hash)
    }
    places |= {text_of(digest): text_of(place) for digest, place in first}
    values = [{"hash": digest, "xorb": place} for digest, place in places.items()]
    for start in range(0, len(values), _PART):
        await session.execute(insert_missing(session, HubChunk, values[start : start + _PART]))


async def neighbours(session: AsyncSession, chunk: str, limit: int) -> Sequence[HubXorb]:
    """The xorb that holds a chunk, then others that the same files need, at most `limit`."""
    place: str | None = await session.scalar(select(HubChunk.xorb).where(HubChunk.hash == chunk))
    if place is None:
        return []
    files = select(HubXetUse.sha256).where(HubXetUse.xorb == place)
    around = select(HubXetUse.xorb).where(HubXetUse.sha256.in_(files)).distinct()
    rows = await session.scalars(
        select(HubXorb)
        .where(HubXorb.hash.in_(around) | (HubXorb.hash == place))
        .order_by(HubXorb.created_at.desc())
        .limit(limit)
    )
    found = list(rows)
    if all(row.hash != place for row in found):
        own = await session.get(HubXorb, place)
        found = [*([own] if own else []), *found[: limit - 1]]
    return found


async def holders(session: AsyncSession, chunks: Iterable[str]) -> set[str]:
    """The xorbs that hold these indexed chunks, and those that the same files need."""
    places: set[str] = set()
    for part in _parts(chunks):
        places.update(await session.scalars(select(HubChunk.xorb).where(HubChunk.hash.in_(part)).distinct()))
    around: set[str] = set(places)
    for part in _parts(places):
        files = select(HubXetUse.sha256).where(HubXetUse.xorb.in_(part))
        around.update(await session.scalars(select(HubXetUse.xorb).where(HubXetUse.sha256.in_(files)).distinct()))
    return around


async def files_in_blobs(session: AsyncSession, blobs: Iterable[str]) -> set[str]:
    """The files (SHA-256) that need a xorb which one of these blobs holds."""
    found: set[str] = set()
    for part in _parts(blobs):
        needing = select(HubXetUse.sha256).join(HubXorb, HubXorb.hash == HubXetUse.xorb)
        found.update(await session.scalars(needing.where(HubXorb.sha256.in_(part)).distinct()))
    return found


async def file(session: AsyncSession, sha256: str) -> HubXetFile | None:
    return await session.get(HubXetFile, sha256)


async def files(session: AsyncSession, hashes: Iterable[str]) -> dict[str, HubXetFile]:
    """The files among these contents (SHA-256) that lie in xorbs."""
    found: dict[str, HubXetFile] = {}
    for part in _parts(hashes):
        rows = await session.scalars(select(HubXetFile).where(HubXetFile.sha256.in_(part)))
        found |= {row.sha256: row for row in rows}
    return found


async def hashes_of(session: AsyncSession, contents: Iterable[str]) -> dict[str, str]:
    """The Xet hash of each of these contents (SHA-256) that lies in xorbs."""
    found: dict[str, str] = {}
    for part in _parts(contents):
        rows = await session.execute(select(HubXetFile.sha256, HubXetFile.hash).where(HubXetFile.sha256.in_(part)))
        found |= {row.sha256: row.hash for row in rows}
    return found


async def held_file(session: AsyncSession, repository_id: str, digest: str) -> HubXetFile | None:
    """The file of this Xet hash, if a revision of the repository holds it or it was uploaded there."""
    held = exists().where(HubHeld.repository_id == repository_id, HubHeld.sha256 == HubXetFile.sha256)
    brought = exists().where(HubUpload.repository_id == repository_id, HubUpload.sha256 == HubXetFile.sha256)
    found: HubXetFile | None = await session.scalar(
        select(HubXetFile).where(HubXetFile.hash == digest, held | brought).limit(1)
    )
    return found


async def add_file(
    session: AsyncSession, sha256: str, digest: str, runs: Sequence[Run], now: datetime, *, flat: bool
) -> None:
    """Note a file that lies in xorbs; one that is known stays as it is."""
    values = {
        "sha256": sha256,
        "hash": digest,
        "size": sum(run.size for run in runs),
        "runs": runs_to_bytes(runs),
        "flat_at": now if flat else None,
        "created_at": now,
    }
    if await session.scalar(insert_missing(session, HubXetFile, values).returning(HubXetFile.sha256)) is None:
        return
    needs = [{"sha256": sha256, "xorb": text_of(needed)} for needed in dict.fromkeys(run.xorb for run in runs)]
    for start in range(0, len(needs), _PART):
        await session.execute(insert_missing(session, HubXetUse, needs[start : start + _PART]))


async def blobs_of(session: AsyncSession, contents: Iterable[str]) -> Mapping[str, set[str]]:
    """Of these contents (SHA-256) those that lie in xorbs, with the blobs that hold them; nobody can take them away
    before the transaction ends."""
    found: dict[str, set[str]] = {}
    for part in _parts(contents):
        known = list(
            await session.scalars(
                select(HubXetFile.sha256).where(HubXetFile.sha256.in_(part)).with_for_update(read=True)
            )
        )
        rows = await session.execute(
            select(HubXetUse.sha256, HubXorb.sha256)
            .join(HubXorb, HubXorb.hash == HubXetUse.xorb)
            .where(HubXetUse.sha256.in_(known))
        )
        for sha256, blob in rows:
            found.setdefault(sha256, set()).add(blob)
    return found


async def set_flat(session: AsyncSession, sha256: str, at: datetime | None) -> None:
    """Say when the flat form of a file was made, or that it is gone."""
    await session.execute(
        update(HubXetFile)
        .where(HubXetFile.sha256 == sha256)
        .values(flat_at=at)
        .execution_options(synchronize_session=False)
    )


async def flat_bytes(session: AsyncSession) -> int:
    """The bytes of all flat forms of files that lie in xorbs."""
    total = await session.scalar(select(func.sum(HubXetFile.size)).where(HubXetFile.flat_at.is_not(None)))
    return int(total or 0)


async def oldest_flat(session: AsyncSession, limit: int) -> Sequence[tuple[str, int]]:
    """The flat forms that were made longest ago: SHA-256 and bytes."""
    rows = await session.execute(
        select(HubXetFile.sha256, HubXetFile.size)
        .where(HubXetFile.flat_at.is_not(None))
        .order_by(HubXetFile.flat_at)
        .limit(limit)
    )
    return [(sha256, size) for sha256, size in rows]


async def xorb_blobs(session: AsyncSession) -> AsyncIterator[str]:
    """The blob of every xorb."""
    rows = await session.stream_scalars(select(HubXorb.sha256).execution_options(yield_per=5000))
    async for sha256 in rows:
        yield sha256


async def forget_files(session: AsyncSession, before: datetime, spared: set[str], limit: int) -> int:
    """Drop files older than `before` that nothing holds and that are not `spared`; returns how many."""
    idle = (
        HubXetFile.created_at < before,
        ~exists().where(HubHeld.sha256 == HubXetFile.sha256),
        ~exists().where(HubUpload.sha256 == HubXetFile.sha256),
    )
    found = await session.scalars(select(HubXetFile.sha256).where(*idle).limit(limit).with_for_update())
    locked = [sha256 for sha256 in found if sha256 not in spared]
    # Asked again, now that nobody can refer to them unseen.
    gone = list(await session.scalars(select(HubXetFile.sha256).where(HubXetFile.sha256.in_(locked), *idle)))
    await session.execute(delete(HubXetFile).where(HubXetFile.sha256.in_(gone)))
    return len(gone)


async def forget_xorbs(session: AsyncSession, before: datetime, limit: int) -> int:
    """Drop xorbs older than `before` that no file needs; their blobs are then garbage. Returns how many."""
    idle = (HubXorb.created_at < before, ~exists().where(HubXetUse.xorb == HubXorb.hash))
    locked = list(await session.scalars(select(HubXorb.hash).where(*idle).limit(limit).with_for_update()))
    gone = list(await session.scalars(select(HubXorb.hash).where(HubXorb.hash.in_(locked), *idle)))
    await session.execute(delete(HubXorb).where(HubXorb.hash.in_(gone)))
    return len(gone)
