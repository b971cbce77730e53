"""Reading a version: its documents without the removed rows, and what differs between two."""

from collections.abc import Iterator
from typing import Any

import polars as pl

from ceyuan.data.versions.store import Store, Version

__all__ = ["difference", "documents"]


def documents(store: Store, version: Version) -> Iterator[pl.DataFrame]:
    """The documents of a version, shard by shard. Raises ``DataProblem`` ``shard_damaged``."""
    for part in version.parts:
        rows = pl.read_parquet(store.checked("data", part.sha256))
        if part.removed:
            gone = pl.Series(part.removed, dtype=pl.UInt32).implode()
            rows = rows.with_row_index("_at").filter(~pl.col("_at").is_in(gone)).drop("_at")
        yield rows


def difference(store: Store, earlier: Version, later: Version) -> dict[str, Any]:
    """Ids ``added``, ``removed`` and ``changed`` between two versions; ``changed``: other text, notes or side."""
    before, after = _rows(store, earlier), _rows(store, later)
    both = before.join(after, on="id", suffix="_after")
    same = pl.all_horizontal(pl.col(name) == pl.col(f"{name}_after") for name in ("exact", "about", "cluster", "split"))
    return {
        "added": after.join(before, on="id", how="anti")["id"].sort().to_list(),
        "removed": before.join(after, on="id", how="anti")["id"].sort().to_list(),
        "changed": both.filter(~same)["id"].sort().to_list(),
    }


def _rows(store: Store, version: Version) -> pl.DataFrame:
    state = pl.read_parquet(store.checked("state", version.note["state"]))
    return state.select("id", "exact", "about", "cluster", "split")
