"""Thrift's compact protocol, as far as Parquet's footers and page headers need it, read and written field by field.

Source: Apache Thrift, "Thrift Compact protocol". A struct is a mapping of field numbers to (type, value), a list is
(type of its elements, values); fields that nobody knows here are carried along as they are.
"""

import struct as packing
from typing import Any

__all__ = ["BINARY", "I32", "I64", "LIST", "STRUCT", "Struct", "read_struct", "written_struct"]

TRUE, FALSE, BYTE, I16, I32, I64, DOUBLE, BINARY, LIST, SET, MAP, STRUCT = range(1, 13)
_WHOLE = (I16, I32, I64)
Struct = dict[int, tuple[int, Any]]


def read_struct(data: bytes | memoryview, at: int = 0) -> tuple[Struct, int]:
    """(the struct at a place in ``data``, the place after it). Raises ``ValueError`` for what is no struct."""
    fields: Struct = {}
    number = 0
    try:
        while data[at]:
            head = data[at]
            at += 1
            kind = head & 15
            if head >> 4:
                number += head >> 4
            else:
                number, at = _whole(data, at)
            if kind in (TRUE, FALSE):
                fields[number] = (kind, None)
            else:
                value, at = _value(data, at, kind)
                fields[number] = (kind, value)
    except IndexError as error:
        raise ValueError("the struct is cut off") from error
    return fields, at + 1


def written_struct(fields: Struct) -> bytes:
    """The bytes of a struct."""
    out = bytearray()
    _put_struct(out, fields)
    return bytes(out)


def _unsigned(data: bytes | memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7


def _whole(data: bytes | memoryview, at: int) -> tuple[int, int]:
    value, at = _unsigned(data, at)
    return (value >> 1) ^ -(value & 1), at


def _value(data: bytes | memoryview, at: int, kind: int) -> tuple[Any, int]:
    if kind in _WHOLE:
        return _whole(data, at)
    if kind == BINARY:
        size, at = _unsigned(data, at)
        return bytes(data[at : at + size]), at + size
    if kind == STRUCT:
        return read_struct(data, at)
    if kind in (LIST, SET):
        head = data[at]
        count, at = (head >> 4, at + 1) if head >> 4 < 15 else _unsigned(data, at + 1)
        values = []
        for _ in range(count):
            value, at = (data[at], at + 1) if head & 15 in (TRUE, FALSE) else _value(data, at, head & 15)
            values.append(value)
        return (head & 15, values), at
    if kind == BYTE:
        return data[at], at + 1
    if kind == DOUBLE:
        return packing.unpack_from("<d", data, at)[0], at + 8
    raise ValueError(f"no such type: {kind}")


def _put_unsigned(out: bytearray, value: int) -> None:
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)


def _put_struct(out: bytearray, fields: Struct) -> None:
    last = 0
    for number, (kind, value) in sorted(fields.items()):
        if 0 < number - last < 16:
            out.append((number - last) << 4 | kind)
        else:
            out.append(kind)
            _put_whole(out, number)
        last = number
        if kind not in (TRUE, FALSE):
            _put(out, kind, value)
    out.append(0)


def _put_whole(out: bytearray, value: int) -> None:
    _put_unsigned(out, value << 1 if value >= 0 else (-value << 1) - 1)


def _put(out: bytearray, kind: int, value: Any) -> None:
    if kind in _WHOLE:
        _put_whole(out, value)
    elif kind == BINARY:
        _put_unsigned(out, len(value))
        out += value
    elif kind == STRUCT:
        _put_struct(out, value)
    elif kind in (LIST, SET):
        element, values = value
        if len(values) < 15:
            out.append(len(values) << 4 | element)
        else:
            out.append(15 << 4 | element)
            _put_unsigned(out, len(values))
        for one in values:
            if element in (TRUE, FALSE):
                out.append(one)
            else:
                _put(out, element, one)
    elif kind == BYTE:
        out.append(value)
    elif kind == DOUBLE:
        out += packing.pack("<d", value)
    else:
        raise ValueError(f"no such type: {kind}")
