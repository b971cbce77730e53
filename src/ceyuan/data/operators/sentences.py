"""Statistics by sentence, and how a text begins and ends."""

from typing import Annotated

import polars as pl
from pydantic import Field

from ceyuan.data.operators.declaring import per_row, rewritten
from ceyuan.data.operators.operator import Nothing, Parameters, meaning, operator

__all__ = [
    "PIECE",
    "Repeated",
    "ending",
    "questions",
    "repeated_sentences",
    "sentences",
    "sentences_of",
    "strip_repeated_sentences",
]

_SENTENCE = r"[^。！？!?；;\n]+[。！？!?；;]?[”」』）)]?"
PIECE = r"[^。！？!?；;\n]+[。！？!?；;]*[”」』）)]?|[。！？!?；;]+[”」』）)]?|\n"
"""All of a text in pieces: sentences with the signs that end them, and line ends."""
_CLOSED = r"[。！？!?.；;”」』）)…\]】》]$"


def sentences_of(batch: pl.DataFrame) -> pl.DataFrame:
    """``row`` and ``sentence``: pieces up to 。！？； or the line's end, without spaces around them."""
    found = batch.select(sentence=pl.col("text").str.extract_all(_SENTENCE)).with_row_index("row").explode("sentence")
    clean = found.with_columns(pl.col("sentence").str.strip_chars(" \t\r\u00a0\u3000"))
    return clean.filter(pl.col("sentence").fill_null("") != "")


@operator(
    "sentences",
    title=("句子", "sentences"),
    summary=("句数与句长。", "How many sentences a text has, and how long they are."),
    kind="stat",
    writes={
        "sentences": ("句数", "number of sentences"),
        "mean_sentence": ("平均句长（字符）", "mean length of a sentence in characters"),
        "longest_sentence": ("最长句（字符）", "longest sentence in characters"),
    },
    parameters=Nothing,
    cost=200.0,
)
def sentences(batch: pl.DataFrame, parameters: Nothing) -> pl.DataFrame:
    del parameters
    size = pl.col("sentence").str.len_chars()
    measures = {"sentences": pl.len(), "mean_sentence": size.mean(), "longest_sentence": size.max()}
    return per_row(batch, sentences_of(batch), measures)


@operator(
    "repeated_sentences",
    title=("重复句", "repeated sentences"),
    summary=("正文中已出现过的句子所占的篇幅。", "How much of a text stands in sentences that it has said before."),
    kind="stat",
    writes={"repeated_sentences": ("重复句的字节比例", "bytes in sentences of 8 characters or more seen before")},
    parameters=Nothing,
    cost=170.0,
)
def repeated_sentences(batch: pl.DataFrame, parameters: Nothing) -> pl.DataFrame:
    del parameters
    parts = sentences_of(batch).filter(pl.col("sentence").str.len_chars() >= 8)
    size = pl.col("sentence").str.len_bytes().cast(pl.Float64)
    return per_row(
        batch, parts, {"repeated_sentences": size.filter(~pl.col("sentence").is_first_distinct()).sum() / size.sum()}
    )


class Repeated(Parameters):
    """Which sentences may come again."""

    shortest: Annotated[
        int,
        Field(ge=2, le=1000),
        meaning("少于此字符数的句子允许重复。", "Sentences of fewer characters may come again."),
    ] = 8


@operator(
    "strip_repeated_sentences",
    title=("句子去重", "strip repeated sentences"),
    summary=(
        "同一正文中的相同句子只保留第一处；其余内容逐字节不变。",
        "Of equal sentences in one text only the first stays; everything else stays as it is, byte for byte.",
    ),
    kind="map",
    parameters=Repeated,
    cost=110.0,
)
def strip_repeated_sentences(batch: pl.DataFrame, parameters: Repeated) -> pl.DataFrame:
    pieces = batch.select(piece=pl.col("text").str.extract_all(PIECE)).with_row_index("row").explode("piece")
    said = pl.col("piece").str.strip_chars(" \t\r\u00a0\u3000")
    short = said.str.len_chars() < parameters.shortest
    kept = pieces.filter(short | pl.struct("row", said.alias("said")).is_first_distinct())
    found = kept.group_by("row", maintain_order=True).agg(pl.col("piece").str.join(""))
    rows = pl.DataFrame({"row": pl.Series(range(batch.height), dtype=pieces.schema["row"])})
    return rewritten(
        batch, pl.lit(rows.join(found, on="row", how="left", maintain_order="left")["piece"].fill_null(""))
    )


@operator(
    "questions",
    title=("问句", "questions"),
    summary=("问句在全部句子中所占比例。", "How many of the sentences are questions."),
    kind="stat",
    writes={"question_share": ("问句比例", "share of sentences that ask")},
    parameters=Nothing,
    cost=140.0,
)
def questions(batch: pl.DataFrame, parameters: Nothing) -> pl.DataFrame:
    del parameters
    asks = pl.col("sentence").str.contains(r"[？?]|(?:吗|呢|么|嗎|什么|如何|怎样|哪些|是否)[。！]?$")
    return per_row(batch, sentences_of(batch), {"question_share": asks.mean()})


@operator(
    "ending",
    title=("结尾完整", "ending"),
    summary=(
        "正文是否以收尾标点结束，开头是否为只能接在他文之后的标点。",
        "Whether a text ends with a closing sign, and whether it begins with one that only follows others.",
    ),
    kind="stat",
    writes={
        "closed_end": ("结尾完整为 1，像被截断为 0", "1 where the text ends like a text, 0 where it seems cut off"),
        "begins_midway": ("开头像半句为 1", "1 where the text seems to begin in the middle of a sentence"),
    },
    parameters=Nothing,
    cost=2400.0,
)
def ending(batch: pl.DataFrame, parameters: Nothing) -> pl.DataFrame:
    del parameters
    text = pl.col("text").str.strip_chars()
    return batch.with_columns(
        closed_end=text.str.tail(1).str.contains(_CLOSED).cast(pl.Int8),
        begins_midway=text.str.head(1).str.contains(r"^[，。、；：！？）】》」』…,;:!?)]").cast(pl.Int8),
    )
