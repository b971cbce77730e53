"""Records of any columns onto documents of one schema, as a mapping says that people have looked over."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple

from ceyuan.data.readers.documents import Columns, Document, Rejection, clean_text

__all__ = ["META_LIMIT", "columns_of", "flat", "is_time", "iso_time", "mapped", "plain", "present"]

META_LIMIT = 2_000
"""Characters of one carried-along value; a longer one is data, not a note."""

_DEPTH = 16  # of parts within parts: what lies deeper is no text that anyone wrote
_SAID = ("content", "value", "text")  # what holds the words in one turn of a dialogue
_NOTED = ("id", "time", "author", "url", "licence")
_DAY = re.compile(
    r"\s*(?P<year>[12]\d{3})\s*[-/.年]\s*(?P<month>\d{1,2})(?:\s*[-/.月]\s*(?P<day>\d{1,2})\s*日?)?月?"
    r"(?:[T\s]+(?P<hour>\d{1,2})[:时点](?P<minute>\d{1,2})分?(?::?(?P<second>\d{1,2})秒?)?(?:\.\d+)?)?"
    r"\s*(?P<zone>Z|[+-]\d{2}:?\d{2})?\s*"
)
_COMPACT = re.compile(r"\s*(?P<year>(?:19|20)\d{2})(?P<month>\d{2})(?P<day>\d{2})\s*")
_EPOCH = re.compile(r"\d{10}(?:\d{3})?")


def columns_of(values: Mapping[str, Any]) -> Columns:
    """A mapping from JSON: lists of names, ``others`` and ``keyed``. Raises ``ValueError`` for anything else."""
    lists = {name: value for name, value in values.items() if name not in ("others", "keyed")}
    known = {one.name for one in fields(Columns)}
    if not lists.keys() <= known or not all(isinstance(value, list | tuple) for value in lists.values()):
        raise ValueError("a mapping has lists of column names")
    return Columns(
        **{name: tuple(map(str, value)) for name, value in lists.items()},
        others=bool(values.get("others", True)),
        keyed=bool(values.get("keyed", False)),
    )


def mapped(record: Mapping[str, object], where: str, columns: Columns, *, sound: bool = False) -> Document | Rejection:
    """The document in one record. ``sound``: its strings are known to hold no lone surrogate."""
    plan = _plan(tuple(map(str, record)), columns)
    if not plan.texts:
        return Rejection(where, "no_text_field", "、".join(str(name) for name in list(record)[:12]))
    whole = "\n".join(part for part in (plain(record[name]) for name in plan.texts) if part)
    if not whole or whole.isspace():
        return Rejection(where, "empty_text")
    if "\0" in whole:
        return Rejection(where, "nul_bytes")
    found = {target: _first(record, names, sound) for target, names in plan.targets}
    found["time"] = iso_time(found["time"])
    meta = {name: found[name] for name in _NOTED if found[name]}
    for key in plan.notes:
        if isinstance(value := record[key], str | int | float) and len(shown := plain(value)) <= META_LIMIT:
            meta.setdefault(key, shown if sound else clean_text(shown))
    text = whole if sound else clean_text(whole)
    if columns.keyed and found["id"] and "#" in where:
        where = f"{where.rpartition('#')[0]}#{' '.join(found['id'].split())}"
    return Document(where, text, found["title"], group=found["group"], meta=meta)


class _Plan(NamedTuple):
    texts: tuple[str, ...]
    targets: tuple[tuple[str, tuple[str, ...]], ...]
    notes: tuple[str, ...]


@lru_cache(maxsize=1024)
def _plan(names: tuple[str, ...], columns: Columns) -> _Plan:
    """Which columns of records with these names hold what; records of one file mostly have the same."""
    texts = present(names, columns.text)
    targets = tuple((target, present(names, getattr(columns, target))) for target in ("title", "group", *_NOTED))
    used = {*texts, *(name for _, found in targets for name in found)}
    return _Plan(texts, targets, tuple(name for name in names if name not in used) if columns.others else ())


def present(names: Iterable[str], wanted: Iterable[str]) -> tuple[str, ...]:
    """Those of the ``wanted`` columns that are among ``names``, in their order; case and blanks do not matter."""
    by_folded = {str(name).strip().lower(): name for name in names}
    found = (by_folded.get(name.strip().lower()) for name in wanted)
    return tuple(dict.fromkeys(name for name in found if name is not None))


def flat(record: Mapping[str, object]) -> Mapping[str, object]:
    """The record with parts of parts as columns of their own: ``{"data": {"body": x}}`` has a column ``data.body``."""
    if dict not in map(type, record.values()):
        return record
    found: dict[str, object] = {}
    _spread(record, "", found, _DEPTH)
    return found


def _spread(record: Mapping[str, object], prefix: str, found: dict[str, object], depth: int) -> None:
    for key, value in record.items():
        if isinstance(value, dict) and depth:
            _spread(value, f"{prefix}{key}.", found, depth - 1)
        else:
            found.setdefault(f"{prefix}{key}", value)


def plain(value: object, depth: int = _DEPTH) -> str:
    """A value as text; of a list its items line by line, of the turns of a dialogue what was said; nothing for what is
    absent, has parts with other names, or lies deeper than ``depth`` lists."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "\n".join(_said(item, depth) for item in value) if depth else ""
    return "" if value is None or isinstance(value, dict) else str(value)


def _said(item: object, depth: int) -> str:
    if isinstance(item, dict):
        item = next((item[name] for name in _SAID if item.get(name)), None)
    return plain(item, depth - 1)


def is_time(value: str) -> bool:
    """Whether ``iso_time`` would understand it."""
    return bool(_EPOCH.fullmatch(value) or _DAY.fullmatch(value) or _COMPACT.fullmatch(value))


def iso_time(value: str) -> str:
    """A time by ISO 8601, as exact as it was written (``2023-03``, ``2023-03-05``, ``2023-03-05T09:30:00``), from the
    usual Chinese and international forms and from seconds or milliseconds since 1970; anything else as it is."""
    if _EPOCH.fullmatch(value):
        seconds = int(value[:10])
        return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
    found = _DAY.fullmatch(value) or _COMPACT.fullmatch(value)
    if found is None:
        return value
    parts = {name: part for name, part in found.groupdict().items() if part}
    numbers = [int(parts[name]) for name in ("year", "month", "day", "hour", "minute", "second") if name in parts]
    try:
        year, month, day, hour, minute, second = (*numbers, *(1, 1, 1, 0, 0, 0)[len(numbers) :])
        moment = datetime(year, month, day, hour, minute, second, tzinfo=UTC)  # the zone is told as it was written
    except ValueError:
        return value
    if "day" not in parts:
        return f"{moment:%Y-%m}"
    if "hour" not in parts:
        return f"{moment:%Y-%m-%d}"
    return f"{moment:%Y-%m-%dT%H:%M:%S}{parts.get('zone', '')}"


def _first(record: Mapping[str, object], names: Iterable[str], sound: bool) -> str:
    for name in names:
        if shown := plain(record[name]).strip()[:META_LIMIT]:
            return shown if sound else clean_text(shown)
    return ""
