"""How a file of a stranger is labelled: nothing that a browser would run in our name."""

from __future__ import annotations

from pathlib import PurePosixPath
from urllib.parse import quote

_SHOWN = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
    ".avif": "image/avif",
    ".bmp": "image/bmp",
    ".svg": "image/svg+xml",
    ".mp3": "audio/mpeg",
    ".wav": "audio/wav",
    ".flac": "audio/flac",
    ".ogg": "audio/ogg",
    ".m4a": "audio/mp4",
    ".mp4": "video/mp4",
    ".webm": "video/webm",
    ".pdf": "application/pdf",
    ".json": "application/json",
}
_TEXT = frozenset(
    f".{suffix}"
    for group in (
        ("bib", "c", "cfg", "conf", "cpp", "css", "csv", "go", "h", "htm", "html", "ini", "java", "jinja", "jinja2"),
        ("js", "jsonl", "log", "lua", "md", "mjs", "ndjson", "ps1", "py", "r", "rs", "rst", "sh", "sql", "srt"),
        ("tex", "toml", "ts", "tsv", "tsx", "txt", "vtt", "xml", "yaml", "yml"),
    )
    for suffix in group
)
_TEXT_NAMES = frozenset(
    {".gitattributes", ".gitignore", "dockerfile", "licence", "license", "makefile", "notice", "readme"}
)
BINARY = "application/octet-stream"
POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
"""The content security policy of every download: no scripts, no origin, no requests."""


def content_type(path: str) -> str:
    """The type under which a file is sent; pages and scripts are sent as plain text."""
    name = PurePosixPath(path).name.lower()
    suffix = PurePosixPath(name).suffix
    if suffix in _TEXT or name in _TEXT_NAMES:
        return "text/plain; charset=utf-8"
    return _SHOWN.get(suffix, BINARY)


def disposition(path: str, *, attachment: bool) -> str:
    """The `Content-Disposition` (RFC 6266): the name in ASCII and, as it is, in UTF-8."""
    name = PurePosixPath(path).name
    plain = "".join(c if c.isascii() and c.isprintable() and c not in '"\\%' else "_" for c in name)
    kind = "attachment" if attachment else "inline"
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
