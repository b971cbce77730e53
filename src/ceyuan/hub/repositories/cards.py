"""Cards: a README whose YAML front matter says what the repository is, read without trusting it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import yaml

from ceyuan.kernel.errors import Text

MAX_FRONT_MATTER = 64 * 1024
MAX_CARD = 1024 * 1024
_FRONT = re.compile(r"\A\ufeff?\s{0,20}---[ \t]*\r?\n(.*?)(?:\r?\n)?^---[ \t]*(?:\r?\n|\Z)", re.DOTALL | re.MULTILINE)
_LABEL_MAX = 100
_LABELS_MAX = 100

FACETS = ("licence", "language", "task", "tag", "grade")
_KEYS: Mapping[str, tuple[str, ...]] = {
    "licence": ("license", "licence"),
    "language": ("language",),
    "task": ("pipeline_tag", "task_categories", "task"),
    "tag": ("tags",),
    "grade": ("data_grade", "grade"),
}
"""Which keys of a card fill which facet; the names are those that cards on the public hubs use."""


GRADES = ("public", "general", "internal", "important", "core")
"""Grades of data from the least to the most protected: what GB/T 43697-2024 calls general data, in three levels (for
everybody, general, for inside only), important data and core data."""
_GRADE_WORDS = {"公开": "public", "一般": "general", "内部": "internal", "重要": "important", "核心": "core"}


@dataclass(frozen=True, slots=True)
class Card:
    """A README apart: `metadata` of its front matter, `body` in Markdown, and `problem` if the front matter
    cannot be read."""

    metadata: Mapping[str, Any]
    body: str
    problem: Text | None = None


class _Loader(yaml.SafeLoader):
    """YAML without anchors and aliases, by which a small text can stand for a huge one."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise yaml.composer.ComposerError(None, None, "aliases are not allowed", self.get_mark())
        return super().compose_node(parent, index)


def parse_card(text: str) -> Card:
    """Take a README apart; front matter that cannot be read becomes a `problem`, never an exception."""
    match = _FRONT.match(text)
    if match is None:
        return Card({}, text)
    raw, body = match.group(1), text[match.end() :]
    if len(raw) > MAX_FRONT_MATTER:
        return Card({}, body, ("卡片元数据过大", "the card's front matter is too large"))
    try:
        data = yaml.load(raw, Loader=_Loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 2 if mark else 1
        why = str(getattr(error, "problem", None) or "cannot be read")
        return Card({}, body, (f"卡片元数据第 {line} 行有误:{why}", f"the card's front matter, line {line}: {why}"))
    except (RecursionError, ValueError, OverflowError) as error:
        return Card({}, body, ("卡片元数据无法解析", f"the card's front matter cannot be read: {type(error).__name__}"))
    if data is None:
        return Card({}, body)
    if not isinstance(data, dict):
        return Card({}, body, ("卡片元数据应为键值", "the card's front matter must be a mapping"))
    return Card(plain(data), body)


def plain(value: Any) -> Any:
    """The value with only what JSON and every database can hold: no NUL, no NaN, no integers beyond 2^53."""
    if isinstance(value, Mapping):
        return {str(plain(str(key)))[:200]: plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple | set):
        return [plain(entry) for entry in value]
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, bool | float) or value is None:
        return value
    if isinstance(value, int):
        return value if abs(value) < 2**53 else str(value)
    return value.isoformat() if isinstance(value, date | datetime) else clean(str(value))


def clean(text: str) -> str:
    """`text` without what databases refuse: NUL and halves of surrogate pairs."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()


@dataclass(frozen=True, slots=True)
class Labels:
    """What a repository is found by."""

    licence: list[str] = field(default_factory=list)
    language: list[str] = field(default_factory=list)
    task: list[str] = field(default_factory=list)
    tag: list[str] = field(default_factory=list)
    grade: list[str] = field(default_factory=list)

    def pairs(self) -> Iterable[tuple[str, str]]:
        """(facet, value) of each."""
        return ((facet, value) for facet in FACETS for value in getattr(self, facet))


def labels_of(declared: Mapping[str, Any], metadata: Mapping[str, Any]) -> Labels:
    """The labels that the card gives, and for each facet that it does not speak of, the declared ones."""
    if not metadata and not any(declared.values()):
        return Labels()
    values = {"grade": _grade(declared, metadata)}
    for facet in FACETS[:-1]:
        given = [v for key in _KEYS[facet] if key in metadata for v in _texts(metadata[key])]
        chosen = given or _texts(declared.get(facet))
        values[facet] = list(dict.fromkeys(v.strip().lower() if facet != "tag" else v.strip() for v in chosen))
    return Labels(**{facet: [v for v in found if v][:_LABELS_MAX] for facet, found in values.items()})


def _grade(declared: Mapping[str, Any], metadata: Mapping[str, Any]) -> list[str]:
    """The one grade: the stricter where card and settings differ, so that a card cannot lower it."""
    said = [*_texts(declared.get("grade")), *(v for key in _KEYS["grade"] for v in _texts(metadata.get(key)))]
    words = (word.strip().lower().removesuffix("数据") for word in said)
    known = [grade for word in words if (grade := _GRADE_WORDS.get(word, word)) in GRADES]
    return [max(known, key=GRADES.index)] if known else []


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value[:_LABEL_MAX]]
    if isinstance(value, list):
        return [str(entry)[:_LABEL_MAX] for entry in value if isinstance(entry, str | int)]
    return []


def title_of(metadata: Mapping[str, Any], body: str) -> str:
    """The card's title: `pretty_name` or the first heading, else nothing."""
    named = metadata.get("pretty_name")
    if isinstance(named, str) and named.strip():
        return named.strip()[:200]
    heading = re.search(r"^#\s+(.+?)\s*#*\s*$", body[:20_000], re.MULTILINE)
    return clean(heading.group(1))[:200] if heading else ""
