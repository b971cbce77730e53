"""The first stage: each medium decoded once, measured, printed and previewed; one measured shard per raw shard."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import orjson
import polars as pl

from ceyuan.data.corpus.inputs import Inputs, RawShard
from ceyuan.data.corpus.media.recipe import MediaRecipe
from ceyuan.data.files import sha256_of, write_atomically
from ceyuan.data.media import Broken, measure, open_media, preview, prints, require_models
from ceyuan.data.operators import Operator
from ceyuan.data.problems import DataProblem
from ceyuan.data.reporting import Report, told

__all__ = ["damaged", "measured_media"]

_ABOUT: dict[str, Any] = {
    "exact": pl.Binary,
    "problem": pl.String,
    "detail": pl.String,
    "keys": pl.List(pl.UInt64),
    "print": pl.Binary,
    "preview": pl.Binary,
}


def measured_media(inputs: Inputs, recipe: MediaRecipe, folder: Path, threads: int, report: Report) -> list[Path]:
    """Measured shards in ``folder``, one per raw shard and in their order; those already there are kept.

    A measured shard has the raw columns, ``exact`` (half of the file's SHA-256), the statistics, ``keys`` and
    ``print``, ``preview``; of an item that could not be used ``problem`` and ``detail`` say why. Files that another
    shard in ``folder`` measured by the same operators are not decoded again. Raises ``DataProblem`` ``shard_damaged``,
    ``missing_extra``, ``vision_unconfigured``, ``vision_unreachable``.
    """
    chain, identity = recipe.operators(), recipe.measuring_identity()
    require_models(chain)
    paths = [folder / f"{identity}-{shard.sha256[:32]}.parquet" for shard in inputs.shards]
    known = _Known(folder, identity, set(paths)) if not all(path.exists() for path in paths) else None
    with ThreadPoolExecutor(max_workers=max(1, threads), thread_name_prefix="measure") as pool:
        for number, (path, shard) in enumerate(zip(paths, inputs.shards, strict=True), 1):
            if known is not None and not path.exists():
                _one(inputs, shard, chain, recipe.kind, path, (pool, known))
            done = number / len(paths)
            report(told(done, f"已处理 {number}/{len(paths)} 个分片", f"measured {number} of {len(paths)} shards"))
    return paths


class _Known:
    """Items that earlier runs measured by the same operators: which shard and row of theirs, by file and words."""

    def __init__(self, folder: Path, identity: str, own: set[Path]) -> None:
        self._folder = folder
        self._places: dict[tuple[bytes, str], tuple[Path, int]] = {}
        for path in sorted(set(folder.glob(f"{identity}-*.parquet")) - own):
            rows = pl.read_parquet(path, columns=["exact", "meta", "problem"]).iter_rows()
            for row, (exact, meta, problem) in enumerate(rows):
                if problem is not None:
                    self._places[exact, _beside(meta)] = path, row

    def rows(self, raw: pl.DataFrame) -> list[dict[str, Any] | None]:
        """What is known of each row of a raw shard."""
        found: list[dict[str, Any] | None] = [None] * raw.height
        wanted: dict[Path, list[tuple[int, int]]] = {}
        for at, (file, meta) in enumerate(raw.select("file", "meta").iter_rows()):
            place = self._places.get((_digest(Path(file))[:16], _beside(meta)))
            if place is not None:
                wanted.setdefault(place[0], []).append((at, place[1]))
        for path, places in wanted.items():
            stored = pl.read_parquet(path)[[row for _, row in places]].to_dicts()
            for (at, _), values in zip(places, stored, strict=True):
                found[at] = values
        return found


def _digest(path: Path) -> bytes:
    """The SHA-256 that a stored file is named by."""
    return bytes.fromhex(path.name.partition(".")[0])


def _beside(meta: str) -> str:
    return str(orjson.loads(meta).get("beside", "")) if "beside" in meta else ""


def _one(
    inputs: Inputs,
    shard: RawShard,
    chain: Sequence[Operator],
    kind: str,
    path: Path,
    means: tuple[ThreadPoolExecutor, _Known],
) -> None:
    pool, known = means
    inputs.verify(shard)
    raw = pl.read_parquet(shard.path)
    statistics = [name for one in chain for name in one.specification.writes]
    kept = (*_ABOUT, *statistics)

    def item(row: tuple[str, str, str, dict[str, Any] | None]) -> dict[str, Any]:
        here, before = shard.path.parent / row[1], row[3]
        _verify(here)
        if before is not None and row[0] == kind:
            return {name: before[name] for name in kept}
        return _item(here, row[0], kind, chain, _beside(row[2]))

    rows = zip(*(raw[name].to_list() for name in ("kind", "file", "meta")), known.rows(raw), strict=True)
    try:
        found = list(pool.map(item, rows))
    except BaseException:
        pool.shutdown(cancel_futures=True)
        raise
    about = [pl.Series(name, [row[name] for row in found], kind_) for name, kind_ in _ABOUT.items()]
    measures = [_column(name, [row.get(name) for row in found]) for name in statistics]
    measured = raw.with_columns(*about, *measures)
    write_atomically(path, lambda file: measured.write_parquet(file, compression="zstd", statistics=False))


def _column(name: str, values: list[Any]) -> pl.Series:
    """Numbers as 32-bit floats, words as words: the same type in every shard."""
    words = any(isinstance(value, str) for value in values)
    return pl.Series(name, values, pl.String if words else pl.Float32, strict=False)


def _verify(path: Path) -> None:
    if not path.is_file() or sha256_of(path) != path.name.partition(".")[0]:
        raise damaged(path)


def damaged(path: Path) -> DataProblem:
    """What is raised for a file that is not the one that was collected."""
    return DataProblem(
        "shard_damaged",
        f"原始文件 {path.name} 缺失或已损坏，请重新收集该来源。",
        f"Raw file {path.name} is missing or damaged; collect its source again.",
    )


def _item(path: Path, kind: str, wanted: str, chain: Sequence[Operator], beside: str) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(_ABOUT)
    row |= {"problem": "", "detail": "", "keys": [], "exact": _digest(path)[:16]}
    if kind != wanted:
        return row | {"problem": None}
    try:
        item = open_media(kind, path, beside)
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
