"""Maps that take something out of texts: page furniture, notices, tables, code, repetition, what a pattern says."""

from typing import Annotated

import polars as pl
from pydantic import Field, StringConstraints, field_validator

from ceyuan.data.operators.declaring import rewriting, rewritten
from ceyuan.data.operators.lines import CODE_LINE, PAGE_MARK, TABLE_LINE
from ceyuan.data.operators.operator import Nothing, Parameters, meaning, operator
from ceyuan.data.operators.patterns import BOILERPLATE, CITATION, CONTACT, EMOJI, LINK, NOTICE
from ceyuan.faults import fault

__all__ = ["Lines", "Replace", "Truncate", "replace", "strip_lines", "strip_repeated_lines", "truncate"]

_INLINE = (
    ("strip_links", ("去除链接", "strip links"), ("去除链接。", "Links are taken out."), LINK),
    (
        "strip_contacts",
        ("去除联系方式", "strip contacts"),
        ("去除电子邮箱、电话号码与账号。", "E-mail addresses, telephone and account numbers go."),
        CONTACT,
    ),
    ("strip_emoji", ("去除表情符号", "strip emoji"), ("去除表情符号。", "Emoji are taken out."), EMOJI),
    (
        "strip_citations",
        ("去除引文标注", "strip citations"),
        ("去除 [3] 之类的引文标注。", "Marks of citations such as [3] are taken out."),
        CITATION,
    ),
    (
        "strip_code",
        ("去除代码块", "strip code"),
        ("去除以围栏标记的代码块。", "Fenced blocks of code are taken out."),
        r"(?s)```.*?(?:```|\z)\n?|~~~.*?(?:~~~|\z)\n?",
    ),
    (
        "strip_bibliography",
        ("去除参考文献", "strip bibliography"),
        ("去除文末的参考文献列表。", "The list of references at the end is taken off."),
        r"(?s)\n[#\s]*(?:参考文献|參考文獻|参考资料|引用文献|References|Bibliography)\s*[:：]?\s*\n.*\z",
    ),
    (
        "strip_front_matter",
        ("去除文前元数据", "strip front matter"),
        (
            "去除开头两行 --- 之间的 YAML 元数据。",
            "YAML front matter between two lines of --- at the beginning is taken off.",
        ),
        r"(?s)\A---\n.{0,5000}?\n---\n",
    ),
    (
        "strip_formulas",
        ("去除公式", "strip formulas"),
        ("去除美元符号之间的 LaTeX 公式。", "LaTeX formulas between dollar signs are taken out."),
        r"(?s)\$\$.{1,2000}?\$\$|\$[^$\n]{1,200}\$",
    ),
    (
        "strip_ruby",
        ("去除注音", "strip pronunciation"),
        (
            "去除紧跟汉字、置于括号中的拼音或注音符号。",
            "Pinyin or zhuyin in brackets right after a character is taken out.",
        ),
        r"[(（][a-zA-Zāáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜü\s]{1,30}[)）]|[(（][\u{3105}-\u{312f}\u{2c9}-\u{2d9}\s]{1,12}[)）]",
    ),
)


def _declare(name: str, title: tuple[str, str], summary: tuple[str, str], pattern: str) -> None:
    rewriting(name, title, summary, lambda text: text.str.replace_all(pattern, ""))


for _one in _INLINE:
    _declare(*_one)


def _without_lines(pattern: str) -> str:
    return rf"(?m)^[ \t\u{{3000}}]*(?:{pattern})[ \t\u{{3000}}]*(?:\n|\z)"


rewriting(
    "strip_boilerplate",
    ("去除页面套话", "strip boilerplate"),
    (
        "去除含页面套话的短行；较长的行整行保留。",
        "Short lines that hold a phrase of page furniture are taken out; longer ones stay whole.",
    ),
    lambda text: text.str.replace_all(rf"(?m)^[^\n]{{0,20}}(?:{BOILERPLATE})[^\n]{{0,20}}(?:\n|\z)", ""),
    cost=240.0,
)
rewriting(
    "strip_notices",
    ("去除版权声明", "strip notices"),
    ("去除含版权或许可声明的行。", "Lines that hold a notice of copyright or licence are taken out."),
    lambda text: text.str.replace_all(rf"(?m)^[^\n]{{0,200}}(?:{NOTICE})[^\n]{{0,200}}(?:\n|\z)", ""),
    cost=110.0,
)
rewriting(
    "strip_page_marks",
    ("去除页码", "strip page marks"),
    ("去除只有页码或页眉的行。", "Lines that are only a page number or a running head are taken out."),
    lambda text: text.str.replace_all(
        _without_lines(PAGE_MARK),
        "",
    ),
)


