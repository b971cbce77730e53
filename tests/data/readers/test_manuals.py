"""Manual pages: what a terminal would show is read, what only sets how it looks is not, and nothing else is one."""

import gzip
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceyuan.data.readers import Document, Rejection, read_path
from ceyuan.data.readers.roff import is_manual, may_be_manual
from ceyuan.data.readers.roff.lines import Interpreter
from ceyuan.data.readers.roff.man import MAN
from ceyuan.data.readers.roff.man import carry_out as of_man
from ceyuan.data.readers.roff.mdoc import MDOC
from ceyuan.data.readers.roff.mdoc import carry_out as of_mdoc
from ceyuan.data.readers.roff.page import Page


def man(source: str) -> str:
    page = Page()
    of_man(Interpreter(source.split("\n"), MAN), page)
    return page.text


def mdoc(source: str) -> str:
    page = Page()
    of_mdoc(Interpreter(source.split("\n"), MDOC), page)
    return page.text


def read(path: Path) -> tuple[list[Document], dict[str, str]]:
    items = list(read_path(path))
    return [i for i in items if isinstance(i, Document)], {i.where: i.reason for i in items if isinstance(i, Rejection)}


PAGE = r""".\" 版权所有
.TH DIRNAME 1 "2022年9月" "GNU coreutils 9.1" 用户命令
.SH 名称
dirname \- 去除文件名的最后一个
组成部分
.SH 概述
\fBdirname\fP [\fI\,选项\/\fP] \fI\,名称\/\fP...
.SH 描述
将每个名称的最后一个非斜线的组成部分
移除并输出；如果没有斜线，则输出 '.'。
.PP
这一行与
.BR basename (1)
有关。
.TP
\fB\-z\fP, \fB\-\-zero\fP
以 NUL 结束
.TP
.B \-\-help
显示帮助
.SS 示例
.nf
$ dirname /usr/bin/
  /usr
.fi
"""


def test_a_page_is_one_document_with_headings_paragraphs_and_items(tmp_path: Path) -> None:
    (tmp_path / "dirname.1").write_text(PAGE)
    (documents, rejected) = read(tmp_path)
    assert rejected == {}
    assert [(one.id, one.title) for one in documents] == [("dirname.1", "dirname - 去除文件名的最后一个组成部分")]
    assert documents[0].text == (
        "## 名称\n\ndirname - 去除文件名的最后一个组成部分\n\n## 概述\n\ndirname [选项] 名称...\n\n## 描述\n\n"
        "将每个名称的最后一个非斜线的组成部分移除并输出；如果没有斜线，则输出 '.'。\n\n这一行与 basename(1) 有关。\n\n"
        "-z, --zero\n以 NUL 结束\n\n--help\n显示帮助\n\n### 示例\n\n$ dirname /usr/bin/\n  /usr"
    )


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-8-sig"])
def test_pages_come_in_any_chinese_encoding_and_packed(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "dirname.1.gz").write_bytes(gzip.compress(PAGE.encode(encoding)))
    documents, rejected = read(tmp_path)
    assert (len(documents), rejected) == (1, {})
    assert "显示帮助" in documents[0].text


def test_a_page_that_only_points_elsewhere_or_draws_something_in_says_so(tmp_path: Path) -> None:
    (tmp_path / "a.3").write_text(".so man3/b.3\n")
    (tmp_path / "b.3").write_text(".so /etc/passwd\n.TH B 3\n.SH NAME\nb \\- text\n")
    documents, rejected = read(tmp_path)
    assert [one.text for one in documents] == ["## NAME\n\nb - text"]
    assert rejected == {"a.3": "included_elsewhere", "b.3": "included_elsewhere"}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("notes.1", "第一行\n.TH 不是宏\n"),
        ("messages.1", "Jan  1 00:00:00 host kernel: text\n"),
        ("seg.marshal.3", "\x00\x01.TH x\n"),
        ("archive.7z", "7z\n.TH x 1\n"),
        ("program.n", "x = 1\n"),
        ("letter.roff", ".LP\nwithout a name\n"),
    ],
)
def test_what_is_no_manual_page_is_left_aside_whatever_its_name(tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / name).write_text(content)
    documents, rejected = read(tmp_path)
    assert (documents, rejected) == ([], {name: "unsupported_format"})


