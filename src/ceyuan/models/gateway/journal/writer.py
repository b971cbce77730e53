"""Writing the journal: one line per intent and per outcome, in the operating system's hands at once, on the disk
within a twentieth of a second, in files that go when all that they tell is posted."""

from __future__ import annotations

import asyncio
import fcntl
import logging
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ceyuan.models.gateway.errors import JournalFault
from ceyuan.models.gateway.journal.lines import INTENT, OUTCOME, PROGRESS, encode

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Segment:
    """One file of the journal; `owed` counts the calls whose intent it holds and that are not posted yet."""

    path: Path
    owed: int = 0


class Journal:
    """The journal of one process, in a folder of its own below `root`, locked while the process lives."""

    def __init__(self, root: Path, *, segment_bytes: int, sync_every_s: float) -> None:
        self._root = root
        self._segment_bytes = segment_bytes
        self._sync_every_s = sync_every_s
        self._segments: list[Segment] = []
        self._home: dict[str, Segment] = {}
        self._fd = -1
        self._count = 0
        self._size = 0
        self._torn = False
        self._sync: asyncio.TimerHandle | None = None
        self._syncing: asyncio.Future[None] | None = None
        self._lock_fd = -1
        self.folder = root
        self.fault: str | None = None
        self.on_fault: Callable[[str], None] = lambda _: None

    def open(self) -> None:
        """Begin: a new folder, its lock, its first file."""
        self.folder = self._root / f"{os.getpid()}-{secrets.token_hex(4)}"
        self.folder.mkdir(parents=True, mode=0o700)
        self._lock_fd = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._lock_fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self._begin_segment()

    def intend(self, call_id: str, document: dict[str, Any]) -> None:
        """Write an intent; raises `JournalFault` where that is impossible, and then the call must not go upstream."""
        self._write(encode(INTENT, document))
        segment = self._segments[-1]
        segment.owed += 1
        self._home[call_id] = segment

    def intend_elsewhere(self, document: dict[str, Any]) -> None:
        """Write a call's intent once more: it goes to another upstream now."""
        self._write(encode(INTENT, document))

    def progress(self, document: dict[str, Any]) -> None:
        """Note how much of a stream was relayed, so that a crash does not lose it."""
        self._write(encode(PROGRESS, document))

    def conclude(self, document: dict[str, Any]) -> None:
        """Write an outcome. The call happened, so a full disk is reported but changes nothing for the caller."""
        try:
            self._write(encode(OUTCOME, document))
        except JournalFault as error:
            logger.error("the outcome of %s is only in memory: %s", document.get("id"), error.line())

    def settle(self, call_id: str) -> None:
        """The call is posted. Files whose calls are all posted go, the oldest first, so that no intent outlives
        its outcome."""
        segment = self._home.pop(call_id, None)
        if segment is None:
            return
        segment.owed -= 1
        while len(self._segments) > 1 and self._segments[0].owed == 0:
            self._segments.pop(0).path.unlink(missing_ok=True)

    @property
    def owed(self) -> int:
        """Calls that are not posted yet."""
        return len(self._home)

    async def close(self) -> None:
        """End: everything on the disk; the folder goes if nothing is owed."""
        if self._sync is not None:
            self._sync.cancel()
        if self._syncing is not None:
            await asyncio.gather(self._syncing, return_exceptions=True)
        if self._fd >= 0:
            os.fdatasync(self._fd)
            os.close(self._fd)
            self._fd = -1
        if not self._home:
            for segment in self._segments:
                segment.path.unlink(missing_ok=True)
            (self.folder / "lock").unlink(missing_ok=True)
            self.folder.rmdir()
        if self._lock_fd >= 0:
            os.close(self._lock_fd)
            self._lock_fd = -1

    def _begin_segment(self) -> None:
        self._count += 1
        path = self.folder / f"{self._count:08d}.jsonl"
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        old, self._fd, self._size, self._torn = self._fd, fd, 0, False
        self._segments.append(Segment(path))
        if old >= 0:
            os.fdatasync(old)
            os.close(old)

    def _write(self, line: bytes) -> None:
        if self._torn:
            line = b"\n" + line
        try:
            if self._size >= self._segment_bytes:
                self._begin_segment()
            written = os.write(self._fd, line)
        except OSError as error:
            raise self._failed(error.strerror or str(error)) from error
        self._size += written
        self._torn = written != len(line)
        if self._torn:
            raise self._failed("the disk is full")
        self.fault = None
        if self._sync is None:
            self._sync = asyncio.get_running_loop().call_later(self._sync_every_s * 0.6, self._begin_sync)

    def _failed(self, reason: str) -> JournalFault:
        if self.fault is None:
            logger.error("the usage journal cannot be written: %s", reason)
            self.on_fault(reason)
        self.fault = reason
        return JournalFault(
            hint=("请联系平台运维检查磁盘空间", "ask the operator to look at the disk"),
            retry_after_s=30,
        )

    def _begin_sync(self) -> None:
        if self._syncing is not None:
            # The disk is slower than the pace; the next round covers what came meanwhile.
            self._sync = asyncio.get_running_loop().call_later(self._sync_every_s * 0.2, self._begin_sync)
            return
        self._sync = None
        fd = os.dup(self._fd)
        self._syncing = asyncio.get_running_loop().run_in_executor(None, _sync_and_close, fd)
        self._syncing.add_done_callback(self._synced)

    def _synced(self, done: asyncio.Future[None]) -> None:
        self._syncing = None
        if not done.cancelled() and done.exception() is not None:
            self._failed(str(done.exception()))


def _sync_and_close(fd: int) -> None:
    try:
        os.fdatasync(fd)
    finally:
        os.close(fd)
