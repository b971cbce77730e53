"""Reading packs that somebody sends: every object is inflated within limits, hashed, and found again by its id.

Commits, trees and tags are kept as they are small; of blobs only where they lie, with both hashes. Deltas on objects
of the same pack are followed; what counts on objects elsewhere (a "thin" pack) is refused.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final

from ceyuan.hub.git.deltas import apply, sizes_of
from ceyuan.hub.git.problems import PackProblem

_KINDS: Final = {1: "commit", 2: "tree", 3: "blob", 4: "tag"}
_BY_OFFSET, _BY_ID = 6, 7
_BLOCK: Final = 1 << 20
_CACHE_BYTES: Final = 32 << 20
_DEEPEST: Final = 4096
_POINTER: Final = re.compile(
    rb"version https://git-lfs\.github\.com/spec/v1\noid sha256:([0-9a-f]{64})\nsize (0|[1-9]\d{0,17})\n"
)


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that a pack may hold: objects, bytes of one blob that is kept, bytes of another object, bytes in all
    once inflated."""

    objects: int = 1_000_000
    blob: int = 10 << 20
    other: int = 64 << 20
    total: int = 16 << 30


@dataclass(frozen=True, slots=True)
class PackedBlob:
    """A file in the pack: `sha256` is null if it is larger than the limit and was not kept; `pointer` holds hash and
    size where the content is a Git LFS pointer in its one canonical form."""

    offset: int
    size: int
    sha256: str | None
    pointer: tuple[str, int] | None = None


