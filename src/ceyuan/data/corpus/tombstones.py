"""What sources no longer have: documents that earlier versions of a dataset knew, and where they were last."""

from pathlib import Path

import polars as pl

__all__ = ["TOMBSTONES", "tombstones"]

TOMBSTONES = "tombstones.parquet"
"""Documents that the sources no longer have: ``id``, ``source``, ``domain``, ``kept`` (whether the dataset held it)
and ``last`` (the revision that had it last)."""

_GONE = {"id": pl.String, "source": pl.String, "domain": pl.String, "kept": pl.Boolean, "last": pl.String}


def tombstones(decisions: pl.DataFrame, previous: tuple[Path, str] | None) -> pl.DataFrame:
    """Those of before, and what the revision before still had; without what came back."""
    rows = pl.DataFrame(schema=_GONE)
    if previous is not None:
        folder, reference = previous
        if (folder / TOMBSTONES).is_file():
            rows = pl.read_parquet(folder / TOMBSTONES).cast(_GONE)  # type: ignore[arg-type]
        if (folder / "statistics.parquet").is_file():
            had = pl.read_parquet(folder / "statistics.parquet", columns=["id", "source", "domain", "reason"])
            had = had.with_columns(kept=pl.col("reason").is_null(), last=pl.lit(reference)).drop("reason")
            rows = pl.concat([rows, had.cast(_GONE)]).unique("id", keep="last")  # type: ignore[arg-type]
    return rows.join(decisions.select("id"), on="id", how="anti").sort("id")
