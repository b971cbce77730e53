"""The content of a file from its xorbs, any part of it, every chunk verified."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ceyuan.hub.chunks import Chunk, ChunkProblem, Content, Xorb, chunk_hash, contents, text_of
from ceyuan.hub.xet import repository
from ceyuan.hub.xet.encoding import Run, runs_of, xorb_of
from ceyuan.kernel.blobs import BlobCorrupt, BlobMissing
from ceyuan.kernel.platform import Platform

_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class Stored:
    """A xorb and the blob that holds it."""

    xorb: Xorb
    sha256: str


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the content of a file lies."""

    size: int
    runs: Sequence[Run]
    xorbs: Mapping[bytes, Stored]


@dataclass(frozen=True, slots=True)
class _Piece:
    """Some chunks of a xorb, of which the bytes `skip` to `stop` (excluded) are wanted."""

    stored: Stored
    first: int
    last: int
    skip: int
    stop: int


async def layout_of(platform: Platform, sha256: str) -> Layout | None:
    """How the content with this SHA-256 lies in xorbs; None if it does not."""
    async with platform.database.session(write=False) as session:
        row = await repository.file(session, sha256)
        if row is None:
            return None
        runs = runs_of(row.runs)
        rows = await repository.xorbs(session, {text_of(run.xorb) for run in runs})
    return layout(runs, {digest: Stored(xorb_of(each), each.sha256) for digest, each in rows.items()})


async def read_part(platform: Platform, sha256: str, start: int, end: int) -> bytes:
    """The bytes from `start` to `end` (excluded) of content in whatever form it is kept: no flat form is made for
    them. Raises `BlobMissing`, `BlobCorrupt`."""
    where = None if await platform.blobs.exists(sha256) else await layout_of(platform, sha256)
    if where is None:
        return await platform.blobs.read_range(sha256, start, end)
    return b"".join([piece async for piece in stream(platform, where, start, end)])


def layout(runs: Sequence[Run], stored: Mapping[str, Stored]) -> Layout:
    """The layout of a file made of `runs`; `stored` has the xorbs by the text of their hash."""
    return Layout(sum(run.size for run in runs), runs, {each.xorb.hash: each for each in stored.values()})


async def stream(platform: Platform, where: Layout, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
    """The content from `start` to `end` (excluded) in pieces of about 1 MiB; the next one is made while one is used.

    Raises `BlobMissing`, or `BlobCorrupt` for a chunk that does not have its hash.
    """
    pieces = _pieces(where, start, where.size if end is None else min(end, where.size))
    piece = next(pieces, None)
    ahead = asyncio.ensure_future(_read(platform, piece)) if piece else None
    try:
        while ahead is not None:
            data = await ahead
            piece = next(pieces, None)
            ahead = asyncio.ensure_future(_read(platform, piece)) if piece else None
            yield data
    finally:
        if ahead is not None:
            ahead.cancel()
            await asyncio.gather(ahead, return_exceptions=True)


def _pieces(where: Layout, start: int, end: int) -> Iterator[_Piece]:
    offset = 0
    for run in where.runs:
        if offset >= end:
            return
        if offset + run.size > start:
            yield from _pieces_of(where.xorbs[run.xorb], run, start - offset, end - offset)
        offset += run.size


def _pieces_of(stored: Stored, run: Run, start: int, end: int) -> Iterator[_Piece]:
    """The pieces of a run that hold its bytes from `start` to `end`."""
    chunks = stored.xorb.chunks
    offset, first, begun = 0, run.first, 0
    for number in range(run.first, run.last):
        size = chunks[number].size
        if offset + size <= start:
            first, begun = number + 1, offset + size
        elif offset + size - begun >= _PIECE or offset + size >= end:
            yield _Piece(stored, first, number + 1, max(start - begun, 0), min(end, offset + size) - begun)
            first, begun = number + 1, offset + size
        offset += size
        if offset >= end:
            return
    if first < run.last:
        yield _Piece(stored, first, run.last, max(start - begun, 0), min(end, offset) - begun)


async def pass_on(platform: Platform, where: Layout, runs: Sequence[Run], take: Callable[[Content], object]) -> None:
    """Give the content of some of a file's runs to `take`, chunk by chunk, in a worker thread; what is given is good
    until `take` returns. Chunks are not verified: for who makes sure of the whole in another way.

    Raises `BlobMissing`, `BlobCorrupt`.
    """
    for run in runs:
        stored = where.xorbs[run.xorb]
        path = platform.blobs.local_path(stored.sha256)
        try:
            if path is not None:
                await asyncio.to_thread(_pass_file, path, stored, run, take)
                continue
            for piece in _pieces_of(stored, run, 0, run.size):
                raw = await platform.blobs.read_range(stored.sha256, *stored.xorb.place(piece.first, piece.last))
                await asyncio.to_thread(_pass, memoryview(raw), take)
        except FileNotFoundError as error:
            raise BlobMissing(stored.sha256) from error
        except ChunkProblem as problem:
            raise BlobCorrupt(stored.sha256) from problem


def _pass_file(path: Path, stored: Stored, run: Run, take: Callable[[Content], object]) -> None:
    places = [stored.xorb.place(piece.first, piece.last) for piece in _pieces_of(stored, run, 0, run.size)]
    # One buffer for all: memory that is taken anew for each piece costs more than to read into it.
    buffer = memoryview(bytearray(max(end - begin for begin, end in places)))
    handle = os.open(path, os.O_RDONLY)
    try:
        for begin, end in places:
            _pass(buffer[: os.preadv(handle, [buffer[: end - begin]], begin)], take)
    finally:
        os.close(handle)


def _pass(raw: memoryview, take: Callable[[Content], object]) -> None:
    for content in contents(raw):
        take(content)


async def _read(platform: Platform, piece: _Piece) -> bytes:
    sha256 = piece.stored.sha256
    begin, end = piece.stored.xorb.place(piece.first, piece.last)
    path = platform.blobs.local_path(sha256)
    raw = b"" if path else await platform.blobs.read_range(sha256, begin, end)
    try:
        return await asyncio.to_thread(_unpacked, piece, path, raw, begin, end)
    except FileNotFoundError as error:
        raise BlobMissing(sha256) from error
    except ChunkProblem as problem:
        raise BlobCorrupt(sha256) from problem


def _unpacked(piece: _Piece, path: Path | None, raw: bytes, begin: int, end: int) -> bytes:
    if path is not None:
        handle = os.open(path, os.O_RDONLY)
        try:
            raw = os.pread(handle, end - begin, begin)
        finally:
            os.close(handle)
    wanted: Sequence[Chunk] = piece.stored.xorb.chunks[piece.first : piece.last]
    parts = list(contents(raw))
    if len(parts) != len(wanted) or any(chunk_hash(p) != c.hash for p, c in zip(parts, wanted, strict=True)):
        raise ChunkProblem("数据块校验失败", "a chunk does not have its hash")
    whole = b"".join(parts)
    return whole if (piece.skip, piece.stop) == (0, len(whole)) else whole[piece.skip : piece.stop]