class Lines(Parameters):
    """Which lines are taken out."""

    shortest: Annotated[
        int,
        meaning(
            "去除少于此字符数的行；0 表示不按长度去除。", "Lines of fewer characters go; 0 takes none for its length."
        ),
    ] = Field(0, ge=0, le=1000)
    tables: Annotated[bool, meaning("去除表格行。", "Rows of tables go.")] = False
    code: Annotated[bool, meaning("去除代码行。", "Lines of code go.")] = False


@operator(
    "strip_lines",
    title=("去除行", "strip lines"),
    summary=(
        "去除过短的行，或表格行、代码行；空行保留。",
        "Lines that are too short, or rows of tables, or code are taken out; blank ones stay.",
    ),
    kind="map",
    parameters=Lines,
    cost=290.0,
)
def strip_lines(batch: pl.DataFrame, parameters: Lines) -> pl.DataFrame:
    lines = _all_lines(batch)
    bare = pl.col("line").str.strip_chars(" \t\r\u00a0\u3000")
    bad = (bare.str.len_chars() < parameters.shortest) & (bare != "")
    if parameters.tables:
        bad |= bare.str.contains(TABLE_LINE)
    if parameters.code:
        bad |= bare.str.contains(CODE_LINE)
    return _joined(batch, lines.filter(~bad))


@operator(
    "strip_repeated_lines",
    title=("段落去重", "strip repeated lines"),
    summary=(
        "同一正文中 8 个字符以上的相同行只保留第一处。",
        "Of equal lines of 8 characters or more in one text only the first stays.",
    ),
    kind="map",
    parameters=Nothing,
    cost=330.0,
)
def strip_repeated_lines(batch: pl.DataFrame, parameters: Nothing) -> pl.DataFrame:
    del parameters
    lines = _all_lines(batch)
    short = pl.col("line").str.len_chars() < 8
    first = pl.struct("row", "line").is_first_distinct()
    return _joined(batch, lines.filter(short | first))


class Replace(Parameters):
    """What is replaced, and by what."""

    pattern: Annotated[
        str,
        StringConstraints(min_length=1, max_length=2000),
        meaning(
            "要匹配的正则表达式，语法同 Rust 的 regex。",
            "What to match: a regular expression in the syntax of Rust's regex.",
        ),
    ]
    by: Annotated[
        str,
        StringConstraints(max_length=2000),
        meaning(
            "替换成的内容；${1} 代表第一个分组，留空即删除。",
            "What stands in its place; ${1} is the first group, and nothing takes the match out.",
        ),
    ] = ""

    @field_validator("pattern")
    @classmethod
    def _valid(cls, value: str) -> str:
        try:
            pl.select(pl.lit("").str.replace_all(value, ""))
        except pl.exceptions.PolarsError as error:
            why = str(error).partition("\n")[0]
            raise fault(f"不是有效的正则表达式（{why}）", why) from error
        return value


@operator(
    "replace",
    title=("按模式替换", "replace"),
    summary=(
        "替换与正则表达式匹配的内容；匹配耗时与正文长度成线性关系，任何表达式都不会使其停滞。",
        "Whatever a pattern matches is replaced; the engine is linear in time, so no pattern can stall it.",
    ),
    kind="map",
    parameters=Replace,
    cost=550.0,
)
def replace(batch: pl.DataFrame, parameters: Replace) -> pl.DataFrame:
    return rewritten(batch, pl.col("text").str.replace_all(parameters.pattern, parameters.by))


class Truncate(Parameters):
    """How much of a text is kept."""

    characters: Annotated[int, meaning("最多保留的字符数。", "The most characters that are kept.")] = Field(
        ge=1, le=100_000_000
    )


@operator(
    "truncate",
    title=("截断", "truncate"),
    summary=(
        "将过长的正文截到上限之内最后一个完整句子；没有完整句子时按上限截断。",
        "Longer texts end after the last sentence that fits, or at the bound where there is none.",
    ),
    kind="map",
    parameters=Truncate,
    cost=1500.0,
)
def truncate(batch: pl.DataFrame, parameters: Truncate) -> pl.DataFrame:
    text = pl.col("text")
    head = text.str.head(parameters.characters)
    whole = head.str.extract(r"(?s)\A(.*[。！？!?…\n])", 1)
    cut = pl.coalesce(whole, head).str.strip_chars_end(" \n\t")
    return rewritten(batch, pl.when(text.str.len_chars() > parameters.characters).then(cut).otherwise(text))


def _all_lines(batch: pl.DataFrame) -> pl.DataFrame:
    return batch.select(line=pl.col("text").str.split("\n")).with_row_index("row").explode("line")


def _joined(batch: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
    found = lines.group_by("row", maintain_order=True).agg(pl.col("line").str.join("\n"))
    rows = pl.DataFrame({"row": pl.Series(range(batch.height), dtype=lines.schema["row"])})
    text = rows.join(found, on="row", how="left", maintain_order="left")["line"].fill_null("")
    return rewritten(batch, pl.lit(text))
