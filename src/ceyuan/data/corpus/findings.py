"""Counts of a run: documents and characters by source, domain and split, and the reasons for dropping."""

from typing import Any

import polars as pl

from ceyuan.data.operators import REASONS

__all__ = ["counted", "drop_reasons"]


def counted(decisions: pl.DataFrame) -> dict[str, Any]:
    """Numbers of the run: documents, characters and bytes before and after, by source, domain and split."""
    kept = pl.col("reason").is_null()
    measures = [
        pl.len().alias("documents"),
        kept.sum().alias("kept"),
        pl.col("characters").cast(pl.Int64).sum().alias("characters"),
        pl.col("characters").cast(pl.Int64).filter(kept).sum().alias("kept_characters"),
        pl.col("bytes").filter(kept).sum().alias("kept_bytes"),
    ]

    def by(column: str) -> dict[str, Any]:
        rows = decisions.group_by(column).agg(measures).sort(column).to_dicts()
        return {str(row.pop(column)): row for row in rows}

    splits = decisions.filter(kept).group_by("split")
    sides = splits.agg(
        pl.len().alias("documents"),
        pl.col("characters").cast(pl.Int64).sum().alias("characters"),
        pl.col("cluster").n_unique().alias("clusters"),
    )
    return {
        "total": decisions.select(measures).to_dicts()[0] | {"normalised": int(decisions["changed"].sum())},
        "sources": by("source"),
        "domains": by("domain"),
        "splits": {str(row.pop("split")): row for row in sides.sort("split").to_dicts()},
    }


def drop_reasons(decisions: pl.DataFrame) -> list[dict[str, Any]]:
    """Rows of the table of drop reasons: domain, reason with its names, documents and characters; most first."""
    dropped = decisions.filter(pl.col("reason").is_not_null()).group_by("domain", "reason")
    rows = dropped.agg(pl.len().alias("documents"), pl.col("characters").cast(pl.Int64).sum().alias("characters"))
    ordered = rows.sort(["documents", "domain", "reason"], descending=[True, False, False]).to_dicts()
    for row in ordered:
        row["zh"], row["en"] = REASONS.get(row["reason"], (row["reason"], row["reason"]))
    return ordered
