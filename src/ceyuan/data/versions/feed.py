"""What changed between the documents that a store knows and those of collections: found by hashes, row by row."""

import os
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from ceyuan.data.collection.raw import RAW_COLUMNS, VECTOR, raw_columns
from ceyuan.data.corpus.inputs import Inputs, RawShard
from ceyuan.data.operators.matching import Marks, equal_next, in_order, marks_of_names, places_among
from ceyuan.data.versions.store import Segment, Store, Version

__all__ = ["Fed", "feed"]

Rows = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

_SEEDS = (0x5EED, 0xC0FFEE)
_SCHEMA = {
    "id": pl.String,
    "one": pl.UInt64,
    "two": pl.UInt64,
    "row": pl.UInt32,
    "shard": pl.String,
    "counts": pl.Boolean,
}
_SEGMENT_BYTES = 32 << 20
_SEGMENT_ROWS = 100_000


@dataclass(frozen=True, slots=True)
class Fed:
    """Segments of what is new or has another form, ids that are no more, and what is known from now on: the name of
    a table in the store, with the version of the library whose hashes it holds."""

    new: list[Segment]
    deleted: pl.Series
    known: dict[str, str]
    put: int


def feed(store: Store, inputs: Inputs) -> Fed:
    """The change from the store's current version to ``inputs``.

    A raw shard that was there before is not opened, unless a row of it counts again that did not. Of the others each
    row is hashed, and only rows that are new or differ become segments; a shard that is wholly new becomes one as it
    is. Raises ``DataProblem``.
    """
    before = _known(store, store.version())
    shards = list({one.sha256: one for one in inputs.shards}.values())
    tables = _tables(inputs, shards, before)
    starts = np.cumsum([0, *(table.height for table in tables)])
    now = pl.concat(tables)
    del tables
    marks = marks_of_names(now["id"])
    counts = _counting(inputs, now["id"], marks)
    rows = np.flatnonzero(counts)
    held = before.lazy().filter("counts").select("id", "one", "two").collect()
    del before
    places = places_among(marks.at(rows), marks_of_names(held["id"]))
    del marks
    fresh = rows[~_same(now, rows, held, places)]
    gone = np.ones(held.height, np.bool_)
    gone[places[places >= 0]] = False
    deleted = held["id"].filter(pl.Series(gone))
    del held, places
    new: list[Segment] = []
    parted: list[tuple[RawShard, pl.Series]] = []
    numbers = np.searchsorted(fresh, starts)
    heights = np.diff(starts)
    for shard, height, first, last in zip(shards, heights, numbers, numbers[1:], strict=False):
        if first < last == first + height:
            new.append(_taken_whole(store, shard))
        elif first < last:
            parted.append((shard, now["row"].gather(fresh[first:last])))
    new += _packed(store, _some(inputs, parted))
    kinds = pl.Enum([one.sha256 for one in shards])
    of = np.repeat(np.arange(len(shards), dtype=np.uint32), heights)
    more = {"shard": pl.Series(of).cat.to(kinds), "counts": pl.Series(counts)}
    name = store.keep_frame(now.with_columns(**more))
    return Fed(new, deleted, {"known": name, "hashes": pl.__version__}, len(fresh))


def _known(store: Store, version: Version | None) -> pl.DataFrame:
    """The hashes by shard; none where another version of the library made them, whose hashes would differ."""
    note = version.note if version else {}
    if note.get("known") and note.get("hashes") == pl.__version__:
        table = pl.read_parquet(store.checked("state", note["known"]))
        if set(_SCHEMA) <= set(table.columns):
            return table.select(list(_SCHEMA)).cast(_SCHEMA)  # type: ignore[arg-type]
    return pl.DataFrame(schema=_SCHEMA)


def _tables(inputs: Inputs, shards: list[RawShard], before: pl.DataFrame) -> list[pl.DataFrame]:
    """The rows of each shard (``id``, ``one``, ``two``, ``row``): known from before, else hashed."""
    runs = before["shard"].rle().struct.unnest()  # the rows of a shard lie side by side
    ends = runs["len"].cum_sum()
    spans = dict(zip(runs["value"], zip(ends - runs["len"], runs["len"], strict=True), strict=True))
    known = before.drop("shard", "counts")
    return [known.slice(*spans[one.sha256]) if one.sha256 in spans else _rows(inputs, one) for one in shards]


