"""What kind of writing a text is, by its form: article by article, by turns, by rows, by verses, as code."""

import polars as pl

from ceyuan.data.operators.operator import Nothing, operator

__all__ = ["FORMS", "form", "is_code", "is_dialogue"]

FORMS: dict[str, tuple[str, str]] = {
    "code": ("代码", "code"),
    "statute": ("条文", "articles of a law"),
    "official": ("公文", "official document"),
    "paper": ("论文", "scientific paper"),
    "news": ("新闻稿", "news report"),
    "qa": ("问答", "questions and answers"),
    "dialogue": ("对话", "dialogue"),
    "table": ("表格", "table"),
    "list": ("清单", "list"),
    "verse": ("诗歌", "verse"),
    "prose": ("一般行文", "prose"),
}
"""The kinds of writing, in the order in which they are asked for; the last is what is left."""

_LINES = r"(?m)^[^\n]*\S[^\n]*$"
_CODE = (
    r"(?m)^\s*(?:def |class \w+|import \w|from \S+ import |#include|public |private |return\b|"
    r"(?:if|for|while|switch) ?\(|"
    r"function\b|(?:var|let|const|func|fn) \w|SELECT |\}|\{|//|/\*|</?\w+[^>\n]*>\s*$)|^[^\n\p{Han}]*[;{}]\s*$"
)
_TURN = r"(?m)^\s*[^\s:：。，,、]{1,12}\s*[:：]\s*\S"
_LABEL = r"(?m)^\s*[^\s:：。，,、]{1,12}\s*[:：]"
_ASKED = r"(?mi)^\s*(?:问|问题|提问|q|question)\s*\d{0,3}\s*[:：.、]"
_ANSWERED = r"(?mi)^\s*(?:答|回答|答案|a|answer)\s*\d{0,3}\s*[:：.、]"
_ARTICLE = r"(?m)^\s*第[〇零一二三四五六七八九十百千\d]{1,9}[条章款]"
_NUMBERED = r"[〔\[（(]\s*(?:19|20)\d\d\s*[〕\]）)]\s*第?\s*\d{1,5}\s*号"
_TITLED = r"\A[^\n]{0,60}关于[^\n]{2,60}的?(?:通知|意见|决定|函|报告|请示|批复|公告|通报|办法|方案)\s*(?:\n|\z)"
_PAPER = r"(?m)^\s*(?:摘\s*要|关键词|关键字|参考文献|引\s*言|Abstract|Keywords|References)\s*(?:[:：\n]|$)"
_DATELINE = (
    r"\A(?:[^\n]{0,60}\n)?[^\n]{0,24}(?:新华社|本报|中新社|人民网|央视网|通讯员|记者)[^\n]{0,30}(?:电|讯|报道|摄|[))])"
)
_ROW = r"(?m)^[^\n]*(?:\t[^\n]*\t|\|[^\n]*\|)[^\n]*$"
_BULLET = r"(?m)^\s*(?:[-*•·●○■□◆]|\d{1,3}[.、)）]|[((]?[一二三四五六七八九十]{1,3}[))、])\s*\S"
_VERSE = r"(?m)^\s*[\p{Han}，、；！？。,;!?]{4,24}[，。；！？,;!?]?\s*$"


def _count(pattern: str) -> pl.Expr:
    return pl.col("text").str.count_matches(pattern).cast(pl.Int32)


def is_code(lines: pl.Expr) -> pl.Expr:
    """Whether most of the ``lines`` of a text are those of a program."""
    return (_count(_CODE) >= 3) & (_count(_CODE) >= 0.5 * lines)


def is_dialogue(lines: pl.Expr) -> pl.Expr:
    """Whether a text is spoken by turns: most of its ``lines`` begin with a speaker, and speakers come again."""
    speakers = pl.col("text").str.extract_all(_LABEL).list.eval(pl.element().str.strip_chars(" \t:：")).list.n_unique()
    turns = _count(_TURN)
    return (turns >= 4) & (turns >= 0.6 * lines) & (speakers.cast(pl.Int32) * 2 <= turns)


def _is_regular() -> pl.Expr:
    """Whether nearly all clauses of a text have one of the lengths that regular verse has."""
    lengths = pl.col("text").str.extract_all(r"\p{Han}+").list.eval(pl.element().str.len_chars())
    most = pl.max_horizontal(lengths.list.count_matches(length) for length in (4, 5, 6, 7))
    return (most >= 4) & (most >= 0.66 * lengths.list.len())  # title and poet stand before them


@operator(
    "form",
    title=("体裁分类", "type of writing"),
    summary=(
        "按行文形式判定的体裁，如条文、公文、论文、新闻稿、对话、诗歌。",
        "The kind of writing that a text is by its form, such as statute, paper, news report, dialogue or verse.",
    ),
    kind="stat",
    writes={"form": ("体裁", "type of writing")},
    parameters=Nothing,
    cost=12.0,
)
def form(batch: pl.DataFrame, parameters: Nothing) -> pl.DataFrame:
    """The kind of writing that a text is by its form: one of ``FORMS``."""
    del parameters
    lines = pl.col("_lines")
    told = (
        pl.when(is_code(lines))
        .then(pl.lit("code"))
        .when((_count(_ARTICLE) >= 3) | pl.col("text").str.contains(r"\A\s*" + _ARTICLE.removeprefix(r"(?m)^\s*")))
        .then(pl.lit("statute"))
        .when(pl.col("text").str.contains(_TITLED) | (_count(_NUMBERED) >= 1))
        .then(pl.lit("official"))
        .when(_count(_PAPER) >= 2)
        .then(pl.lit("paper"))
        .when(pl.col("text").str.contains(_DATELINE))
        .then(pl.lit("news"))
        .when(_count(_ASKED) >= 1, _count(_ANSWERED) >= 1)
        .then(pl.lit("qa"))
        .when(is_dialogue(lines))
        .then(pl.lit("dialogue"))
        .when(_count(_ROW) >= 3, _count(_ROW) >= 0.6 * lines)
        .then(pl.lit("table"))
        .when(_count(_BULLET) >= 3, _count(_BULLET) >= 0.6 * lines)
        .then(pl.lit("list"))
        .when(((_count(_VERSE) >= 2) & (_count(_VERSE) >= 0.8 * lines)) | _is_regular())
        .then(pl.lit("verse"))
        .otherwise(pl.lit("prose"))
    )
    return batch.with_columns(batch.with_columns(_lines=_count(_LINES)).select(form=told).to_series())
