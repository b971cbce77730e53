"""Lines of JSON that are all alike read together: parsed in columns, without an object for each record."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import orjson

from ceyuan.data.readers.documents import Documents, ReadOptions
from ceyuan.data.readers.fields import Plan, plan_of
from ceyuan.data.readers.mapping import META_LIMIT

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["documents_of"]

_ESCAPED = np.zeros(256, np.bool_)
"""Bytes that JSON writes otherwise in a string."""
_ESCAPED[:32] = _ESCAPED[[ord('"'), ord("\\")]] = True


def documents_of(lines: bytes, name: str, first: int, options: ReadOptions) -> Documents | None:
    """The documents of ``lines``, whose numbers in the file ``name`` begin with ``first``, where all are alike: objects
    with the same fields, each of which holds a string in every one of them, or a whole number in every one.

    They are what one by one would give. None where they are not so: a blank text, an empty name, a note that is too
    long, a NUL, a line that is no JSON.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    sample = _sample(lines)
    if not sample or options.observer is not None or options.columns is not None or options.vector_field:
        return None
    plan = plan_of(tuple(sample), options.text_field, options.title_field, options.id_field)
    if len(plan.texts) != 1 or len(plan.names) > 1 or len(plan.titles) > 1:
        return None
    columns = _columns(lines, sample)
    if columns is None or not _usable(columns, plan):
        return None
    texts = columns[plan.texts[0]]
    numbers = pa.array(np.arange(first, first + len(texts))).cast(pa.string())
    notes = {field: columns[field] for field in plan.notes}
    if plan.names:
        notes["id"] = columns[plan.names[0]]
    return Documents(
        pc.binary_join_element_wise(f"{name}#", numbers, ""),
        texts,
        columns[plan.titles[0]] if plan.titles else pa.repeat(pa.scalar("", pa.string()), len(texts)),
        _written(notes, len(texts)),
        pc.sum(pc.utf8_length(texts)).as_py(),
    )


def _sample(lines: bytes) -> dict[str, str | int] | None:
    """The first record, where it holds nothing but strings and whole numbers."""
    end = lines.find(b"\n")
    try:
        record = orjson.loads(lines[: end if end >= 0 else len(lines)])
    except orjson.JSONDecodeError:
        return None
    if (
        not isinstance(record, dict)
        or {type(value) for value in record.values()} - {str, int}
        or "\0" in "".join(record)
    ):
        return None
    return record


def _columns(lines: bytes, sample: Mapping[str, str | int]) -> "dict[str, pa.StringArray] | None":
    """The fields of all records as columns of strings; None where a record is not like ``sample``."""
    import pyarrow as pa
    import pyarrow.json

    bytes_ = np.frombuffer(lines, np.uint8)
    starts = np.flatnonzero(bytes_[:-1] == ord("\n")) + 1
    if bytes_[0] != ord("{") or not (bytes_[starts] == ord("{")).all():
        return None
    kinds = pa.schema([(key, pa.string() if isinstance(value, str) else pa.int64()) for key, value in sample.items()])
    reading = pyarrow.json.ReadOptions(use_threads=False, block_size=len(lines) + 1)
    parsing = pyarrow.json.ParseOptions(explicit_schema=kinds, unexpected_field_behavior="error")
    try:
        table = pyarrow.json.read_json(pa.BufferReader(lines), reading, parsing)
        table.validate(full=True)  # the parser takes bytes for UTF-8 that are none
    except pa.ArrowInvalid:
        return None
    if table.num_rows != len(starts) + 1 or any(column.null_count for column in table.columns):
        return None
    return {key: table[key].combine_chunks().cast(pa.string()) for key in sample}


def _usable(columns: "Mapping[str, pa.StringArray]", plan: Plan) -> bool:
    """Whether no text is blank, no name empty, nothing but texts long, and nowhere a NUL."""
    import pyarrow.compute as pc

    least, most = {}, {}
    for key, column in columns.items():
        data = column.buffers()[2]
        if data is not None and len(data) and not np.frombuffer(data, np.uint8).min():
            return False
        least[key], most[key] = (bound.as_py() for bound in pc.min_max(pc.binary_length(column)).values())
    return (
        all(most[key] <= META_LIMIT for key in (*plan.notes, *plan.names, *plan.titles))
        and all(least[key] for key in (*plan.texts, *plan.names))
        and not pc.any(pc.utf8_is_space(columns[plan.texts[0]])).as_py()
    )


def _written(notes: "Mapping[str, pa.StringArray]", count: int) -> "pa.StringArray":
    """A canonical JSON object of each row's notes."""
    import pyarrow as pa
    import pyarrow.compute as pc

    keys = sorted(notes)
    if not keys:
        return pa.repeat(pa.scalar("{}", pa.string()), count)
    if not all(map(_plain, notes.values())):
        rows = zip(*(notes[key].to_pylist() for key in keys), strict=True)
        return pa.array([_object(keys, row) for row in rows], pa.string())
    parts = [part for key in keys for part in (f'",{orjson.dumps(key).decode()}:"', notes[key])]
    return pc.binary_join_element_wise("{" + parts[0].removeprefix('",'), *parts[1:], '"}', "")


def _object(keys: Sequence[str], values: Sequence[str]) -> str:
    return orjson.dumps(dict(zip(keys, values, strict=True))).decode()


def _plain(column: "pa.StringArray") -> bool:
    """Whether JSON writes the strings as they are."""
    data = column.buffers()[2]
    return data is None or not _ESCAPED[np.frombuffer(data, np.uint8)].any()
