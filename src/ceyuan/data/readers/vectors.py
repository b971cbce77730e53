"""The vector that a record brings with its text: numbers of 32 bits, side by side, lowest byte first."""

import sys
from array import array
from collections.abc import Mapping
from typing import TYPE_CHECKING

import orjson

from ceyuan.data.readers.mapping import present

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["NO_VECTOR", "vector_columns", "without_vector"]

NO_VECTOR = b"?"
"""Stands for a value that is no list of numbers; a record without a value has no bytes at all."""


def without_vector(record: Mapping[str, object], name: str) -> tuple[Mapping[str, object], bytes]:
    """(the record without the field ``name``, the vector in it): a list of numbers, or one written as JSON as tables of
    text have it."""
    found = present(map(str, record), (name,))
    if not found:
        return record, b""
    return {key: value for key, value in record.items() if key != found[0]}, _packed(record[found[0]])


def vector_columns(batch: "pa.RecordBatch", name: str) -> "tuple[pa.RecordBatch, list[bytes]] | None":
    """(the batch without the column ``name``, its vectors), taken out column by column; None where the column is absent
    or no list of numbers, so that it has to be looked at record by record."""
    import pyarrow as pa

    found = present(batch.schema.names, (name,))
    if not found:
        return None
    kind = batch.schema.field(found[0]).type
    lists = pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
    if not lists or not (pa.types.is_floating(kind.value_type) or pa.types.is_integer(kind.value_type)):
        return None
    column = batch.column(found[0])
    flat = column.flatten().cast(pa.float32(), safe=False).fill_null(float("nan"))
    numbers = memoryview(flat.to_numpy(zero_copy_only=False).astype("<f4", copy=False)).cast("B")
    sizes = [0 if size is None else 4 * size for size in _sizes(column)]
    vectors, at = [], 0
    for size in sizes:
        vectors.append(bytes(numbers[at : at + size]))
        at += size
    return batch.drop_columns([found[0]]), vectors


def _sizes(column: "pa.Array") -> list[int | None]:
    import pyarrow.compute as pc

    sizes: list[int | None] = pc.list_value_length(column).to_pylist()
    return sizes


def _packed(value: object) -> bytes:
    if value is None or value == "":
        return b""
    if isinstance(value, str):
        try:
            value = orjson.loads(value)
        except orjson.JSONDecodeError:
            return NO_VECTOR
    if not isinstance(value, list) or not value:
        return NO_VECTOR if value != [] else b""
    try:
        numbers = array("f", [float("nan") if one is None else one for one in value])
    except (TypeError, OverflowError):
        return NO_VECTOR
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers.tobytes()
