"""Whether a request holds a value that arithmetic may not bear: a fault of ours is not to pass for its sender's."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import unquote_plus

from fastapi import Request

LARGE = 10**6
"""Counts, days and sizes of this many are where dates and machine words end first: 10^7 days are 27,000 years."""
_NUMBER = re.compile(r"-?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?")
# The first and last years of the calendar, in which a change of zone or a span leads out of it.
_EDGE_OF_TIME = re.compile(r"(?:^|\D)(?:000[01]|999[89]|[1-9]\d{4,})-\d\d-\d\d")


async def holds_extremes(request: Request) -> bool:
    """Whether the path, the query or the body holds a number beyond `LARGE`, or a date at the calendar's ends."""
    words = [unquote_plus(request.url.query), *map(str, request.path_params.values())]
    if any(_is_extreme_text(word) for word in words):
        return True
    try:
        return _is_extreme(json.loads(await request.body()))
    except (ValueError, RecursionError, RuntimeError):  # no JSON, or a body that was streamed away
        return False


def _is_extreme(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_is_extreme(item) for item in value.values())
    if isinstance(value, list):
        return any(_is_extreme(item) for item in value)
    if isinstance(value, int | float):
        return not -LARGE < value < LARGE
    return isinstance(value, str) and _EDGE_OF_TIME.search(value) is not None


def _is_extreme_text(text: str) -> bool:
    if _EDGE_OF_TIME.search(text) is not None:
        return True
    return any(not -LARGE < float(number) < LARGE for number in _NUMBER.findall(text))