def test_a_text_that_holds_macros_stays_a_text(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(PAGE)
    assert read(tmp_path)[0][0].text == PAGE.rstrip("\n")
    assert not may_be_manual(".10")
    assert not is_manual(b"")


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (r"a\-b \(em c\[u4E2D]\[u6587] \(aqd\(aq \e", "a-b — c中文 'd' \\"),
        (r"\f(CWcode\fR \s-1SMALL\s0 \s+2x\s0 \h'1'y\v'-.4m'z\&.", "code SMALL x yz."),
        (r"caf\['e] \(:u \[e aa] \N'65' \C'em'", "café ü  A —".replace("  ", " ")),
        ("半句话\n下半句，\nand English\nwords", "半句话下半句， and English words"),
        ("one\\c\ntwo", "onetwo"),
        ("long \\\nline", "long line"),
        ("text \\\" comment\nmore", "text more"),
        (".BI \"int f(const char *\" name );", "int f(const char *name);"),
        (".IR a , b .", "a,b."),
        ('.B "say ""so"""', 'say "so"'),
        (".UR https://example.org\n网站\n.UE 。", "网站 <https://example.org>。"),
        (".IP \\(bu 2\n第一\n.IP \\(bu\n第二", "- 第一\n\n- 第二"),
        (".IP 1. 4\n一", "1. 一"),
        (".de X\n第一参数 \\\\$1，共 \\\\n(.$ 个\n..\n.X 甲 乙", "第一参数 甲，共 2 个"),
        (".ds P 产品\n\\*P 与 \\*(lq名\\*(rq", "产品 与 “名”"),
        (".if t 印刷\n.if n 终端", "终端"),
        (".ie '\\*(.T'ps' \\{\\\n甲\n.\\}\n.el \\{\\\n乙\n.\\}\n丙", "乙丙"),
        (".if \\n(.g==1 甲\n.if (2*3>5) 乙\n.if !1 丙", "甲乙"),
        (".ig\n看不见\n..\n看得见", "看得见"),
        (".ad l\n.Unknown 什么\n正文", "正文"),
        (".nf\n  保持\n    原样\n.fi\n恢复\n填充", "  保持\n    原样\n恢复填充"),
        (".EX\na  b\n.EE", "a  b"),
        (".TS\ntab(:) allbox;\nl l.\n名:值\n_\nT{\n长\n单元\nT}:\\fI2\\fP\n.TE\n后", "名 | 值\n长 单元 | 2\n\n后"),
        (".TP\n.B \\-a\n.PD 0\n.TP\n.B \\-b\n说明", "-a\n\n-b\n说明"),
        (".Vb 1\n\\&  $x = 1;\n.Ve\n正文", "  $x = 1;\n正文"),
    ],
)  # fmt: skip
def test_macros_and_escapes_come_to_what_a_terminal_shows(source: str, text: str) -> None:
    assert man(source) == text


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (".Sh NAME\n.Nm ftp\n.Nd 文件传输程序", "## NAME\n\nftp – 文件传输程序"),
        (".Nm ftp\n.Op Fl pin\n.Op Fl o Ar file Ns Ar ...", "ftp [-pin] [-o file...]"),
        (".Sh SYNOPSIS\n.Nm a\n.Ar x\n.Nm b\n.Ar y", "## SYNOPSIS\n\na x\nb y"),
        (".Bl -tag\n.It Fl v Ns , Fl -verbose\n详细\n.It Xo\n.Fl x\n.Xc\n其他\n.El", "-v, --verbose\n详细"),
        (".Bl -enum\n.It\n一\n.It\n二\n.El", "1. 一\n\n2. 二"),
        (".Bl -bullet\n.It\n甲\n.El\n后", "- 甲\n\n后"),
        (".Bl -column a b\n.It 名 Ta 值\n.El", "名 | 值"),
        (".Xr ls 1 ,\n.Pq Dq Li x .", "ls(1), (“x”)."),
        (".Fn open \"const char *p\" \"int f\"", "open(const char *p, int f)"),
        (".Oo\n.Fl a\n.Oc 与 .", "[-a] 与."),
        (".Bd -literal\na  b\n c\n.Ed\n后", "a  b\n c\n\n后"),
        (".Nm x\n.Ex -std", "x The x utility exits 0 on success, and >0 if an error occurs."),
        (".Pf ( Ar a Ns )", "(a)"),
    ],
)  # fmt: skip
def test_words_of_mdoc_are_set_as_their_macros_say(source: str, text: str) -> None:
    assert mdoc(source).startswith(text)


