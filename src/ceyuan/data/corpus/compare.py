"""What differs between two revisions of a dataset, document by document, from their statistics alone."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from ceyuan.data.reporting import Report

__all__ = ["compare", "main"]

_KINDS = ("added", "removed", "changed", "newly_dropped", "newly_kept")


def compare(earlier: Path, later: Path, kind: str = "", limit: int = 100, offset: int = 0) -> dict[str, Any]:
    """How the dataset whose ``statistics.parquet`` is ``later`` differs from that of ``earlier``.

    Returns ``counts`` by kind and ``documents``, those of ``kind`` (of all if empty) from ``offset`` on: ``id``,
    ``domain``, ``kind``, ``reason_before``, ``reason_after``. Documents are ``added`` to the input or ``removed``
    from it; of those in both, ``newly_dropped`` and ``newly_kept`` changed sides, and ``changed`` are kept in both
    with another text, other notes, another cluster or side of the split.
    """
    before, after = _rows(earlier), _rows(later)
    both = before.join(after, on="id", how="full", suffix="_after", coalesce=True)
    marks = [name for name in ("exact", "about", "cluster", "split") if {name, f"{name}_after"} <= {*both.columns}]
    differs = pl.any_horizontal(pl.col(name).ne_missing(pl.col(f"{name}_after")) for name in marks)
    was, now = pl.col("here").fill_null(False), pl.col("here_after").fill_null(False)
    kept_before, kept_after = pl.col("reason").is_null(), pl.col("reason_after").is_null()
    sort = (
        pl.when(~was & now)
        .then(pl.lit("added"))
        .when(was & ~now)
        .then(pl.lit("removed"))
        .when(kept_before & ~kept_after)
        .then(pl.lit("newly_dropped"))
        .when(~kept_before & kept_after)
        .then(pl.lit("newly_kept"))
        .when(kept_before & kept_after & differs)
        .then(pl.lit("changed"))
    )
    rows = both.with_columns(kind=sort).filter(pl.col("kind").is_not_null())
    tally = dict(rows["kind"].value_counts().iter_rows())
    shown = rows.filter(pl.col("kind") == kind) if kind else rows
    shown = shown.sort("kind", "id").slice(offset, limit)
    return {
        "counts": {name: tally.get(name, 0) for name in _KINDS},
        "documents": shown.select(
            "id",
            pl.coalesce("domain_after", "domain").alias("domain"),
            "kind",
            pl.col("reason").alias("reason_before"),
            pl.col("reason_after"),
        ).to_dicts(),
    }


def main(args: Mapping[str, Any], report: Report) -> dict[str, Any]:
    """``compare`` as a process: ``earlier`` and ``later`` (files), ``kind``, ``limit``, ``offset``."""
    del report  # it takes a moment
    paths = Path(args["earlier"]), Path(args["later"])
    return compare(*paths, str(args.get("kind") or ""), int(args["limit"]), int(args["offset"]))


def _rows(path: Path) -> pl.DataFrame:
    names = pl.read_parquet_schema(path)
    wanted = ["id", "domain", "reason", *(one for one in ("exact", "about", "cluster", "split") if one in names)]
    return pl.read_parquet(path, columns=wanted).with_columns(here=pl.lit(True))
