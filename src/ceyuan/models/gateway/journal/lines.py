"""A line of the journal: a checksum, a JSON document, an end of line.

`iiiiiiii {…,"t":"i"}`: eight hexadecimal digits of the document's CRC-32, a space, the document. A line
that a crash of the machine left half written fails its checksum and is passed over.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

INTENT, PROGRESS, OUTCOME = "i", "p", "o"


def encode(kind: str, document: dict[str, Any]) -> bytes:
    """The line of a document, which is told what it is; `kind` is INTENT, PROGRESS or OUTCOME."""
    document["t"] = kind
    payload = orjson.dumps(document)
    return b"%08x %b\n" % (zlib.crc32(payload), payload)


def decode(line: bytes) -> dict[str, Any] | None:
    """The document of a line, `None` if the line is damaged."""
    if len(line) < 11 or line[8:9] != b" ":
        return None
    payload = line[9:].rstrip(b"\n")
    try:
        if int(line[:8], 16) != zlib.crc32(payload):
            return None
        document: dict[str, Any] = orjson.loads(payload)
    except ValueError:
        return None
    return document


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """The whole lines of a journal file, in order."""
    with path.open("rb") as file:
        for line in file:
            document = decode(line)
            if document is not None:
                yield document
