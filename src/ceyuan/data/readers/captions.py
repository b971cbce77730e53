"""Words that stand beside a medium: a text file of the same name, or its row in the folder's ``metadata.jsonl``.

Both are how data sets of images and speech are handed around: WebDataset and img2dataset put ``0001.txt`` beside
``0001.jpg``, the Hugging Face loaders ``imagefolder`` and ``audiofolder`` read ``metadata.jsonl`` with a ``file_name``.
"""

from functools import lru_cache
from pathlib import Path

import orjson

from ceyuan.data.readers.documents import clean_text
from ceyuan.data.readers.encoding import detect_encoding

__all__ = ["words_beside"]

_CHARACTERS = 4000
_BYTES = 64 << 10
_LISTS = 64 << 20
_NAMES = ("text", "caption", "transcription", "transcript", "sentence")


def words_beside(path: Path) -> str:
    """The caption or transcript of the medium ``path``; empty where nobody wrote one or it cannot be read."""
    beside = path.with_suffix(".txt")
    try:
        if beside.is_file() and beside.stat().st_size <= _BYTES:
            data = beside.read_bytes()
            return _short(data.decode(detect_encoding(data) or "utf-8", "replace"))
        listing = path.parent / "metadata.jsonl"
        if not listing.is_file():
            return ""
        facts = listing.stat()
        return _listed(listing, facts.st_mtime_ns, facts.st_size).get(path.name, "")
    except OSError:
        return ""


@lru_cache(maxsize=4)
def _listed(listing: Path, time: int, size: int) -> dict[str, str]:
    """Words by the name of the file, of a listing as it is at ``time``."""
    del time
    found: dict[str, str] = {}
    if size > _LISTS:
        return found
    for line in listing.read_bytes().splitlines():
        try:
            row = orjson.loads(line)
        except orjson.JSONDecodeError:
            continue  # the reader of texts names such lines
        if isinstance(row, dict) and isinstance(row.get("file_name"), str):
            words = next((row[name] for name in _NAMES if isinstance(row.get(name), str)), "")
            found[row["file_name"]] = _short(words)
    return found


def _short(words: str) -> str:
    return clean_text(words).strip()[:_CHARACTERS]
