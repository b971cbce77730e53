"""The second stage: one decision over all documents, from their statistics and sketches alone.

Texts are read again only for the documents that may be near-duplicates.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from ceyuan.data.corpus.gathering import gathered_keys, gathered_texts
from ceyuan.data.corpus.recipe import Duplicates, Recipe
from ceyuan.data.corpus.semantic import SemanticSearch
from ceyuan.data.corpus.split import assign_split
from ceyuan.data.duplicates import Found, Known, Search, search
from ceyuan.data.duplicates.search import ReadTexts
from ceyuan.data.operators import first_reason
from ceyuan.data.operators.digests import words

__all__ = [
    "decide",
    "exact_duplicates",
    "near_duplicates",
    "near_in_process",
    "preference",
    "with_near",
    "without_duplicates",
]

_DESCRIBING = ("id", "source", "domain", "title", "group", "rank", "changed", "bytes", "exact")

_SOUGHT = ("reason", "order", "id", "shard", "row", "distinct", "exact", "bytes")  # what the search asks of a row

Near = Callable[[pl.DataFrame, Sequence[Path], Duplicates], Found]


def near_in_process(kept: pl.DataFrame, shards: Sequence[Path], settings: Duplicates) -> Found:
    """Near-duplicates among ``kept``, rows of the measured ``shards`` in order of preference, searched here."""
    return near_duplicates(
        kept,
        gathered_keys(shards, kept),
        lambda places: gathered_texts(shards, kept[places]),
        settings,
    )


def decide(
    shards: Sequence[Path],
    statistics: Sequence[str],
    recipe: Recipe,
    near: Near = near_in_process,
    counting: pl.DataFrame | None = None,
    semantic: SemanticSearch | None = None,
) -> tuple[pl.DataFrame, int]:
    """(decisions, number of documents whose comparisons were curtailed).

    Decisions have one row per document in input order: ``shard`` and ``row`` (where it lies), what describes
    it, its statistics, ``reason`` (null: kept), ``duplicate_of``, ``similarity``, ``cluster`` and ``split``. ``near``
    searches for near-duplicates, ``semantic`` after it for what means the same. ``counting`` are the rows (``shard``,
    ``row``) that count; all where it is not given.
    """
    frames = [
        pl.read_parquet(path, columns=[*_DESCRIBING, *statistics, "distinct"])
        .with_row_index("row")
        .with_columns(pl.lit(number, pl.UInt32).alias("shard"))
        for number, path in enumerate(shards)
    ]
    table = pl.concat(frames)
    if counting is not None:
        table = table.join(counting, on=["shard", "row"], how="semi", maintain_order="left")
    table = table.with_columns(reason=first_reason(dict(recipe.filters()), table["domain"].unique()))
    table = table.with_columns(order=preference(table, recipe.duplicates))
    table = exact_duplicates(table) if recipe.duplicates.exact else without_duplicates(table)
    related: npt.NDArray[np.int64] = np.empty((0, 2), np.int64)
    curtailed = 0
    if recipe.duplicates.near:
        table, related, curtailed = _near(table, shards, recipe.duplicates, near)
    if semantic is not None:
        table = semantic(table)
    table = assign_split(table, related, recipe.split)
    return table.drop("order", "distinct", "rank", "group"), curtailed


def preference(table: pl.DataFrame, settings: Duplicates) -> pl.Series:
    """Place of each row when all are sorted by who should survive, best first; ties go by the input's order."""
    keys = {
        "rank": pl.col("rank").cast(pl.Int64),
        "longest": -pl.col("characters").cast(pl.Int64),
        "shortest": pl.col("characters").cast(pl.Int64),
        "first": pl.col("at").cast(pl.Int64),
    }
    by = [keys[name] for name in (*settings.prefer, "first")]
    known = table.select("rank", "characters").with_row_index("at")
    columns = known.select(**{f"by{number}": one for number, one in enumerate(by)})
    varying = [one.to_numpy() for one in columns if one.min() != one.max()]
    ordered = np.lexsort(varying[::-1]) if varying else np.arange(table.height)
    places = np.empty(len(ordered), np.int64)
    places[ordered] = np.arange(len(ordered))
    return pl.Series("order", places)