@pytest.mark.parametrize(
    "source",
    [
        ".de X\n.X\n.X\n..\n.X",
        ".de X\n.Y \\\\$* \\\\$*\n..\n.de Y\n.X \\\\$* \\\\$*\n..\n.X aaaaaaaa",
        ".ds a \\*b\\*b\n.ds b \\*a\\*a\n\\*a",
        ".ds a " + "x" * 9000 + "\n" + "\\*a" * 2000,
        ".while 1 \\{\\\nx\n.\\}",
        ".if \\{\n" * 500,
        ".nr x 9999999999999999999999*9999999999999999999999\n.if \\nx x",
        "\\h'" * 20_000,
        "." + "(" * 5000,
        ".if " + "(" * 5000,
        ".if " + "!" * 200_000 + "n x",
        ".if n " * 20_000 + "x",
        "\\[" * 200_000,
        "".join(f".ds {name} {f'{chr(92)}*{before}' * 80}\n" for before, name in pairwise("abcdefghi")) + "\\*i",
        ".ds a " + "x" * 9000 + "\n.ds b \\*a\\*a\n" + "\\*b\n" * 2000,
        ".de X\n" + "x" * 9000 + "\n..\n" + ".X\n" * 2000,
        ".de X\n" + "\\\\$*" * 5000 + "\n..\n.X " + "y" * 200_000,
        ".de X\n.am X\nx\n..\n.X\n..\n.X",
        ".TS\nl.\nT{\n" + "x\n" * 200_000,
    ],
)
def test_a_page_that_would_grow_or_never_end_is_bounded(source: str) -> None:
    assert len(man(source)) < 1_000_000
    assert len(mdoc(source)) < 1_000_000


def test_numbers_of_characters_and_arguments_that_there_are_not_print_nothing() -> None:
    long = "9" * 5000
    assert man(f"a\\N'0255999999'\\N'{long}'\\[char²]\\[char{long[:150]}]\\[char7]\\[u0000]\\[u001B]b") == "ab"
    assert man(f".de X\na\\\\$[{long}]b\\\\$[2]\n..\n.X c d").endswith("bd")


PARTS = [
    *(".TP", ".SH x", ".SH", ".IP", ".nf", ".fi", ".TS", "l l.", ".TE", ".de X", "..", ".X a b", ".if n \\{", ".\\}"),
    *(".ie t a", ".el b", "\\fB", "\\[", "\\(", "\\*(", "\\", '"', ".B \"", ".UE", ".UR", ".so x", ".ds a \\*a", "文"),
    *("\\N'", "\\[char²]", "\\$[", "9999", "T{", "T}"),
    *(".Bl -tag", ".It Fl a", ".El", ".Op Fl x Ar", ".Fo f", ".Fc", ".Fa a", ".Nm", ".Pf", ".Ns", ".Oc", ".Sh X", " "),
]  # fmt: skip


@given(st.lists(st.one_of(st.sampled_from(PARTS), st.text(max_size=12)), max_size=40))
def test_no_page_is_too_broken_to_be_read(parts: list[str]) -> None:
    for separator in ("\n", " "):
        source = separator.join(parts).replace("\r", "")
        man(source)
        mdoc(source)
