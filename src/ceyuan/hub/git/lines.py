"""Pkt-lines: how git frames what it says (https://git-scm.com/docs/protocol-common)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

FLUSH: Final = b"0000"
_MOST = 65_520


class LineProblem(ValueError):
    """Bytes that are no pkt-lines."""


def line(text: str | bytes) -> bytes:
    """One line with its length before it; text is ended by a line feed."""
    data = text.encode() + b"\n" if isinstance(text, str) else text
    if len(data) + 4 > _MOST:
        raise LineProblem("a line is too long")
    return b"%04x" % (len(data) + 4) + data


def lines_of(data: bytes) -> Iterator[bytes | None]:
    """The lines of a request, without their line feeds; None for a flush. Raises `LineProblem`."""
    at = 0
    while at < len(data):
        head = data[at : at + 4]
        try:
            size = int(head, 16) if len(head) == 4 and head.isalnum() else -1
        except ValueError as error:
            raise LineProblem("a line without length") from error
        if size == 0:
            yield None
            at += 4
            continue
        if not 4 <= size <= _MOST or at + size > len(data):
            raise LineProblem("a line is longer than the request")
        yield data[at + 4 : at + size].removesuffix(b"\n")
        at += size
