"""JSON Lines and JSON: one record is one document."""

import codecs
import json
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import orjson

from ceyuan.data.readers.documents import Document, Item, ReadOptions, Rejection
from ceyuan.data.readers.fields import document_of
from ceyuan.data.readers.lines import TORN, decoded_line, decoded_lines, line_blocks, without_torn_end

__all__ = ["read_json", "read_json_lines"]

_TOGETHER = 1 << 20  # bytes


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
    """Lines of UTF-8 parsed as they are, many at once where all are alike and sound."""
    # It stands on NumPy, which the server that only looks at files has no need of and may not have.
    from ceyuan.data.readers.together import documents_of

    for first, lines in line_blocks(file, options.limits.line, _TOGETHER):
        if lines is None:
            yield Rejection(f"{name}#{first}", "line_too_long")
        elif (alike := documents_of(lines, name, first, options)) is not None:
            yield alike
        else:
            for number, line in enumerate(lines.split(b"\n"), first):
                yield from _of_line(line, number, name, options)


def _of_line(line: bytes, number: int, name: str, options: ReadOptions) -> Iterator[Document | Rejection]:
    """What one line holds; only one that is no JSON is decoded to see why."""
    where = f"{name}#{number}"
    try:
        yield _document(orjson.loads(line), where, options)
    except orjson.JSONDecodeError:
        decoded = decoded_line(number, line.removeprefix(codecs.BOM_UTF8), "utf-8")
        if decoded.problem:
            yield Rejection(where, decoded.problem)
        elif decoded.text.strip():
            yield _parsed(decoded.text, where, options)


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
    sound = True
    try:
        value, sound = _loads(data.decode(encoding))
    except UnicodeDecodeError as error:
        yield Rejection(name, "undecodable", str(error.reason))
        return
    except json.JSONDecodeError as error:
        if "\n" in error.doc.strip() and _is_object(error.doc.strip().split("\n", 1)[0]):
            yield from read_json_lines(path, name, encoding, options)
        else:
            yield Rejection(name, "bad_json", str(error))
        return
    records = _records(value)
    for number, record in enumerate(records, 1):
        yield _document(record, f"{name}#{number}" if len(records) > 1 else name, options, sound=sound)


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
        value, sound = _loads(text)
    except json.JSONDecodeError as error:
        return Rejection(where, "bad_json", str(error))
    return _document(value, where, options, sound=sound)


def _loads(text: str) -> tuple[object, bool]:
    """(what the text holds, whether all its strings are sound). Raises ``json.JSONDecodeError``.

    ``NaN`` and the infinities, which Python's own writer puts where JSON has no number, count as missing.
    """
    try:
        return orjson.loads(text), True
    except orjson.JSONDecodeError as error:
        try:
            return json.loads(text, parse_constant=lambda _: None), False
        except (ValueError, RecursionError):
            raise error from None


def _document(value: object, where: str, options: ReadOptions, *, sound: bool = True) -> Document | Rejection:
    """What a record holds; where it is not known to be ``sound``, one with a lone surrogate is set aside alone."""
    if not sound and _has_lone_surrogate(value):
        return Rejection(where, "lone_surrogate", "half of a pair of UTF-16 is no character")
    if isinstance(value, str):
        return document_of({"text": value}, where, ReadOptions(limits=options.limits), sound=True)
    if isinstance(value, dict):
        return document_of(value, where, options, sound=True)  # the parser refuses lone surrogates
    return Rejection(where, "not_a_record", type(value).__name__)


def _has_lone_surrogate(value: object) -> bool:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return True
    return False


def _is_object(text: str) -> bool:
    try:
        return isinstance(orjson.loads(text), dict)
    except orjson.JSONDecodeError:
        return False
