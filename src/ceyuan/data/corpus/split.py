"""Train and held-out: whole clusters to one side, so that nothing in the one can be read off the other."""

import numpy as np
import numpy.typing as npt
import polars as pl

from ceyuan.data.corpus.recipe import Split
from ceyuan.data.operators.compiling import compiled
from ceyuan.data.operators.digests import words
from ceyuan.data.operators.kernels import join, mixed_all

__all__ = ["SPLIT", "assign_split"]

SPLIT = pl.Enum(["heldout", "train"])
"""A side of the split."""


def assign_split(table: pl.DataFrame, related: npt.NDArray[np.int64], settings: Split) -> pl.DataFrame:
    """``table`` with ``cluster`` and ``split`` (``train`` or ``heldout``) for the kept rows, null for the others.

    A cluster is a set of kept documents tied by a common group or by similarity (``related``: pairs of row
    numbers); it is named by its first document's id. It is held out when a hash of that document's content and
    the seed falls under the share, so it stays on its side when documents are added. If that leaves one side
    empty, the cluster with the lowest hash is held out alone (with one cluster nothing is).
    """
    kept = table["reason"].is_null().to_numpy()
    parent = np.arange(table.height)
    groups = table.with_row_index("at").filter(pl.col("reason").is_null() & (pl.col("group") != ""))
    if groups.height:
        firsts = groups.with_columns(first=pl.col("at").min().over("group")).select("at", "first").to_numpy()
        _join_all(parent, firsts.astype(np.int64))
    _join_all(parent, related)
    roots = _roots(parent)
    places = _places(table["exact"].gather(roots), settings.seed)
    held = places < np.uint64(int(settings.heldout * 2**64))
    alone = np.unique(roots[kept])
    if settings.heldout and len(alone) > 1 and held[alone].all() | ~held[alone].any():
        held = roots == min(alone, key=lambda root: (places[root], root))
    train, heldout = pl.lit("train", SPLIT), pl.lit("heldout", SPLIT)
    return table.with_columns(
        cluster=pl.when(pl.Series(kept)).then(table["id"].gather(roots)),
        split=pl.when(pl.Series(kept)).then(pl.when(pl.Series(held)).then(heldout).otherwise(train)),
    )


@compiled
def _join_all(parent: npt.NDArray[np.int64], pairs: npt.NDArray[np.int64]) -> None:
    """Join the sets of each pair."""
    for pair in range(len(pairs)):
        join(parent, pairs[pair, 0], pairs[pair, 1])


def _roots(parent: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The root of each row: parents are never later rows, so following them a few times settles all."""
    while True:
        above = parent[parent]
        if np.array_equal(above, parent):
            return parent
        parent = above


def _places(digests: pl.Series, seed: int) -> npt.NDArray[np.uint64]:
    """Content digests and the seed mixed to evenly spread numbers."""
    return mixed_all(words(digests)[:, 0] ^ np.uint64(seed & 0xFFFFFFFFFFFFFFFF))
