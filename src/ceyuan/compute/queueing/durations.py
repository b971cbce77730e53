"""How long a task will still take, from tasks that have finished: no user's estimate, no oracle.

Durations are counted in logarithmic bins per group (who submits, how many accelerators). A group with few finished
tasks leans on its parents (all groups of that size, then all tasks). The rank of a task that has run for some time is
Gittins's index (Gittins 1989; for preemptive queues Aalto, Ayesta and Righter 2009): the least expected service spent
per expected completion, over all lengths of a quantum. It falls with the service for tasks that, having lasted, are
about to end, and rises for those that, having lasted, will last.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable

import numpy as np
import numpy.typing as npt

from ceyuan.compute.queueing.compiling import compiled

BINS = 72
"""Logarithmic bins of duration."""
SHORTEST, LONGEST = 10.0, 120 * 86400.0
EDGES: npt.NDArray[np.float64] = np.concatenate([[0.0], np.geomspace(SHORTEST, LONGEST, BINS)])
LEAN = 20.0
"""Finished tasks of the parent group that a group's own are weighed against."""

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@compiled
def bin_of(edges: Floats, seconds: float) -> int:
    """The bin that holds a duration; what is longer than all edges belongs to the last."""
    at = int(np.searchsorted(edges, seconds, side="right")) - 1
    return min(max(at, 0), len(edges) - 2)


@compiled
def blend(counts: Floats, parents: Ints, lean: float) -> Floats:
    """Probabilities per group and bin; ``parents[g]`` is -1 for the root, and every parent comes before its groups."""
    share = np.empty_like(counts)
    bins = counts.shape[1]
    for g in range(len(counts)):
        total = counts[g].sum()
        for b in range(bins):
            above = share[parents[g], b] if parents[g] >= 0 else 1.0 / bins
            weight = lean if parents[g] >= 0 else 1.0
            share[g, b] = (counts[g, b] + weight * above) / (total + weight)
    return share


@compiled
def gittins(share: Floats, edges: Floats) -> Floats:
    """Rank (seconds, smaller first) per group and bin of the service already had."""
    groups, bins = share.shape
    ranks = np.empty((groups, bins))
    for g in range(groups):
        for i in range(bins):
            alive = 0.0
            for b in range(i, bins):
                alive += share[g, b]
            best, gone, spent = 1e18, 0.0, 0.0
            for j in range(i, bins):
                middle = 0.5 * (edges[j] + edges[j + 1])
                gone += share[g, j]
                spent += share[g, j] * (middle - edges[i])
                service = spent + (alive - gone) * (edges[j + 1] - edges[i])
                if gone > 1e-12 and service / gone < best:
                    best = service / gone
            ranks[g, i] = best
    return ranks


class Durations:
    """Learns from finished tasks; says what to expect of one that has run for some time.

    Groups are any hashable keys with the number of accelerators: ``(who, accelerators)``.
    """

    def __init__(self, lean: float = LEAN) -> None:
        self._lean = lean
        self._rows: dict[Hashable, int] = {None: 0}
        self._parents: list[int] = [-1]
        self._counts: list[Floats] = [np.zeros(BINS)]
        self._share: Floats | None = None
        self._ranks: Floats | None = None

    def observe(self, finished: Iterable[tuple[Hashable, int, float]]) -> None:
        """Learn from finished tasks: (who, accelerators, seconds of service)."""
        for who, accelerators, seconds in finished:
            if not math.isfinite(seconds) or seconds < 0:
                raise ValueError(f"a duration must be a number of seconds, not {seconds}")
            row: int | None = self._row(who, accelerators)
            while row is not None and row >= 0:
                self._counts[row][bin_of(EDGES, seconds)] += 1
                row = self._parents[row]
        self._share = self._ranks = None

    def rank(self, who: Hashable, accelerators: int, served: float) -> float:
        """Gittins's rank in seconds: of two tasks the one with the smaller goes first."""
        self._learn()
        assert self._ranks is not None
        return float(self._ranks[self._known(who, accelerators), bin_of(EDGES, served)])

    def remaining(self, who: Hashable, accelerators: int, served: float, level: float = 0.5) -> float:
        """The quantile of the seconds still to come, given the seconds already served."""
        self._learn()
        assert self._share is not None
        start = bin_of(EDGES, served)
        tail = self._share[self._known(who, accelerators), start:]
        upto = np.cumsum(tail) / tail.sum()
        at = int(np.searchsorted(upto, level))
        below = upto[at - 1] if at else 0.0
        part = (level - below) / max(upto[at] - below, 1e-12)
        low, high = EDGES[start + at], EDGES[start + at + 1]
        return float(max(0.0, low + part * (high - low) - served))

    def _row(self, who: Hashable, accelerators: int) -> int:
        size = self._rows.setdefault((accelerators,), len(self._rows))
        if size == len(self._parents):
            self._parents.append(0)
            self._counts.append(np.zeros(BINS))
        row = self._rows.setdefault((who, accelerators), len(self._rows))
        if row == len(self._parents):
            self._parents.append(size)
            self._counts.append(np.zeros(BINS))
        return row

    def _known(self, who: Hashable, accelerators: int) -> int:
        return self._rows.get((who, accelerators), self._rows.get((accelerators,), 0))

    def _learn(self) -> None:
        if self._share is None:
            self._share = blend(np.array(self._counts), np.array(self._parents, np.int64), self._lean)
            self._ranks = gittins(self._share, EDGES)
