"""Columns of decided documents that stay in the measured shards: read when they are asked for, some rows at a time."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

__all__ = ["ROWS", "Columns", "shards_in"]

ROWS = 1 << 18
"""Rows at a time: so many times a few hundred bytes are held."""


def shards_in(numbers: npt.NDArray[np.integer]) -> list[int]:
    """The shards that rows lie in, ascending: there are few, and counting is quicker than sorting."""
    return [int(shard) for shard in np.flatnonzero(np.bincount(numbers))]


class Columns:
    """``names`` of the documents ``decisions`` (``shard`` and ``row`` into ``measured``), in their order."""

    def __init__(self, measured: Sequence[Path], decisions: pl.DataFrame, names: Sequence[str]) -> None:
        self._measured, self.names = measured, list(names)
        self._places = decisions.select("shard", "row")
        self._whole = self._read(self._places, self.names) if decisions.height <= ROWS else None

    def slices(self) -> Iterator[pl.DataFrame]:
        """All of them, at most ``ROWS`` at a time."""
        if self._whole is not None:
            yield self._whole
            return
        for places in self._places.iter_slices(ROWS):
            yield self._read(places, self.names)

    def rows(self, at: pl.Series) -> pl.DataFrame:
        """Those of the documents ``at``."""
        return self._whole[at] if self._whole is not None else self._read(self._places[at], self.names)

    def column(self, name: str) -> pl.Series:
        """One of them, of all documents."""
        if self._whole is not None:
            return self._whole[name]
        parts = [self._read(places, [name])[name] for places in self._places.iter_slices(ROWS)]
        return pl.concat(parts)

    def _read(self, places: pl.DataFrame, names: list[str]) -> pl.DataFrame:
        number, row = places["shard"].to_numpy(), places["row"].to_numpy()
        parts: list[pl.DataFrame] = []
        order: list[npt.NDArray[np.int64]] = []
        for shard in shards_in(number):
            here = np.flatnonzero(number == shard)
            table = pl.read_parquet(self._measured[shard], columns=names)
            rows = row[here]
            whole = len(rows) == table.height and bool((rows == np.arange(len(rows), dtype=rows.dtype)).all())
            parts.append(table if whole else table[rows])
            order.append(here)
        if not parts:
            return pl.DataFrame(schema=dict.fromkeys(names, pl.Null))
        joined = pl.concat(parts)
        back = np.concatenate(order)
        if np.array_equal(back, np.arange(len(back))):
            return joined
        places_of = np.empty(len(back), np.int64)
        places_of[back] = np.arange(len(back))
        return joined[places_of]
