"""Blobs in a folder: `ab/abcdef…`, read-only files that appear by an atomic rename after an fsync.

The folder is written directly and not through obstore, whose local store does not sync to the disk.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from ceyuan.kernel.blobs.backend import StoredBlob
from ceyuan.kernel.blobs.errors import BlobMissing, StorageFull, is_full
from ceyuan.kernel.blobs.staging import PREFIX

_HEX = "0123456789abcdef"
_STREAMED = 256 * 1024
"""Bytes that are read at once: a client fetches by many connections, each of which holds as much, and what fits into a
processor's cache is read at half the cost of 1 MiB."""


class FolderBackend:
    """Blobs as files under `root`."""

    def __init__(self, root: Path) -> None:
        self._root = root.absolute()

    @property
    def spool(self) -> Path:
        return self._root / "tmp"

    def _path(self, sha256: str) -> Path:
        return self._root / sha256[:2] / sha256

    def local_path(self, sha256: str) -> Path | None:
        return self._path(sha256)

    async def address(self, sha256: str, seconds: int) -> str | None:
        return None

    async def range_address(self, sha256: str, start: int, end: int, seconds: int) -> str | None:
        return None

    @property
    def landing(self) -> None:
        return None

    async def stat(self, sha256: str) -> StoredBlob | None:
        # A stat is microseconds; a thread's turn would cost more.
        try:
            found = os.stat(self._path(sha256))
        except FileNotFoundError:
            return None
        return StoredBlob(sha256, found.st_size, datetime.fromtimestamp(found.st_mtime, UTC))

    async def adopt(self, staged: Path, sha256: str, size: int) -> None:
        try:
            await asyncio.to_thread(_move_in, staged, self._path(sha256))
        except OSError as error:
            if is_full(error):
                raise StorageFull from error
            raise

    async def put_small(self, contents: Mapping[str, bytes]) -> None:
        try:
            await asyncio.to_thread(self._put_small, contents)
        except OSError as error:
            if is_full(error):
                raise StorageFull from error
            raise

    def _put_small(self, contents: Mapping[str, bytes]) -> None:
        changed: set[Path] = set()
        self.spool.mkdir(parents=True, exist_ok=True)
        for sha256, data in contents.items():
            target = self._path(sha256)
            try:
                if os.stat(target).st_size == len(data):
                    os.utime(target)
                    continue
            except FileNotFoundError:
                pass
            staged = self.spool / f"{PREFIX}{uuid4().hex}"
            try:
                _write_synced(staged, data)
                if not target.parent.exists():
                    target.parent.mkdir(parents=True, exist_ok=True)
                    changed.add(target.parent.parent)
                os.replace(staged, target)
            finally:
                staged.unlink(missing_ok=True)
            changed.add(target.parent)
        for folder in changed:
            _sync_folder(folder)

    async def copy_in(self, source: Path) -> tuple[str, int] | None:
        return None

    async def touch(self, sha256: str) -> None:
        try:
            os.utime(self._path(sha256))
        except FileNotFoundError:
            pass

    async def stream(self, sha256: str, start: int, end: int) -> AsyncIterator[bytes]:
        try:
            handle = os.open(self._path(sha256), os.O_RDONLY)
        except FileNotFoundError as error:
            raise BlobMissing(sha256) from error
        try:
            while start < end:
                block = await asyncio.to_thread(os.pread, handle, min(_STREAMED, end - start), start)
                if not block:
                    break
                yield block
                start += len(block)
        finally:
            os.close(handle)

    async def delete(self, sha256: str) -> None:
        await asyncio.to_thread(self._path(sha256).unlink, missing_ok=True)

    async def set_aside(self, sha256: str) -> None:
        await asyncio.to_thread(self._set_aside, sha256)

    def _set_aside(self, sha256: str) -> None:
        target = self._root / "corrupt" / f"{sha256}-{time.time_ns()}"
        target.parent.mkdir(exist_ok=True)
        try:
            os.rename(self._path(sha256), target)
        except FileNotFoundError:
            pass

    async def walk(self) -> AsyncIterator[list[StoredBlob]]:
        for first in _HEX:
            for second in _HEX:
                found = await asyncio.to_thread(lambda name: list(_scan(name)), self._root / (first + second))
                if found:
                    yield found


def _move_in(staged: Path, target: Path) -> None:
    if not target.parent.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        _sync_folder(target.parent.parent)
    os.chmod(staged, 0o444)
    os.replace(staged, target)
    _sync_folder(target.parent)


def _write_synced(path: Path, data: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o444)
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(handle, view) :]
        os.fsync(handle)
    finally:
        os.close(handle)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _scan(folder: Path) -> Iterator[StoredBlob]:
    try:
        entries = list(os.scandir(folder))
    except FileNotFoundError:
        return
    for entry in entries:
        try:
            found = entry.stat()
        except FileNotFoundError:
            continue
        if len(entry.name) == 64:
            yield StoredBlob(entry.name, found.st_size, datetime.fromtimestamp(found.st_mtime, UTC))
