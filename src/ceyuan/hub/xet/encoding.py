"""Chunks of a xorb and runs of a file as the database keeps them."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ceyuan.hub.chunks import Chunk, Xorb, parse_hash
from ceyuan.hub.xet.tables import HubXorb

_CHUNK = struct.Struct("<32sII")
_RUN = struct.Struct("<32sIII")


@dataclass(frozen=True, slots=True)
class Run:
    """The chunks `first` to `last` (excluded) of a xorb: `size` bytes of a file's content."""

    xorb: bytes
    first: int
    last: int
    size: int


def chunks_to_bytes(chunks: Iterable[Chunk]) -> bytes:
    """Encode a xorb's chunks."""
    return b"".join(_CHUNK.pack(chunk.hash, chunk.size, chunk.end) for chunk in chunks)


def xorb_of(row: HubXorb) -> Xorb:
    """The xorb that a row describes."""
    return Xorb(parse_hash(row.hash), [Chunk(*fields) for fields in _CHUNK.iter_unpack(row.chunks)])


def runs_to_bytes(runs: Iterable[Run]) -> bytes:
    """Encode a file's runs."""
    return b"".join(_RUN.pack(run.xorb, run.first, run.last, run.size) for run in runs)


def runs_of(body: bytes) -> Sequence[Run]:
    """The runs of a file."""
    return [Run(*fields) for fields in _RUN.iter_unpack(body)]
