"""Xorbs: runs of compressed chunks, read piece by piece and verified while they arrive.

Format: https://huggingface.co/docs/xet/xorb. A chunk is a header of eight bytes (version, bytes stored, scheme,
bytes of content) and its data. What follows the chunks (a table of contents that can be made from them) is not
kept: two forms of one xorb then take the same space.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from lz4.frame import LZ4FrameDecompressor
from lz4.frame import compress as lz4_compress

from ceyuan.hub.chunks.hashes import chunk_hash, xorb_hash
from ceyuan.hub.chunks.problems import ChunkProblem

MAX_CHUNK = 128 * 1024
MAX_XORB = 64 * 1024 * 1024
"""Bytes that the chunks of a xorb hold at most as they are stored, their headers not counted: clients fill a xorb by
content, and content that cannot be compressed then takes all of this beside the headers."""
MAX_XORB_CHUNKS = 64 * 1024
_HEADER = 8
_PLAIN, _LZ4, _GROUPED = 0, 1, 2
Content = bytes | bytearray | memoryview
"""What a chunk holds; a view is of the bytes that were given."""
_SLACK = 16 * 1024
"""How much longer than its content the stored form of a chunk may be."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A chunk of a xorb: the hash of its content (32 raw bytes), the bytes of its content, and where its stored
    form ends in the xorb."""

    hash: bytes
    size: int
    end: int


@dataclass(frozen=True, slots=True)
class Xorb:
    """A verified xorb: its hash, its chunks in order, and the bytes that its stored form takes."""

    hash: bytes
    chunks: Sequence[Chunk]

    @property
    def stored(self) -> int:
        return self.chunks[-1].end

    @property
    def size(self) -> int:
        """The bytes of all content."""
        return sum(chunk.size for chunk in self.chunks)

    def place(self, first: int, last: int) -> tuple[int, int]:
        """Where the stored form of the chunks `first` to `last` (excluded) begins and ends."""
        return (self.chunks[first - 1].end if first else 0), self.chunks[last - 1].end


class XorbCheck:
    """Takes a xorb's bytes in pieces of any length and verifies every chunk as soon as it is whole.

    `follow`, where it is set, hears the content of each chunk, in order; what it is given is good until it returns.
    """

    def __init__(self) -> None:
        self.follow: Callable[[Content], object] | None = None
        self._begun = bytearray()
        self._taken = 0
        self._over = False
        self._after = 0
        self._chunks: list[Chunk] = []
        self._unpacker = Unpacker()

    def feed(self, data: bytes | memoryview) -> int:
        """Take the next bytes; returns how many of them belong to chunks (the rest is what follows those).

        Raises `ChunkProblem` for a chunk that breaks the format.
        """
        if self._over:
            self._after += len(data)
            if self._after > MAX_XORB:
                raise ChunkProblem("内容块过大", "what follows the chunks of a xorb has no end")
            return 0
        view = memoryview(data)
        at = self._continue(view) if self._begun else 0
        while at < len(view) and not self._over:
            if view[at] != 0:
                self._over = True
                break
            start = at + _HEADER
            if start > len(view) or (end := start + _header(view, at)[0]) > len(view):
                self._begun += view[at:]
                return len(view)
            self._take(view[at:end])
            at = end
        return at if self._over else len(view)

    def _continue(self, view: memoryview) -> int:
        """Take what is missing of the chunk that began in an earlier piece; returns how many bytes that is."""
        at = 0
        while at < len(view):
            known = len(self._begun) >= _HEADER
            missing = (_HEADER + _header(self._begun, 0)[0] if known else _HEADER) - len(self._begun)
            self._begun += view[at : at + missing]
            at = min(at + missing, len(view))
            if len(self._begun) >= _HEADER and len(self._begun) == _HEADER + _header(self._begun, 0)[0]:
                whole, self._begun = self._begun, bytearray()
                self._take(memoryview(whole))
                break
        return at

    def _take(self, stored: memoryview) -> None:
        _, scheme, size = _header(stored, 0)
        content = self._unpacker.unpack(stored[_HEADER:], scheme, size)
        self._taken += len(stored)
        self._chunks.append(Chunk(chunk_hash(content), size, self._taken))
        held = self._taken - _HEADER * len(self._chunks)
        if len(self._chunks) > MAX_XORB_CHUNKS or held > MAX_XORB:
            raise ChunkProblem("内容块过大", f"a xorb has at most {MAX_XORB} bytes")
        if self.follow is not None:
            self.follow(content)

    def finish(self) -> Xorb:
        """The whole xorb; raises `ChunkProblem` if it breaks off."""
        if self._begun or not self._chunks:
            raise ChunkProblem("内容块不完整", "the xorb breaks off within a chunk")
        return Xorb(xorb_hash([(chunk.hash, chunk.size) for chunk in self._chunks]), self._chunks)


def _header(view: memoryview | bytearray, at: int) -> tuple[int, int, int]:
    stored = int.from_bytes(view[at + 1 : at + 4], "little")
    size = int.from_bytes(view[at + 5 : at + 8], "little")
    if not 0 < size <= MAX_CHUNK or stored > size + _SLACK:
        raise ChunkProblem("数据块长度无效", f"a chunk of {size} bytes, stored in {stored}, is not valid")
    return stored, view[at + 4], size


class Unpacker:
    """Makes the contents of chunks from their stored forms, one after the other, in one thread at a time.

    It keeps the decompressor's buffers from chunk to chunk: to make them anew costs more than to decompress.
    """

    def __init__(self) -> None:
        self._lz4 = LZ4FrameDecompressor()

    def unpack(self, data: memoryview, scheme: int, size: int) -> Content:
        """The content of a chunk from its stored form; raises `ChunkProblem`."""
        content: Content = data
        if scheme != _PLAIN:
            try:
                self._lz4.reset()
                content = self._lz4.decompress(data, max_length=size)
            except (RuntimeError, EOFError) as error:
                raise ChunkProblem("数据块无法解压", "a chunk cannot be decompressed") from error
            if not self._lz4.eof or self._lz4.unused_data:
                raise ChunkProblem("数据块与其声明的长度不符", f"a chunk does not end after {size} bytes")
        if scheme > _GROUPED or len(content) != size:
            raise ChunkProblem("数据块与其声明的长度不符", f"a chunk has {len(content)} bytes and announces {size}")
        return _ungrouped(content) if scheme == _GROUPED else content


def contents(data: bytes | memoryview) -> Iterator[Content]:
    """The content of each chunk in a run of stored chunks; raises `ChunkProblem`."""
    view, unpacker, at = memoryview(data), Unpacker(), 0
    while at < len(view):
        if view[at] != 0 or len(view) - at < _HEADER:
            raise ChunkProblem("内容块不完整", "the run of chunks breaks off")
        stored, scheme, size = _header(view, at)
        at += _HEADER + stored
        yield unpacker.unpack(view[at - stored : at], scheme, size)


def pack(content: bytes) -> bytes:
    """The stored form of a chunk: compressed where that makes it smaller."""
    small, scheme = lz4_compress(content, store_size=False), _LZ4
    if len(small) >= len(content):
        grouped = lz4_compress(_grouped(content), store_size=False)
        small, scheme = (grouped, _GROUPED) if len(grouped) < len(content) else (content, _PLAIN)
    head = b"\0" + len(small).to_bytes(3, "little") + bytes([scheme]) + len(content).to_bytes(3, "little")
    return head + bytes(small)


def _grouped(content: bytes) -> bytes:
    return b"".join(content[at::4] for at in range(4))


def _ungrouped(content: Content) -> bytearray:
    out, start = bytearray(len(content)), 0
    for at in range(4):
        length = (len(content) - at + 3) // 4
        out[at::4] = content[start : start + length]
        start += length
    return out
