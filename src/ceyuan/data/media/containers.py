"""Which tracks a video file holds, read from its container: MP4 and QuickTime, Matroska and WebM, AVI."""

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

__all__ = ["audio_tracks"]

_DEEP = {b"moov", b"trak", b"mdia"}
_SEGMENT, _TRACKS, _ENTRY, _TYPE = 0x18538067, 0x1654AE6B, 0xAE, 0x83
_MANY = 100_000  # boxes that are looked at in one file


def audio_tracks(path: Path) -> int:
    """Number of audio tracks; 0 where there is none or the container is not understood."""
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(12)
        if head[:4] == b"RIFF":
            return sum(kind == b"auds" for kind in _avi_streams(file, 12, size))
        if head[:4] == b"\x1a\x45\xdf\xa3":
            return sum(kind == 2 for kind in _matroska_tracks(file, 0, size))
        return sum(kind == b"soun" for kind in _mp4_handlers(file, 0, size))


def _mp4_handlers(file: BinaryIO, start: int, end: int) -> Iterator[bytes]:
    """Handler types of the tracks (ISO/IEC 14496-12, 8.4.3)."""
    at = start
    for _ in range(_MANY):
        if at + 8 > end:
            return
        file.seek(at)
        head = file.read(16)
        size, name, body = int.from_bytes(head[:4], "big"), head[4:8], at + 8
        if size == 1:
            size, body = int.from_bytes(head[8:16], "big"), at + 16
        elif size == 0:
            size = end - at
        if size < body - at:
            return
        if name in _DEEP:
            yield from _mp4_handlers(file, body, min(at + size, end))
        elif name == b"hdlr":
            file.seek(body + 8)
            yield file.read(4)
        at += size


def _matroska_tracks(file: BinaryIO, start: int, end: int) -> Iterator[int]:
    """Types of the tracks (RFC 9559, 5.1.4.1.3)."""
    at = start
    for _ in range(_MANY):
        if at >= end:
            return
        file.seek(at)
        name, at = _number(file, at, keep=True)
        size, at = _number(file, at, keep=False)
        if name < 0:
            return
        inside = min(at + size, end) if size >= 0 else end  # a stream does not know its segment's size
        if name in (_SEGMENT, _TRACKS, _ENTRY):
            yield from _matroska_tracks(file, at, inside)
        elif name == _TYPE:
            yield int.from_bytes(file.read(min(size, 8)), "big")
        at = inside


def _number(file: BinaryIO, at: int, *, keep: bool) -> tuple[int, int]:
    """(an EBML number, where it ends); -1 for a size that is not known and at the end of the file."""
    first = file.read(1)
    if not first or not first[0]:
        return -1, at + 1
    length = 9 - first[0].bit_length()
    value = first + file.read(length - 1)
    number = int.from_bytes(value, "big")
    if keep:
        return number, at + length
    number &= (1 << (7 * length)) - 1
    return (-1 if number == (1 << (7 * length)) - 1 else number), at + length


def _avi_streams(file: BinaryIO, start: int, end: int) -> Iterator[bytes]:
    at = start
    for _ in range(_MANY):
        if at + 8 > end:
            return
        file.seek(at)
        head = file.read(12)
        size = int.from_bytes(head[4:8], "little")
        if head[:4] == b"LIST" and head[8:12] in (b"hdrl", b"strl"):
            yield from _avi_streams(file, at + 12, min(at + 8 + size, end))
        elif head[:4] == b"strh":
            yield head[8:12]
        at += 8 + size + size % 2
