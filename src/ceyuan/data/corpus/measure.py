"""The first stage: one raw shard in, one measured shard out; shards know nothing of each other."""

import hashlib
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa

from ceyuan.data.collection.raw import RAW_COLUMNS
from ceyuan.data.corpus.gathering import put_measured
from ceyuan.data.corpus.inputs import Inputs, RawShard
from ceyuan.data.corpus.recipe import Recipe
from ceyuan.data.corpus.tally import Tally
from ceyuan.data.duplicates import Banding, sketch
from ceyuan.data.files import write_atomically
from ceyuan.data.operators import Operator, Texts
from ceyuan.data.operators.digests import DIGEST, digests
from ceyuan.data.operators.texts import remembered
from ceyuan.data.reporting import Report, told

__all__ = ["loaded", "measure", "measured_batch", "measured_paths"]

_LOADED: set[tuple[object, ...]] = set()


def measure(inputs: Inputs, recipe: Recipe, folder: Path, threads: int, report: Report) -> list[Path]:
    """Measured shards in ``folder``, one per raw shard and in their order; those already there are kept.

    A measured shard is named by the hashes of its raw shard and of the operators, so a changed threshold or
    an added source costs nothing for the rest. Rows stay in the order of the raw shard.
    """
    banding = Banding(recipe.duplicates.bands, recipe.duplicates.rows)
    chain = recipe.operators()
    paths = measured_paths(inputs, recipe, folder)
    waiting = {path: shard for path, shard in zip(paths, inputs.shards, strict=True) if not path.exists()}
    total, done = len(inputs.shards), len(inputs.shards) - len(waiting)
    tally = Tally(chain)
    if waiting:
        loaded(chain, banding)
    if done:
        report(told(0.0, f"沿用 {done} 个已处理的分片", f"{done} shards measured before"))
    with ThreadPoolExecutor(max_workers=max(1, threads), thread_name_prefix="measure") as pool:
        tasks = [pool.submit(_one, inputs, shard, chain, banding, path, tally) for path, shard in waiting.items()]
        try:
            for task in as_completed(tasks):
                task.result()
                done += 1
                words = told(done / total, f"已处理 {done}/{total} 个分片", f"measured {done} of {total} shards")
                report(words | {"operators": tally.rows()})
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return paths


def measured_paths(inputs: Inputs, recipe: Recipe, folder: Path) -> list[Path]:
    """Where the measured shard of each raw shard lies."""
    identity = recipe.measuring_identity()
    names = [hashlib.sha256(f"{identity}/{shard.sha256}".encode()).hexdigest()[:24] for shard in inputs.shards]
    return [folder / f"{name}.parquet" for name in names]


def _one(
    inputs: Inputs, shard: RawShard, chain: Sequence[Operator], banding: Banding, path: Path, tally: Tally
) -> None:
    inputs.verify(shard)
    with remembered():  # also what is written is the text that was read last
        measured = measured_batch(pl.read_parquet(shard.path), chain, banding, tally)
        write_atomically(path, lambda file: put_measured(measured, file))


def loaded(chain: Sequence[Operator], banding: Banding) -> None:
    """Have the code of all operators loaded, by one small document: what that takes is none of their time, and it is
    done once in a process."""
    known = (*(one.specification.name for one in chain), banding)
    if known in _LOADED:
        return
    words = {name: [""] for name in RAW_COLUMNS} | {"text": ["试运行。"], "rank": [0]}
    measured_batch(pl.DataFrame(words, schema_overrides={"rank": pl.Int32}), chain, banding)
    _LOADED.add(known)


def measured_batch(
    batch: pl.DataFrame, chain: Sequence[Operator], banding: Banding, tally: Tally | None = None
) -> pl.DataFrame:
    """Raw documents with all that is decided on later: statistics, ``bytes``, ``exact`` (half a SHA-256 of the text),
    ``distinct`` shingles and band ``keys``. ``tally`` counts what each operator does."""
    tally = tally or Tally(chain)
    with remembered():  # most operators read the text that the one before them read
        for one in chain:
            batch = tally.apply(one, batch)
        began = time.perf_counter()
        text = batch["text"]
        view = Texts.of(text)
    distinct, keys = sketch(view, banding)
    columns: list[Any] = [
        text.str.len_bytes().cast(pl.Int64).alias("bytes"),
        _halves(view),
        pl.Series("distinct", distinct),
        pl.Series("keys", np.ascontiguousarray(keys), pl.Array(pl.UInt64, banding.bands)),
    ]
    tally.count("sketch", batch, time.perf_counter() - began)
    return batch.with_columns(columns)


def _halves(texts: Texts) -> pl.Series:
    """The first half of each text's SHA-256."""
    found = np.ascontiguousarray(digests(texts)[:, : DIGEST // 2])
    places = np.arange(len(texts) + 1, dtype=np.int64) * found.shape[1]
    buffers = [None, pa.py_buffer(places), pa.py_buffer(found)]
    return pl.Series("exact", pa.Array.from_buffers(pa.large_binary(), len(texts), buffers))
