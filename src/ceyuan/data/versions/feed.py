"""What changed between the documents that a store knows and those of collections: found by hashes, row by row."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pyarrow as pa

from ceyuan.data.collection.raw import RAW_COLUMNS, VECTOR, raw_columns
from ceyuan.data.corpus.inputs import Inputs, RawShard
from ceyuan.data.versions.store import Segment, Store, Version

__all__ = ["Fed", "feed"]

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
    deleted: set[str]
    known: dict[str, str]
    put: int


def feed(store: Store, inputs: Inputs) -> Fed:
    """The change from the store's current version to ``inputs``.

    A raw shard that was there before is not opened, unless a row of it counts again that did not. Of the others each
    row is hashed, and only rows that are new or differ become segments; a shard that is wholly new becomes one as it
    is. Raises ``DataProblem``.
    """
    before = _known(store, store.version())
    now = _counting(inputs, [_rows(inputs, shard, before) for shard in _once(inputs.shards)])
    held, holding = before.filter("counts"), now.filter("counts")
    fresh = holding.join(held, on=["id", "one", "two"], how="anti", maintain_order="left")
    whole = dict(now.group_by("shard").len().rows())
    new: list[Segment] = []
    loose: list[pl.DataFrame] = []
    shards = {one.sha256: one for one in inputs.shards}
    for rows in fresh.partition_by("shard", maintain_order=True):
        shard = shards[rows["shard"][0]]
        if rows.height == whole[shard.sha256]:
            new.append(_taken_whole(store, shard))
        else:
            inputs.verify(shard)
            loose.append(pl.read_parquet(shard.path, columns=raw_columns(shard.path))[rows["row"]])
    new += _packed(store, loose)
    deleted = set(held.join(holding, on="id", how="anti")["id"])
    name, _ = store.keep_table("state", now.to_arrow())
    return Fed(new, deleted, {"known": name, "hashes": pl.__version__}, fresh.height)


def _known(store: Store, version: Version | None) -> pl.DataFrame:
    """The hashes by shard; none where another version of the library made them, whose hashes would differ."""
    note = version.note if version else {}
    if note.get("known") and note.get("hashes") == pl.__version__:
        table = pl.read_parquet(store.checked("state", note["known"]))
        if set(_SCHEMA) <= set(table.columns):
            return table.select(list(_SCHEMA)).cast(_SCHEMA)  # type: ignore[arg-type]
    return pl.DataFrame(schema=_SCHEMA)


def _once(shards: tuple[RawShard, ...]) -> list[RawShard]:
    return list({one.sha256: one for one in shards}.values())


def _rows(inputs: Inputs, shard: RawShard, before: pl.DataFrame) -> pl.DataFrame:
    known = before.filter(pl.col("shard") == shard.sha256)
    if known.height:
        return known
    inputs.verify(shard)
    rows = pl.read_parquet(shard.path, columns=raw_columns(shard.path))
    whole = pl.struct([name for name in rows.columns if name != "id"])
    one, two = (whole.hash(seed).alias(name) for seed, name in zip(_SEEDS, ("one", "two"), strict=True))
    fixed = (pl.lit(shard.sha256).alias("shard"), pl.lit(True).alias("counts"))
    return rows.select("id", one, two, pl.int_range(pl.len(), dtype=pl.UInt32).alias("row"), *fixed)


def _counting(inputs: Inputs, tables: list[pl.DataFrame]) -> pl.DataFrame:
    """All rows of all shards, and which of them count: the last one of each id that is not gone."""
    rows = pl.concat(tables)
    last = pl.col("id").is_last_distinct()
    gone = inputs.gone_ids()
    return rows.with_columns(counts=last & ~pl.col("id").is_in(gone.implode()) if len(gone) else last)


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


def _packed(store: Store, loose: list[pl.DataFrame]) -> Iterator[Segment]:
    """Rows of many shards together in segments of about equal size."""
    if not loose:
        return
    rows = pl.concat(loose, how="diagonal").unique("id", keep="last", maintain_order=True)
    size = rows["text"].str.len_bytes().cast(pl.Int64)
    number = pl.max_horizontal((size.cum_sum() - size) // _SEGMENT_BYTES, pl.int_range(rows.height) // _SEGMENT_ROWS)
    for run in rows.with_columns(_run=number).partition_by("_run", maintain_order=True):
        table = run.drop("_run").to_arrow()
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
        digest, _ = store.keep_table("raw", table.select(columns).cast(pa.schema(fields)))
        yield Segment(digest, run.height)
