"""The column of reasons: words to whoever reads it, numbers in memory."""

from collections.abc import Iterable

import polars as pl

from ceyuan.data.operators import REASONS, Filter

__all__ = ["reason_type", "with_reason"]


def reason_type(filters: Iterable[Iterable[Filter]]) -> pl.Enum:
    """What holds each reason that a document can be dropped for; sorts as the words do."""
    return pl.Enum(sorted({*REASONS, *(one.reason for chain in filters for one in chain)}))


def with_reason(table: pl.DataFrame, dropped: pl.Expr, reason: str) -> pl.DataFrame:
    """``table`` with ``reason`` for the rows ``dropped``."""
    kind = table.schema["reason"]
    return table.with_columns(reason=pl.when(dropped).then(pl.lit(reason, kind)).otherwise("reason"))
