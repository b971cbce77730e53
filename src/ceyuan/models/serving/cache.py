"""The model cache: files by SHA-256 in a folder outside the project, shared by every platform of this user."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ceyuan.models.serving.errors import NoDiskSpace

_CHUNK = 1 << 22
MARGIN = 64 << 20
"""Bytes that stay free on the cache's disk."""


def cache_folder() -> Path:
    """`CEYUAN_MODEL_CACHE`, or `ceyuan/models` in the XDG cache directory (XDG Base Directory Specification)."""
    if chosen := os.environ.get("CEYUAN_MODEL_CACHE"):
        return Path(chosen).expanduser()
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser() / "ceyuan" / "models"


def sha256_of(path: Path, progress: Callable[[int], None] | None = None) -> str:
    """The SHA-256 of a file in hex; `progress` is told the bytes read so far."""
    digest = hashlib.sha256()
    done = 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            done += len(chunk)
            if progress is not None:
                progress(done)
    return digest.hexdigest()


class ModelCache:
    """Verified model files: `<sha256>` holds the bytes, `<sha256>.json` their origin and licence."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or cache_folder()

    def path(self, sha256: str) -> Path:
        """Where the file of this hash lies once it is complete."""
        return self.folder / sha256

    def work_folder(self, sha256: str) -> Path:
        """Where its unfinished download lies."""
        return self.folder / "partial" / sha256

    def record(self, sha256: str) -> dict[str, Any] | None:
        """What is known of a cached file, or `None` where it is missing."""
        try:
            record: dict[str, Any] = json.loads((self.folder / f"{sha256}.json").read_text())
        except (FileNotFoundError, json.JSONDecodeError):
            return None
        return record

    def find(self, sha256: str, size: int) -> Path | None:
        """The cached file if it is there and whole.

        The hash is computed again only when the file's size or time differ from those at its verification.
        """
        path, record = self.path(sha256), self.record(sha256)
        try:
            stat = path.stat()
        except FileNotFoundError:
            return None
        if stat.st_size != size:
            return None
        if record is not None and record.get("mtime_ns") == stat.st_mtime_ns:
            return path
        if sha256_of(path) != sha256:
            return None
        self._write_record(sha256, {**(record or {}), "size": size, "mtime_ns": stat.st_mtime_ns})
        return path

    def keep(self, sha256: str, source: Path, /, **facts: Any) -> Path:
        """Move a verified file into the cache and drop its working folder."""
        path = self.path(sha256)
        os.replace(source, path)
        stat = path.stat()
        self._write_record(sha256, {**facts, "size": stat.st_size, "mtime_ns": stat.st_mtime_ns})
        shutil.rmtree(self.work_folder(sha256), ignore_errors=True)
        return path

    def _write_record(self, sha256: str, record: dict[str, Any]) -> None:
        target = self.folder / f"{sha256}.json"
        draft = target.with_suffix(f".{os.getpid()}.tmp")
        draft.write_text(json.dumps(record, ensure_ascii=False, indent=1))
        os.replace(draft, target)

    @contextmanager
    def lock(self, sha256: str) -> Iterator[None]:
        """Hold the download of this file; another process that wants it waits here and then finds it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / f"{sha256}.lock").open("w") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield

    def require_space(self, needed: int) -> None:
        """Raise `NoDiskSpace` unless `needed` bytes and a margin are free."""
        free = shutil.disk_usage(self.folder).free
        if free < needed + MARGIN:
            raise NoDiskSpace(str(self.folder), needed + MARGIN, free)
