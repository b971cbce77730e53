"""The first stage: each medium decoded once, measured, printed and previewed; one measured shard per raw shard."""

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import polars as pl

from ceyuan.data.corpus.inputs import Inputs, RawShard
from ceyuan.data.corpus.media.recipe import MediaRecipe
from ceyuan.data.corpus.report import Report, told
from ceyuan.data.files import sha256_of, write_atomically
from ceyuan.data.media import Broken, measure, open_media, preview, prints
from ceyuan.data.operators import Operator
from ceyuan.data.problems import DataProblem

__all__ = ["measured_media"]

_ABOUT: dict[str, Any] = {
    "exact": pl.Binary,
    "path": pl.String,
    "problem": pl.String,
    "detail": pl.String,
    "keys": pl.List(pl.UInt64),
    "print": pl.Binary,
    "preview": pl.Binary,
}


def measured_media(inputs: Inputs, recipe: MediaRecipe, folder: Path, threads: int, report: Report) -> list[Path]:
    """Measured shards in ``folder``, one per raw shard and in their order; those already there are kept.

    A measured shard has the raw columns, ``exact`` (half of the file's SHA-256), the statistics, ``keys`` and
    ``print``, ``preview``; of an item that could not be used ``problem`` and ``detail`` say why. Raises ``DataProblem``
    ``shard_damaged``, ``missing_extra``.
    """
    chain, identity = recipe.operators(), recipe.measuring_identity()
    names = [hashlib.sha256(f"{identity}/{shard.sha256}".encode()).hexdigest()[:24] for shard in inputs.shards]
    paths = [folder / f"{name}.parquet" for name in names]
    with ThreadPoolExecutor(max_workers=max(1, threads), thread_name_prefix="measure") as pool:
        for number, (path, shard) in enumerate(zip(paths, inputs.shards, strict=True), 1):
            if not path.exists():
                _one(inputs, shard, chain, recipe.kind, path, pool)
            done = number / len(paths)
            report(told(done, f"已处理 {number}/{len(paths)} 个分片", f"measured {number} of {len(paths)} shards"))
    return paths


def _one(
    inputs: Inputs, shard: RawShard, chain: Sequence[Operator], kind: str, path: Path, pool: ThreadPoolExecutor
) -> None:
    inputs.verify(shard)
    raw = pl.read_parquet(shard.path)
    rows = raw.select("kind", "file").iter_rows()
    try:
        found = list(pool.map(lambda row: _item(shard.path.parent / row[1], row[0], kind, chain), rows))
    except BaseException:
        pool.shutdown(cancel_futures=True)
        raise
    statistics = [name for one in chain for name in one.specification.writes]
    about = [pl.Series(name, [row[name] for row in found], kind_) for name, kind_ in _ABOUT.items()]
    measures = [_column(name, [row.get(name) for row in found]) for name in statistics]
    measured = raw.with_columns(*about, *measures)
    write_atomically(path, lambda file: measured.write_parquet(file, compression="zstd", statistics=False))


def _column(name: str, values: list[Any]) -> pl.Series:
    """Numbers as 32-bit floats, words as words: the same type in every shard."""
    words = any(isinstance(value, str) for value in values)
    return pl.Series(name, values, pl.String if words else pl.Float32, strict=False)


def _item(path: Path, kind: str, wanted: str, chain: Sequence[Operator]) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(_ABOUT)
    row |= {"path": str(path), "problem": "", "detail": "", "keys": []}
    digest = sha256_of(path) if path.is_file() else ""
    if digest != path.name.partition(".")[0]:
        raise DataProblem(
            "shard_damaged",
            f"原始文件 {path.name} 缺失或已损坏，请重新收集该来源。",
            f"Raw file {path.name} is missing or damaged; collect its source again.",
        )
    row["exact"] = bytes.fromhex(digest)[:16]
    if kind != wanted:
        return row
    try:
        item = open_media(kind, path)
    except Broken as broken:
        if broken.reason == "missing_extra":
            raise DataProblem("missing_extra", f"缺少解码库：{broken}", f"A decoder is missing: {broken}") from broken
        return row | {"problem": broken.reason, "detail": str(broken)}
    row["keys"], row["print"] = prints(kind, item)
    row["preview"] = preview(kind, item)
    try:
        return row | measure(item, chain)
    except Broken as broken:
        raise DataProblem("missing_extra", f"缺少算子所需的模型：{broken}", f"A model is missing: {broken}") from broken
