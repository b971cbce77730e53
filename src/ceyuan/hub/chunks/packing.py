"""A file that lies whole, made into xorbs: what is stored already is named, only the rest is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from ceyuan.hub.chunks.gear import cut
from ceyuan.hub.chunks.hashes import Sized, chunk_hash, file_hash, xorb_hash
from ceyuan.hub.chunks.xorbs import MAX_XORB, Chunk, Xorb, pack

_FULL = MAX_XORB - 1024 * 1024
_MOST_CHUNKS = 8192

Place = tuple[bytes, int]
"""A stored chunk: the hash of its xorb, and its number there."""


@dataclass(frozen=True, slots=True)
class PackedFile:
    """A file as runs of chunks: (xorb, first, last excluded, bytes of content), and the new xorbs with the files
    that hold them."""

    hash: bytes
    size: int
    runs: Sequence[tuple[bytes, int, int, int]]
    made: Sequence[tuple[Xorb, Path]]


@dataclass(slots=True)
class _Open:
    """A xorb that is being written."""

    path: Path
    file: BinaryIO
    chunks: list[Chunk] = field(default_factory=list)


class _Packer:
    """Writes chunks into xorbs, in order, and remembers where each lies."""

    def __init__(self, folder: Path, known: Mapping[bytes, Place]) -> None:
        self._folder = folder
        self._known = known
        self._places: list[tuple[Place | None, int]] = []
        self._here: dict[bytes, int] = {}
        self._own: dict[bytes, Place] = {}
        self._open: _Open | None = None
        self._order: list[Sized] = []
        self.made: list[tuple[Xorb, Path]] = []
        self._pending: list[tuple[int, int]] = []

    def add(self, content: bytes) -> None:
        """Take the file's next chunk."""
        digest, size = chunk_hash(content), len(content)
        position = len(self._places)
        self._order.append((digest, size))
        place = self._known.get(digest) or self._own.get(digest)
        self._places.append((place, size))
        if place is not None:
            return
        number = self._here.get(digest)
        if number is None:
            number = self._write(digest, content)
        self._pending.append((position, number))
        self._close_if_full()

    def _write(self, digest: bytes, content: bytes) -> int:
        if self._open is None:
            path = self._folder / f"{len(self.made)}.xorb"
            self._open = _Open(path, path.open("wb"))
        stored = pack(content)
        chunks = self._open.chunks
        self._open.file.write(stored)
        chunks.append(Chunk(digest, len(content), (chunks[-1].end if chunks else 0) + len(stored)))
        self._here[digest] = len(chunks) - 1
        return len(chunks) - 1

    def _close_if_full(self) -> None:
        if self._open is not None and (self._open.chunks[-1].end >= _FULL or len(self._open.chunks) >= _MOST_CHUNKS):
            self._close()

    def _close(self) -> None:
        if self._open is None:
            return
        self._open.file.close()
        chunks = self._open.chunks
        xorb = Xorb(xorb_hash([(chunk.hash, chunk.size) for chunk in chunks]), chunks)
        self.made.append((xorb, self._open.path))
        for position, number in self._pending:
            self._places[position] = ((xorb.hash, number), self._places[position][1])
        self._own |= {digest: (xorb.hash, number) for digest, number in self._here.items()}
        self._open, self._here, self._pending = None, {}, []

    def finish(self) -> PackedFile:
        """The whole file."""
        self._close()
        runs: list[tuple[bytes, int, int, int]] = []
        for place, size in self._places:
            assert place is not None
            xorb, number = place
            if runs and runs[-1][0] == xorb and runs[-1][2] == number:
                last = runs[-1]
                runs[-1] = (xorb, last[1], number + 1, last[3] + size)
            else:
                runs.append((xorb, number, number + 1, size))
        return PackedFile(file_hash(self._order), sum(size for _, size in self._order), runs, self.made)


def chunk_list(source: Path) -> list[Sized]:
    """The chunks of a file: hash and bytes of each."""
    with source.open("rb") as file:
        return [(chunk_hash(bytes(view)), len(view)) for view in cut(file)]


def pack_file(source: Path, folder: Path, known: Mapping[bytes, Place]) -> PackedFile:
    """Cut the file at `source` and write what is not in `known` as xorbs into `folder`, which exists."""
    packer = _Packer(folder, known)
    with source.open("rb") as file:
        for view in cut(file):
            packer.add(bytes(view))
    return packer.finish()
