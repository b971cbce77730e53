"""Single texts of a Parquet file, read by the pages that hold them, and where those pages lie.

A column of texts is read in row groups by every library, which for a hundred texts means nearly all of it. Its pages
are far smaller, and each can be unpacked alone. Source of the layout: Apache Parquet, "File format" and
parquet.thrift (format 2.x); Apache Thrift, "Thrift Compact protocol".
"""

import mmap
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from ceyuan.data.operators.compiling import compiled
from ceyuan.data.operators.kernels import Bytes

__all__ = ["BODY", "HEAD", "PACKED", "PLAIN", "VALUES", "page_table", "texts_at"]

HEAD, BODY, PACKED, PLAIN, VALUES = range(5)
"""Columns of a table of pages: where its header and its body begin, bytes packed and plain, number of values."""

_AT_ONCE = 256  # pages
_CODECS = {"ZSTD": "zstd", "LZ4_RAW": "lz4_raw", "LZ4": "lz4_raw", "SNAPPY": "snappy"}

Table = npt.NDArray[np.int64]
Rows = npt.NDArray[np.integer]


@compiled
def _number(data: Bytes, at: int) -> tuple[int, int]:
    """(an unsigned number of variable length, the place after it); a place of -1 where it is cut off."""
    number, shift = 0, 0
    while at < len(data) and shift < 63:
        byte = int(data[at])
        at += 1
        number |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return number, at
    return 0, -1


@compiled
def _header(data: Bytes, at: int, found: Table) -> int:
    """Put into ``found`` the kind of a page, its bytes plain and packed, its values and their encoding; the place
    after its header, -1 where it is none."""
    fields, depth = np.zeros(4, np.int64), 0
    while at < len(data):
        head = int(data[at])
        at += 1
        if head == 0:
            if depth == 0:
                return at
            depth -= 1
            continue
        form = head & 15
        fields[depth] += head >> 4
        if head >> 4 == 0 or form in (3, 7) or 9 <= form <= 11 or form > 12:
            return -1
        if form == 12:
            depth += 1
            if depth == len(fields):
                return -1
            fields[depth] = 0
        elif form > 2:
            number, at = _number(data, at)
            if at < 0:
                return -1
            if form == 8:
                at += number
            elif depth == 0 and 1 <= fields[0] <= 3:
                found[fields[0] - 1] = number >> 1  # none of these is ever negative
            elif depth == 1 and fields[0] == 5 and fields[1] <= 2:
                found[2 + fields[1]] = number >> 1
    return -1


@compiled
def page_table(data: Bytes) -> Table:
    """The pages in the bytes of a column chunk; no row where they are anything but plain data pages (version 1)."""
    pages = np.empty((64, 5), np.int64)
    count, at = 0, 0
    while at < len(data):
        found = np.full(5, -1, np.int64)
        body = _header(data, at, found)
        packed = int(found[2])
        if body < 0 or found[0] != 0 or found[4] != 0 or found.min() < 0 or body + packed > len(data):
            return np.empty((0, 5), np.int64)
        if count == len(pages):
            pages = np.concatenate((pages, np.empty_like(pages)))
        pages[count] = np.array([at, body, packed, found[1], found[3]])
        count += 1
        at = body + packed
    return pages[:count].copy()


@compiled
def _measured(data: Bytes, starts: Table, ends: Table, page: Table, row: Table) -> Table:
    """(begin, end) in ``data`` of each text, given by its page and its row there, both ascending; none where the
    pages are no plain texts."""
    found = np.empty((len(page), 2), np.int64)
    here, number, at = -1, 0, 0
    for index in range(len(page)):
        if page[index] != here:
            here, number, at = page[index], 0, starts[page[index]]
        while True:
            if at + 4 > ends[here]:
                return np.empty((0, 2), np.int64)
            low, high = int(data[at]) | int(data[at + 1]) << 8, int(data[at + 2]) | int(data[at + 3]) << 8
            size = low | high << 16
            if at + 4 + size > ends[here]:
                return np.empty((0, 2), np.int64)
            if number == row[index]:
                break
            at += 4 + size
            number += 1
        found[index] = np.array([at + 4, at + 4 + size])
    return found


