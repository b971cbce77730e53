"""Connected components without a single-task stage: stars that grow and shrink until each component is one."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ceyuan.data.distributed.pools import Pool

__all__ = ["connected", "parted"]

Edges = npt.NDArray[np.int64]


def connected(pool: Pool, edges: Sequence[Any]) -> list[Any]:
    """Places of ``pool.width`` arrays of pairs (node, least node of its component), for all nodes but the least ones.

    ``edges`` are places of ``pool.width`` times ``pool.width`` arrays of pairs, in rows by the task that made them and
    columns by the part of the first node (``parted``). Large-star and small-star alternate (Kiveris, Lattanzi,
    Mirrokni, Rastogi and Vassilvitskii 2014) until nothing changes, in O(log² n) rounds; a component is whole in
    the part of its least node at the end.
    """
    width = pool.width
    rows = [edges[at : at + width] for at in range(0, len(edges), width)]
    before: list[int] = []
    while True:
        rows = [pool.submit(_large_star, width, *column, parts=width) for column in zip(*rows, strict=True)]
        made = [pool.submit(_small_star, width, *column, parts=width + 1) for column in zip(*rows, strict=True)]
        marks = pool.results([one[-1] for one in made])
        rows = [one[:-1] for one in made]
        now = [sum(int(mark[0]) for mark in marks) % (1 << 64), sum(int(mark[1]) for mark in marks)]
        if now == before:
            return [pool.submit(_joined, *column)[0] for column in zip(*rows, strict=True)]
        before = now


def parted(edges: Edges, width: int, by: npt.NDArray[np.int64] | None = None) -> list[Edges]:
    """``edges`` by a hash of their first node (or of ``by``), in ``width`` parts."""
    nodes = (edges[:, 0] if by is None else by).astype(np.uint64)
    part = ((nodes * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(33)) % np.uint64(width)
    return [edges[part == number] for number in range(width)]


def _large_star(width: int, *pieces: Edges) -> list[Edges]:
    """Every greater neighbour of a node is tied to the least of its neighbourhood; sent on by the greater end."""
    edges, least = _with_least(pieces)
    chosen = edges[:, 1] > edges[:, 0]
    made = np.stack([edges[chosen, 1], least[chosen]], axis=1)
    return parted(made, width)


def _small_star(width: int, *pieces: Edges) -> list[Any]:
    """A node and its lesser neighbours are tied to the least of them; sent on to both ends, and a mark of the edges."""
    edges, least = _with_least(pieces)
    ties = np.stack([np.concatenate([edges[:, 1], edges[:, 0]]), np.concatenate([least, least])], axis=1)
    ties = np.unique(ties[ties[:, 0] != ties[:, 1]], axis=0)
    low, high = ties[:, 1].astype(np.uint64), ties[:, 0].astype(np.uint64)
    mixed = (low * np.uint64(0xBF58476D1CE4E5B9)) ^ (high * np.uint64(0x94D049BB133111EB))
    mark = (int(np.bitwise_xor.reduce(mixed ^ (mixed >> np.uint64(29)), initial=np.uint64(0))), len(ties))
    return [*parted(np.concatenate([ties, ties[:, ::-1]]), width), mark]


def _joined(*pieces: Edges) -> Edges:
    """Pairs (leaf, centre) of the components whose centre is in this part."""
    edges = _unique(pieces)
    return edges[edges[:, 0] < edges[:, 1]][:, ::-1]


def _with_least(pieces: Sequence[Edges]) -> tuple[Edges, npt.NDArray[np.int64]]:
    """Edges sorted by their first node, and for each the least of that node and its neighbours."""
    edges = _unique(pieces)
    if not len(edges):
        return edges, np.empty(0, np.int64)
    starts = np.flatnonzero(np.append(True, edges[1:, 0] != edges[:-1, 0]))
    least = np.minimum(np.minimum.reduceat(edges[:, 1], starts), edges[starts, 0])
    return edges, np.repeat(least, np.diff(np.append(starts, len(edges))))


def _unique(pieces: Sequence[Edges]) -> Edges:
    return np.unique(np.concatenate(pieces), axis=0) if pieces else np.empty((0, 2), np.int64)
