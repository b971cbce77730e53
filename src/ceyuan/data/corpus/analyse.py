"""What the statistics of a dataset say beyond single figures: keep rates, duplicate clusters, correlation."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from ceyuan.data.operators import STATISTICS
from ceyuan.data.reporting import Report

__all__ = ["analyse", "main"]

_SAMPLE = 50_000
_DUPLICATES = ("exact_duplicate", "near_duplicate", "semantic_duplicate")
_SIZE = "bytes"


def analyse(statistics: Path, clusters: int = 20, members: int = 10) -> dict[str, Any]:
    """Of a dataset's ``statistics.parquet``: ``sources`` (documents, kept and reasons of each), ``clusters`` (the
    largest groups of duplicates: kept document, members with similarity), ``duplicates`` (how many groups of which
    size) and ``correlation`` (Spearman's, of statistics that vary, over at most 50,000 documents)."""
    table = pl.read_parquet(statistics)
    return {
        "sources": _sources(table),
        "clusters": _clusters(table, clusters, members),
        "duplicates": _sizes(table),
        "correlation": _correlation(table),
    }


def main(args: Mapping[str, Any], report: Report) -> dict[str, Any]:
    """``analyse`` as a process: ``statistics`` (file)."""
    del report  # it takes a moment
    return analyse(Path(args["statistics"]))


def _sources(table: pl.DataFrame) -> list[dict[str, Any]]:
    rows = table.group_by("source", "domain").agg(
        pl.len().alias("documents"), pl.col("reason").is_null().sum().alias("kept")
    )
    reasons = table.drop_nulls("reason").group_by("source", "domain", "reason").len().sort("len", descending=True)
    found = rows.sort("source", "domain").to_dicts()
    for row in found:
        here = reasons.filter((pl.col("source") == row["source"]) & (pl.col("domain") == row["domain"]))
        row["reasons"] = dict(here.select("reason", "len").iter_rows())
    return found


def _groups(table: pl.DataFrame) -> pl.DataFrame:
    again = table.filter(pl.col("reason").is_in(_DUPLICATES))
    return again.group_by("duplicate_of").agg(
        pl.len().alias("members"), pl.col("similarity").mean().alias("similarity")
    )


def _clusters(table: pl.DataFrame, count: int, members: int) -> list[dict[str, Any]]:
    largest = _groups(table).sort(["members", "duplicate_of"], descending=[True, False]).head(count)
    again = table.filter(pl.col("duplicate_of").is_in(largest["duplicate_of"].implode()))
    shown = {
        str(name[0]): rows.sort("similarity", "id", descending=[True, False]).head(members)
        for name, rows in again.group_by("duplicate_of")
    }
    columns = ["id", "source", "reason", "similarity"]
    return [
        {
            "kept": row["duplicate_of"],
            "members": row["members"],
            "similarity": round(row["similarity"], 4),
            "documents": shown[row["duplicate_of"]].select(columns).to_dicts(),
        }
        for row in largest.to_dicts()
    ]


def _sizes(table: pl.DataFrame) -> list[dict[str, int]]:
    """Groups by how many documents they have, the kept one among them."""
    sizes = _groups(table)["members"].value_counts().sort("members")
    return [{"documents": size + 1, "groups": count} for size, count in sizes.iter_rows()]


def _correlation(table: pl.DataFrame) -> dict[str, Any]:
    names = [name for name, kind in table.schema.items() if name in STATISTICS and kind.is_numeric()]
    names = [name for name in (*names, _SIZE) if table[name].n_unique() > 1]
    rows = table.select(names)
    if rows.height > _SAMPLE:
        rows = rows.gather_every(rows.height // _SAMPLE + 1)
    if rows.height < 3 or len(names) < 2:
        return {"names": names, "values": []}
    ranks = rows.select(pl.all().cast(pl.Float64).fill_nan(None).fill_null(strategy="mean").rank()).to_numpy()
    with np.errstate(invalid="ignore", divide="ignore"):
        values = np.nan_to_num(np.corrcoef(ranks, rowvar=False))
    return {"names": names, "values": np.round(values, 3).tolist()}
