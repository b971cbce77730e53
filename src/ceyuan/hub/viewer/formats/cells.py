"""Tables as a page shows them: named columns, and cells cut to what fits."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

CELL_CHARS = 2000
MAX_COLUMNS = 300


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name, and its type in the file's own words (`text` where it has none)."""

    name: str
    type: str


@dataclass(frozen=True, slots=True)
class Table:
    """A page of rows. `total` counts the rows of the file where it says so; `next` is where the next page begins
    (a row or byte position, as the format counts), None at the end."""

    columns: Sequence[Column]
    rows: Sequence[Sequence[Any]]
    total: int | None
    next: int | None


def cell(value: Any) -> Any:
    """`value` as JSON that a table can show: long texts are cut, bytes told by their length, nested values
    written as JSON."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if abs(value) < 2**53 else str(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, str):
        return _cut(value.encode("utf-8", "replace").decode())
    if isinstance(value, bytes | bytearray | memoryview):
        return f"<{len(value)} bytes>"
    if isinstance(value, Mapping | list | tuple):
        return _cut(orjson.dumps(_plain(value, 6), default=str, option=orjson.OPT_NON_STR_KEYS).decode())
    return _cut(str(value))


def _cut(text: str) -> str:
    return text if len(text) <= CELL_CHARS else f"{text[:CELL_CHARS]}…"


def _plain(value: Any, depth: int) -> Any:
    if depth == 0:
        return "…"
    if isinstance(value, Mapping):
        return {str(key): _plain(entry, depth - 1) for key, entry in list(value.items())[:200]}
    if isinstance(value, list | tuple):
        return [_plain(entry, depth - 1) for entry in value[:200]]
    return cell(value)
