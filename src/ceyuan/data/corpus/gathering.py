"""Rows fetched out of measured shards: only what holds them is read, and nothing but them is kept."""

from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from ceyuan.data.corpus.columns import shards_in
from ceyuan.data.corpus.pages import texts_at
from ceyuan.data.duplicates import KeysInMemory
from ceyuan.data.operators import Texts

__all__ = ["GatheredKeys", "gather", "gathered_keys", "gathered_texts", "keys_of", "put_measured", "rows_of"]

_PAGE = 16 << 10  # bytes of text in a page, the least that is read for one text
_BATCHES = (8, 1024)  # rows between two looks at a page's size, at least and at most
_ALIKE = ["source", "domain", "licence"]  # few values again and again: written once each
_LONG = ("id", "title", "text", "group", "meta")
_AT_ONCE = 8  # row groups
_MUCH = 16 << 20  # bytes
_KEYS = 64 << 20  # bytes
_ALL_BANDS = slice(None)
_FEW = 4  # of so many rows one at most: their texts are read page by page

Rows = npt.NDArray[np.integer]


def put_measured(measured: pl.DataFrame, file: BinaryIO) -> None:
    """Write a measured shard: texts in pages so small that single ones are fetched at little cost, all else in whole
    columns, the band keys of a row side by side."""
    text = measured.get_column_index("text")
    table = measured.drop("text").to_arrow()
    table = table.add_column(text, pa.field("text", pa.large_string()), Texts.of(measured["text"]).array())
    place = table.schema.get_field_index("keys")
    if place >= 0:
        keys = np.ascontiguousarray(measured["keys"].to_numpy())
        width = keys.dtype.itemsize * keys.shape[1]
        wide = pa.FixedSizeBinaryArray.from_buffers(pa.binary(width), len(keys), [None, pa.py_buffer(keys)])
        table = table.set_column(place, "keys", wide)
    usual = table["text"].nbytes // max(1, len(table))
    fields = [field.with_nullable(False) if field.name == "text" else field for field in table.schema]
    pq.write_table(
        table.cast(pa.schema(fields)),
        file,
        compression={name: "lz4" if name in _LONG else "none" for name in table.column_names},
        write_statistics=False,
        use_dictionary=_ALIKE,
        data_page_size=_PAGE,
        write_batch_size=min(max(_PAGE // max(1, usual), _BATCHES[0]), _BATCHES[1]),
    )


def rows_of(path: Path, rows: Rows, columns: Sequence[str]) -> pa.Table:
    """``columns`` of some ``rows`` of a Parquet file, in the order given.

    Row groups without such a row are not read, nor are pages of texts where few rows are wanted. What comes back owns
    its bytes: views into whole columns would keep all of them in memory.
    """
    if "text" in columns and len(rows) * _FEW <= pq.read_metadata(path).num_rows:
        order = np.argsort(rows, kind="stable")
        texts = texts_at(path, "text", np.asarray(rows)[order])
        if texts is not None:
            texts = texts.take(pa.array(_back(order)))
            if list(columns) == ["text"]:
                return pa.table({"text": texts})
            others = _rows_of(path, rows, [name for name in columns if name != "text"])
            return others.append_column(pa.field("text", texts.type, nullable=False), texts).select(list(columns))
    return _rows_of(path, rows, columns)


def _back(order: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """What puts sorted things back to where they were."""
    back = np.empty(len(order), np.int64)
    back[order] = np.arange(len(order))
    return back


def _rows_of(path: Path, rows: Rows, columns: Sequence[str]) -> pa.Table:
    with pq.ParquetFile(path) as file:
        sizes = [file.metadata.row_group(number).num_rows for number in range(file.metadata.num_row_groups)]
        ends = np.cumsum(sizes)
        order = np.argsort(rows, kind="stable")
        sought = np.asarray(rows)[order].astype(np.int64)
        group = np.searchsorted(ends, sought, side="right")
        wanted = np.flatnonzero(np.bincount(group))
        parts, most = [], 0
        for start in range(0, len(wanted), _AT_ONCE):
            groups = wanted[start : start + _AT_ONCE]
            begins = np.cumsum([0, *(sizes[one] for one in groups)])[:-1]
            here = (group >= groups[0]) & (group <= groups[-1])
            base = (ends - sizes)[group[here]]
            local = begins[np.searchsorted(groups, group[here])] + sought[here] - base
            whole = file.read_row_groups(groups.tolist(), columns=list(columns))
            most = max(most, whole.nbytes)
            parts.append(whole.take(pa.array(local)))
            del whole
    if most > _MUCH:  # little is sooner used again than given back
        pa.default_memory_pool().release_unused()
    table = pa.concat_tables(parts)
    if np.array_equal(order, np.arange(len(order))):
        return table
    return table.take(pa.array(_back(order)))


def keys_of(path: Path) -> npt.NDArray[np.uint64]:
    """The band keys of a measured shard: rows x bands."""
    with pq.ParquetFile(path) as file:
        column = file.read(columns=["keys"], use_threads=False)["keys"].combine_chunks()
    width = column.type.byte_width
    if not len(column):
        return np.empty((0, width // 8), np.uint64)
    data = np.frombuffer(column.buffers()[1], np.uint8, len(column) * width, column.offset * width)
    return data.view(np.uint64).reshape(len(column), width // 8)


def gather(shards: Sequence[Path], rows: pl.DataFrame, column: str) -> pl.Series:
    """``column`` of the measured shards for ``rows`` (with ``shard`` and ``row``), in their order."""
    return pl.Series(column, _gathered(shards, rows, column))


def gathered_texts(shards: Sequence[Path], rows: pl.DataFrame) -> Texts:
    """The texts of ``rows``, in their order."""
    return Texts.of_arrow(_gathered(shards, rows, "text"))


def gathered_keys(shards: Sequence[Path], rows: pl.DataFrame, bands: slice = _ALL_BANDS) -> npt.NDArray[np.uint64]:
    """The band keys of ``rows``, of all bands or some: rows x bands."""
    number, row = rows["shard"].to_numpy(), rows["row"].to_numpy()
    result = np.empty((0, 0), np.uint64)
    for shard in shards_in(number):
        here = np.flatnonzero(number == shard)
        keys = keys_of(shards[shard])[:, bands]
        if len(here) == rows.height:
            return np.asarray(keys[row], np.uint64)
        if not result.size:
            result = np.empty((rows.height, keys.shape[1]), np.uint64)
        result[here] = keys[row[here]]
    return result


class GatheredKeys:
    """``ceyuan.data.duplicates.BandKeys`` of ``rows``: read from the measured shards as many bands at a time as take
    about ``_KEYS`` bytes."""

    def __init__(self, shards: Sequence[Path], rows: pl.DataFrame, bands: int) -> None:
        self.bands = bands
        self._shards, self._rows = shards, rows.select("shard", "row")
        self._at_once = min(bands, max(1, _KEYS // max(1, 8 * rows.height)))
        self._first, self._held = 0, np.empty((0, 0), np.uint64)

    def __len__(self) -> int:
        return self._rows.height

    def column(self, band: int) -> npt.NDArray[np.uint64]:
        """See ``BandKeys``."""
        if not self._first <= band < self._first + self._held.shape[1]:
            self._first = band - band % self._at_once
            self._held = np.empty((0, 0), np.uint64)  # before the next ones come
            self._held = gathered_keys(self._shards, self._rows, slice(self._first, self._first + self._at_once))
        return np.ascontiguousarray(self._held[:, band - self._first])

    def at(self, places: npt.NDArray[np.int64]) -> "KeysInMemory | GatheredKeys":
        """See ``BandKeys``."""
        if self._held.shape[1] == self.bands:
            return KeysInMemory(self._held[places])
        self._held = np.empty((0, 0), np.uint64)
        return GatheredKeys(self._shards, self._rows[places], self.bands)


def _gathered(shards: Sequence[Path], rows: pl.DataFrame, column: str) -> pa.Array:
    number, row = rows["shard"].to_numpy(), rows["row"].to_numpy()
    parts: list[pa.Array] = []
    places: list[npt.NDArray[np.int64]] = []
    for shard in shards_in(number):
        here = np.flatnonzero(number == shard)
        parts += rows_of(shards[shard], row[here], [column])[column].chunks
        places.append(here)
    if not parts:
        return pa.array([], pa.large_string())
    back = np.empty(rows.height, np.int64)
    back[np.concatenate(places)] = np.arange(rows.height)
    joined = pa.concat_arrays(parts)
    return joined if np.array_equal(back, np.arange(len(back))) else joined.take(pa.array(back))
