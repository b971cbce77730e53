"""The blob store: bytes by the SHA-256 of their content, in a folder or an S3-compatible store."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from sqlalchemy import select

from ceyuan.kernel.blobs.backend import Backend, StoredBlob
from ceyuan.kernel.blobs.errors import BlobCorrupt, BlobMissing, HashMismatch
from ceyuan.kernel.blobs.folder import FolderBackend
from ceyuan.kernel.blobs.landing import Landing
from ceyuan.kernel.blobs.settings import BlobSettings
from ceyuan.kernel.blobs.staging import BLOCK, file_chunks, hash_file, staged
from ceyuan.kernel.blobs.tables import BlobRow
from ceyuan.kernel.errors import Invalid, TooLarge
from ceyuan.kernel.upserts import upsert_many

if TYPE_CHECKING:
    from ceyuan.kernel.work import UnitOfWork

_SHA256 = re.compile(r"[0-9a-f]{64}")
_CHECKS_AT_ONCE = 16
_ROWS_AT_ONCE = 500


class BlobOrigin(Protocol):
    """Hook: a room that can make content which the store does not hold as a blob of its own."""

    async def size(self, sha256: str) -> int | None:
        """The content's bytes; None if it cannot be made here."""
        ...

    async def content(self, sha256: str) -> AsyncIterator[bytes] | None:
        """The content in chunks; None if it cannot be made here."""
        ...

    async def made(self, sha256: str) -> None:
        """Hear that the store holds the content now; it may be removed again while it can be made anew."""
        ...


@dataclass(frozen=True, slots=True)
class Blob:
    """Content in the store: its SHA-256 (64 hexadecimal digits) and its length in bytes."""

    sha256: str
    size: int


