"""Rows taken out of a Parquet file without reading its texts: pages that lose nothing are copied as they are.

The column of texts is most of a shard's bytes. It is written in small plain pages, so that a page that loses a row is
taken apart alone and all others pass as bytes; the other columns are small and written anew. What comes out is an
ordinary Parquet file that holds the remaining rows and nothing of those that went. Source of the layout: Apache
Parquet, "File format" and parquet.thrift (format 2.x).
"""

import io
import struct as packing
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from ceyuan.data.corpus.pages import BODY, HEAD, PLAIN, VALUES, page_table
from ceyuan.data.versions.thrift import I32, I64, LIST, STRUCT, Struct, read_struct, written_struct

__all__ = ["put_table", "put_tables", "spliceable", "spliced"]

_TEXT = "text"
_ALIKE = ["source", "domain", "licence"]  # few values again and again: written once each
_GROUP = 8192
_PAGE = 32 << 10  # bytes of text in a page: one that loses a row is unpacked and packed again
_BATCH = 1024  # rows at most between two looks at a page's size
_MAGIC = b"PAR1"
_ZSTD, _PLAIN, _DATA_PAGE = 6, 0, 0
_CODEC, _QUICK = pa.Codec("zstd", 1), pa.Codec("zstd", -1)
_LENGTH = packing.Struct("<I").unpack_from

Rows = npt.NDArray[np.int64]


