"""Shards of the dataset: rows that stay keep their place, rows that go are noted, new ones get shards of their own."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from ceyuan.data.corpus.emit import DATASET_SCHEMA
from ceyuan.data.corpus.gathering import rows_of
from ceyuan.data.operators.digests import binary
from ceyuan.data.operators.matching import marks_of_names, places_among
from ceyuan.data.versions.splicing import put_table, put_tables, spliced
from ceyuan.data.versions.store import Part, Store, Version

__all__ = ["COMPACT", "content_of", "kept_rows", "next_parts"]

_SAME = ("id", "exact", "about", "cluster", "split")
COMPACT = 0.3
"""Share of a shard's rows gone from which the rest moves to new shards."""
_SMALL = 8
"""Shards below this part of the usual size are small; so many of them may lie side by side."""
_SIDES = pl.Enum(["train", "heldout"])
_AT_ONCE = 65536  # rows
_LITTLE = 8 << 20  # bytes of text that are held at once
_OFFSET = 8  # bytes that Arrow keeps for the place of a text

Numbers = npt.NDArray[np.int32]
Rows = npt.NDArray[np.int64]


def kept_rows(decided: pl.DataFrame) -> pl.DataFrame:
    """One row for each document that is kept, with what ``next_parts`` and ``content_of`` ask of it."""
    rows = decided.lazy().filter(decided["reason"].is_null()).select(*_SAME, "segment", "row", "bytes")
    return rows.with_columns(pl.col("split").cast(pl.String).cast(_SIDES)).collect()


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
    their rows move to larger ones. ``kept`` is what ``kept_rows`` gives.
    """
    parts = list(parent.parts) if parent else []
    places = _before(store, parent, kept)
    full = _staying(places, kept, parts, shard_bytes, compact)
    stays = np.isin(places.part, sorted(full))
    result: list[Part] = []
    put = _Places.nowhere(kept.height)
    for number in sorted(full):
        here = np.flatnonzero(stays & (places.part == number))
        at = places.at[here]
        part, removed = parts[number], _missing(at, parts[number].rows)
        if splice and removed:
            part = _spliced(store, part, removed)
            at = at - np.searchsorted(removed, at).astype(np.int32)
            removed = ()
        put.part[here], put.at[here] = len(result), at
        result.append(Part(part.sha256, part.rows, part.bytes, removed))
    for here in _cut(kept, np.flatnonzero(~stays), shard_bytes):
        digest, size = _written(store, kept.select("segment", "row", "bytes", "cluster")[here], units)
        put.part[here], put.at[here] = len(result), np.arange(len(here), dtype=np.int32)
        result.append(Part(digest, len(here), size))
    lies = pl.DataFrame({"part": put.part, "at": put.at})
    return result, store.keep_frame(_by_name(kept.select(_SAME).hstack(lies)))


def _staying(
    places: "_Places", kept: pl.DataFrame, parts: Sequence[Part], shard_bytes: int, compact: float
) -> set[int]:
    """Numbers of the shards whose rows stay where they are."""
    old = np.flatnonzero(places.part >= 0)
    here = kept.select("split", "bytes")[old].with_columns(part=pl.Series(places.part[old])).group_by("part", "split")
    rows = here.agg(pl.len().alias("rows"), pl.col("bytes").sum()).sort("part").rows()
    full = {number for number, _, count, _ in rows if count >= (1 - compact) * parts[number].rows}
    for side in _SIDES.categories:
        small = {n for n, split, _, size in rows if n in full and split == side and size < shard_bytes // _SMALL}
        if len(small) > _SMALL:
            full -= small
    return full


def _missing(there: Numbers, rows: int) -> tuple[int, ...]:
    """Which of the numbers below ``rows`` are not among ``there``."""
    if len(there) == rows:
        return ()
    left = np.ones(rows, np.bool_)
    left[there] = False
    return tuple(np.flatnonzero(left).tolist())


def _spliced(store: Store, part: Part, removed: Sequence[int]) -> Part:
    source = store.checked("data", part.sha256)
    digest, size = store.keep_file("data", lambda file: spliced(source, removed, file))
    return Part(digest, part.rows - len(removed), size)


def content_of(kept: pl.DataFrame) -> str:
    """Hash of the documents sorted by id: text, notes, cluster and side of the split, wherever they lie."""
    digest = hashlib.sha256()
    rows = _by_name(kept.select(_SAME))
    for name in _SAME:
        slices = [rows[name][at : at + _AT_ONCE] for at in range(0, rows.height, _AT_ONCE)]
        for column in slices:
            digest.update(_bytes(column).bin.size().cast(pl.UInt32).to_numpy().tobytes())
        for column in slices:
            digest.update(binary(_bytes(column)))
    return digest.hexdigest()


def _bytes(column: pl.Series) -> pl.Series:
    return column if column.dtype == pl.Binary else column.cast(pl.String).cast(pl.Binary)


def _by_name(rows: pl.DataFrame) -> pl.DataFrame:
    return rows if rows["id"].is_sorted() else rows.sort("id")


@dataclass(frozen=True, slots=True)
class _Places:
    """In which part each row lies, and at which place in it; -1 where in none."""

    part: Numbers
    at: Numbers

    @classmethod
    def nowhere(cls, rows: int) -> Self:
        return cls(np.full(rows, -1, np.int32), np.full(rows, -1, np.int32))


def _before(store: Store, parent: Version | None, kept: pl.DataFrame) -> _Places:
    """Where the documents of ``kept`` lie in the version before; those that are no more as they were lie nowhere."""
    found = _Places.nowhere(kept.height)
    if parent is None or not parent.note.get("state"):
        return found
    path = store.checked("state", parent.note["state"])
    there = places_among(marks_of_names(kept["id"]), marks_of_names(pl.read_parquet(path, columns=["id"])["id"]))
    now = np.flatnonzero(there >= 0)
    for name in _SAME:
        was = pl.read_parquet(path, columns=[name])[name].gather(there[now])
        now = now[(kept[name].cast(was.dtype).gather(now) == was).to_numpy()]
    lies = pl.read_parquet(path, columns=["part", "at"])[there[now]]
    found.part[now], found.at[now] = lies["part"].to_numpy(), lies["at"].to_numpy()
    return found


def _cut(kept: pl.DataFrame, rows: Rows, shard_bytes: int) -> list[Rows]:
    """Rows by side of the split and by where they come from, in runs of about ``shard_bytes`` of text."""
    runs: list[Rows] = []
    for split in _SIDES.categories:
        side = rows[(kept["split"].gather(rows) == split).to_numpy()]
        if len(side):
            place = kept.select("segment", "row")[side]
            side = side[np.lexsort((place["row"].to_numpy(), place["segment"].to_numpy()))]
            size = kept["bytes"].gather(side).to_numpy().astype(np.int64)
            number = (np.cumsum(size) - size) // shard_bytes
            runs += np.split(side, np.flatnonzero(np.diff(number)) + 1)
    return runs


def _written(store: Store, rows: pl.DataFrame, units: Sequence[Path]) -> tuple[str, int]:
    columns = [name for name in DATASET_SCHEMA.names if name != "cluster"]

    def tables() -> Iterator[pa.Table]:
        for (number,), here in rows.group_by("segment", maintain_order=True):
            documents = rows_of(units[int(str(number))], here["row"].to_numpy(), columns)
            documents = documents.append_column("cluster", here["cluster"].to_arrow().cast(pa.large_string()))
            yield documents.select(DATASET_SCHEMA.names).cast(DATASET_SCHEMA)

    size = int(rows["bytes"].sum())
    if size <= _LITTLE:
        whole = pa.concat_tables(tables())
        return store.keep_file("data", lambda file: put_table(whole, file))
    usual = size // rows.height + _OFFSET
    return store.keep_file("data", lambda file: put_tables(tables(), usual, file))
