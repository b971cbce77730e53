"""Two passes over the files of a mixture's corpora: one that notes what is asked of each chosen document, one that
brings it to its shard. No more than a batch of texts is in memory, however large the mixture is."""

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from ceyuan.data.corpus.emit import DATASET_SCHEMA
from ceyuan.data.corpus.measure import measured_batch
from ceyuan.data.corpus.recipe import Duplicates
from ceyuan.data.duplicates import Banding
from ceyuan.data.files import sha256_of, write_atomically
from ceyuan.data.mixing.contamination import Finder

__all__ = ["noted", "put_shards"]

_BATCH = 2048  # rows
_NOTED = ["text", "source", "licence", "cluster"]
_PACKING = pa.ipc.IpcWriteOptions(compression="lz4")

Rows = npt.NDArray[np.int64]


def noted(files: Sequence[Path], chosen: pl.DataFrame, settings: Duplicates, finder: Finder) -> pl.DataFrame:
    """What is asked of the documents ``chosen`` (``shard``, ``row``): ``source``, ``licence``, ``cluster``, ``bytes``,
    ``characters``, the sketch for near-duplicates (``exact``, ``distinct``, ``keys``), and the benchmark ``item``
    that it holds, if any. One row each, by shard and row."""
    banding = Banding(settings.bands, settings.rows)
    frames = []
    for shard, rows in _by_file(chosen):
        for here, batch in _batches(files[shard], rows, _NOTED):
            found = finder.items(batch["text"].to_list())
            measured = measured_batch(batch, [], banding)
            frames.append(
                measured.with_columns(
                    pl.col("text").str.len_chars().cast(pl.Int64).alias("characters"),
                    pl.Series("item", found, pl.String),
                    pl.lit(shard, pl.UInt32).alias("shard"),
                    pl.Series("row", here.astype(np.uint32)),
                ).drop("text")
            )
    return pl.concat(frames)


def put_shards(files: Sequence[Path], kept: pl.DataFrame, out: Path) -> list[dict[str, object]]:
    """Write the documents ``kept`` (``shard``, ``row``, ``name``, ``cluster``, ``path`` of the file that each goes to,
    ``at``: its place there, ``split``) below ``out``; what the manifest says of each file, by path."""
    waiting = out.with_name(f".{out.name}.waiting")
    shutil.rmtree(waiting, ignore_errors=True)
    waiting.mkdir(parents=True)
    targets = kept["path"].unique(maintain_order=True).to_list()
    numbers = {path: number for number, path in enumerate(targets)}
    moving = kept.with_columns(target=pl.col("path").replace_strict(numbers, return_dtype=pl.UInt32))
    columns = [name for name in DATASET_SCHEMA.names if name != "cluster"]
    for shard, rows in _by_file(moving):
        going = moving.filter(pl.col("shard") == shard).select("row", "target", "at", "name", "cluster")
        for here, batch in _batches(files[shard], rows, columns):
            documents = batch.with_columns(pl.Series("row", here.astype(np.uint32)))
            joined = documents.join(going, on="row", how="inner").with_columns(id="name").drop("name", "row")
            for (number,), part in joined.group_by("target"):
                _append(waiting / f"{number}.arrow", part.drop("target").to_arrow())
    told = [_put_shard(waiting / f"{numbers[path]}.arrow", out, path) for path in targets]
    shutil.rmtree(waiting)
    return told


def _put_shard(waiting: Path, out: Path, path: str) -> dict[str, object]:
    tables = []
    with pa.OSFile(str(waiting)) as source:
        while source.tell() < source.size():
            tables.append(pa.ipc.open_stream(source).read_all())
    waiting.unlink()
    table = pa.concat_tables(tables)
    table = table.take(pa.array(np.argsort(table["at"].to_numpy(), kind="stable")))
    table = table.select(DATASET_SCHEMA.names).cast(DATASET_SCHEMA).combine_chunks()
    write_atomically(out / path, lambda file: pq.write_table(table, file, compression="zstd", row_group_size=8192))
    about: dict[str, object] = {"path": path, "split": Path(path).name.partition("-")[0], "rows": len(table)}
    return about | {"bytes": (out / path).stat().st_size, "sha256": sha256_of(out / path)}


def _append(path: Path, table: pa.Table) -> None:
    with path.open("ab") as file, pa.ipc.new_stream(file, table.schema, options=_PACKING) as writer:
        writer.write_table(table)


def _by_file(chosen: pl.DataFrame) -> Iterator[tuple[int, Rows]]:
    """(number of a file, the rows wanted of it in ascending order, each once)."""
    for (shard,), rows in (
        chosen.select("shard", "row").unique().sort("shard", "row").group_by("shard", maintain_order=True)
    ):
        yield int(str(shard)), rows["row"].to_numpy().astype(np.int64)


def _batches(path: Path, rows: Rows, columns: Sequence[str]) -> Iterator[tuple[Rows, pl.DataFrame]]:
    """Some ``rows`` of a file, in ascending order, a batch at a time; row groups without any are not read."""
    with pq.ParquetFile(path) as file:
        start = 0
        for group in range(file.metadata.num_row_groups):
            end = start + file.metadata.row_group(group).num_rows
            at = start
            wanted = rows[(rows >= start) & (rows < end)]
            start = end
            if not len(wanted):
                continue
            for batch in file.iter_batches(_BATCH, row_groups=[group], columns=list(columns), use_threads=False):
                here = wanted[(wanted >= at) & (wanted < at + batch.num_rows)]
                if len(here):
                    taken = pa.Table.from_batches([batch.take(pa.array(here - at))])
                    found = pl.from_arrow(taken)
                    assert isinstance(found, pl.DataFrame)
                    yield here, found
                at += batch.num_rows
