"""Repetition at every length: frequent short n-grams, repeated long ones, and what a compressor makes of it."""

import zlib
from typing import Annotated

import numpy as np
import polars as pl
from pydantic import Field

from ceyuan.data.operators.characters import character_classes, tables_identity
from ceyuan.data.operators.operator import Nothing, Parameters, meaning, operator
from ceyuan.data.operators.repeats import repeated_ngrams
from ceyuan.data.operators.texts import Texts
from ceyuan.data.operators.topgrams import top_ngram

__all__ = ["compression", "duplicate_ngrams", "tokens", "top_ngrams"]

_LENGTHS = (5, 7, 9, 13)


@operator(
    "top_ngrams",
    title=("最高频短语", "most frequent n-grams"),
    summary=(
        "正文中最高频的 2、3、4 字组所占比例（Rae 等 2021；中文按字符计）。",
        "How much of a text its most frequent 2-, 3- and 4-gram takes (Rae et al. 2021, on characters for Chinese).",
    ),
    kind="stat",
    writes={
        f"top_{length}gram": (f"最高频 {length} 字组所占字符比例", f"characters in the most frequent {length}-gram")
        for length in (2, 3, 4)
    },
    parameters=Nothing,
    cost=100.0,
    assets=tables_identity,
)
def top_ngrams(batch: pl.DataFrame, parameters: Nothing) -> pl.DataFrame:
    del parameters
    texts = Texts.of(batch["text"])
    classes = character_classes()
    return batch.with_columns(
        pl.Series(f"top_{n}gram", top_ngram(texts.data, texts.offsets, classes, n).astype(np.float32))
        for n in (2, 3, 4)
    )


@operator(
    "duplicate_ngrams",
    title=("重复长组", "repeated long n-grams"),
    summary=(
        "以 5、7、9、13 个字符为单位，正文自我重复的程度。",
        "How much of a text repeats itself at 5, 7, 9 and 13 characters.",
    ),
    kind="stat",
    writes={
        f"repeated_{length}grams": (f"重复的 {length} 字组比例", f"share of {length}-grams seen before in the text")
        for length in _LENGTHS
    },
    parameters=Nothing,
    cost=120.0,
    assets=tables_identity,
)
def duplicate_ngrams(batch: pl.DataFrame, parameters: Nothing) -> pl.DataFrame:
    del parameters
    texts = Texts.of(batch["text"])
    shares = [repeated_ngrams(texts.data, texts.offsets, character_classes(), length) for length in _LENGTHS]
    return batch.with_columns(
        pl.Series(f"repeated_{length}grams", values.astype(np.float32))
        for length, values in zip(_LENGTHS, shares, strict=True)
    )


class Compression(Parameters):
    """How much of a text is compressed."""

    sample: Annotated[
        int,
        meaning(
            "只压缩正文开头的这么多字节，以限制开销。",
            "Bytes from the beginning that are compressed, to bound the cost.",
        ),
    ] = Field(32_768, ge=256, le=1 << 24)


@operator(
    "compression",
    title=("压缩比", "compression"),
    summary=(
        "正文经 DEFLATE（RFC 1951）压缩后缩短的程度：噪声几乎压不短，重复内容缩得很短。",
        "How far a compressor shortens a text (DEFLATE, RFC 1951); noise stays long, repetition shrinks.",
    ),
    kind="stat",
    writes={"compression": ("压缩后与原文字节数之比", "bytes after DEFLATE over bytes before")},
    parameters=Compression,
    cost=60.0,
)
def compression(batch: pl.DataFrame, parameters: Compression) -> pl.DataFrame:
    texts = Texts.of(batch["text"])
    data = texts.data.data
    ratios = []
    for start, end in zip(texts.offsets[:-1].tolist(), texts.offsets[1:].tolist(), strict=True):
        part = data[start : min(end, start + parameters.sample)]
        ratios.append(len(zlib.compress(part, 6)) / len(part) if len(part) else 0.0)
    return batch.with_columns(pl.Series("compression", ratios, pl.Float32))


@operator(
    "tokens",
    title=("估计词元数", "estimated tokens"),
    summary=(
        "按常见规模的子词词表估计正文的词元数；用于编制预算，不作计费依据。",
        "About how many tokens a subword vocabulary of the usual size makes of a text; for budgets, not for bills.",
    ),
    kind="stat",
    writes={
        "tokens": (
            "估计词元数：汉字 0.7、西文词 1.3、其余非空白 0.8",
            "estimate: 0.7 per Han, 1.3 per Latin word, 0.8 per other",
        )
    },
    parameters=Nothing,
    cost=110.0,
)
def tokens(batch: pl.DataFrame, parameters: Nothing) -> pl.DataFrame:
    del parameters
    text = pl.col("text")
    han, words = text.str.count_matches(r"\p{Han}"), text.str.count_matches(r"[A-Za-z\u{c0}-\u{24f}]+")
    other = text.str.count_matches(r"[^\s\p{Han}A-Za-z\u{c0}-\u{24f}]")
    return batch.with_columns(tokens=(han * 0.7 + words * 1.3 + other * 0.8).ceil().cast(pl.Int32))
