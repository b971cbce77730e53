"""JSON Lines and JSON: one record is one document."""

import codecs
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import orjson

from ceyuan.data.readers.documents import Document, Item, ReadOptions, Rejection
from ceyuan.data.readers.fields import document_of, documents_of
from ceyuan.data.readers.lines import TORN, decoded_line, decoded_lines, line_blocks, without_torn_end

__all__ = ["read_json", "read_json_lines"]


def read_json_lines(path: Path, name: str, encoding: str, options: ReadOptions) -> Iterator[Item]:
    """Documents of a JSON Lines file; each bad line is a rejection and the rest is read on."""
    with path.open("rb") as file:
        if encoding.startswith("utf-8"):
            yield from _parsed_bytes(file, name, options)
            return
        for line in decoded_lines(file, encoding, options.limits.line):
            where = f"{name}#{line.number}"
            if line.problem:
                yield Rejection(where, line.problem, line.detail)
            elif line.text.strip():
                yield _parsed(line.text, where, options)


def _parsed_bytes(file: BinaryIO, name: str, options: ReadOptions) -> Iterator[Item]:
    """Lines of UTF-8 parsed as they are, many at once where all are sound."""
    for first, lines in line_blocks(file, options.limits.line):
        values = _parsed_together(lines)
        if values is None:
            yield from _parsed_one_by_one(first, lines, name, options)
        else:
            wheres = [f"{name}#{number}" for number in range(first, first + len(lines))]
            yield from _documents(values, wheres, options)


def _parsed_together(lines: Sequence[bytes | None]) -> list[object] | None:
    """The values of some lines, each of which looks like an object; None where any of them is something else."""
    whole = [line for line in lines if line]
    if len(whole) < len(lines) or {line[:1] for line in whole} != {b"{"}:
        return None
    ends = {line[-1:] for line in whole}
    if ends != {b"}"} and not (ends <= {b"}", b"\r"} and all(line.endswith((b"}", b"}\r")) for line in whole)):
        return None
    try:
        values: list[object] = orjson.loads(b"[" + b",".join(whole) + b"]")
    except orjson.JSONDecodeError:
        return None
    return values if len(values) == len(whole) else None


def _parsed_one_by_one(first: int, lines: Sequence[bytes | None], name: str, options: ReadOptions) -> Iterator[Item]:
    """Lines parsed alone; only one that is no JSON is decoded to see why."""
    values: list[object] = []
    wheres: list[str] = []
    for number, line in enumerate(lines, first):
        where = f"{name}#{number}"
        problem: Document | Rejection | None = None
        if line is None:
            problem = Rejection(where, "line_too_long")
        else:
            try:
                values.append(orjson.loads(line))
                wheres.append(where)
            except orjson.JSONDecodeError:
                decoded = decoded_line(number, line.removeprefix(codecs.BOM_UTF8), "utf-8")
                if decoded.problem:
                    problem = Rejection(where, decoded.problem)
                elif decoded.text.strip():
                    problem = _parsed(decoded.text, where, options)
        if problem is not None:
            yield from _documents(values, wheres, options)
            values, wheres = [], []
            yield problem
    yield from _documents(values, wheres, options)


def _documents(values: list[object], wheres: list[str], options: ReadOptions) -> Iterator[Item]:
    """The documents of some parsed lines, side by side where the lines are alike."""
    alike = documents_of(values, wheres, options) if values else None
    if alike is not None:
        yield alike
        return
    for value, where in zip(values, wheres, strict=True):
        yield _document(value, where, options)


def read_json(path: Path, name: str, encoding: str, options: ReadOptions) -> Iterator[Item]:
    """Documents of a JSON file: a list of records or of strings, one record, or an object that holds such a list.

    A file that is really JSON Lines under the wrong name is read as such.
    """
    if path.stat().st_size > options.limits.whole_file:
        yield Rejection(name, "file_too_large", "JSON is parsed whole; save it as JSON Lines (.jsonl)")
        return
    data, torn = without_torn_end(path.read_bytes(), encoding)
    if torn:
        yield Rejection(f"{name}#end", "undecodable", TORN)
    try:
        value = orjson.loads(data.decode(encoding))
    except UnicodeDecodeError as error:
        yield Rejection(name, "undecodable", str(error.reason))
        return
    except orjson.JSONDecodeError as error:
        if "\n" in error.doc.strip() and _is_object(error.doc.strip().split("\n", 1)[0]):
            yield from read_json_lines(path, name, encoding, options)
        else:
            yield Rejection(name, "bad_json", str(error))
        return
    records = _records(value)
    for number, record in enumerate(records, 1):
        yield _document(record, f"{name}#{number}" if len(records) > 1 else name, options)


def _records(value: object) -> list[object]:
    if isinstance(value, list):
        return value
    if isinstance(value, dict):
        for inner in value.values():
            if isinstance(inner, list) and inner and isinstance(inner[0], dict):
                return inner
    return [value]


def _parsed(text: str, where: str, options: ReadOptions) -> Document | Rejection:
    try:
        return _document(orjson.loads(text), where, options)
    except orjson.JSONDecodeError as error:
        return Rejection(where, "bad_json", str(error))


def _document(value: object, where: str, options: ReadOptions) -> Document | Rejection:
    if isinstance(value, str):
        return document_of({"text": value}, where, ReadOptions(limits=options.limits), sound=True)
    if isinstance(value, dict):
        return document_of(value, where, options, sound=True)  # the parser refuses lone surrogates
    return Rejection(where, "not_a_record", type(value).__name__)


def _is_object(text: str) -> bool:
    try:
        return isinstance(orjson.loads(text), dict)
    except orjson.JSONDecodeError:
        return False