def without_duplicates(table: pl.DataFrame) -> pl.DataFrame:
    """``table`` with the columns that tell of duplicates, empty."""
    return table.with_columns(duplicate_of=pl.lit(None, pl.String), similarity=pl.lit(None, pl.Float32))


def exact_duplicates(table: pl.DataFrame) -> pl.DataFrame:
    """``table`` with exact duplicates of the kept row that is first in ``order`` marked."""
    marks = pl.Series("mark", _marks(table["exact"]))
    kept = table.select("order", "id", "exact", "reason").with_row_index("at").with_columns(mark=marks)
    kept = kept.filter(pl.col("reason").is_null())
    # Who shares not even 64 bits of the content's hash with another has no duplicate; the few others are compared.
    few = kept.filter(_shared(kept["mark"])).sort("order")
    best = few.group_by("exact", maintain_order=True).agg(best=pl.first("order"), first=pl.first("id"))
    again = few.join(best, on="exact").filter(pl.col("order") != pl.col("best"))
    places = again["at"]
    names = pl.Series([None], dtype=pl.String).new_from_index(0, table.height).scatter(places, again["first"])
    found = pl.select(duplicate_of=names).with_columns(
        similarity=pl.when(pl.col("duplicate_of").is_not_null()).then(pl.lit(1.0, pl.Float32))
    )
    reason = pl.when(pl.col("duplicate_of").is_not_null()).then(pl.lit("exact_duplicate")).otherwise("reason")
    return table.hstack(found).with_columns(reason=reason)


def _marks(contents: pl.Series) -> npt.NDArray[np.uint64]:
    """The first 64 bits of each hash of 128."""
    return words(contents)[:, 0].copy()


def _shared(marks: pl.Series) -> pl.Series:
    values = marks.to_numpy()
    ordered = np.sort(values)
    again = ordered[1:][ordered[1:] == ordered[:-1]]
    return pl.Series(np.isin(values, again))


def _near(
    table: pl.DataFrame, shards: Sequence[Path], settings: Duplicates, near: Near
) -> tuple[pl.DataFrame, npt.NDArray[np.int64], int]:
    """The table with near-duplicates marked, pairs of related kept rows, and how many were curtailed."""
    kept = table.select(*_SOUGHT).with_row_index("at").filter(pl.col("reason").is_null()).sort("order")
    if not kept.height:
        return table, np.empty((0, 2), np.int64), 0
    found = near(kept, shards, settings)
    at = kept["at"].to_numpy().astype(np.int64)
    return with_near(table, at, kept["id"], found), at[found.related], found.curtailed


def near_duplicates(
    kept: pl.DataFrame, keys: npt.NDArray[np.uint64], read: ReadTexts, settings: Duplicates, known: Known | None = None
) -> Found:
    """The search over rows in order of preference that have ``distinct``, ``exact`` and ``bytes``."""
    marks = _marks(kept["exact"])
    how = Search(settings.threshold, min(settings.related_from, settings.threshold), settings.comparisons)
    return search(keys, kept["distinct"].to_numpy(), marks, kept["bytes"].to_numpy(), read, how, known)


def with_near(table: pl.DataFrame, at: npt.NDArray[np.int64], ids: pl.Series, found: Found) -> pl.DataFrame:
    """``table`` with the near-duplicates of the rows ``at`` marked; ``ids`` are theirs."""
    dropped = np.flatnonzero(found.survivor >= 0)
    marked = pl.DataFrame(
        {
            "at": at[dropped].astype(np.uint32),
            "near_of": ids.gather(found.survivor[dropped]),
            "near": found.similarity[dropped],
        }
    )
    table = table.with_row_index("at").join(marked, on="at", how="left", maintain_order="left")
    near = pl.col("near_of").is_not_null()
    return table.with_columns(
        reason=pl.when(near).then(pl.lit("near_duplicate")).otherwise("reason"),
        duplicate_of=pl.when(near).then("near_of").otherwise("duplicate_of"),
        similarity=pl.when(near).then("near").otherwise("similarity"),
    ).drop("at", "near_of", "near")
