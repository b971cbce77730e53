"""What a place for blobs must be able to do; names of blobs are 64 hexadecimal digits of SHA-256."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from ceyuan.kernel.blobs.landing import Landing


@dataclass(frozen=True, slots=True)
class StoredBlob:
    """A blob as the place itself lists it; `modified` is when it was stored or last touched."""

    sha256: str
    size: int
    modified: datetime


class Backend(Protocol):
    """A folder or an object store. Writing is atomic: a blob is there whole or not at all."""

    @property
    def spool(self) -> Path:
        """The local folder in which new content is staged."""
        ...

    async def stat(self, sha256: str) -> StoredBlob | None:
        """The blob's size and time, None if it is not there."""
        ...

    async def adopt(self, staged: Path, sha256: str, size: int) -> None:
        """Make a blob of a staged file, which is consumed."""
        ...

    async def put_small(self, contents: Mapping[str, bytes]) -> None:
        """Make blobs of small contents, by their SHA-256; what is there already is touched."""
        ...

    async def copy_in(self, source: Path) -> tuple[str, int] | None:
        """Make a blob of a file that stays where it is, without staging it; None if the place cannot."""
        ...

    async def touch(self, sha256: str) -> None:
        """Make the blob as young as if it were stored now, where the place can."""
        ...

    def stream(self, sha256: str, start: int, end: int) -> AsyncIterator[bytes]:
        """The bytes from `start` to `end` (excluded) in chunks; raises `BlobMissing`."""
        ...

    async def delete(self, sha256: str) -> None:
        """Remove the blob; one that is not there is no error."""
        ...

    async def set_aside(self, sha256: str) -> None:
        """Move a corrupted blob out of the way, so that its content can be stored anew."""
        ...

    def walk(self) -> AsyncIterator[list[StoredBlob]]:
        """All blobs, in batches."""
        ...

    def local_path(self, sha256: str) -> Path | None:
        """Where the blob lies as a file, None if it does not."""
        ...

    async def address(self, sha256: str, seconds: int) -> str | None:
        """An address at which clients get the blob themselves for so long; None if the place gives none."""
        ...

    async def range_address(self, sha256: str, start: int, end: int, seconds: int) -> str | None:
        """The same for the bytes from `start` to `end` (excluded) alone, asked for with exactly that `Range`."""
        ...

    @property
    def landing(self) -> Landing | None:
        """Where clients put large content themselves; None if the place lets them not."""
        ...
