"""Files that are either whole or absent: temporary name, sync, rename; and their SHA-256."""

import errno
import hashlib
import io
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from ceyuan.data.problems import DataProblem

__all__ = [
    "Hashing",
    "canonical_json",
    "read_json",
    "remove_leftovers",
    "sha256_of",
    "sync_folder",
    "write_atomically",
    "write_json",
]


_FULL = (errno.ENOSPC, errno.EDQUOT)


class Hashing(io.RawIOBase):
    """A file that is written from its beginning to its end and knows its SHA-256 then, without being read again."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._hash = file, hashlib.sha256()
        self.size = 0

    def writable(self) -> bool:
        """It is written, and only that."""
        return True

    def write(self, data: Any) -> int:
        """Put all of ``data`` at the end."""
        self._hash.update(data)
        self._file.write(data)
        self.size += memoryview(data).nbytes
        return memoryview(data).nbytes

    def tell(self) -> int:
        """Bytes written."""
        return self.size

    def sha256(self) -> str:
        """Hexadecimal SHA-256 of what was written."""
        return self._hash.hexdigest()


@contextmanager
def naming_full_disk(folder: Path) -> Iterator[None]:
    """Turn "no space left" into a problem that says where; everything else passes through."""
    try:
        yield
    except Exception as error:
        # Writers wrap the system's error in their own, of which only the words are left.
        if getattr(error, "errno", None) not in _FULL and os.strerror(errno.ENOSPC) not in str(error):
            raise
        raise DataProblem(
            "disk_full",
            f"磁盘空间不足，无法写入 {folder}；腾出空间后重新运行，会从断点继续。",
            f"No space left to write in {folder}; free some and run again, it continues where it stopped.",
        ) from error


def write_atomically(path: Path, write: Callable[[BinaryIO], None]) -> None:
    """Let ``write`` fill a temporary file beside ``path``, sync it, and rename it into place.

    After a crash the path holds the old content or the new one, never a part. Raises ``DataProblem``
    with code ``disk_full`` when there is no room; the temporary file is removed then.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with naming_full_disk(path.parent):
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
        temporary = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as file:
                write(file)
                file.flush()
                os.fsync(file.fileno())
            temporary.chmod(0o644)
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    sync_folder(path.parent)


def remove_leftovers(folder: Path) -> None:
    """Remove the temporary files that a killed writer left below ``folder``; call it before writing there."""
    for path in folder.rglob(".*.tmp"):
        path.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Make the names in ``folder`` durable: a rename alone may be lost with the power."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def canonical_json(value: object) -> bytes:
    """JSON with sorted keys and no spaces: equal values give equal bytes, fit to be hashed."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def write_json(path: Path, value: object) -> None:
    """Write indented JSON with sorted keys, atomically."""
    data = orjson.dumps(value, option=orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    write_atomically(path, lambda file: _put(file, data))


def _put(file: BinaryIO, data: bytes) -> None:
    file.write(data)


def read_json(path: Path) -> dict[str, object]:
    """The JSON object in ``path``; an empty mapping where the file is absent."""
    if not path.exists():
        return {}
    value = orjson.loads(path.read_bytes())
    return value if isinstance(value, dict) else {}


def sha256_of(path: Path) -> str:
    """Hexadecimal SHA-256 of a file, read in blocks."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
