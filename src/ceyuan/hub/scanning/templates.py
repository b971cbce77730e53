"""Chat templates of GGUF models: Jinja that reaches for Python's insides or hides text from its reader."""

from __future__ import annotations

import re
import struct
from typing import BinaryIO

from ceyuan.hub.scanning.findings import Finding

_MOST_FIELDS = 4096
_MOST_TEXT = 4 * 1024 * 1024
_STRING, _ARRAY = 8, 9
_SIZES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
_REACHING = re.compile(
    r"__\w+__|\b(?:lipsum|cycler|joiner|namespace)\s*\.\s*__|\|\s*attr\s*\(|\bself\s*\._|\b(?:popen|subprocess|eval|exec)"
    r"\s*\(|\.\s*(?:mro|subclasses|func_globals|gi_frame|cr_frame)\b|\bimport\s+os\b|\{%-?\s*(?:import|include|extends)\b"
)
_HIDDEN = re.compile(r"[\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\U000e0000-\U000e007f]")


class _Broken(ValueError):
    """The header is not one of GGUF."""


def scan_gguf(file: BinaryIO) -> list[Finding]:
    """What is dangerous in the chat templates of a GGUF file (versions 2 and 3)."""
    try:
        templates = _templates(file)
    except (_Broken, struct.error, UnicodeDecodeError) as error:
        why = str(error)[:120]
        return [Finding("caution", "gguf_unreadable", why, "GGUF 头部无法解析", f"the header cannot be read: {why}")]
    return [finding for name, text in templates for finding in scan_template(text, name)]


def scan_template(text: str, place: str) -> list[Finding]:
    """What is dangerous in one template."""
    found = []
    for match in list(_REACHING.finditer(text))[:5]:
        what = match.group(0).strip()
        found.append(
            Finding(
                "unsafe",
                "template_reach",
                what[:80],
                f"对话模板使用了 {what[:80]},可能执行代码",
                f"the chat template uses {what[:80]}, which could run code",
                place,
            )
        )
    if _HIDDEN.search(text):
        hidden = "对话模板含有不可见字符"
        found.append(
            Finding("caution", "template_hidden", "", hidden, "the chat template has invisible characters", place)
        )
    return found


def _templates(file: BinaryIO) -> list[tuple[str, str]]:
    file.seek(0)
    magic, version = struct.unpack("<4sI", _exactly(file, 8))
    if magic != b"GGUF" or version not in (2, 3):
        raise _Broken("no GGUF of version 2 or 3")
    _, fields = struct.unpack("<QQ", _exactly(file, 16))
    if fields > _MOST_FIELDS:
        raise _Broken(f"{fields} fields")
    found = []
    for _ in range(fields):
        name = _text(file, 1024)
        (kind,) = struct.unpack("<I", _exactly(file, 4))
        if "chat_template" in name and kind == _STRING:
            found.append((name, _text(file, _MOST_TEXT)))
        else:
            _skip(file, kind)
    return found


def _exactly(file: BinaryIO, size: int) -> bytes:
    data = file.read(size)
    if len(data) != size:
        raise _Broken("it breaks off")
    return data


def _text(file: BinaryIO, most: int) -> str:
    (size,) = struct.unpack("<Q", _exactly(file, 8))
    if size > most:
        raise _Broken(f"a text of {size} bytes")
    return _exactly(file, size).decode()


def _skip(file: BinaryIO, kind: int, depth: int = 0) -> None:
    if kind in _SIZES:
        file.seek(_SIZES[kind], 1)
    elif kind == _STRING:
        file.seek(struct.unpack("<Q", _exactly(file, 8))[0], 1)
    elif kind == _ARRAY and depth < 3:
        inner, count = struct.unpack("<IQ", _exactly(file, 12))
        if inner in _SIZES:
            file.seek(_SIZES[inner] * count, 1)
            return
        if count > 4_000_000:
            raise _Broken("an array is too long")
        for _ in range(count):
            _skip(file, inner, depth + 1)
    else:
        raise _Broken(f"a field of kind {kind}")
