"""Rows found by 128 bits of theirs: two columns of numbers, sorted and searched, where a table of hashes of long values
would take many times the memory."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from ceyuan.data.operators.digests import words

__all__ = ["Index", "Marks", "equal_next", "in_order", "marks_of_digests", "marks_of_names", "places_among"]

Places = npt.NDArray[np.int64]

_SEEDS = (0x5EED, 0xC0FFEE)
_WIDTH = 16


class Marks(NamedTuple):
    """128 bits of each row, in the order of the bytes they come from: the first 64, then the others."""

    high: npt.NDArray[np.uint64]
    low: npt.NDArray[np.uint64]

    def at(self, rows: npt.NDArray[np.integer] | npt.NDArray[np.bool_]) -> "Marks":
        """Those of some rows."""
        return Marks(self.high[rows], self.low[rows])


def marks_of_digests(halves: pl.Series) -> Marks:
    """Halves of digests, 16 bytes each; shorter values count as filled up with zeros."""
    if halves.bin.size().min() != _WIDTH:
        halves = halves.to_frame("half").select((pl.col("half") + pl.lit(b"\0" * _WIDTH)).bin.head(_WIDTH))["half"]
    both = words(halves)
    return Marks(both[:, 0].byteswap(), both[:, 1].byteswap())


def marks_of_names(names: pl.Series) -> Marks:
    """Two hashes of each name; good within one process."""
    one, two = (names.hash(seed).to_numpy() for seed in _SEEDS)
    return Marks(one, two)


def in_order(marks: Marks, among: npt.NDArray[np.integer] | None = None) -> Places:
    """The rows sorted by their marks, those of equal ones by ``among``, else by their place."""
    order = np.argsort(marks.high, kind="stable")
    ordered = marks.high[order]
    tied = np.zeros(len(order), np.bool_)
    tied[1:] = ordered[1:] == ordered[:-1]
    tied[:-1] |= tied[1:]
    few = order[tied]
    last = few if among is None else among[few]
    order[tied] = few[np.lexsort((last, marks.low[few], marks.high[few]))]
    return order


def equal_next(marks: Marks, order: Places) -> npt.NDArray[np.bool_]:
    """Of each row in ``order`` but the last, whether the next one has the same marks."""
    high = marks.high[order]
    same: npt.NDArray[np.bool_] = high[1:] == high[:-1]
    few = np.flatnonzero(same)  # hardly ever of rows that are not equal as a whole
    same[few] = marks.low[order[few]] == marks.low[order[few + 1]]
    return same


class Index:
    """Rows that are looked up by their marks."""

    def __init__(self, marks: Marks) -> None:
        self._low, self._order = marks.low, np.argsort(marks.high, kind="stable")
        self._ordered = marks.high[self._order]

    def places(self, sought: Marks) -> Places:
        """The first row with the marks of each that is ``sought``; -1 where there is none."""
        result = np.full(len(sought.high), -1, np.int64)
        # In order themselves, neighbours are found side by side in memory.
        left = np.argsort(sought.high, kind="stable")
        at = np.searchsorted(self._ordered, sought.high[left])
        while len(left):
            there = at < len(self._ordered)
            left, at = left[there], at[there]
            same = self._ordered[at] == sought.high[left]
            left, at = left[same], at[same]
            rows = self._order[at]
            equal = self._low[rows] == sought.low[left]
            result[left[equal]] = rows[equal]
            left, at = left[~equal], at[~equal] + 1
        return result


def places_among(sought: Marks, among: Marks) -> Places:
    """The first row of ``among`` with the marks of each row of ``sought``; -1 where there is none."""
    return Index(among).places(sought)
