"""Typography, changed only where it is asked for: widths, quotation marks, spaces, lines, scripts."""

from functools import cache
from importlib.resources import files
from typing import Annotated, Literal

import polars as pl

from ceyuan.data.operators.characters import tables_identity
from ceyuan.data.operators.declaring import rewriting, rewritten
from ceyuan.data.operators.operator import Nothing, Parameters, meaning, operator

__all__ = ["Quotes", "quotes", "traditionalise"]

_WIDE = "".join(chr(code) for code in (*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B)))
_SIGNS = {",": "，", ";": "；", ":": "：", "!": "！", "?": "？"}

rewriting(
    "narrow_letters",
    ("全角字母数字转半角", "narrow letters and digits"),
    (
        "全角字母与数字改为 ASCII 字符；标点宽度不变。",
        "Full-width letters and digits become ASCII; punctuation keeps its width.",
    ),
    lambda text: text.str.replace_many(list(_WIDE), [chr(ord(one) - 0xFEE0) for one in _WIDE]),
)


def _widened(text: pl.Expr) -> pl.Expr:
    for narrow, wide in _SIGNS.items():
        text = text.str.replace_all(rf"(\p{{Han}})[{narrow}][ ]?", "${1}" + wide)
    return text.str.replace_all(r"(\p{Han})\.(\s|$)", "${1}。${2}")


rewriting(
    "widen_punctuation",
    ("汉字后半角标点转全角", "widen punctuation after Han"),
    ("紧跟汉字的半角标点改为全角。", "A half-width sign right after a Chinese character becomes the full-width one."),
    _widened,
)
rewriting(
    "join_han",
    ("去除汉字间空格", "join Han"),
    (
        "去除汉字之间的单个空格，多见于扫描识别和旧网页。",
        "Single spaces between Chinese characters go, as scanning and old pages leave them.",
    ),
    lambda text: text.str.replace_all(r"(\p{Han})[ \t]+(\p{Han})", "${1}${2}").str.replace_all(
        r"(\p{Han})[ \t]+(\p{Han})", "${1}${2}"
    ),
)
rewriting(
    "join_lines",
    ("合并硬换行", "join broken lines"),
    (
        "在中文句子中间断开的行与下一行合并。",
        "A line that ends in the middle of a Chinese sentence is joined with the next.",
    ),
    lambda text: text.str.replace_all(r"([\p{Han}，、；：])\n([\p{Han}，、])", "${1}${2}"),
)
rewriting(
    "single_spaces",
    ("压缩空白", "single spaces"),
    (
        "行内连续的空格与制表符合并为一个空格；代码的缩进随之丢失。",
        "Runs of spaces and tabs inside a line become one space; indentation of code is lost.",
    ),
    lambda text: text.str.replace_all(r"[ \t\u{a0}]{2,}", " "),
)


class Quotes(Parameters):
    """Which quotation marks are written."""

    form: Annotated[
        Literal["curly", "corner"],
        meaning(
            "统一成的引号。",
            "Quotation marks to write.",
            {
                "curly": ("弯引号 “ ” ‘ ’", "curly ones: “ ” and ‘ ’"),
                "corner": ("直角引号 「 」 『 』", "corner ones: 「 」 and 『 』"),
            },
        ),
    ] = "curly"


@operator(
    "quotes",
    title=("统一引号", "quotation marks"),
    summary=(
        "统一引号：大陆通行的弯引号，或港台通行的直角引号。",
        "Quotation marks of one kind: curly as on the mainland, or corner ones as in Taiwan and Hong Kong.",
    ),
    kind="map",
    parameters=Quotes,
    cost=600.0,
)
def quotes(batch: pl.DataFrame, parameters: Quotes) -> pl.DataFrame:
    curly, corner = list("“”‘’"), list("「」『』")
    old, new = (corner, curly) if parameters.form == "curly" else (curly, corner)
    return rewritten(batch, pl.col("text").str.replace_many(old, new))


@cache
def _traditional_pairs() -> dict[str, str]:
    """Simplified characters and phrases with their traditional form (OpenCC's STCharacters and STPhrases)."""
    folder = files("opencc") / "dictionary"
    pairs: dict[str, str] = {}
    for name in ("STCharacters.txt", "STPhrases.txt"):
        for line in (folder / name).read_text("utf-8").splitlines():
            written, _, forms = line.partition("\t")
            if forms and not line.startswith("#"):
                pairs[written] = forms.split(" ")[0]
    return pairs


@operator(
    "traditionalise",
    title=("简体转繁体", "simplified to traditional"),
    summary=(
        "将简体字改写为繁体字，最长词组优先（OpenCC 的 s2t 对照表）。",
        "Simplified characters written in traditional ones, the longest phrase first (OpenCC's s2t pairs).",
    ),
    kind="map",
    parameters=Nothing,
    cost=30.0,
    assets=tables_identity,
)
def traditionalise(batch: pl.DataFrame, parameters: Nothing) -> pl.DataFrame:
    del parameters
    pairs = sorted(_traditional_pairs().items(), key=lambda pair: (-len(pair[0]), pair[0]))
    clean = batch["text"].str.replace_many([one[0] for one in pairs], [one[1] for one in pairs], leftmost=True)
    return rewritten(batch, pl.lit(clean))
