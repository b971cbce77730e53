"""The second stage: one decision over all documents, from their statistics and sketches alone.

Texts are read again only for the documents that may be near-duplicates.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow.parquet as pq

from ceyuan.data.corpus.gathering import GatheredKeys, gathered_texts
from ceyuan.data.corpus.reasons import reason_type, with_reason
from ceyuan.data.corpus.recipe import Duplicates, Recipe
from ceyuan.data.corpus.semantic import SemanticSearch
from ceyuan.data.corpus.split import assign_split
from ceyuan.data.duplicates import BandKeys, Found, Known, Search, search
from ceyuan.data.duplicates.search import ReadTexts
from ceyuan.data.memory import give_back
from ceyuan.data.operators import Filter, first_reason
from ceyuan.data.operators.digests import words

__all__ = [
    "decide",
    "exact_duplicates",
    "marks_of",
    "near_duplicates",
    "near_in_process",
    "preference",
    "sought",
    "with_near",
    "with_sorted_words",
    "without_duplicates",
]

_DESCRIBING = ("id", "source", "domain", "group", "rank", "changed", "bytes", "exact", "characters", "distinct")
_WORDS = ("source", "domain")
_ALIKE = (*_WORDS, "group")  # words that come again and again


Near = Callable[[pl.DataFrame, Sequence[Path], Duplicates], Found]


def near_in_process(kept: pl.DataFrame, shards: Sequence[Path], settings: Duplicates) -> Found:
    """Near-duplicates among ``kept``, rows of the measured ``shards`` in order of preference, searched here."""
    return near_duplicates(
        kept,
        GatheredKeys(shards, kept, settings.bands),
        lambda places: gathered_texts(shards, kept[places]),
        settings,
    )


def decide(
    shards: Sequence[Path],
    recipe: Recipe,
    near: Near = near_in_process,
    counting: pl.DataFrame | None = None,
    semantic: SemanticSearch | None = None,
) -> tuple[pl.DataFrame, int]:
    """(decisions, number of documents whose comparisons were curtailed).

    Decisions have one row per document in input order: ``shard`` and ``row`` (where it lies), what describes
    it, ``reason`` (null: kept), ``duplicate_of``, ``similarity``, ``cluster`` and ``split``. Statistics stay in the
    shards, but for ``characters`` and ``bytes``. ``near`` searches for near-duplicates, ``semantic`` after it for what
    means the same. ``counting`` are the rows (``shard``, ``row``) that count; all where it is not given.
    """
    filters = dict(recipe.filters())
    asked = [one.statistic for chain in filters.values() for one in chain]
    measured = set(recipe.statistics())
    needed = list(dict.fromkeys([*_DESCRIBING, *(name for name in asked if name in measured)]))
    give_back(sum(pq.read_metadata(path).num_rows for path in shards))
    table = with_sorted_words(pl.concat([_judged(path, at, needed, filters) for at, path in enumerate(shards)]))
    if counting is not None:
        table = table.join(counting, on=["shard", "row"], how="semi", maintain_order="left")
    table = table.with_columns(order=preference(table, recipe.duplicates)).drop("rank")
    give_back(table.height)
    table = exact_duplicates(table) if recipe.duplicates.exact else without_duplicates(table)
    related: npt.NDArray[np.int64] = np.empty((0, 2), np.int64)
    curtailed = 0
    if recipe.duplicates.near:
        give_back(table.height)
        table, related, curtailed = _near(table, shards, recipe.duplicates, near)
        give_back(table.height)
    if semantic is not None:
        table = semantic(table)
    table = assign_split(table.drop("order", "distinct"), related, recipe.split).drop("group")
    give_back(table.height)
    return table, curtailed


def _judged(path: Path, number: int, columns: Sequence[str], filters: Mapping[str, Sequence[Filter]]) -> pl.DataFrame:
    """What is decided on of a shard's documents, and the ``reason`` of the first filter that each fails."""
    rows = pl.read_parquet(path, columns=list(columns)).with_row_index("row")
    reason = first_reason(dict(filters), rows["domain"].unique())
    return rows.select(
        "row",
        *(name for name in _DESCRIBING if name not in _ALIKE),
        *(pl.col(name).cast(pl.Categorical) for name in _ALIKE),
        pl.lit(number, pl.UInt32).alias("shard"),
        reason.cast(reason_type(filters.values())).alias("reason"),
    )


