"""Which view suits a file, by its name."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Literal

View = Literal["text", "delimited", "json_lines", "parquet", "safetensors", "gguf", "image", "audio", "video", "pdf"]

_BY_SUFFIX: dict[str, View] = {
    **dict.fromkeys((".csv", ".tsv"), "delimited"),
    **dict.fromkeys((".jsonl", ".ndjson"), "json_lines"),
    ".parquet": "parquet",
    ".safetensors": "safetensors",
    ".gguf": "gguf",
    **dict.fromkeys((".png", ".jpg", ".jpeg", ".gif", ".webp", ".avif", ".bmp", ".svg"), "image"),
    **dict.fromkeys((".mp3", ".wav", ".flac", ".ogg", ".m4a"), "audio"),
    **dict.fromkeys((".mp4", ".webm"), "video"),
    ".pdf": "pdf",
}


def view_of(path: str) -> View:
    """The view for a file of this name; `text` where the name says nothing, to be tried."""
    return _BY_SUFFIX.get(PurePosixPath(path).suffix.lower(), "text")
