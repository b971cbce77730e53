"""What a file is by its first bytes, whatever its name says."""

from pathlib import PurePath

__all__ = ["EXPECTED", "kind_of", "mismatch"]

_MAGIC = (
    (b"%PDF-", "pdf"),
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"\x1f\x8b", "gzip"),
    (b"PAR1", "parquet"),
    (b"\x89PNG\r\n", "png"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"GIF8", "gif"),
    (b"RIFF", "riff"),
    (b"ID3", "mp3"),
    (b"fLaC", "flac"),
    (b"OggS", "ogg"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old Office"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"Rar!\x1a\x07", "rar"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"\x7fELF", "program"),
    (b"SQLite format 3\x00", "sqlite"),
)
EXPECTED = {
    ".pdf": "pdf",
    ".docx": "zip",
    ".xlsx": "zip",
    ".epub": "zip",
    ".zip": "zip",
    ".gz": "gzip",
    ".parquet": "parquet",
}
"""What a file of this ending must begin as; endings that are not here are text."""


def kind_of(sample: bytes) -> str | None:
    """Name of the binary format that ``sample`` begins as, or None."""
    if sample[4:8] == b"ftyp":
        return "mp4"
    return next((kind for magic, kind in _MAGIC if sample.startswith(magic)), None)


def mismatch(name: str, sample: bytes) -> str:
    """Why the ending of ``name`` is false, in a word; empty where it is right."""
    kind = kind_of(sample)
    wanted = EXPECTED.get(PurePath(name).suffix.lower())
    if kind == wanted or (wanted == "zip" and kind == "old Office"):
        return ""
    return kind or "text or damaged"
