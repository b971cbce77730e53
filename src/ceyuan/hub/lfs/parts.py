"""An upload in parts: they arrive in any order, each may be sent again, and the whole is verified at the end."""

from __future__ import annotations

import asyncio
import os
import zlib
from collections.abc import AsyncIterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ceyuan.hub.errors import UploadMissing
from ceyuan.hub.stored import Content
from ceyuan.kernel.blobs import HashMismatch, StorageFull
from ceyuan.kernel.platform import Platform

_BLOCK = 1 << 20
_FULL = 28


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of one upload, in the store's spool, whose sweep takes away what nobody finished."""

    file: Path
    size: int
    part: int

    @classmethod
    def of(cls, platform: Platform, repository_id: str, sha256: str, size: int, part: int) -> Parts:
        """The upload of this content to this repository."""
        return cls(platform.blobs.backend.spool / f"stage-parts-{repository_id}-{sha256}", size, part)

    @property
    def count(self) -> int:
        return -(-self.size // self.part)

    def _mark(self, number: int) -> Path:
        return self.file.with_name(f"{self.file.name}-{number:05d}")

    async def write(self, number: int, body: AsyncIterable[bytes]) -> str:
        """Keep part `number` (from 1); returns its tag. Raises `HashMismatch` if it has another length."""
        start = (number - 1) * self.part
        length = min(self.part, self.size - start)
        handle = await asyncio.to_thread(self._open)
        written, crc = 0, 0
        try:
            async for block in _blocks(body):
                if written + len(block) > length:
                    raise _short(number, length, written + len(block))
                crc = await asyncio.to_thread(_put, handle, block, start + written, crc)
                written += len(block)
            if written != length:
                raise _short(number, length, written)
            await asyncio.to_thread(os.fsync, handle)
        except OSError as error:
            if error.errno == _FULL:
                raise StorageFull from error
            raise
        finally:
            os.close(handle)
        tag = f'"{number}-{length}-{crc:08x}"'
        await asyncio.to_thread(self._mark(number).write_text, tag)
        return tag

    def _open(self) -> int:
        self.file.parent.mkdir(parents=True, exist_ok=True)
        return os.open(self.file, os.O_WRONLY | os.O_CREAT, 0o600)

    async def finish(self, platform: Platform, sha256: str, tags: Mapping[int, str]) -> Content:
        """Put the parts together; raises `UploadMissing` for one that is not here, `HashMismatch`."""
        await asyncio.to_thread(self._check, tags)
        blob = await platform.blobs.take_file(self.file, expected=sha256)
        await asyncio.to_thread(self._forget)
        return Content(blob.sha256, blob.size, None)

    def _check(self, tags: Mapping[int, str]) -> None:
        for number in range(1, self.count + 1):
            mark = self._mark(number)
            if not mark.exists() or tags.get(number, "").strip('"') != mark.read_text().strip('"'):
                raise UploadMissing((f"缺少第 {number} 部分", f"part {number} was not uploaded"), part=number)

    def _forget(self) -> None:
        for number in range(1, self.count + 1):
            self._mark(number).unlink(missing_ok=True)


def _short(number: int, length: int, found: int) -> HashMismatch:
    return HashMismatch(
        (f"第 {number} 部分应为 {length} 字节", f"part {number} has {length} bytes, {found} or more came"), part=number
    )


def _put(handle: int, block: bytes, at: int, crc: int) -> int:
    view = memoryview(block)
    while view:
        done = os.pwrite(handle, view, at)
        view, at = view[done:], at + done
    return zlib.crc32(block, crc)


async def _blocks(body: AsyncIterable[bytes]) -> AsyncIterable[bytes]:
    held: list[bytes] = []
    size = 0
    async for part in body:
        held.append(part)
        size += len(part)
        if size >= _BLOCK:
            yield b"".join(held)
            held, size = [], 0
    if held:
        yield b"".join(held)
