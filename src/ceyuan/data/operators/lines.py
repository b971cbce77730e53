"""Statistics by line and by paragraph: what the layout of a text tells of its kind and its damage."""

import polars as pl

from ceyuan.data.operators.declaring import line_statistics

__all__ = ["CODE_LINE", "PAGE_MARK", "TABLE_LINE"]

TABLE_LINE = r"^\|.*\|$|\t[^\t]*\t|^[+|]?[-=+|:]{6,}$|(?:[^|]*\|){3,}"
CODE_LINE = (
    r"[;{}]\s*$|^(?:import|from|def|class|return|if|for|while|else|elif|try|public|private|static|void|var|let|const"
    r"|function|func|package|using|namespace|struct)\b[^\u{4e00}-\u{9fff}]*$"
    r"|^#(?:include|define|!/)|^(?://|/\*|\*/|\$ |>>> |sudo )"
)
PAGE_MARK = (
    r"[-—–·]\s?\d{1,4}\s?[-—–·]|第\s?\d{1,4}\s?页(?:\s?[/共]\s?\d{1,4}\s?页?)?"
    r"|\d{1,4}\s?/\s?\d{1,4}|Page \d+(?: of \d+)?"
)
_LINE = pl.col("line")


def _share(pattern: str) -> pl.Expr:
    return _LINE.str.contains(pattern).mean()


def _weight(pattern: str) -> pl.Expr:
    size = _LINE.str.len_bytes().cast(pl.Float64)
    return size.filter(_LINE.str.contains(pattern)).sum() / size.sum()


line_statistics(
    "line_ends",
    ("行尾", "line ends"),
    {
        "closed_lines": ("以句末标点结尾的行比例", "lines that end like a sentence"),
        "ellipsis_lines": ("以省略号结尾的行比例", "lines that end with an ellipsis"),
    },
    lambda: {"closed_lines": _share(r"[。！？!?.；;：:”」』）)…]$"), "ellipsis_lines": _share(r"(?:…|\.{3}|。{3})$")},
)
line_statistics(
    "bullets",
    ("列表行", "bulleted lines"),
    {"bullet_lines": ("以列表符号开头的行比例", "lines that begin with a bullet or a number")},
    lambda: {
        "bullet_lines": _share(
            r"^(?:[-*•·●○■□◆◇▪►➤★☆]|\d{1,3}[.、)）]|[(（][一二三四五六七八九十\d]{1,3}[)）]|[一二三四五六七八九十]{1,3}、)\s?"
        )
    },
)
line_statistics(
    "short_lines",
    ("短行", "short lines"),
    {"short_lines": ("少于 6 个字的行比例", "lines of fewer than 6 characters")},
    lambda: {"short_lines": (_LINE.str.len_chars() < 6).mean()},
)
line_statistics(
    "line_lengths",
    ("行长离散", "spread of line lengths"),
    {
        "line_spread": ("行长标准差与均值之比", "standard deviation of line lengths over their mean"),
        "even_lines": ("与最常见行长相同的行比例", "lines of the most frequent length, high in verse"),
    },
    lambda: {
        "line_spread": _LINE.str.len_chars().cast(pl.Float64).std(ddof=0) / _LINE.str.len_chars().mean(),
        "even_lines": (_LINE.str.len_chars() == _LINE.str.len_chars().mode().min()).mean(),
    },
)
line_statistics(
    "headings",
    ("标题行", "headings"),
    {"heading_lines": ("标题行比例", "lines that are headings")},
    lambda: {
        "heading_lines": _share(
            r"^#{1,6} |^第[零〇一二三四五六七八九十百\d]{1,6}[编章节]|^[一二三四五六七八九十]{1,3}、[^。]{1,30}$"
        )
    },
)
line_statistics(
    "tables",
    ("表格行", "table rows"),
    {"table_share": ("表格行所占字节比例", "bytes in rows of tables")},
    lambda: {"table_share": _weight(TABLE_LINE)},
)
line_statistics(
    "code_lines",
    ("代码行", "lines of code"),
    {"code_share": ("代码行所占字节比例", "bytes in lines of code")},
    lambda: {"code_share": _weight(CODE_LINE)},
)
line_statistics(
    "paragraphs",
    ("段落", "paragraphs"),
    {
        "paragraphs": ("非空行数", "lines that are not blank"),
        "mean_paragraph": ("平均段长（字符）", "mean length of a paragraph in characters"),
        "duplicate_paragraphs": ("重复段落比例", "share of paragraphs seen before in the text"),
    },
    lambda: {
        "paragraphs": pl.len(),
        "mean_paragraph": _LINE.str.len_chars().mean(),
        "duplicate_paragraphs": 1 - _LINE.n_unique() / pl.len(),
    },
)
line_statistics(
    "page_marks",
    ("页码与页眉", "page marks"),
    {"page_marks": ("页码、页眉行数", "lines that are page numbers or running heads")},
    lambda: {"page_marks": _LINE.str.contains(rf"^(?:{PAGE_MARK})$").sum()},
)
