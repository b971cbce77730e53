"""Pages of CSV, TSV and JSON Lines, from a window of bytes: any place of a huge file opens as fast as its start."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import Any

import orjson

from ceyuan.hub.viewer.formats.cells import MAX_COLUMNS, Column, Table, cell
from ceyuan.hub.viewer.formats.problems import MoreNeeded, ViewProblem

_FIELD_LIMIT = 64 * 1024 * 1024
csv.field_size_limit(_FIELD_LIMIT)


class _Lines:
    """The complete lines of a window, decoded one by one; knows how far it was read and whether to the end."""

    def __init__(self, window: bytes, encoding: str, final: bool) -> None:
        self.position = 0
        self.exhausted = False
        self._encoding = encoding
        lines = window.split(b"\n")
        self._lines = [line + b"\n" for line in lines[:-1]]
        if final and lines[-1]:
            self._lines.append(lines[-1])

    def __iter__(self) -> Iterator[str]:
        for line in self._lines:
            self.position += len(line)
            # The csv module refuses a carriage return that ends no line.
            yield line.decode(self._encoding, "replace").replace("\r\n", "\n").replace("\r", " ")
        self.exhausted = True


def delimited_page(
    head: bytes, window: bytes, *, start: int, encoding: str, limit: int, size: int, delimiter: str | None = None
) -> Table:
    """A page of delimiter-separated values (RFC 4180) whose first record names the columns.

    `head` are the file's first bytes, `window` those from byte `start` on, `size` the file's length. The
    delimiter is the one of comma, tab, semicolon and bar that the first line has most, if none is given.
    Raises `MoreNeeded` if the window holds no complete record.
    """
    names, after = _header(head, encoding, delimiter, final=len(head) == size)
    mark = delimiter or _delimiter(head, encoding)
    if start == 0:
        window, start = window[after:], after
    lines = _Lines(window, encoding, final=start + len(window) >= size)
    rows: list[list[Any]] = []
    done = start
    for record in _records(lines, mark):
        if lines.exhausted and start + lines.position < size:
            break  # the window ended inside a quoted field
        done = start + lines.position
        if record:
            rows.append([cell(value) for value in record[:MAX_COLUMNS]])
        if len(rows) == limit:
            break
    if not rows and done < size:
        raise MoreNeeded
    width = max([len(names), *(len(row) for row in rows)])
    columns = [Column(names[n] if n < len(names) else f"#{n + 1}", "text") for n in range(width)]
    padded = [row + [None] * (width - len(row)) for row in rows]
    return Table(columns, padded, None, done if done < size else None)


def _records(lines: _Lines, delimiter: str) -> Iterator[list[str]]:
    try:
        yield from csv.reader(iter(lines), delimiter=delimiter)
    except csv.Error as error:
        raise ViewProblem(f"表格格式有误:{error}", f"the table cannot be read: {error}") from error


def _header(head: bytes, encoding: str, delimiter: str | None, *, final: bool) -> tuple[list[str], int]:
    lines = _Lines(head, encoding, final)
    for record in _records(lines, delimiter or _delimiter(head, encoding)):
        if lines.exhausted and not final:
            break
        names = [str(cell(name)).lstrip("\ufeff").strip() for name in record[:MAX_COLUMNS]]
        return names, lines.position
    if final:
        return [], len(head)
    raise ViewProblem("表头过长,无法预览", "the first record is too long for a preview")


def _delimiter(head: bytes, encoding: str) -> str:
    first = head.split(b"\n", 1)[0].decode(encoding, "replace")
    return max(",\t;|", key=first.count)


def json_lines_page(window: bytes, *, start: int, encoding: str, limit: int, size: int) -> Table:
    """A page of JSON Lines: the keys of its objects are the columns, other values stand in the column `value`,
    lines that are no JSON in the column `(invalid)`. Raises `MoreNeeded` if the window holds no complete line."""
    lines = _Lines(window, encoding, final=start + len(window) >= size)
    found: list[dict[str, Any]] = []
    done = start
    for line in lines:
        done = start + lines.position
        text = line.lstrip("\ufeff").strip()
        if text:
            found.append(_object(text))
        if len(found) == limit:
            break
    if not found and done < size:
        raise MoreNeeded
    names = list(dict.fromkeys(name for row in found for name in row))[:MAX_COLUMNS]
    types = {name: _type(row[name]) for row in reversed(found) for name in row if row[name] is not None}
    columns = [Column(name, types.get(name, "null")) for name in names]
    rows = [[cell(row.get(name)) for name in names] for row in found]
    return Table(columns, rows, None, done if done < size else None)


def _object(line: str) -> dict[str, Any]:
    try:
        value = orjson.loads(line.encode("utf-8", "replace"))
    except orjson.JSONDecodeError:
        return {"(invalid)": line}
    return value if isinstance(value, dict) else {"value": value}


def _type(value: Any) -> str:
    kinds = {bool: "boolean", int: "integer", float: "number", str: "text", list: "array", dict: "object"}
    return kinds.get(type(value), "text")
