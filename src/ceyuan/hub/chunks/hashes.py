"""The hashes of the Xet protocol: BLAKE3 with a key for each purpose, and trees of them.

Keys and rules: https://huggingface.co/docs/xet/hashing (specification 1.1); the text form of a hash is that of
https://huggingface.co/docs/xet/api#converting-hashes-to-strings: four little-endian 64-bit numbers, each in hex.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Sequence
from typing import Final

from blake3 import blake3

from ceyuan.hub.chunks.problems import ChunkProblem

_DATA_KEY: Final = bytes.fromhex("6697f5775b9550de3135cbaca597181c9de421109beb2b58b4d0b04b93adf229")
_NODE_KEY: Final = bytes.fromhex("017ec5c7a5472996fd946666b48a02e65ddd536f37c76dd2f86352e64a53713f")
_TERM_KEY: Final = bytes.fromhex("7f1857d6ce56ed66127ff913e7a5c3f3a4cd26d5b5db49e64124987f28fb94c3")
_FILE_KEY: Final = bytes(32)
_FEWEST, _MOST, _MEAN = 2, 9, 4
"""Children of a node of the tree: at least, at most, on average."""
_ELIGIBLE = 1024
_TEXT = re.compile(r"[0-9a-f]{64}")

Sized = tuple[bytes, int]
"""A hash (32 raw bytes) and the bytes of content below it."""


def text_of(digest: bytes) -> str:
    """The 64 hexadecimal digits by which addresses name a hash."""
    return "{:016x}{:016x}{:016x}{:016x}".format(*struct.unpack("<4Q", digest))


def parse_hash(text: str) -> bytes:
    """The raw 32 bytes of a hash in its text form; raises `ChunkProblem`."""
    if not _TEXT.fullmatch(text):
        raise ChunkProblem("哈希格式有误", "this is not a hash of 64 hexadecimal digits")
    return struct.pack("<4Q", *(int(text[at : at + 16], 16) for at in range(0, 64, 16)))


def chunk_hash(data: bytes | bytearray | memoryview) -> bytes:
    """The hash of a chunk's content."""
    return blake3(data, key=_DATA_KEY).digest()


def protected(digest: bytes, key: bytes) -> bytes:
    """A chunk's hash as a stranger may see it: who has the content can compare it, nobody can learn it."""
    return blake3(digest, key=key).digest()


def term_hash(chunks: Sequence[bytes]) -> bytes:
    """What proves that the sender of a term knows its chunks: the hash over theirs, in order."""
    return blake3(b"".join(chunks), key=_TERM_KEY).digest()


def xorb_hash(chunks: Sequence[Sized]) -> bytes:
    """The hash of a xorb: the root of the tree over its chunks. Raises `ChunkProblem` if there are none."""
    if not chunks:
        raise ChunkProblem("内容块为空", "a xorb has at least one chunk")
    return _root(chunks)


def file_hash(chunks: Sequence[Sized]) -> bytes:
    """The hash of a file made of these chunks; of an empty one, zeros."""
    return blake3(_root(chunks), key=_FILE_KEY).digest() if chunks else bytes(32)


def is_eligible(digest: bytes) -> bool:
    """Whether clients ask for this chunk when they look for content that is stored already (one of 1,024 is)."""
    return int.from_bytes(digest[24:], "little") % _ELIGIBLE == 0


def _root(leaves: Sequence[Sized]) -> bytes:
    level = list(leaves)
    while len(level) > 1:
        above: list[Sized] = []
        start = 0
        while start < len(level):
            end = _cut(level, start)
            above.append(_merged(level[start:end]))
            start = end
        level = above
    return level[0][0]


def _cut(level: Sequence[Sized], start: int) -> int:
    """Where the group of nodes that begins at `start` ends."""
    last = min(start + _MOST, len(level))
    if last - start <= _FEWEST:
        return last
    for at in range(start + _FEWEST, last):
        # The last of the four numbers, of which two bits decide.
        if level[at][0][24] % _MEAN == 0:
            return at + 1
    return last


def _merged(group: Sequence[Sized]) -> Sized:
    lines = "".join(f"{text_of(digest)} : {size}\n" for digest, size in group)
    return blake3(lines.encode(), key=_NODE_KEY).digest(), sum(size for _, size in group)
