"""Filters: predicates over statistics, each with a reason code, so a threshold can be cut again at any time."""

from collections.abc import Sequence
from typing import Self

import polars as pl
from pydantic import BaseModel, ConfigDict, model_validator

__all__ = ["REASONS", "Filter", "first_reason"]

REASONS: dict[str, tuple[str, str]] = {
    "too_short": ("过短", "too short"),
    "too_long": ("过长", "too long"),
    "not_chinese": ("不是中文", "not Chinese"),
    "special_characters": ("符号与异常字符过多", "too many symbols and odd characters"),
    "damaged": ("含控制字符或乱码", "control characters or damaged text"),
    "mostly_punctuation": ("标点过多", "mostly punctuation"),
    "mostly_digits": ("数字过多", "mostly digits"),
    "repetitive": ("内容自我重复", "repeats itself"),
    "repeated_lines": ("重复行过多", "too many repeated lines"),
    "personal_information": ("疑似个人信息过多", "too many hints of personal information"),
    "exact_duplicate": ("与另一篇完全相同", "the same as another document"),
    "near_duplicate": ("与另一篇近似重复（已核对）", "nearly the same as another document (verified)"),
}
"""Reasons for dropping a document, in both languages."""


class Filter(BaseModel):
    """Keep a document where ``at_least <= statistic <= at_most``; else drop it for ``reason``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    statistic: str
    reason: str
    at_least: float | None = None
    at_most: float | None = None

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if self.at_least is None and self.at_most is None:
            raise ValueError("a filter needs at_least or at_most")
        return self

    def fails(self) -> pl.Expr:
        """True for the rows to drop. A statistic that is not a number fails."""
        value = pl.col(self.statistic).cast(pl.Float64).fill_nan(None)  # NaN would count as greater than all
        low = value >= self.at_least if self.at_least is not None else pl.lit(True)
        high = value <= self.at_most if self.at_most is not None else pl.lit(True)
        return ~(low & high).fill_null(False)


def first_reason(profiles: dict[str, Sequence[Filter]]) -> pl.Expr:
    """The reason of the first filter a row fails, by the profile of its ``domain``; null where it passes all.

    A domain without a profile of its own is cut by ``general``.
    """
    others = _chain(profiles["general"])
    named = [(domain, filters) for domain, filters in sorted(profiles.items()) if domain != "general"]
    expression = others
    for domain, filters in named:
        expression = pl.when(pl.col("domain") == domain).then(_chain(filters)).otherwise(expression)
    return expression


def _chain(filters: Sequence[Filter]) -> pl.Expr:
    expression: pl.Expr = pl.lit(None, pl.String)
    for one in reversed(filters):
        expression = pl.when(one.fails()).then(pl.lit(one.reason)).otherwise(expression)
    return expression
