"""The second stage: who is kept, from statistics and prints alone."""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from ceyuan.data.corpus.decide import exact_duplicates, without_duplicates
from ceyuan.data.corpus.gathering import gather
from ceyuan.data.corpus.media.recipe import MediaRecipe
from ceyuan.data.corpus.split import assign_split
from ceyuan.data.media import similarity
from ceyuan.data.operators import first_reason
from ceyuan.data.problems import DataProblem

__all__ = ["decide_media"]

_DESCRIBING = ("id", "source", "domain", "title", "group", "rank", "kind", "size", "exact", "problem", "detail", "file")
_FINEST = {
    "image": ("width", "height"),
    "audio": ("sample_rate", "bandwidth"),
    "video": ("video_width", "video_height"),
}


def decide_media(shards: Sequence[Path], places: Sequence[Path], recipe: MediaRecipe) -> pl.DataFrame:
    """One row per item in input order: ``shard`` and ``row``, what describes it, its statistics, ``reason`` (null:
    kept), ``duplicate_of``, ``similarity``, ``cluster`` and ``split``. ``places`` are the folders that the files of
    each shard lie in; ``path`` is where a file is now.

    Other kinds of media are left out. Raises ``DataProblem`` ``nothing_to_read``.
    """
    statistics = recipe.statistics()
    frames = [
        pl.read_parquet(path, columns=[*_DESCRIBING, *statistics])
        .with_row_index("row")
        .with_columns(
            (pl.lit(f"{place}/") + pl.col("file")).alias("path"),
            pl.lit(number, pl.UInt32).alias("shard"),
            pl.col("size").alias("bytes"),
        )
        for number, (path, place) in enumerate(zip(shards, places, strict=True))
    ]
    table = pl.concat(frames, how="vertical_relaxed").filter(pl.col("kind") == recipe.kind)
    if not table.height:
        raise DataProblem(
            "nothing_to_read",
            f"来源中没有 {recipe.media} 所需的文件。",
            f"The sources hold no files for {recipe.media}.",
        )
    # What is counted of texts has no meaning here, but the tables that people see are the same.
    table = table.with_columns(characters=pl.lit(0, pl.Int32), changed=pl.lit(False))
    cut = first_reason(dict(recipe.filters()))
    table = table.with_columns(reason=pl.when(pl.col("problem") != "").then("problem").otherwise(cut))
    table = table.with_columns(order=_preference(table, recipe))
    table = exact_duplicates(table) if recipe.duplicates.exact else without_duplicates(table)
    related: npt.NDArray[np.int64] = np.empty((0, 2), np.int64)
    if recipe.duplicates.near:
        table, related = _near(table, shards, recipe)
    table = assign_split(table, related, recipe.split).drop("order", "rank", "group")
    return table.with_columns(pl.col("split").cast(pl.String))


def _preference(table: pl.DataFrame, recipe: MediaRecipe) -> pl.Series:
    """Place of each row when all are sorted by who should survive, best first."""
    one, other = _FINEST[recipe.kind]
    keys = {
        "rank": pl.col("rank"),
        "finest": -(pl.col(one).cast(pl.Float64) * pl.col(other)).fill_null(0),
        "largest": -pl.col("bytes"),
        "first": pl.col("at").cast(pl.Int64),
    }
    by = [keys[name] for name in (*recipe.duplicates.prefer, "first")]
    ordered = table.with_row_index("at").sort(by, maintain_order=True)["at"].to_numpy()
    places = np.empty(len(ordered), np.int64)
    places[ordered] = np.arange(len(ordered))
    return pl.Series("order", places)


def _near(
    table: pl.DataFrame, shards: Sequence[Path], recipe: MediaRecipe
) -> tuple[pl.DataFrame, npt.NDArray[np.int64]]:
    """The table with near-duplicates marked, and pairs of related kept rows."""
    kept = table.with_row_index("at").filter(pl.col("reason").is_null()).sort("order")
    if not kept.height:
        return table, np.empty((0, 2), np.int64)
    keys = pl.DataFrame({"key": gather(shards, kept, "keys")}).with_row_index("place").explode("key").drop_nulls()
    shared = keys.filter(pl.len().over("key") > 1)
    rows = kept[shared["place"].unique().sort()]
    places = {place: number for number, place in enumerate(shared["place"].unique().sort().to_list())}
    found, related = _walked(shared, places, gather(shards, rows, "print").to_list(), recipe)
    at = rows["at"].to_list()
    marked = pl.DataFrame(
        {
            "at": [at[one] for one, _, _ in found],
            "near_of": [rows["id"][other] for _, other, _ in found],
            "near": [value for _, _, value in found],
        },
        schema={"at": pl.UInt32, "near_of": pl.String, "near": pl.Float32},
    )
    table = table.with_row_index("at").join(marked, on="at", how="left", maintain_order="left")
    near = pl.col("near_of").is_not_null()
    table = table.with_columns(
        reason=pl.when(near).then(pl.lit("near_duplicate")).otherwise("reason"),
        duplicate_of=pl.when(near).then("near_of").otherwise("duplicate_of"),
        similarity=pl.when(near).then("near").otherwise("similarity"),
    ).drop("at", "near_of", "near")
    pairs = [(at[one], at[other]) for one, other in related]
    return table, np.array(pairs, np.int64).reshape(-1, 2)


def _walked(
    shared: pl.DataFrame, places: dict[int, int], kept_prints: list[bytes], recipe: MediaRecipe
) -> tuple[list[tuple[int, int, float]], list[tuple[int, int]]]:
    """(duplicates: item, the kept one, similarity), (pairs that are related), in order of preference, best first."""
    by_place: dict[int, list[int]] = defaultdict(list)
    for place, key in shared.select("place", "key").iter_rows():
        by_place[places[place]].append(key)
    holders: dict[int, list[int]] = defaultdict(list)
    found: list[tuple[int, int, float]] = []
    related: list[tuple[int, int]] = []
    for one in range(len(places)):
        others = sorted({other for key in by_place[one] for other in holders[key]})[: recipe.duplicates.comparisons]
        alike = [(similarity(recipe.kind, kept_prints[one], kept_prints[other]), -other) for other in others]
        best, other = max(alike, default=(0.0, 0))
        if best >= recipe.threshold:
            found.append((one, -other, best))
            continue
        related += [(one, -number) for value, number in alike if value >= recipe.duplicates.related_from]
        for key in by_place[one]:
            holders[key].append(one)
    return found, related