class BlobStore:
    """Stores content once, whoever brings it; content never changes, so a blob is also its own checksum.

    `location` is a folder or `s3://bucket/prefix`. Bytes are stored first and referred to afterwards:
    whoever writes a reference into the database calls `refer` in the same unit of work. Content that
    nothing refers to is collected after a grace period.
    """

    def __init__(self, location: str | Path, settings: BlobSettings | None = None) -> None:
        settings = settings or BlobSettings()
        self.grace = timedelta(hours=settings.blob_grace_hours)
        self.origins: list[BlobOrigin] = []
        self._making: dict[str, asyncio.Future[None]] = {}
        self._landing: dict[str, asyncio.Future[Blob]] = {}
        self.backend: Backend
        if str(location).startswith(("s3://", "s3a://")):
            from ceyuan.kernel.blobs.s3 import S3Backend

            self.backend = S3Backend(str(location), settings)
        else:
            self.backend = FolderBackend(Path(str(location).removeprefix("file://")))

    async def put_bytes(self, data: bytes) -> Blob:
        """Store `data`; raises `StorageFull`."""

        async def one() -> AsyncIterator[bytes]:
            yield data

        if len(data) <= BLOCK:
            sha256 = hashlib.sha256(data).hexdigest()
            if await self._has(sha256, len(data)):
                return Blob(sha256, len(data))
        return await self.put_stream(one())

    async def put_many(self, items: Sequence[bytes]) -> list[Blob]:
        """Store many small contents at once: one turn of a thread for all of them. Raises `StorageFull`."""
        named = [(hashlib.sha256(data).hexdigest(), data) for data in items]
        await self.backend.put_small(dict(named))
        return [Blob(sha256, len(data)) for sha256, data in named]

    async def put_stream(
        self, chunks: AsyncIterable[bytes | memoryview], *, expected: str | None = None, limit: int | None = None
    ) -> Blob:
        """Store what `chunks` yields, in bounded memory; each chunk is used until the next is asked for.

        `expected` is the SHA-256 that the sender announced, `limit` the most bytes allowed. Raises
        `HashMismatch`, `TooLarge` or `StorageFull`; nothing is kept then, nor when `chunks` raises.
        """
        async with staged(chunks, self.backend.spool, expected=expected, limit=limit) as new:
            if not await self._has(new.sha256, new.size):
                await self.backend.adopt(new.path, new.sha256, new.size)
            return Blob(new.sha256, new.size)

    async def put_file(self, path: Path) -> Blob:
        """Store a copy of the file at `path`."""
        copied = await self.backend.copy_in(path)
        if copied is not None:
            return Blob(*copied)
        return await self.put_stream(file_chunks(path))

    async def take_file(self, path: Path, *, expected: str) -> Blob:
        """Store the file at `path`, which is consumed; raises `HashMismatch` and leaves it if it is not `expected`."""
        sha256, size = await asyncio.to_thread(hash_file, path)
        if sha256 != expected:
            raise HashMismatch(
                (f"声明为 {expected},实为 {sha256}", f"announced as {expected}, in fact {sha256}"),
                expected=expected,
                sha256=sha256,
            )
        if await self._has(sha256, size):
            await asyncio.to_thread(path.unlink)
        else:
            await self.backend.adopt(path, sha256, size)
        return Blob(sha256, size)

    @property
    def landing(self) -> Landing | None:
        """Where clients put large content themselves, to be taken in by `land`; None if they cannot."""
        return self.backend.landing

    async def land(self, names: Sequence[str], *, expected: str, size: int) -> Blob:
        """Store what clients put into the landing as `names`, in this order; nothing is left there.

        Every byte is read, whatever the store holds already: knowing a hash is not having the content. Raises
        `BlobMissing` if a part is not there, `HashMismatch` if the whole is not `expected`.
        """
        under_way = self._landing.get(names[0])
        if under_way is None:
            under_way = asyncio.ensure_future(self._landed(names, expected, size))
            self._landing[names[0]] = under_way
            under_way.add_done_callback(lambda _: self._landing.pop(names[0], None))
        return await asyncio.shield(under_way)

    async def _landed(self, names: Sequence[str], expected: str, size: int) -> Blob:
        landing = self.landing
        sizes = [await landing.size(name) for name in names] if landing else [None]
        if landing is None or None in sizes:
            raise BlobMissing(expected)
        came = sum(each or 0 for each in sizes)
        try:
            if came != size:
                raise HashMismatch((f"应为 {size} 字节,实为 {came}", f"{size} bytes were announced, {came} came"))
            blob = await self.put_stream(landing.content(names), expected=expected, limit=size)
        except (HashMismatch, TooLarge):
            await landing.clear(names)
            raise
        await landing.clear(names)
        return blob

    async def stat(self, sha256: str) -> Blob:
        """The blob's size; raises `BlobMissing`."""
        found = await self.backend.stat(_checked(sha256))
        if found is not None:
            return Blob(found.sha256, found.size)
        for origin in self.origins:
            size = await origin.size(sha256)
            if size is not None:
                return Blob(sha256, size)
        raise BlobMissing(sha256)

    async def address(self, sha256: str, seconds: int) -> str | None:
        """A signed address at which clients get the content themselves, good for so long; None where the store gives
        none, or does not hold the content as a blob of its own."""
        found = await self.backend.address(_checked(sha256), seconds)
        return found if found is not None and await self.exists(sha256) else None

    async def range_address(self, sha256: str, start: int, end: int, seconds: int) -> str | None:
        """A signed address that opens the bytes from `start` to `end` (excluded) of a blob and no others, to who asks
        with exactly that `Range`; None where the store gives none. Whether the blob is there is not looked at."""
        return await self.backend.range_address(_checked(sha256), start, end, seconds)

    async def ensure(self, sha256: str) -> None:
        """Make the content a blob of its own, if a room can make it and it is none yet; raises `BlobMissing`."""
        await self._find(sha256)

    async def exists(self, sha256: str) -> bool:
        """Whether the store holds the content."""
        return await self.backend.stat(_checked(sha256)) is not None

    async def read(self, sha256: str, *, limit: int | None = None) -> bytes:
        """The whole content, verified; raises `BlobMissing`, `BlobCorrupt`, or `TooLarge` beyond `limit` bytes."""
        found = await self._find(sha256)
        if limit is not None and found.size > limit:
            raise TooLarge((f"内容有 {found.size} 字节,超过 {limit}", f"{found.size} bytes are more than {limit}"))
        return b"".join([chunk async for chunk in self.stream(sha256)])

    async def read_range(self, sha256: str, start: int, end: int) -> bytes:
        """The bytes from `start` to `end` (excluded, cut at the content's end). Parts cannot be verified."""
        found = await self._find(sha256)
        return b"".join([chunk async for chunk in self.backend.stream(sha256, start, min(end, found.size))])

    async def stream(self, sha256: str, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """The content from `start` to `end` (excluded) in chunks of about 1 MiB.

        A whole stream is verified: one that does not have its hash raises `BlobCorrupt` at its end, before
        the last chunk is handed out, so that no reader ever gets corrupted content completely.
        """
        found = await self._find(sha256)
        stop = found.size if end is None else min(end, found.size)
        chunks = self.backend.stream(sha256, start, stop)
        if (start, stop) != (0, found.size):
            async for chunk in chunks:
                yield chunk
            return
        digest, held = hashlib.sha256(), b""
        async for chunk in chunks:
            await asyncio.to_thread(digest.update, chunk)
            if held:
                yield held
            held = chunk
        if digest.hexdigest() != sha256:
            raise BlobCorrupt(sha256)
        if held:
            yield held

    def local_path(self, sha256: str) -> Path | None:
        """Where the content lies as a read-only file, for engines and sendfile; None when the store is no folder.

        The file may be missing: `stat` tells. It must not be written to.
        """
        return self.backend.local_path(_checked(sha256))

    @asynccontextmanager
    async def as_file(self, sha256: str) -> AsyncIterator[Path]:
        """The content as a local file while the block runs: itself in a folder, a verified copy otherwise."""
        await self._find(sha256)
        path = self.local_path(sha256)
        if path is not None:
            yield path
            return
        async with staged(self.stream(sha256), self.backend.spool) as copy:
            yield copy.path

    async def refer(self, uow: UnitOfWork, digests: Iterable[str], *, sizes: Mapping[str, int] | None = None) -> None:
        """Say, in the unit of work that writes the references, that these blobs are referred to; `sizes` has the
        bytes of those whose length the caller knows.

        Raises `BlobMissing` for content that the store does not hold (or that was just collected).
        """
        wanted = sorted({_checked(sha256) for sha256 in digests})
        for at in range(0, len(wanted), _ROWS_AT_ONCE):
            await self._refer(uow, wanted[at : at + _ROWS_AT_ONCE], sizes or {})

    async def _refer(self, uow: UnitOfWork, digests: list[str], sizes: Mapping[str, int]) -> None:
        now = uow.clock.now()
        # A row touched within a quarter of the grace period is safe for longer than any transaction lasts.
        fresh = set(
            await uow.session.scalars(
                select(BlobRow.sha256).where(
                    BlobRow.sha256.in_(digests),
                    BlobRow.condemned.is_(False),
                    BlobRow.touched_at > now - self.grace / 4,
                )
            )
        )
        stale = [sha256 for sha256 in digests if sha256 not in fresh]
        if not stale:
            return
        rows = [{"sha256": s, "size": sizes.get(s, 0), "touched_at": now, "condemned": False} for s in stale]
        connection = await uow.session.connection()
        touch = upsert_many(uow.session, BlobRow, key=["sha256"], update=["touched_at", "condemned"])
        await connection.execute(touch, rows)
        # Only now, with the rows locked, is it sure that the collection cannot take them away.
        found = await self._find_all(stale)
        unsized = [
            {"sha256": b.sha256, "size": b.size, "touched_at": now, "condemned": False}
            for b in found
            if sizes.get(b.sha256) != b.size
        ]
        if unsized:
            await connection.execute(upsert_many(uow.session, BlobRow, key=["sha256"], update=["size"]), unsized)

    async def _find_all(self, digests: list[str]) -> list[StoredBlob]:
        if self.local_path(digests[0]) is not None:
            return [await self._find(sha256) for sha256 in digests]
        turns = asyncio.Semaphore(_CHECKS_AT_ONCE)

        async def find(sha256: str) -> StoredBlob:
            async with turns:
                return await self._find(sha256)

        return await asyncio.gather(*(find(sha256) for sha256 in digests))

    async def _has(self, sha256: str, size: int) -> bool:
        """Whether the store holds the content already; a blob of another size is damaged and is replaced."""
        found = await self.backend.stat(sha256)
        if found is None or found.size != size:
            return False
        await self.backend.touch(sha256)
        return True

    async def _find(self, sha256: str) -> StoredBlob:
        found = await self.backend.stat(_checked(sha256))
        if found is None and self.origins:
            found = await self._make(sha256)
        if found is None:
            raise BlobMissing(sha256)
        return found

    async def _make(self, sha256: str) -> StoredBlob | None:
        """Let a room make the content that is missing; whoever asks for it meanwhile waits."""
        under_way = self._making.get(sha256)
        if under_way is None:
            under_way = asyncio.ensure_future(self._made(sha256))
            self._making[sha256] = under_way
            under_way.add_done_callback(lambda _: self._making.pop(sha256, None))
        await asyncio.shield(under_way)
        return await self.backend.stat(sha256)

    async def _made(self, sha256: str) -> None:
        for origin in self.origins:
            chunks = await origin.content(sha256)
            if chunks is not None:
                await self.put_stream(chunks, expected=sha256)
                await origin.made(sha256)
                return


def _checked(sha256: str) -> str:
    # The name becomes part of a path: nothing else may pass.
    if not _SHA256.fullmatch(sha256):
        raise Invalid(("不是 SHA-256 哈希", "this is not a SHA-256 hash"))
    return sha256
