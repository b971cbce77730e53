"""Byte ranges and validators of a request (RFC 9110, 13 and 14)."""

from __future__ import annotations

import re

_RANGE = re.compile(r"\s*bytes\s*=\s*(\d*)\s*-\s*(\d*)\s*")
_DIGITS = 18


class Unsatisfiable(ValueError):
    """The range begins beyond the content."""


def parse_range(header: str | None, size: int) -> tuple[int, int] | None:
    """The bytes (start, end excluded) that the header asks for, or None for all of them.

    Headers that are malformed or name several ranges are ignored, as RFC 9110 14.2 allows. Raises
    `Unsatisfiable`.
    """
    match = _RANGE.fullmatch(header) if header else None
    if match is None or max(map(len, match.groups())) > _DIGITS:
        return None
    first, last = match.groups()
    if not first and not last:
        return None
    if not first:
        length = min(int(last), size)
        if length == 0:
            raise Unsatisfiable
        return size - length, size
    start = int(first)
    end = min(int(last) + 1, size) if last else size
    if last and int(last) < start:
        return None
    if start >= size:
        raise Unsatisfiable
    return start, end


def matches_any(header: str | None, etag: str) -> bool:
    """Whether `If-None-Match` names the entity tag (weak comparison)."""
    if not header:
        return False
    named = [part.strip().removeprefix("W/") for part in header.split(",")]
    return "*" in named or etag in named


def range_still_fits(if_range: str | None, etag: str) -> bool:
    """Whether a range may be served: `If-Range` is absent or names this very content."""
    return if_range is None or if_range.strip() == etag
