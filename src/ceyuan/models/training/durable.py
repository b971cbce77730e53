"""Files that are either absent or whole, even when the process is killed while writing."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

__all__ = ["canonical_json", "sha256_of", "write_bytes", "write_json", "write_with"]

CHUNK_BYTES = 1 << 20


def canonical_json(value: Any) -> bytes:
    """The one byte form of a JSON value: sorted keys, no spaces, UTF-8."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def write_with(path: Path, produce: Callable[[Path], object]) -> None:
    """Let `produce` write a temporary neighbour, sync it, then put it in place.

    The temporary name is fixed for each target, so what a killed process left is overwritten.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.part")
    produce(temporary)
    temporary.chmod(0o644)  # some writers create private files; a result is for all to read
    with temporary.open("rb+") as file:
        os.fsync(file.fileno())
    temporary.replace(path)
    _sync_folder(path.parent)


def write_bytes(path: Path, data: bytes) -> None:
    """Write `data` durably and atomically."""
    write_with(path, lambda temporary: temporary.write_bytes(data))


def write_json(path: Path, value: Any) -> None:
    """Write readable JSON with a stable order of keys, durably and atomically."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, indent=2, allow_nan=False)
    write_bytes(path, f"{text}\n".encode())


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