def put_table(table: pa.Table, file: BinaryIO) -> None:
    """Write a shard of documents so that rows can be taken out of it at little cost."""
    put_tables([table], table[_TEXT].nbytes // max(1, len(table)), file)


def put_tables(tables: Iterable[pa.Table], usual: int, file: BinaryIO) -> None:
    """Write the rows of some tables of one form, one after the other, as ``put_table`` does those of one; ``usual`` is
    about how many bytes a text has."""
    writer, waiting = None, list[pa.Table]()
    for table in tables:
        if writer is None:
            others = [name for name in table.column_names if name != _TEXT]
            writer = pq.ParquetWriter(
                file,
                table.schema,
                compression="zstd",
                compression_level=_CODEC.compression_level,
                use_dictionary=_ALIKE,
                write_statistics=others,
                data_page_size=_PAGE,
                write_batch_size=max(1, min(_BATCH, _PAGE // max(1, usual))),
            )
        rows = pa.concat_tables([*waiting, table])
        whole = len(rows) // _GROUP * _GROUP
        if whole:
            writer.write_table(rows.slice(0, whole), row_group_size=_GROUP)
        waiting = [rows.slice(whole)]
    if writer is not None:
        for rest in waiting:
            if len(rest):
                writer.write_table(rest, row_group_size=_GROUP)
        writer.close()


def spliceable(path: Path) -> bool:
    """Whether the file's texts lie as ``put_table`` writes them."""
    with path.open("rb") as file:
        footer = _footer(file)
    return all(_plain(_chunk(group, _TEXT)) for group in footer[4][1][1])


def spliced(path: Path, removed: Sequence[int], file: BinaryIO) -> None:
    """Write the rows of the file ``path`` into ``file``, without the rows ``removed`` (numbers, ascending).

    The file must be ``spliceable`` and a row must remain.
    """
    gone = np.asarray(removed, np.int64)
    with path.open("rb") as opened, pq.ParquetFile(path) as reader:
        footer = _footer(opened)
        source = _Source(opened)
        groups: list[Struct] = []
        names = [name for name in reader.schema_arrow.names if name != _TEXT]
        file.write(_MAGIC)
        start = 0
        for number, group in enumerate(footer[4][1][1]):
            count = group[3][1]
            here = gone[(gone >= start) & (gone < start + count)] - start
            start += count
            if len(here) == count:
                continue
            keep = np.ones(count, np.bool_)
            keep[here] = False
            rest = reader.read_row_group(number, columns=names).filter(pa.array(keep))
            groups.append(_put_group(file, source, group, here, rest, len(groups)))
    footer[3] = (I64, sum(group[3][1] for group in groups))
    footer[4] = (LIST, (STRUCT, groups))
    end = written_struct(footer)
    file.write(end + len(end).to_bytes(4, "little") + _MAGIC)


class _Source:
    """Parts of a file, each read into the place of the one before: memory that is touched for the first time costs as
    much as the reading."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._room = file, bytearray()

    def read(self, begin: int, size: int) -> memoryview:
        """The bytes from ``begin`` on; good until the next call."""
        if len(self._room) < size:
            self._room = bytearray(size)
        view = memoryview(self._room)[:size]
        self._file.seek(begin)
        at = 0
        while at < size and (count := self._file.readinto(view[at:])):  # type: ignore[attr-defined]
            at += count
        return view[:at]


def _put_group(file: BinaryIO, source: _Source, group: Struct, gone: Rows, rest: pa.Table, ordinal: int) -> Struct:
    """Write a row group; its entry of the footer."""
    small = io.BytesIO()
    pq.write_table(
        rest,
        small,
        compression="zstd",
        compression_level=_CODEC.compression_level,
        row_group_size=max(1, len(rest)),
        use_dictionary=_ALIKE,
    )
    written = {_name(chunk): chunk for chunk in _footer(small)[4][1][1][0][1][1][1]}
    began, chunks = file.tell(), []
    for chunk in group[1][1][1]:
        about: Struct = chunk[3][1]
        if _name(chunk) == _TEXT:
            chunks.append(_put_texts(file, source, about, gone))
            continue
        chunk = written[_name(chunk)]
        about = chunk[3][1]
        first = min(about[field][1] for field in (9, 11) if field in about)
        shift = file.tell() - first
        file.write(small.getbuffer()[first : first + about[7][1]])
        for field in {9, 10, 11} & about.keys():
            about[field] = (I64, about[field][1] + shift)
        chunks.append({2: (I64, 0), 3: (STRUCT, about)})
    sizes = [(chunk[3][1][6][1], chunk[3][1][7][1]) for chunk in chunks]
    return {
        1: (LIST, (STRUCT, chunks)),
        2: (I64, sum(plain for plain, _ in sizes)),
        3: (I64, len(rest)),
        5: (I64, began),
        6: (I64, sum(packed for _, packed in sizes)),
        7: (4, ordinal),
    }


def _put_texts(file: BinaryIO, source: _Source, about: Struct, gone: Rows) -> Struct:
    """Write the column of texts without the rows ``gone``; its entry of the footer."""
    data = source.read(about[9][1], about[7][1])
    pages = page_table(np.frombuffer(data, np.uint8))
    if not len(pages):
        raise ValueError("the texts do not lie in plain pages")
    ends = np.cumsum(pages[:, VALUES])
    starts = ends - pages[:, VALUES]
    began, copied = file.tell(), 0
    plain = int((pages[:, PLAIN] + pages[:, BODY] - pages[:, HEAD]).sum())
    touched = np.searchsorted(ends, gone, side="right")
    form: Struct = read_struct(data)[0][5][1]
    for number in np.unique(touched).tolist():
        head, body, packed, size, count = pages[number].tolist()
        here = gone[touched == number] - starts[number]
        file.write(data[copied:head])
        copied = body + packed
        plain -= body - head + size
        if len(here) == count:
            continue
        text = _without(_CODEC.decompress(data[body:copied], size, asbytes=True), here)
        smaller = _QUICK.compress(text, asbytes=True)
        written = _page_header(form, count - len(here), len(text), len(smaller))
        file.write(written)
        file.write(smaller)
        plain += len(written) + len(text)
    file.write(data[copied:])
    kept: Struct = {field: about[field] for field in (1, 2, 3, 4)}
    kept |= {5: (I64, about[5][1] - len(gone)), 6: (I64, plain), 7: (I64, file.tell() - began), 9: (I64, began)}
    return {2: (I64, 0), 3: (STRUCT, kept)}


def _page_header(form: Struct, values: int, plain: int, packed: int) -> bytes:
    """The header of a page that has become smaller; ``form`` is how the values of its column are written."""
    page = {1: (I32, values), **{field: form[field] for field in (2, 3, 4)}}
    return written_struct({1: (I32, _DATA_PAGE), 2: (I32, plain), 3: (I32, packed), 5: (STRUCT, page)})


def _without(texts: bytes, rows: Rows) -> bytes:
    """Plainly encoded texts (length, bytes, length, ...) without some rows, given in ascending order."""
    parts, at, copied, row = [], 0, 0, 0
    for gone in rows.tolist():
        while row < gone:
            at += 4 + _LENGTH(texts, at)[0]
            row += 1
        parts.append(texts[copied:at])
        copied = at + 4 + _LENGTH(texts, at)[0]
    parts.append(texts[copied:])
    return b"".join(parts)


def _footer(file: Any) -> Struct:
    file.seek(-8, io.SEEK_END)
    size = int.from_bytes(file.read(4), "little")
    file.seek(-8 - size, io.SEEK_END)
    return read_struct(file.read(size))[0]


def _name(chunk: Struct) -> str:
    return b".".join(chunk[3][1][3][1][1]).decode()


def _chunk(group: Struct, name: str) -> Struct:
    return next(chunk for chunk in group[1][1][1] if _name(chunk) == name)


def _plain(chunk: Struct) -> bool:
    about: Struct = chunk[3][1]
    return about[4][1] == _ZSTD and 11 not in about
