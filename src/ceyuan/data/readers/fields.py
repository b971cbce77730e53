"""Which fields of a record hold the text, the title and the name, in the words people use for them."""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import NamedTuple

from ceyuan.data.readers.documents import Document, ReadOptions, Rejection, clean_text

__all__ = ["document_of", "text_fields"]

_TEXT = ("text", "content", "正文", "内容", "body", "article", "raw_content", "passage", "paragraphs", "文本")
_PAIRS = (
    ("question", "answer"),
    ("instruction", "output"),
    ("prompt", "response"),
    ("问题", "答案"),
    ("问题", "回答"),
)
_TITLE = ("title", "标题", "题目", "题名", "name")
_NAME = ("id", "编号", "uuid", "url")
_META_LIMIT = 2_000  # characters of one carried-along value; a longer one is data, not a note


def text_fields(names: Iterable[str], options: ReadOptions) -> tuple[str, ...]:
    """The field, or the question and answer fields, that make the text; empty where none is known."""
    by_folded = {name.strip().lower(): name for name in names}
    if options.text_field:
        found = by_folded.get(options.text_field.strip().lower())
        return (found,) if found else ()
    for name in _TEXT:
        if name in by_folded:
            return (by_folded[name],)
    for question, answer in _PAIRS:
        if question in by_folded and answer in by_folded:
            return (by_folded[question], by_folded[answer])
    return ()


def document_of(
    record: Mapping[str, object], where: str, options: ReadOptions, *, sound: bool = False
) -> Document | Rejection:
    """The document in one record; fields that are neither text, title nor name are kept as notes.

    ``sound``: its strings are known to hold no lone surrogate.
    """
    plan = _plan(tuple(record), options.text_field, options.title_field, options.id_field)
    if not plan.texts:
        return Rejection(where, "no_text_field", "、".join(str(name) for name in list(record)[:12]))
    whole = record[plan.texts[0]]
    if len(plan.texts) > 1 or not isinstance(whole, str):
        whole = "\n".join(part for part in (_plain(record[name]) for name in plan.texts) if part)
    if not whole or whole.isspace():
        return Rejection(where, "empty_text")
    clean = _unchanged if sound else clean_text
    meta = {
        str(key): clean(_plain(value))
        for key in plan.notes
        if isinstance(value := record[key], str | int | float) and len(str(value)) <= _META_LIMIT
    }
    if name := _first(record, plan.names):
        meta["id"] = name
    return Document(where, clean(whole), _first(record, plan.titles) if plan.titles else "", meta=meta)


def _unchanged(text: str) -> str:
    return text


class _Plan(NamedTuple):
    texts: tuple[str, ...]
    titles: tuple[str, ...]
    names: tuple[str, ...]
    notes: tuple[str, ...]


@lru_cache(maxsize=1024)
def _plan(fields: tuple[str, ...], text_field: str, title_field: str, id_field: str) -> _Plan:
    """Which fields of records with these names hold what; records of one file mostly have the same."""
    texts = text_fields(fields, ReadOptions(text_field))
    titles, names = (title_field, *_TITLE), (id_field, *_NAME)
    notes = tuple(name for name in fields if name not in {*texts, *titles, *names})
    present = set(fields) - {""}
    return _Plan(texts, tuple(n for n in titles if n in present), tuple(n for n in names if n in present), notes)


def _first(record: Mapping[str, object], names: Iterable[str]) -> str:
    for name in names:
        value = record[name]
        if value is not None and (plain := _plain(value)):
            return clean_text(plain[:_META_LIMIT])
    return ""


def _plain(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "\n".join(_plain(item) for item in value)
    return "" if value is None or isinstance(value, dict) else str(value)
