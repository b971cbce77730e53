"""Filters: predicates over statistics, each with a reason code, so a threshold can be cut again at any time."""

from collections.abc import Iterable, Sequence
from typing import Self

import polars as pl
from pydantic import BaseModel, ConfigDict, model_validator

from ceyuan.faults import fault

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
    "boilerplate": ("页面套话过多", "mostly page furniture"),
    "advertising": ("广告过多", "advertising"),
    "markup_left": ("残留标记过多", "too much markup left over"),
    "code": ("代码过多", "mostly code"),
    "tables": ("表格过多", "mostly tables"),
    "too_many_links": ("链接过多", "too many links"),
    "fragmented": ("行过短、支离破碎", "lines too short, fragmented"),
    "no_sentences": ("缺少成句文字", "hardly any sentences"),
    "off_language": ("语言不符", "another language"),
    "low_quality": ("质量模型分值过低", "low score of the quality model"),
    "surprising": ("困惑度过高", "perplexity too high"),
    "harmful": ("不良内容", "harmful content"),
    "secret": ("含密级标志", "marks of secrecy"),
    "template": ("模板占位过多", "placeholders of a template"),
    "other": ("其他条件", "another condition"),
    "personal_information": ("疑似个人信息过多", "too many hints of personal information"),
    "broken_media": ("文件损坏，无法解码", "broken file, cannot be decoded"),
    "truncated_media": ("文件被截断", "file cut off"),
    "empty_media": ("没有内容", "holds nothing"),
    "media_too_large": ("超过解码上限", "beyond the limits of decoding"),
    "too_small": ("尺寸过小", "too small"),
    "odd_shape": ("长宽比异常", "odd shape"),
    "plain": ("画面单一", "hardly anything to see"),
    "blurred": ("模糊", "blurred"),
    "too_dark": ("过暗", "too dark"),
    "too_bright": ("过曝", "too bright"),
    "low_rate": ("采样率或帧率过低", "rate too low"),
    "too_quiet": ("音量过低", "too quiet"),
    "clipped": ("削波失真", "clipped"),
    "silent": ("静音过多", "mostly silence"),
    "noisy": ("信噪比过低", "noise too strong"),
    "no_speech": ("语音过少", "hardly any speech"),
    "black": ("黑场过多", "mostly black"),
    "frozen": ("静帧过多", "mostly frozen"),
    "caption_mismatch": ("图文不符或声文不符", "the words beside it do not fit"),
    "exact_duplicate": ("与另一篇完全相同", "the same as another document"),
    "near_duplicate": ("与另一篇近似重复（已核对）", "nearly the same as another document (verified)"),
    "semantic_duplicate": ("与另一篇意思相同（向量已核对）", "means the same as another document (cosine verified)"),
}
"""Reasons for dropping a document, in both languages."""


class Filter(BaseModel):
    """Keep a document where ``at_least <= statistic <= at_most``, or where it is ``one_of`` some words; else drop it
    for ``reason``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    statistic: str
    reason: str
    at_least: float | None = None
    at_most: float | None = None
    one_of: tuple[str, ...] | None = None

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        bounds = self.at_least is not None or self.at_most is not None
        if bounds == (self.one_of is not None):
            raise fault(
                "过滤条件须有 at_least、at_most 或两者，或者只有 one_of",
                "a filter needs at_least, at_most or both, or one_of alone",
            )
        return self

    def fails(self) -> pl.Expr:
        """True for the rows to drop. A statistic that is not a number fails."""
        if self.one_of is not None:
            return ~pl.col(self.statistic).is_in(list(self.one_of)).fill_null(False)
        value = pl.col(self.statistic).cast(pl.Float64).fill_nan(None)  # NaN would count as greater than all
        low = value >= self.at_least if self.at_least is not None else pl.lit(True)
        high = value <= self.at_most if self.at_most is not None else pl.lit(True)
        return ~(low & high).fill_null(False)


def first_reason(profiles: dict[str, Sequence[Filter]], domains: Iterable[str] | None = None) -> pl.Expr:
    """The reason of the first filter a row fails, by the profile of its ``domain``; null where it passes all.

    A domain without a profile of its own is cut by ``general``. ``domains`` are those of the rows, where they are
    known: the profiles of others are left out, which cuts the same at less cost.
    """
    others = _chain(profiles["general"])
    wanted = set(profiles if domains is None else domains) - {"general"}
    named = [(domain, filters) for domain, filters in sorted(profiles.items()) if domain in wanted]
    expression = others
    for domain, filters in named:
        expression = pl.when(pl.col("domain") == domain).then(_chain(filters)).otherwise(expression)
    return expression


def _chain(filters: Sequence[Filter]) -> pl.Expr:
    expression: pl.Expr = pl.lit(None, pl.String)
    for one in reversed(filters):
        expression = pl.when(one.fails()).then(pl.lit(one.reason)).otherwise(expression)
    return expression
