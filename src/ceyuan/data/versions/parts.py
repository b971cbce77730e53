"""Shards of the dataset: rows that stay keep their place, rows that go are noted, new ones get shards of their own."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa

from ceyuan.data.corpus.emit import DATASET_SCHEMA
from ceyuan.data.corpus.gathering import rows_of
from ceyuan.data.operators.digests import binary
from ceyuan.data.versions.splicing import put_table, spliced
from ceyuan.data.versions.store import Part, Store, Version

__all__ = ["COMPACT", "content_of", "next_parts"]

_SAME = ("id", "exact", "about", "cluster", "split")
COMPACT = 0.3
"""Share of a shard's rows gone from which the rest moves to new shards."""
_SMALL = 8
"""Shards below this part of the usual size are small; so many of them may lie side by side."""


def next_parts(
    store: Store,
    parent: Version | None,
    kept: pl.DataFrame,
    units: Sequence[Path],
    shard_bytes: int,
    compact: float,
    splice: bool = False,
) -> tuple[list[Part], str]:
    """(shards of the new version, name of the file that tells where each row lies).

    A shard stays while fewer than ``compact`` of its rows are gone. Rows that are gone are noted with it or, with
    ``splice``, taken out: its other rows keep their order, and their bytes are copied. Where small shards pile up,
    their rows move to larger ones. ``kept`` has one row per document: what ``_SAME`` names, and ``segment``, ``row``,
    ``bytes``.
    """
    before = _before(store, parent, kept.schema)
    parts = list(parent.parts) if parent else []
    placed = kept.join(before, on=list(_SAME), how="left", maintain_order="left")
    full = _staying(placed, parts, shard_bytes, compact)
    moves = pl.col("part").is_null() | ~pl.col("part").is_in(sorted(full))
    stay, write = placed.filter(~moves), placed.filter(moves)
    result: list[Part] = []
    places: list[pl.DataFrame] = []
    for number in sorted(full):
        here = stay.filter(pl.col("part") == number)
        part, removed = parts[number], _missing(here["at"], parts[number].rows)
        if splice and removed:
            part = _spliced(store, part, removed)
            here = here.with_columns(at=pl.col("at").rank("ordinal").cast(pl.Int32) - 1)
            removed = ()
        places.append(here.with_columns(part=pl.lit(len(result), pl.Int32)))
        result.append(Part(part.sha256, part.rows, part.bytes, removed))
    for rows in _cut(write, shard_bytes):
        digest, size = _written(store, rows, units)
        placing = rows.with_columns(part=pl.lit(len(result), pl.Int32), at=pl.int_range(pl.len(), dtype=pl.Int32))
        places.append(placing)
        result.append(Part(digest, rows.height, size))
    state = pl.concat(places).select(*_SAME, "part", "at").sort("id") if places else before
    name, _ = store.keep_table("state", state.to_arrow())
    return result, name


def _staying(placed: pl.DataFrame, parts: Sequence[Part], shard_bytes: int, compact: float) -> set[int]:
    """Numbers of the shards whose rows stay where they are."""
    here = placed.filter(pl.col("part").is_not_null()).group_by("part", "split")
    rows = here.agg(pl.len().alias("rows"), pl.col("bytes").sum()).sort("part").rows()
    full = {number for number, _, count, _ in rows if count >= (1 - compact) * parts[number].rows}
    for side in ("train", "heldout"):
        small = {n for n, split, _, size in rows if n in full and split == side and size < shard_bytes // _SMALL}
        if len(small) > _SMALL:
            full -= small
    return full


def _missing(there: pl.Series, rows: int) -> tuple[int, ...]:
    """Which of the numbers below ``rows`` are not among ``there``."""
    if len(there) == rows:
        return ()
    left = np.ones(rows, np.bool_)
    left[there.to_numpy()] = False
    return tuple(np.flatnonzero(left).tolist())


def _spliced(store: Store, part: Part, removed: Sequence[int]) -> Part:
    source = store.checked("data", part.sha256)
    digest, size = store.keep_file("data", lambda file: spliced(source, removed, file))
    return Part(digest, part.rows - len(removed), size)


def content_of(kept: pl.DataFrame) -> str:
    """Hash of the documents sorted by id: text, notes, cluster and side of the split, wherever they lie."""
    digest = hashlib.sha256()
    rows = kept.sort("id").select(_SAME)
    for name in _SAME:
        column = rows[name].cast(pl.Binary)
        digest.update(column.bin.size().cast(pl.UInt32).to_numpy().tobytes())
        digest.update(binary(column))
    return digest.hexdigest()


def _before(store: Store, parent: Version | None, schema: pl.Schema) -> pl.DataFrame:
    if parent is None or not parent.note.get("state"):
        columns = {name: schema[name] for name in _SAME}
        return pl.DataFrame(schema=columns | {"part": pl.Int32, "at": pl.Int32})
    return pl.read_parquet(store.checked("state", parent.note["state"]))


def _cut(rows: pl.DataFrame, shard_bytes: int) -> list[pl.DataFrame]:
    """Rows by side of the split and by where they come from, in runs of about ``shard_bytes`` of text."""
    runs = []
    for split in ("train", "heldout"):
        side = rows.filter(pl.col("split") == split).sort("segment", "row")
        number = (side["bytes"].cum_sum() - side["bytes"]) // shard_bytes
        runs += [one.drop("_run") for one in side.with_columns(_run=number).partition_by("_run", maintain_order=True)]
    return runs


def _written(store: Store, rows: pl.DataFrame, units: Sequence[Path]) -> tuple[str, int]:
    columns = [name for name in DATASET_SCHEMA.names if name != "cluster"]
    tables = []
    for (number,), here in rows.group_by("segment", maintain_order=True):
        documents = rows_of(units[int(str(number))], here["row"].to_numpy(), columns)
        tables.append(documents.append_column("cluster", here["cluster"].to_arrow().cast(pa.large_string())))
    table = pa.concat_tables(tables).select(DATASET_SCHEMA.names).cast(DATASET_SCHEMA)
    return store.keep_file("data", lambda file: put_table(table, file))
