"""Images, audio and video: what a file is by its first bytes; it is not decoded here, only told and handed on."""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from ceyuan.data.readers.captions import words_beside
from ceyuan.data.readers.documents import Document, Media, MediaKind, ReadOptions, Rejection

__all__ = ["MEDIA", "media_format", "read_media"]

MEDIA: dict[str, MediaKind] = {
    **dict.fromkeys((".jpg", ".jpeg", ".png", ".gif", ".webp", ".bmp", ".tif", ".tiff", ".avif"), "image"),
    **dict.fromkeys((".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aiff", ".aif"), "audio"),
    **dict.fromkeys((".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi"), "video"),
}
"""Endings of files that hold media, and of which kind."""

_HEADS: tuple[tuple[bytes, str, MediaKind], ...] = (
    (b"\xff\xd8\xff", "jpeg", "image"),
    (b"\x89PNG\r\n\x1a\n", "png", "image"),
    (b"GIF87a", "gif", "image"),
    (b"GIF89a", "gif", "image"),
    (b"BM", "bmp", "image"),
    (b"II*\x00", "tiff", "image"),
    (b"MM\x00*", "tiff", "image"),
    (b"fLaC", "flac", "audio"),
    (b"OggS", "ogg", "audio"),
    (b"ID3", "mp3", "audio"),
    (b"\x1a\x45\xdf\xa3", "matroska", "video"),
)
_RIFF: dict[bytes, tuple[str, MediaKind]] = {
    b"WEBP": ("webp", "image"),
    b"WAVE": ("wav", "audio"),
    b"AVI ": ("avi", "video"),
}


def media_format(sample: bytes) -> tuple[str, MediaKind] | None:
    """(format, kind) of a file that begins with ``sample`` (16 bytes suffice); None where it is no known medium."""
    if sample[:4] in (b"RIFF", b"RF64"):
        return _RIFF.get(sample[8:12])
    if sample[:4] == b"FORM" and sample[8:12] in (b"AIFF", b"AIFC"):
        return "aiff", "audio"
    if sample[4:8] == b"ftyp":
        return ("avif", "image") if sample[8:12] in (b"avif", b"avis") else ("mp4", "video")
    if len(sample) > 1 and sample[0] == 0xFF and sample[1] & 0xE6 == 0xE2:  # sync and layer III of MPEG audio
        return "mp3", "audio"
    return next(((name, kind) for head, name, kind in _HEADS if sample.startswith(head)), None)


def read_media(path: Path, name: str, sample: bytes, options: ReadOptions) -> Iterator[Document | Rejection]:
    """The file as one document without text; its bytes stay where they are, valid until the next one is asked for.

    A false ending of the same kind is put right; one of another kind is rejected.
    """
    size = path.stat().st_size
    expected = MEDIA[PurePosixPath(name).suffix.lower()]
    found = media_format(sample)
    if size > options.limits.media:
        yield Rejection(name, "file_too_large", f"{size} bytes")
    elif found is None or found[1] != expected:
        yield Rejection(name, "fake_extension", f"{expected}: {found[0] if found else 'unknown or damaged'}")
    else:
        medium = Media(found[1], found[0], path, size)
        words = words_beside(path)
        meta = {"beside": words} if words else {}
        yield Document(name, "", title=PurePosixPath(name).name, media=medium, meta=meta)
