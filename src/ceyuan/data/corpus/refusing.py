"""The error of a run that keeps nothing: why its documents went, with how many of each."""

import polars as pl

from ceyuan.data.operators import REASONS
from ceyuan.data.problems import DataProblem

__all__ = ["nothing_kept"]

_SHOWN = 6


def nothing_kept(reasons: pl.Series) -> DataProblem:
    """``nothing_kept``, for the ``reasons`` of all documents or files, null for those of which none is told."""
    counts = reasons.drop_nulls().value_counts(sort=True).head(_SHOWN).rows()
    if not counts:
        return DataProblem(
            "nothing_kept", "来源中没有这类内容，没有可保留的。", "The sources hold nothing of this kind to keep."
        )
    zh, en = (
        mark.join(f"{REASONS.get(name, (name, name))[side]} × {count:,}" for name, count in counts)
        for side, mark in ((0, "、"), (1, ", "))
    )
    return DataProblem(
        "nothing_kept",
        f"没有一篇通过筛选：{zh}。请放宽配方的阈值，或检查来源。",
        f"Nothing passed: {en}. Loosen the recipe's thresholds, or look at the sources.",
    )