@compiled
def _copied(data: Bytes, places: Table, offsets: Table) -> Bytes:
    out = np.empty(offsets[-1], np.uint8)
    for index in range(len(places)):
        out[offsets[index] : offsets[index + 1]] = data[places[index, 0] : places[index, 1]]
    return out


def texts_at(path: Path, column: str, rows: Rows) -> pa.Array | None:
    """The texts of ``column`` in the ``rows`` of a file, given in ascending order; None where the column does not lie
    in plain pages of a known packing, or they are spoilt."""
    with pq.ParquetFile(path) as reader:
        chunks = _chunks(reader, column)
    if chunks is None or not len(rows):
        return None
    parts: list[pa.Array] = []
    sought = np.asarray(rows, np.int64)
    with path.open("rb") as file:
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    for first, count, begin, size, codec in chunks:
        here = sought[(sought >= first) & (sought < first + count)] - first
        if not len(here):
            continue
        if begin + size > len(mapped):
            return None
        found = _of_chunk(np.frombuffer(mapped, np.uint8, size, begin), here, count, codec)
        if found is None:
            return None
        parts += found
    return pa.concat_arrays(parts) if sum(map(len, parts)) == len(sought) else None


def _chunks(reader: pq.ParquetFile, column: str) -> list[tuple[int, int, int, int, pa.Codec | None]] | None:
    """(first row, rows, begin, bytes, packing) of each row group's texts."""
    about = reader.metadata
    names = [about.schema.column(number).path for number in range(about.num_columns)]
    if column not in names:
        return None
    number = names.index(column)
    if about.schema.column(number).max_definition_level or about.schema.column(number).physical_type != "BYTE_ARRAY":
        return None
    found, first = [], 0
    for index in range(about.num_row_groups):
        group = about.row_group(index)
        chunk: Any = group.column(number)
        if chunk.has_dictionary_page or chunk.compression not in (*_CODECS, "UNCOMPRESSED"):
            return None
        codec = pa.Codec(_CODECS[chunk.compression]) if chunk.compression in _CODECS else None
        found.append((first, group.num_rows, chunk.data_page_offset, chunk.total_compressed_size, codec))
        first += group.num_rows
    return found


def _of_chunk(chunk: Bytes, rows: Table, count: int, codec: pa.Codec | None) -> list[pa.Array] | None:
    pages = page_table(chunk)
    ends = np.cumsum(pages[:, VALUES])
    if not len(pages) or ends[-1] != count:
        return None
    page = np.searchsorted(ends, rows, side="right")
    local = rows - (ends - pages[:, VALUES])[page]
    wanted = np.unique(page)
    parts: list[pa.Array] = []
    for start in range(0, len(wanted), _AT_ONCE):
        some = wanted[start : start + _AT_ONCE]
        which = (page >= some[0]) & (page <= some[-1])
        found = _of_pages(chunk, pages[some], np.searchsorted(some, page[which]), local[which], codec)
        if found is None:
            return None
        parts.append(found)
    return parts


def _of_pages(chunk: Bytes, pages: Table, page: Table, row: Table, codec: pa.Codec | None) -> pa.Array | None:
    bodies = [chunk[begin : begin + size] for begin, size in pages[:, [BODY, PACKED]].tolist()]
    if codec is not None:
        sizes = pages[:, PLAIN].tolist()
        try:
            unpacked = [codec.decompress(one, size, asbytes=True) for one, size in zip(bodies, sizes, strict=True)]
        except OSError:
            return None
        data = np.frombuffer(b"".join(unpacked), np.uint8)
    else:
        data = np.concatenate(bodies)
    ends = np.cumsum(pages[:, PLAIN])
    places = _measured(data, ends - pages[:, PLAIN], ends, page.astype(np.int64), row)
    if len(places) != len(page):
        return None
    offsets = np.zeros(len(places) + 1, np.int64)
    np.cumsum(places[:, 1] - places[:, 0], out=offsets[1:])
    texts = _copied(data, places, offsets) if offsets[-1] else np.empty(0, np.uint8)
    return pa.LargeStringArray.from_buffers(len(places), pa.py_buffer(offsets), pa.py_buffer(texts))
