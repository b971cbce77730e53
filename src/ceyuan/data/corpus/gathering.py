"""Rows fetched out of measured shards: only what holds them is read, and nothing but them is kept."""

from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from ceyuan.data.operators import Texts

__all__ = ["gather", "gathered_keys", "gathered_texts", "put_measured", "rows_of"]

_GROUP = 2 << 20  # bytes of text in a row group, the least that is read for one text
_LEAST = 64
_AT_ONCE = 8  # row groups

Rows = npt.NDArray[np.integer]


def put_measured(measured: pl.DataFrame, file: BinaryIO) -> None:
    """Write a measured shard (with ``bytes``) in row groups so small that single texts are fetched at little cost."""
    size = max(1, int(measured["bytes"].sum()))
    rows = max(_LEAST, measured.height * _GROUP // size)
    measured.write_parquet(file, compression="lz4", statistics=False, row_group_size=rows)


def rows_of(path: Path, rows: Rows, columns: Sequence[str]) -> pa.Table:
    """``columns`` of some ``rows`` of a Parquet file, in the order given.

    Row groups without such a row are not read. What comes back owns its bytes: views into whole columns would keep all
    of them in memory.
    """
    with pq.ParquetFile(path) as file:
        sizes = [file.metadata.row_group(number).num_rows for number in range(file.metadata.num_row_groups)]
        ends = np.cumsum(sizes)
        order = np.argsort(rows, kind="stable")
        sought = np.asarray(rows)[order].astype(np.int64)
        group = np.searchsorted(ends, sought, side="right")
        wanted = np.unique(group)
        parts = []
        for start in range(0, len(wanted), _AT_ONCE):
            groups = wanted[start : start + _AT_ONCE]
            begins = np.cumsum([0, *(sizes[one] for one in groups)])[:-1]
            here = (group >= groups[0]) & (group <= groups[-1])
            base = (ends - sizes)[group[here]]
            local = begins[np.searchsorted(groups, group[here])] + sought[here] - base
            parts.append(file.read_row_groups(groups.tolist(), columns=list(columns)).take(pa.array(local)))
    pa.default_memory_pool().release_unused()
    table = pa.concat_tables(parts)
    if np.array_equal(order, np.arange(len(order))):
        return table
    back = np.empty(len(order), np.int64)
    back[order] = np.arange(len(order))
    return table.take(pa.array(back))


def gather(shards: Sequence[Path], rows: pl.DataFrame, column: str) -> pl.Series:
    """``column`` of the measured shards for ``rows`` (with ``shard`` and ``row``), in their order."""
    return pl.Series(column, _gathered(shards, rows, column))


def gathered_texts(shards: Sequence[Path], rows: pl.DataFrame) -> Texts:
    """The texts of ``rows``, in their order."""
    return Texts.of_arrow(_gathered(shards, rows, "text"))


def gathered_keys(shards: Sequence[Path], rows: pl.DataFrame) -> npt.NDArray[np.uint64]:
    """The band keys of ``rows``: rows x bands."""
    number, row = rows["shard"].to_numpy(), rows["row"].to_numpy()
    result = np.empty((0, 0), np.uint64)
    for shard in np.unique(number).tolist():
        here = np.flatnonzero(number == shard)
        column = pq.read_table(shards[shard], columns=["keys"])["keys"].combine_chunks()
        keys = column.flatten().to_numpy().reshape(len(column), -1)
        if len(here) == rows.height:
            return np.asarray(keys[row], np.uint64)
        if not result.size:
            result = np.empty((rows.height, keys.shape[1]), np.uint64)
        result[here] = keys[row[here]]
    return result


def _gathered(shards: Sequence[Path], rows: pl.DataFrame, column: str) -> pa.Array:
    number, row = rows["shard"].to_numpy(), rows["row"].to_numpy()
    parts: list[pa.Array] = []
    places: list[npt.NDArray[np.int64]] = []
    for shard in np.unique(number).tolist():
        here = np.flatnonzero(number == shard)
        parts += rows_of(shards[shard], row[here], [column])[column].chunks
        places.append(here)
    if not parts:
        return pa.array([], pa.large_string())
    back = np.empty(rows.height, np.int64)
    back[np.concatenate(places)] = np.arange(rows.height)
    joined = pa.concat_arrays(parts)
    return joined if np.array_equal(back, np.arange(len(back))) else joined.take(pa.array(back))
