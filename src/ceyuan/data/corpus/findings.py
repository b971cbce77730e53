"""Counts of a run by source, domain and split, the reasons for dropping, and how the statistics are distributed."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import polars as pl

from ceyuan.data.operators import REASONS

__all__ = ["counted", "distributions", "drop_reasons"]

_QUANTILES = (0.0, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1.0)
_BINS = 32


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

    sized = decisions.select("source", "domain", "reason", "characters", "bytes", "changed")

    def by(column: str) -> dict[str, Any]:
        rows = sized.group_by(column).agg(measures).sort(column).to_dicts()
        return {str(row.pop(column)): row for row in rows}

    splits = decisions.select("split", "characters", "cluster", "reason").filter(kept).group_by("split")
    sides = splits.agg(
        pl.len().alias("documents"),
        pl.col("characters").cast(pl.Int64).sum().alias("characters"),
        pl.col("cluster").n_unique().alias("clusters"),
    )
    return {
        "total": sized.select(measures).to_dicts()[0] | {"normalised": int(decisions["changed"].sum())},
        "sources": by("source"),
        "domains": by("domain"),
        "splits": {str(row.pop("split")): row for row in sides.sort("split").to_dicts()},
    }


def drop_reasons(decisions: pl.DataFrame) -> list[dict[str, Any]]:
    """Rows of the table of drop reasons: domain, reason with its names, documents and characters; most first."""
    reasons = decisions.select("domain", "reason", "characters").filter(pl.col("reason").is_not_null())
    dropped = reasons.group_by("domain", "reason")
    rows = dropped.agg(pl.len().alias("documents"), pl.col("characters").cast(pl.Int64).sum().alias("characters"))
    ordered = rows.sort(["documents", "domain", "reason"], descending=[True, False, False]).to_dicts()
    for row in ordered:
        row["zh"], row["en"] = REASONS.get(row["reason"], (row["reason"], row["reason"]))
    return ordered


def distributions(
    decisions: pl.DataFrame, statistics: Sequence[str], column: Callable[[str], pl.Series]
) -> dict[str, Any]:
    """Per domain and statistic: ``quantiles`` (share -> value), and a histogram of all documents and of the kept ones.

    The histogram has equal bins between the quantiles 0.01 and 0.99 (``edges``); what lies outside counts in
    the outermost bins. ``column`` gives the values of a statistic in the order of ``decisions``.
    """
    names = decisions["domain"].unique().cast(pl.String).sort()
    code = decisions["domain"].cast(pl.String).cast(pl.Enum(names)).to_physical().to_numpy()
    ends = np.cumsum(np.bincount(code, minlength=len(names)))
    order = np.argsort(code, kind="stable") if len(names) > 1 else slice(None)
    kept = decisions["reason"].is_null().to_numpy()[order]
    result: dict[str, Any] = {name: {} for name in names}
    for statistic in statistics:
        values = column(statistic)
        if not values.dtype.is_numeric():
            continue
        ordered = values.to_numpy()[order]
        for name, begin, end in zip(names, [0, *ends[:-1]], ends, strict=True):
            if (found := _distribution(ordered[begin:end], kept[begin:end])) is not None:
                result[name][statistic] = found
    return result


def _distribution(values: Any, kept: Any) -> dict[str, Any] | None:
    """None where no document has a value."""
    if values.dtype.kind == "f" and (missing := np.isnan(values)).any():
        values, kept = values[~missing], kept[~missing]
    if not len(values):
        return None
    everyone = np.sort(values)
    places = np.multiply(_QUANTILES, len(everyone) - 1)
    near = np.unique(np.concatenate([np.floor(places), np.ceil(places)]).astype(np.int64))
    quantiles = np.interp(places, near, everyone[near].astype(np.float64))  # between the nearest two, as is usual
    low, high = float(quantiles[1]), float(quantiles[-2])
    edges = np.linspace(low, high if high > low else low + 1.0, _BINS + 1)
    return {
        "quantiles": {f"{share:g}": round(float(value), 6) for share, value in zip(_QUANTILES, quantiles, strict=True)},
        "edges": [round(float(edge), 6) for edge in edges],
        "documents": _histogram(everyone, edges),
        "kept": _histogram(np.sort(values[kept]), edges),
    }


def _histogram(ordered: Any, edges: Any) -> list[int]:
    """How many of the sorted values lie in each bin; the outermost ones take what lies outside."""
    cuts = np.searchsorted(ordered.astype(np.float64), edges[1:-1])
    return [int(count) for count in np.diff(cuts, prepend=0, append=len(ordered))]
