"""Staging: content is written to a temporary file, hashed on the way, and kept only when it is whole.

Hashing and writing run in a worker thread, a block at a time; memory stays bounded by the block.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import AsyncIterable, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from ceyuan.kernel.blobs.errors import HashMismatch, StorageFull, is_full
from ceyuan.kernel.errors import TooLarge

BLOCK = 1 << 20
PREFIX = "stage-"


@dataclass(frozen=True, slots=True)
class Staged:
    """A complete temporary file, synced to the disk, and what it holds."""

    path: Path
    sha256: str
    size: int


@asynccontextmanager
async def staged(
    chunks: AsyncIterable[bytes | memoryview], folder: Path, *, expected: str | None = None, limit: int | None = None
) -> AsyncIterator[Staged]:
    """Write `chunks` to a temporary file in `folder`; the file is gone when the block ends, if it is still there.

    Raises `TooLarge` beyond `limit` bytes, `HashMismatch` if the content is not `expected`, `StorageFull`.
    """
    path = folder / f"{PREFIX}{uuid4().hex}"
    try:
        sha256, size = await _write(chunks, path, limit)
        if expected is not None and sha256 != expected:
            raise HashMismatch(
                (f"声明为 {expected},实为 {sha256}", f"announced as {expected}, in fact {sha256}"),
                expected=expected,
                sha256=sha256,
            )
        yield Staged(path, sha256, size)
    except OSError as error:
        if is_full(error):
            raise StorageFull from error
        raise
    finally:
        await asyncio.to_thread(path.unlink, missing_ok=True)


async def _write(chunks: AsyncIterable[bytes | memoryview], path: Path, limit: int | None) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    handle = await asyncio.to_thread(_create, path)
    try:
        async for block in _blocks(chunks):
            size += len(block)
            if limit is not None and size > limit:
                raise TooLarge((f"内容超过 {limit} 字节", f"the content is longer than {limit} bytes"), limit=limit)
            await asyncio.to_thread(_put, handle, block, digest)
        await asyncio.to_thread(os.fsync, handle)
    finally:
        os.close(handle)
    return digest.hexdigest(), size


def _create(path: Path) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)


def _put(handle: int, block: bytes | memoryview, digest: hashlib._Hash) -> None:
    digest.update(block)
    view = memoryview(block)
    while view:
        view = view[os.write(handle, view) :]


async def _blocks(chunks: AsyncIterable[bytes | memoryview]) -> AsyncIterator[bytes | memoryview]:
    """The same bytes in blocks of at least `BLOCK`, so that small chunks do not cost a thread's turn each."""
    held: list[bytes] = []
    size = 0
    async for chunk in chunks:
        if not held and len(chunk) >= BLOCK:
            yield chunk
            continue
        held.append(bytes(chunk))
        size += len(chunk)
        if size >= BLOCK:
            yield b"".join(held)
            held, size = [], 0
    if held:
        yield b"".join(held)


async def file_chunks(path: Path) -> AsyncIterator[bytes]:
    """The bytes of a file, read in a worker thread."""
    handle = await asyncio.to_thread(os.open, path, os.O_RDONLY)
    try:
        while block := await asyncio.to_thread(os.read, handle, BLOCK):
            yield block
    finally:
        os.close(handle)


def hash_file(path: Path) -> tuple[str, int]:
    """SHA-256 and size of a file."""
    with open(path, "rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        return sha256, file.tell()
