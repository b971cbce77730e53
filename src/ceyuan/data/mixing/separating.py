"""Which documents of a mixture belong together, across corpora: the same text, nearly the same, or one cluster."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

from ceyuan.data.corpus.decide import marks_of, near_duplicates
from ceyuan.data.corpus.recipe import Duplicates, Split
from ceyuan.data.corpus.split import assign_split
from ceyuan.data.duplicates import KeysInMemory
from ceyuan.data.duplicates.search import ReadTexts

__all__ = ["separated"]


def separated(documents: pl.DataFrame, read: ReadTexts, split: Split, settings: Duplicates) -> pl.DataFrame:
    """``documents`` (``id``, ``group``, ``bytes`` and their sketch: ``exact``, ``distinct``, ``keys``) with ``twin``
    (the id of an earlier document with nearly the same text, else null), ``cluster`` and ``split``. ``read`` gives
    the texts at some places.

    Twins are to be left out; of the rest, groups tied by text or by ``group`` lie on one side of the split."""
    table = documents.with_columns(reason=pl.lit(None, pl.String))
    twin = _same_text(table)
    first = np.flatnonzero(twin < 0)
    rows = table[first].with_columns(pl.Series("mark", marks_of(table["exact"])[first]))
    keys = rows["keys"].to_numpy().reshape(rows.height, -1)
    found = near_duplicates(rows, KeysInMemory(keys), lambda places: read(first[places]), settings)
    near = np.flatnonzero(found.survivor >= 0)
    twin[first[near]] = first[found.survivor[near]]
    left = pl.Series(twin >= 0)
    table = table.with_columns(reason=pl.when(left).then(pl.lit("twin")))
    related: npt.NDArray[np.int64] = first[found.related]
    ties = _ties(table["group"].to_list(), twin)
    table = assign_split(table, np.concatenate([related, ties]), split).with_columns(pl.col("split").cast(pl.String))
    names = [None if one < 0 else table["id"][int(one)] for one in twin]
    return table.with_columns(twin=pl.Series(names, dtype=pl.String)).drop("keys", "exact", "distinct", "reason")


def _same_text(table: pl.DataFrame) -> npt.NDArray[np.int64]:
    """Of each row the first row with the same text, -1 where it is the first itself."""
    first = table.with_row_index("at").select("at", first=pl.col("at").min().over("exact"))
    places = first["first"].to_numpy().astype(np.int64)
    return np.where(places == np.arange(table.height), -1, places)


def _ties(groups: Sequence[str], twin: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Pairs of kept rows that a left-out twin ties: its own group's first kept row, and the row that it duplicates."""
    first: dict[str, int] = {}
    for at, group in enumerate(groups):
        if group and twin[at] < 0:
            first.setdefault(group, at)
    pairs = []
    for at in np.flatnonzero(twin >= 0).tolist():
        survivor = int(twin[at])
        while twin[survivor] >= 0:
            survivor = int(twin[survivor])
        if groups[at] in first:
            pairs.append((first[groups[at]], survivor))
    return np.array(pairs, np.int64).reshape(-1, 2)