def _rows(inputs: Inputs, shard: RawShard) -> pl.DataFrame:
    inputs.verify(shard)
    rows = pl.read_parquet(shard.path, columns=raw_columns(shard.path))
    whole = pl.struct([name for name in rows.columns if name != "id"])
    one, two = (whole.hash(seed).alias(name) for seed, name in zip(_SEEDS, ("one", "two"), strict=True))
    return rows.select("id", one, two, pl.int_range(pl.len(), dtype=pl.UInt32).alias("row"))


def _counting(inputs: Inputs, names: pl.Series, marks: Marks) -> Mask:
    """Which of all rows count: the last one of each id that is not gone."""
    order = in_order(marks)
    counts = np.ones(len(order), np.bool_)
    counts[order[:-1][equal_next(marks, order)]] = False
    gone = inputs.gone_ids()
    return counts & ~names.is_in(gone.implode()).to_numpy() if len(gone) else counts


def _same(now: pl.DataFrame, rows: Rows, held: pl.DataFrame, places: Rows) -> Mask:
    """Which ``rows`` of ``now`` have the content of those in their ``places`` among what was ``held``."""
    same = places >= 0
    for name in ("one", "two"):
        same[same] = now[name].to_numpy()[rows[same]] == held[name].to_numpy()[places[same]]
    return same


def _some(inputs: Inputs, parted: list[tuple[RawShard, pl.Series]]) -> Iterator[pl.DataFrame]:
    """Some rows of each shard."""
    for shard, rows in parted:
        inputs.verify(shard)
        yield pl.read_parquet(shard.path, columns=raw_columns(shard.path))[rows]


def _taken_whole(store: Store, shard: RawShard) -> Segment:
    """The raw shard as a segment: the same file under a second name where the file system allows, else a copy."""
    target = store.path("raw", shard.sha256)
    if not target.exists():
        _link(shard.path, target)
    return Segment(shard.sha256, shard.documents)


def _link(source: Path, target: Path) -> None:
    temporary = target.with_name(f".{target.name}.tmp")
    temporary.unlink(missing_ok=True)
    try:
        os.link(source, temporary)
    except OSError:
        shutil.copyfile(source, temporary)
    temporary.replace(target)


def _packed(store: Store, frames: Iterable[pl.DataFrame]) -> Iterator[Segment]:
    """Rows of many shards together in segments of about equal size."""
    waiting: list[pl.DataFrame] = []
    current = bytes_before = rows_before = 0
    for frame in frames:
        size = frame["text"].str.len_bytes().cast(pl.Int64)
        by_size = (bytes_before + size.cum_sum() - size) // _SEGMENT_BYTES
        by_rows = (rows_before + pl.int_range(frame.height, eager=True)) // _SEGMENT_ROWS
        bytes_before, rows_before = bytes_before + int(size.sum()), rows_before + frame.height
        runs = frame.with_columns(_run=pl.max_horizontal(by_size, by_rows))
        for run in runs.partition_by("_run", maintain_order=True):
            number = run["_run"][0]
            if waiting and number != current:
                yield _put(store, waiting)
                waiting = []
            current = number
            waiting.append(run.drop("_run"))
    if waiting:
        yield _put(store, waiting)


def _put(store: Store, frames: list[pl.DataFrame]) -> Segment:
    table = pl.concat(frames, how="diagonal", rechunk=True).to_arrow()
    fields = [
        pa.field(name, pa.int32() if name == "rank" else pa.large_string(), nullable=False) for name in RAW_COLUMNS
    ]
    columns = list(RAW_COLUMNS)
    if VECTOR in table.column_names:
        table = table.set_column(
            table.schema.get_field_index(VECTOR), VECTOR, table[VECTOR].cast(pa.large_binary()).fill_null(b"")
        )
        fields.append(pa.field(VECTOR, pa.large_binary(), nullable=False))
        columns.append(VECTOR)
    return Segment(store.keep_table(table.select(columns).cast(pa.schema(fields))), len(table))
