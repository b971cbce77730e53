"""What sources no longer have: documents that earlier versions of a dataset knew, and where they were last."""

from collections.abc import Iterator
from pathlib import Path
from typing import cast

import polars as pl
import pyarrow.parquet as pq

from ceyuan.data.operators.matching import Index, marks_of_names

__all__ = ["TOMBSTONES", "tombstones"]

TOMBSTONES = "tombstones.parquet"
"""Documents that the sources no longer have: ``id``, ``source``, ``domain``, ``kept`` (whether the dataset held it)
and ``last`` (the revision that had it last)."""

_GONE = {"id": pl.String, "source": pl.String, "domain": pl.String, "kept": pl.Boolean, "last": pl.String}


def tombstones(decisions: pl.DataFrame, previous: tuple[Path, str] | None) -> pl.DataFrame:
    """Those of before, and what the revision before still had; without what came back."""
    gone = [pl.DataFrame(schema=_GONE)]
    if previous is not None:
        folder, reference = previous
        here = Index(marks_of_names(decisions["id"]))
        if (folder / TOMBSTONES).is_file():
            gone.append(_missing(pl.read_parquet(folder / TOMBSTONES), here))
        if (folder / "statistics.parquet").is_file():
            for had in _groups(folder / "statistics.parquet", ["id", "source", "domain", "reason"]):
                lost = _missing(had, here)
                gone.append(lost.with_columns(kept=pl.col("reason").is_null(), last=pl.lit(reference)).drop("reason"))
    return pl.concat([rows.cast(_GONE) for rows in gone]).unique("id", keep="last").sort("id")  # type: ignore[arg-type]


def _groups(path: Path, columns: list[str]) -> Iterator[pl.DataFrame]:
    """The rows of a Parquet file, a row group at a time."""
    with pq.ParquetFile(path) as file:
        for number in range(file.num_row_groups):
            yield cast(pl.DataFrame, pl.from_arrow(file.read_row_group(number, columns=columns)))


def _missing(rows: pl.DataFrame, here: Index) -> pl.DataFrame:
    return rows.filter(pl.Series(here.places(marks_of_names(rows["id"])) < 0))
