"""One way to print: a table for people, JSON for programs (`--format json`), bare ids for scripts (`quiet`)."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any

import orjson
from rich.console import Console
from rich.table import Table

from ceyuan.kernel.errors import Language, Text, choose


class Format(StrEnum):
    """How results are printed; `auto` is a table on a terminal and JSON in a pipe."""

    auto = "auto"
    table = "table"
    json = "json"
    quiet = "quiet"


class _State:
    format: Format = Format.auto


def set_format(value: Format) -> None:
    _State.format = value


def current_format() -> Format:
    if _State.format is Format.auto:
        return Format.table if sys.stdout.isatty() else Format.json
    return _State.format


def language() -> Language:
    """Chinese if `CEYUAN_LANG` or the locale says so."""
    for name in ("CEYUAN_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        if value := os.environ.get(name):
            return "zh" if value.lower().startswith("zh") else "en"
    return "en"


def say(text: Text | str) -> None:
    """A sentence for people, on stderr, so that stdout stays data."""
    if current_format() is not Format.quiet:
        words = text if isinstance(text, str) else choose(text, language())
        Console(stderr=True, highlight=False).print(words, markup=False, soft_wrap=True)


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, list | dict):
        return orjson.dumps(value).decode()
    return str(value)


def show_rows(rows: Iterable[Mapping[str, Any]], columns: Sequence[str], *, key: str = "id") -> None:
    """A list: the named columns as a table, everything as JSON, or the `key` of each row."""
    rows = list(rows)
    match current_format():
        case Format.json:
            sys.stdout.write(orjson.dumps(rows, option=orjson.OPT_INDENT_2, default=str).decode() + "\n")
        case Format.quiet:
            sys.stdout.writelines(f"{row[key]}\n" for row in rows)
        case _:
            if not rows:
                say(("没有结果", "nothing found"))
                return
            table = Table(box=None, pad_edge=False, header_style="bold")
            for column in columns:
                table.add_column(column.replace("_", " "), overflow="fold")
            for row in rows:
                table.add_row(*(_cell(row.get(c)) for c in columns))
            Console(highlight=False, markup=False).print(table)


def show(row: Mapping[str, Any], *, key: str = "id") -> None:
    """One thing: its fields line by line, JSON, or only its `key`."""
    match current_format():
        case Format.json:
            sys.stdout.write(orjson.dumps(row, option=orjson.OPT_INDENT_2, default=str).decode() + "\n")
        case Format.quiet:
            sys.stdout.write(f"{row.get(key, '')}\n")
        case _:
            table = Table(box=None, show_header=False, pad_edge=False)
            table.add_column(style="bold")
            table.add_column(overflow="fold")
            for name, value in row.items():
                table.add_row(name.replace("_", " "), _cell(value))
            Console(highlight=False, markup=False).print(table)
