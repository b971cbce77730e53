"""Which fields of a record hold the text, the title and the name, in the words people use for them."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

from ceyuan.data.readers.documents import Document, ReadOptions, Rejection, clean_text
from ceyuan.data.readers.mapping import META_LIMIT, flat, mapped, plain, present
from ceyuan.data.readers.vectors import without_vector

__all__ = ["TEXT_NAMES", "TEXT_PAIRS", "TITLE_NAMES", "Plan", "document_of", "plan_of", "text_fields"]

TEXT_NAMES = (
    *("text", "content", "正文", "内容", "body", "article", "raw_content", "passage", "paragraphs", "文本"),
    *("messages", "conversations", "conversation", "对话"),
)
TEXT_PAIRS = (
    ("question", "answer"),
    ("instruction", "output"),
    ("prompt", "response"),
    ("问题", "答案"),
    ("问题", "回答"),
)
TITLE_NAMES = ("title", "标题", "题目", "题名", "name")
_NAME = ("id", "编号", "uuid", "url")


def text_fields(names: Iterable[str], options: ReadOptions) -> tuple[str, ...]:
    """The field, or the question and answer fields, that make the text; empty where none is known."""
    if options.observer is not None:
        return tuple(names)
    if options.columns is not None:
        return present(names, options.columns.text)
    by_folded = {name.strip().lower(): name for name in names}
    if options.text_field:
        found = by_folded.get(options.text_field.strip().lower())
        return (found,) if found else ()
    for name in TEXT_NAMES:
        if name in by_folded:
            return (by_folded[name],)
    for question, answer in TEXT_PAIRS:
        if question in by_folded and answer in by_folded:
            return (by_folded[question], by_folded[answer])
    inner = {folded.rpartition(".")[2]: name for folded, name in by_folded.items() if "." in folded}
    return next(((inner[name],) for name in TEXT_NAMES if name in inner), ())


def document_of(
    record: Mapping[str, object], where: str, options: ReadOptions, *, sound: bool = False
) -> Document | Rejection:
    """The document in one record; fields that are neither text, title nor name are kept as notes.

    ``sound``: its strings are known to hold no lone surrogate. Parts of parts count as fields (``flat``).
    """
    record = flat(record)
    if options.observer is not None:
        options.observer(where, record)
        return Document(where, "")
    if options.vector_field:
        record, vector = without_vector(record, options.vector_field)
        found = document_of(record, where, replace(options, vector_field=""), sound=sound)
        return found._replace(vector=vector) if isinstance(found, Document) else found
    if options.columns is not None:
        return mapped(record, where, options.columns, sound=sound)
    plan = plan_of(tuple(record), options.text_field, options.title_field, options.id_field)
    if not plan.texts:
        return Rejection(where, "no_text_field", "、".join(str(name) for name in list(record)[:12]))
    whole = record[plan.texts[0]]
    if len(plan.texts) > 1 or type(whole) is not str:
        whole = "\n".join(part for part in (plain(record[name]) for name in plan.texts) if part)
    if not whole or whole.isspace():
        return Rejection(where, "empty_text")
    if "\0" in whole:
        return Rejection(where, "nul_bytes")
    meta = {}
    for key in plan.notes:
        if isinstance(value := record[key], str | int | float) and len(shown := plain(value)) <= META_LIMIT:
            meta[str(key)] = shown if sound else clean_text(shown)
    if plan.names and (name := _first(record, plan.names, sound)):
        meta["id"] = name
    title = _first(record, plan.titles, sound) if plan.titles else ""
    return Document(where, whole if sound else clean_text(whole), title, meta=meta)


class Plan(NamedTuple):
    """Which fields of a record hold what."""

    texts: tuple[str, ...]
    titles: tuple[str, ...]
    names: tuple[str, ...]
    notes: tuple[str, ...]


@lru_cache(maxsize=1024)
def plan_of(fields: tuple[str, ...], text_field: str, title_field: str, id_field: str) -> Plan:
    """Which fields of records with these names hold what; records of one file mostly have the same."""
    texts = text_fields(fields, ReadOptions(text_field))
    titles, names = (title_field, *TITLE_NAMES), (id_field, *_NAME)
    notes = tuple(name for name in fields if name not in {*texts, *titles, *names})
    present = set(fields) - {""}
    return Plan(texts, tuple(n for n in titles if n in present), tuple(n for n in names if n in present), notes)


def _first(record: Mapping[str, object], names: Iterable[str], sound: bool) -> str:
    for name in names:
        value = record[name]
        if value is not None and (shown := plain(value)[:META_LIMIT]):
            return shown if sound else clean_text(shown)
    return ""