@dataclass(slots=True)
class Pack:
    """The objects of a pack by their ids."""

    data: memoryview
    limits: Limits
    commits: dict[str, bytes] = field(default_factory=dict)
    trees: dict[str, bytes] = field(default_factory=dict)
    tags: dict[str, bytes] = field(default_factory=dict)
    blobs: dict[str, PackedBlob] = field(default_factory=dict)
    _at: dict[str, int] = field(default_factory=dict)
    _cache: OrderedDict[int, tuple[str, bytes]] = field(default_factory=OrderedDict)
    _cached: int = 0
    _total: int = 0

    def content(self, blob: PackedBlob) -> bytes:
        """The content of a blob that was kept."""
        return self._object(blob.offset)[1]

    def _object(self, offset: int) -> tuple[str, bytes]:
        """Kind and body of the object that begins there; its chain of deltas is followed to the ground."""
        chain: list[tuple[int, bytes]] = []
        at = offset
        while True:
            known = self._cache.get(at)
            if known is not None:
                kind, body = known
                break
            number, size, base, start = self._head(at)
            if base is None:
                kind, body = _KINDS[number], self._inflate(start, size)[0]
                self._keep(at, kind, body)
                break
            chain.append((at, self._inflate(start, size)[0]))
            if len(chain) > _DEEPEST:
                raise PackProblem("包内的差异链过长", "a chain of deltas is too long")
            at = base
        for place, delta in reversed(chain):
            body = apply(body, delta)
            self._keep(place, kind, body)
        return kind, body

    def _keep(self, offset: int, kind: str, body: bytes) -> None:
        if offset in self._cache or len(body) > _CACHE_BYTES // 4:
            return
        self._cache[offset] = kind, body
        self._cached += len(body)
        while self._cached > _CACHE_BYTES:
            self._cached -= len(self._cache.popitem(last=False)[1][1])

    def _head(self, at: int) -> tuple[int, int, int | None, int]:
        """Kind, bytes, where the base of a delta begins (-1 if it is not known yet), and where the data begins."""
        begin = at
        try:
            byte = self.data[at]
            number, size, shift, at = (byte >> 4) & 7, byte & 15, 4, at + 1
            while byte >= 0x80:
                byte = self.data[at]
                size |= (byte & 0x7F) << shift
                shift, at = shift + 7, at + 1
                if shift > 63:
                    raise _damaged()
            if number == _BY_OFFSET:
                byte = self.data[at]
                back, at = byte & 0x7F, at + 1
                while byte >= 0x80:
                    byte = self.data[at]
                    back, at = ((back + 1) << 7) | (byte & 0x7F), at + 1
                    if back > begin:
                        raise _damaged()
                if not 0 < back <= begin:
                    raise _damaged()
                return number, size, begin - back, at
        except IndexError as error:
            raise _damaged() from error
        if number == _BY_ID:
            return number, size, self._at.get(bytes(self.data[at : at + 20]).hex(), -1), at + 20
        if number not in _KINDS:
            raise _damaged()
        return number, size, None, at

    def _inflate(self, at: int, size: int) -> tuple[bytes, int]:
        """Exactly `size` bytes from the stream that begins there, and where it ends."""
        if size > max(self.limits.other, self.limits.blob):
            raise _too_large(size)
        stream = zlib.decompressobj()
        out = bytearray()
        # A little more than such data can take when it does not shrink: most objects need one turn.
        given = self.data[at : at + size + (size >> 9) + 64]
        try:
            while True:
                at += len(given)
                out += stream.decompress(given, size + 1 - len(out))
                if stream.eof:
                    break
                given = memoryview(stream.unconsumed_tail)
                at -= len(given)
                if not given:
                    given = self.data[at : at + 4096]
                if not given or len(out) > size:
                    raise _damaged()
        except zlib.error as error:
            raise _damaged() from error
        if len(out) != size:
            raise _damaged()
        return bytes(out), at - len(stream.unused_data)

    def _measure(self, at: int, size: int) -> tuple[str, int]:
        """The id of a blob too large to be kept, and where its stream ends."""
        stream = zlib.decompressobj()
        digest = hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)
        seen = 0
        tail = b""
        try:
            while not stream.eof:
                given: bytes | memoryview = tail or self.data[at : at + _BLOCK]
                if not tail:
                    at += len(given)
                out = stream.decompress(given, _BLOCK)
                tail = stream.unconsumed_tail
                seen += len(out)
                if seen > size or not (given or out):
                    raise _damaged()
                digest.update(out)
        except zlib.error as error:
            raise _damaged() from error
        if seen != size:
            raise _damaged()
        return digest.hexdigest(), at - len(stream.unused_data)

    def _note(self, offset: int, kind: str, body: bytes) -> None:
        """Enter an object under its id."""
        oid = hashlib.sha1(f"{kind} {len(body)}\0".encode() + body, usedforsecurity=False).hexdigest()
        self._at[oid] = offset
        self._count(len(body))
        if kind == "blob":
            kept = len(body) <= self.limits.blob
            found = _POINTER.fullmatch(body) if len(body) < 200 else None
            pointer = (found[1].decode(), int(found[2])) if found else None
            digest = hashlib.sha256(body).hexdigest() if kept else None
            self.blobs[oid] = PackedBlob(offset, len(body), digest, pointer)
            return
        {"commit": self.commits, "tree": self.trees, "tag": self.tags}[kind][oid] = body

    def _count(self, size: int) -> None:
        self._total += size
        if self._total > self.limits.total:
            raise _too_large(self._total)

    def read(self) -> None:
        """Go through the whole pack once. Raises `PackProblem`."""
        data = self.data
        if len(data) < 32 or bytes(data[:4]) != b"PACK" or int.from_bytes(data[4:8], "big") not in (2, 3):
            raise PackProblem("上传的包不完整或不是 git 包", "the pack is cut short, or no pack of git")
        if not _sums_up(data):
            raise PackProblem("包的校验和不符,传输可能中断", "the checksum of the pack is wrong: it was cut or damaged")
        count = int.from_bytes(data[8:12], "big")
        if count > self.limits.objects:
            raise PackProblem(
                f"一次推送最多 {self.limits.objects} 个对象", f"a push has at most {self.limits.objects} objects"
            )
        at, waiting = 12, list[int]()
        for _ in range(count):
            at = self._read_one(at, waiting)
        if at != len(data) - 20:
            raise _damaged()
        self._settle(waiting)

    def _read_one(self, offset: int, waiting: list[int]) -> int:
        """Read the object that begins there; returns where the next one does."""
        number, size, base, start = self._head(offset)
        if base is not None:
            delta, end = self._inflate(start, size)
            made = sizes_of(delta)[1]
            if made > self.limits.other:
                raise _too_large(made)
            waiting.append(offset)
            self._count(size)
            return end
        kind = _KINDS[number]
        if kind == "blob" and size > self.limits.blob:
            self._count(size)
            oid, end = self._measure(start, size)
            self.blobs[oid] = PackedBlob(offset, size, None)
            return end
        body, end = self._inflate(start, size)
        self._keep(offset, kind, body)
        self._note(offset, kind, body)
        return end

    def _settle(self, waiting: list[int]) -> None:
        """Make the objects that are told as deltas; a base may come after what builds on it."""
        while waiting:
            later: list[int] = []
            for offset in waiting:
                if self._grounded(offset):
                    self._note(offset, *self._object(offset))
                else:
                    later.append(offset)
            if len(later) == len(waiting):
                raise PackProblem(
                    "包引用了未包含的对象(thin pack)", "the pack builds on objects that it does not hold (a thin pack)"
                )
            waiting = later

    def _grounded(self, offset: int) -> bool:
        """Whether all bases below an object are known."""
        for _ in range(_DEEPEST + 1):
            if offset in self._cache:
                return True
            base = self._head(offset)[2]
            if base is None:
                return True
            if base < 0:
                return False
            offset = base
        raise PackProblem("包内的差异链过长", "a chain of deltas is too long")


def _sums_up(view: memoryview) -> bool:
    digest = hashlib.sha1(usedforsecurity=False)
    for at in range(0, len(view) - 20, _BLOCK):
        digest.update(view[at : min(at + _BLOCK, len(view) - 20)])
    return digest.digest() == bytes(view[-20:])


def _damaged() -> PackProblem:
    return PackProblem("包内有损坏的对象", "an object in the pack is damaged")


def _too_large(size: int) -> PackProblem:
    return PackProblem(
        f"推送含 {size} 字节的对象,超出上限;请用 Git LFS 上传大文件",
        f"the push holds an object of {size} bytes, more than is taken; bring large files by Git LFS",
    )