def with_sorted_words(table: pl.DataFrame) -> pl.DataFrame:
    """``table`` with source and domain, where it has them, as numbers in memory that sort as the words do."""
    there = [name for name in _WORDS if name in table.columns and not isinstance(table.schema[name], pl.Enum)]
    return table.with_columns(pl.col(name).cast(pl.Enum(table[name].unique().cast(pl.String).sort())) for name in there)


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
    places = np.empty(len(ordered), np.uint32)
    places[ordered] = np.arange(len(ordered), dtype=np.uint32)
    return pl.Series("order", places)


def without_duplicates(table: pl.DataFrame) -> pl.DataFrame:
    """``table`` with the columns that tell of duplicates, empty."""
    return table.with_columns(duplicate_of=pl.lit(None, pl.String), similarity=pl.lit(None, pl.Float32))


def exact_duplicates(table: pl.DataFrame) -> pl.DataFrame:
    """``table`` with exact duplicates of the kept row that is first in ``order`` marked."""
    marks, kept = marks_of(table["exact"]), np.flatnonzero(table["reason"].is_null().to_numpy())
    # Who shares not even 64 bits of the content's hash with another has no duplicate; the few others are compared.
    shared = kept[_shared(marks[kept])]
    few = table.select("order", "id", "exact")[shared].with_columns(at=shared).sort("order")
    best = few.group_by("exact", maintain_order=True).agg(best=pl.first("order"), first=pl.first("id"))
    again = few.join(best, on="exact").filter(pl.col("order") != pl.col("best"))
    alike = pl.Series([1.0], dtype=pl.Float32).new_from_index(0, again.height)
    return _with_duplicates(without_duplicates(table), again["at"].to_numpy(), again["first"], alike, "exact_duplicate")


def _with_duplicates(
    table: pl.DataFrame, at: npt.NDArray[np.int64], names: pl.Series, similarity: pl.Series, reason: str
) -> pl.DataFrame:
    """``table`` with the rows ``at`` as duplicates of ``names``."""
    dropped = np.zeros(table.height, np.bool_)
    dropped[at] = True
    table = with_reason(table, pl.lit(pl.Series(dropped)), reason)
    return table.with_columns(
        table["duplicate_of"].clone().scatter(at, names), table["similarity"].clone().scatter(at, similarity)
    )


def marks_of(contents: pl.Series) -> npt.NDArray[np.uint64]:
    """The first 64 bits of each hash of 128."""
    return words(contents)[:, 0].copy()


def _shared(marks: npt.NDArray[np.uint64]) -> npt.NDArray[np.bool_]:
    ordered = np.sort(marks)
    again = ordered[1:][ordered[1:] == ordered[:-1]]
    return np.isin(marks, again)


def _near(
    table: pl.DataFrame, shards: Sequence[Path], settings: Duplicates, near: Near
) -> tuple[pl.DataFrame, npt.NDArray[np.int64], int]:
    """The table with near-duplicates marked, pairs of related kept rows, and how many were curtailed."""
    kept = sought(table)
    if not kept.height:
        return table, np.empty((0, 2), np.int64), 0
    found = near(kept, shards, settings)
    at = kept["at"].to_numpy()
    return with_near(table, at, found), at[found.related], found.curtailed


def sought(table: pl.DataFrame, shard: str = "shard") -> pl.DataFrame:
    """What the search for near-duplicates asks of the kept rows of ``table``, in order of preference: their places
    (``at``), where they lie (``shard``, ``row``), ``distinct``, ``bytes`` and ``mark``."""
    places = np.empty(table.height, np.int64)
    places[table["order"].to_numpy()] = np.arange(table.height)
    at = places[table["reason"].is_null().to_numpy()[places]]
    rows: pl.DataFrame = table.select(pl.col(shard).alias("shard"), "row", "distinct", "bytes")[at]
    return rows.with_columns(at=at, mark=marks_of(table["exact"])[at])


def near_duplicates(
    kept: pl.DataFrame, keys: BandKeys, read: ReadTexts, settings: Duplicates, known: Known | None = None
) -> Found:
    """The search over rows in order of preference that have ``distinct``, ``mark`` (64 bits of the content's hash) and
    ``bytes``."""
    how = Search(settings.threshold, min(settings.related_from, settings.threshold), settings.comparisons)
    return search(
        keys, kept["distinct"].to_numpy(), kept["mark"].to_numpy(), kept["bytes"].to_numpy(), read, how, known
    )


def with_near(table: pl.DataFrame, at: npt.NDArray[np.int64], found: Found) -> pl.DataFrame:
    """``table`` with the near-duplicates of the rows ``at`` marked."""
    dropped = np.flatnonzero(found.survivor >= 0)
    names = table["id"].gather(at[found.survivor[dropped]])
    return _with_duplicates(table, at[dropped], names, pl.Series(found.similarity[dropped]), "near_duplicate")
