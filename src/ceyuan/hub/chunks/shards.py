"""Shards: what an upload says of its files and xorbs, and what an answer says of content that is stored already.

Format: https://huggingface.co/docs/xet/shard. Where the text leaves bytes of the footer "reserved", clients read
places of lookup tables from them and fail on zeros: an answer names empty tables at its own end.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ceyuan.hub.chunks.hashes import protected
from ceyuan.hub.chunks.problems import ChunkProblem
from ceyuan.hub.chunks.xorbs import Xorb

MAX_SHARD = 64 * 1024 * 1024
_TAG = b"HFRepoMetaData\0" + bytes.fromhex("5569 6745 6a7b 8157 83a5 bdd9 5ccd d14a a9")
_VERSION, _FOOTER_VERSION, _FOOTER_SIZE = 2, 1, 200
_ROW = 48
_END = b"\xff" * 32
_BOOKEND = _END + bytes(16)
_PROVED, _DESCRIBED = 1 << 31, 1 << 30
_HEADS = struct.Struct("<32sIIII")


@dataclass(frozen=True, slots=True)
class Term:
    """A run of a file: the chunks `first` to `last` (excluded) of a xorb, `size` bytes of content, and the proof
    that the sender knows them."""

    xorb: bytes
    first: int
    last: int
    size: int
    proof: bytes


@dataclass(frozen=True, slots=True)
class SentFile:
    """A file as an upload describes it; `sha256` (raw) is what the sender says of its whole content."""

    hash: bytes
    terms: Sequence[Term]
    sha256: bytes | None


@dataclass(frozen=True, slots=True)
class Shard:
    """An upload: its files, and the hashes of the xorbs that it brought."""

    files: Sequence[SentFile]
    xorbs: Sequence[bytes]


def parse_shard(data: bytes) -> Shard:
    """Read an uploaded shard; raises `ChunkProblem`."""
    if len(data) < _ROW or not data.startswith(_TAG):
        raise ChunkProblem("这不是分片描述", "this is not a shard")
    (version,) = struct.unpack_from("<Q", data, 32)
    if version != _VERSION:
        raise ChunkProblem(f"不支持的分片版本 {version}", f"shards of version {version} are not known here")
    rows = _Rows(data)
    files = list(_files(rows))
    xorbs = []
    while (head := rows.head())[0] != _END:
        rows.skip(head[2])
        xorbs.append(head[0])
    return Shard(files, xorbs)


class _Rows:
    """The shard's rows of 48 bytes, one after the other."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = _ROW

    def head(self) -> tuple[bytes, int, int, int, int]:
        self.skip(1)
        found: tuple[bytes, int, int, int, int] = _HEADS.unpack_from(self._data, self._at - _ROW)
        return found

    def skip(self, count: int) -> None:
        self._at += count * _ROW
        if self._at > len(self._data):
            raise ChunkProblem("分片描述不完整", "the shard breaks off")


def _files(rows: _Rows) -> Iterator[SentFile]:
    while (head := rows.head())[0] != _END:
        digest, flags, count = head[:3]
        if not flags & _PROVED:
            raise ChunkProblem("分片缺少校验项", "the shard has no verification entries")
        runs = [rows.head() for _ in range(count)]
        proofs = [rows.head()[0] for _ in range(count)]
        sha256 = rows.head()[0] if flags & _DESCRIBED else None
        terms = [
            Term(xorb, first, last, size, proof)
            for (xorb, _, size, first, last), proof in zip(runs, proofs, strict=True)
        ]
        yield SentFile(digest, terms, _sha256(sha256))


def _sha256(field: bytes | None) -> bytes | None:
    # A hash field holds four little-endian numbers, whatever the hash: this one is read as text by everybody else.
    return None if field is None else struct.pack(">4Q", *struct.unpack("<4Q", field))


def stored_shard(xorbs: Sequence[Xorb], key: bytes, *, made: int, expires: int) -> bytes:
    """The answer that these xorbs are stored: chunk hashes are protected by `key` (32 bytes); times in seconds
    since 1970."""
    parts = [_TAG, struct.pack("<QQ", _VERSION, _FOOTER_SIZE), _BOOKEND]
    for xorb in xorbs:
        parts.append(_HEADS.pack(xorb.hash, 0, len(xorb.chunks), xorb.size, xorb.stored))
        start = 0
        for chunk in xorb.chunks:
            parts.append(_HEADS.pack(protected(chunk.hash, key), start, chunk.size, 0, 0))
            start += chunk.size
    parts.append(_BOOKEND)
    end = sum(map(len, parts))
    parts.append(struct.pack("<QQQ", _FOOTER_VERSION, _ROW, 2 * _ROW))
    parts.append(struct.pack("<6Q", end, 0, end, 0, end, 0))
    parts.append(key + struct.pack("<QQ", made, expires) + bytes(72) + struct.pack("<Q", end))
    return b"".join(parts)
