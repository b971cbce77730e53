"""The third stage: kept documents in Parquet shards of the dataset, train and held-out apart."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from ceyuan.data.corpus.gathering import rows_of
from ceyuan.data.files import sha256_of, write_atomically
from ceyuan.data.reporting import Report, told

__all__ = ["DATASET_SCHEMA", "Shard", "emit", "planned", "put_shard"]

DATASET_SCHEMA = pa.schema(
    [
        pa.field(name, pa.large_string(), nullable=False)
        for name in ("id", "text", "title", "source", "domain", "licence", "cluster", "meta")
    ]
)
"""Columns of the dataset. ``meta`` is a JSON object of strings, ``cluster`` names documents that belong together."""

_ROWS = 8192
_ALIKE = ["source", "domain", "licence"]  # few values again and again: written once each


@dataclass(frozen=True, slots=True)
class Shard:
    """A file of the dataset: ``rows`` say where its documents lie (``shard``, ``row``), their cluster and bytes."""

    path: str
    split: str
    rows: pl.DataFrame


def emit(
    decisions: pl.DataFrame, measured: Sequence[Path], folder: Path, shard_bytes: int, report: Report
) -> list[dict[str, object]]:
    """Write ``data/<split>-00000-of-00003.parquet`` and so on; return each file's path, split, rows, bytes, SHA-256.

    Which document goes to which file follows from the decisions alone, so a file that is already there, from
    an interrupted run of the same plan, is right and is not written again.
    """
    shards = list(planned(decisions, shard_bytes))
    files: list[dict[str, object]] = []
    for number, shard in enumerate(shards):
        files.append(put_shard(shard, measured, folder))
        done = (number + 1) / len(shards)
        report(told(done, f"已写出 {number + 1}/{len(shards)} 个文件", f"wrote {number + 1} of {len(shards)} files"))
    return files


def put_shard(shard: Shard, measured: Sequence[Path], folder: Path) -> dict[str, object]:
    """Write one file, unless it is there; its path, split, rows, bytes and SHA-256."""
    path = folder / shard.path
    if not path.exists():
        write_atomically(path, lambda file: _write(_tables(shard.rows, measured), file))
    facts = {"path": shard.path, "split": shard.split, "rows": shard.rows.height}
    return facts | {"bytes": path.stat().st_size, "sha256": sha256_of(path)}


def planned(decisions: pl.DataFrame, shard_bytes: int) -> Iterator[Shard]:
    """The files that the kept documents go to."""
    for split in ("train", "heldout"):
        rows = decisions.filter(pl.col("split") == split).select("shard", "row", "cluster", "bytes")
        if not rows.height:
            continue
        before = rows["bytes"].cum_sum() - rows["bytes"]
        number = (before // shard_bytes).to_numpy()
        starts = np.flatnonzero(np.append(True, number[1:] != number[:-1])).tolist()
        for index, (start, end) in enumerate(zip(starts, [*starts[1:], rows.height], strict=True)):
            name = f"data/{split}-{index:05d}-of-{len(starts):05d}.parquet"
            yield Shard(name, split, rows.slice(start, end - start))


def _tables(rows: pl.DataFrame, measured: Sequence[Path]) -> Iterator[pa.Table]:
    """The documents, shard by shard."""
    columns = [name for name in DATASET_SCHEMA.names if name != "cluster"]
    for shard in rows["shard"].unique().sort().to_list():
        here = rows.filter(pl.col("shard") == shard)
        documents = rows_of(measured[shard], here["row"].to_numpy(), columns)
        documents = documents.append_column("cluster", here["cluster"].to_arrow().cast(pa.large_string()))
        yield documents.select(DATASET_SCHEMA.names).cast(DATASET_SCHEMA)


def _write(tables: Iterator[pa.Table], file: object) -> None:
    """Write what ``tables`` hold behind each other, in row groups of ``_ROWS`` wherever one table ends."""
    how = {"compression": "zstd", "compression_level": 1, "write_statistics": True, "use_dictionary": _ALIKE}
    with pq.ParquetWriter(file, DATASET_SCHEMA, **how) as writer:
        waiting = DATASET_SCHEMA.empty_table()
        for table in tables:
            waiting = pa.concat_tables([waiting, table])
            whole = len(waiting) - len(waiting) % _ROWS
            if whole:
                writer.write_table(waiting.slice(0, whole), row_group_size=_ROWS)
                waiting = waiting.slice(whole)
        if len(waiting):
            writer.write_table(waiting, row_group_size=_ROWS)
