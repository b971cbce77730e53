"""What changed between the documents that a store knows and those of collections: found by hashes, row by row."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pyarrow as pa

from ceyuan.data.collection.raw import RAW_COLUMNS
from ceyuan.data.corpus.inputs import Inputs, RawShard
from ceyuan.data.versions.store import Segment, Store, Version

__all__ = ["Fed", "feed"]

_SEEDS = (0x5EED, 0xC0FFEE)
_SCHEMA = {"id": pl.String, "one": pl.UInt64, "two": pl.UInt64, "shard": pl.String}
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

    A raw shard that was there before is not opened. Of the others each row is hashed, and only rows that are new
    or differ become segments; a shard that is wholly new becomes one as it is. Raises ``DataProblem``.
    """
    before = _known(store, store.version())
    listed = [one.sha256 for one in inputs.shards]
    stayed = before.filter(pl.col("shard").is_in(sorted(set(listed) & set(before["shard"].unique()))))
    seen = set(stayed["shard"].unique())
    new: list[Segment] = []
    loose: list[pl.DataFrame] = []
    hashed: list[pl.DataFrame] = [stayed]
    put = 0
    for shard in inputs.shards:
        if shard.sha256 in seen:
            continue
        seen.add(shard.sha256)
        inputs.verify(shard)
        rows = pl.read_parquet(shard.path, columns=list(RAW_COLUMNS))
        marks = _marked(rows, shard.sha256)
        hashed.append(marks)
        fresh = marks.with_row_index("at").join(before, on=["id", "one", "two"], how="anti")["at"]
        put += len(fresh)
        if len(fresh) == rows.height and rows["id"].is_unique().all():
            new.append(_taken_whole(store, shard))
        elif len(fresh):
            loose.append(rows[fresh.sort()])
    new += _packed(store, loose)
    now = pl.concat(hashed).unique("id", keep="last", maintain_order=True).sort("id")
    deleted = set(before.join(now, on="id", how="anti")["id"])
    name, _ = store.keep_table("state", now.to_arrow())
    return Fed(new, deleted, {"known": name, "hashes": pl.__version__}, put)


def _known(store: Store, version: Version | None) -> pl.DataFrame:
    """The hashes by id; none where another version of the library made them, whose hashes would differ."""
    note = version.note if version else {}
    if not note.get("known") or note.get("hashes") != pl.__version__:
        return pl.DataFrame(schema=_SCHEMA)
    return pl.read_parquet(store.checked("state", note["known"])).cast(_SCHEMA)  # type: ignore[arg-type]


def _marked(rows: pl.DataFrame, shard: str) -> pl.DataFrame:
    whole = pl.struct([name for name in RAW_COLUMNS if name != "id"])
    one, two = (whole.hash(seed).alias(name) for seed, name in zip(_SEEDS, ("one", "two"), strict=True))
    return rows.select("id", one, two, pl.lit(shard).alias("shard"))


def _taken_whole(store: Store, shard: RawShard) -> Segment:
    """The raw shard as a segment: the same file under a second name where the file system allows, else a copy."""
    target = store.path("raw", shard.sha256)
    if not target.exists():
        _link(shard.path, target)
    return Segment(shard.sha256, shard.documents)


def _link(source: Path, target: Path) -> None:
    import os
    import shutil

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
    rows = pl.concat(loose).unique("id", keep="last", maintain_order=True)
    size = rows["text"].str.len_bytes().cast(pl.Int64)
    number = pl.max_horizontal((size.cum_sum() - size) // _SEGMENT_BYTES, pl.int_range(rows.height) // _SEGMENT_ROWS)
    for run in rows.with_columns(_run=number).partition_by("_run", maintain_order=True):
        table = run.drop("_run").to_arrow()
        fields = [
            pa.field(name, pa.int32() if name == "rank" else pa.large_string(), nullable=False) for name in RAW_COLUMNS
        ]
        digest, _ = store.keep_table("raw", table.select(list(RAW_COLUMNS)).cast(pa.schema(fields)))
        yield Segment(digest, run.height)
