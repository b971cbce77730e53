"""Statistics: columns about a text, on which filters are cut later without computing anything again."""

from typing import Annotated

import numpy as np
import numpy.typing as npt
import polars as pl
from pydantic import Field

from ceyuan.data.operators.characters import character_classes, script_sides, tables_identity
from ceyuan.data.operators.kernels import count_classes
from ceyuan.data.operators.operator import Nothing, Parameters, meaning, operator
from ceyuan.data.operators.repeats import repeated_lines, repeated_ngrams
from ceyuan.data.operators.texts import Texts

__all__ = ["Repetition", "composition", "repetition"]

_KANA_RULES = 0.15  # of kana and Han together: Japanese prose has half, Chinese that quotes a sign far less


@operator(
    "composition",
    title=("字符构成", "composition"),
    summary=(
        "长度、行数，以及按 Unicode 字符类别统计的字符构成。",
        "Length, lines, and what a text consists of, by Unicode's own classes.",
    ),
    kind="stat",
    writes={
        "characters": ("字符数", "number of characters"),
        "lines": ("行数", "number of lines"),
        "mean_line": ("平均行长（字符）", "mean length of a line in characters"),
        "longest_line": ("最长行（字符）", "longest line in characters"),
        "chinese_share": (
            "汉字占字母类字符的比例（判为日文、韩文时为 0）",
            "Han among letters; 0 where kana or Hangul rule",
        ),
        "traditional_share": ("繁体独有字占可辨字的比例", "traditional-only among tell-tale characters"),
        "letter_share": ("字母、汉字与数字占全部字符的比例", "letters, Han and digits among all characters"),
        "digit_share": ("数字占非空白字符的比例", "digits among characters that are no space"),
        "punctuation_share": ("标点占非空白字符的比例", "punctuation among characters that are no space"),
        "special_share": (
            "符号与异常字符占非空白字符的比例",
            "symbols and odd characters among those that are no space",
        ),
        "odd_share": ("控制、私用与替换字符的比例", "control, private-use and replacement characters"),
    },
    parameters=Nothing,
    cost=900.0,
    version=2,
    assets=tables_identity,
)
def composition(batch: pl.DataFrame, parameters: Nothing) -> pl.DataFrame:
    del parameters
    texts = Texts.of(batch["text"])
    counts = count_classes(texts.data, texts.offsets, character_classes(), script_sides())
    counts = np.ascontiguousarray(counts.T)  # a row of its own for each count
    han, kana, hangul, latin, other, digit, space, punctuation, symbol, odd, lines, longest, old, new = counts
    characters = counts[:10].sum(axis=0)
    seen = characters - space
    letters = han + kana + hangul + latin + other
    foreign = (_share(kana, han + kana) > _KANA_RULES) | (hangul > han)
    columns: dict[str, npt.NDArray[np.generic]] = {
        "characters": characters.astype(np.int32),
        "lines": lines.astype(np.int32),
        "mean_line": _share(characters, lines),
        "longest_line": longest.astype(np.int32),
        "chinese_share": np.where(foreign, np.float32(0), _share(han, letters)),
        "traditional_share": _share(old, old + new),
        "letter_share": _share(letters + digit, characters),
        "digit_share": _share(digit, seen),
        "punctuation_share": _share(punctuation, seen),
        "special_share": _share(symbol + odd, seen),
        "odd_share": _share(odd, seen),
    }
    return batch.with_columns([pl.Series(name, values) for name, values in columns.items()])


class Repetition(Parameters):
    """What counts as repetition."""

    ngram: Annotated[int, meaning("字符 n 元组的长度。", "Length of the n-grams in characters.")] = Field(
        10, ge=2, le=64
    )
    line_bytes: Annotated[
        int,
        meaning(
            "短于此字节数的行即使重复也不计。",
            "Lines of fewer bytes are no evidence of repetition.",
        ),
    ] = Field(12, ge=1, le=1000)


@operator(
    "repetition",
    title=("自我重复", "repetition"),
    summary=(
        "按字符 n 元组和按行统计正文的自我重复程度。",
        "How much of a text repeats itself, by character n-grams and by lines.",
    ),
    kind="stat",
    writes={
        "repeated_share": ("重复的字符 n 元组比例", "share of character n-grams seen before in the text"),
        "repeated_lines": ("重复行的字节比例", "share of bytes in lines seen before in the text"),
    },
    parameters=Repetition,
    cost=400.0,
    assets=tables_identity,
)
def repetition(batch: pl.DataFrame, parameters: Repetition) -> pl.DataFrame:
    texts = Texts.of(batch["text"])
    grams = repeated_ngrams(texts.data, texts.offsets, character_classes(), parameters.ngram)
    lines = repeated_lines(texts.data, texts.offsets, parameters.line_bytes)
    return batch.with_columns(
        pl.Series("repeated_share", grams.astype(np.float32)), pl.Series("repeated_lines", lines.astype(np.float32))
    )


def _share(part: npt.NDArray[np.int64], whole: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
    return (part / np.maximum(whole, 1)).astype(np.float32)  # of nothing, there is no part
