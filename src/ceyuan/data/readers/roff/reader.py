"""Manual pages as documents."""

import re
from collections.abc import Iterator
from pathlib import Path

from ceyuan.data.readers.documents import Document, ReadOptions, Rejection, clean_text
from ceyuan.data.readers.lines import decoded_lines
from ceyuan.data.readers.roff.lines import Interpreter
from ceyuan.data.readers.roff.man import MAN
from ceyuan.data.readers.roff.man import carry_out as of_man
from ceyuan.data.readers.roff.mdoc import MDOC
from ceyuan.data.readers.roff.mdoc import carry_out as of_mdoc
from ceyuan.data.readers.roff.page import Page

__all__ = ["is_manual", "may_be_manual", "read_manual"]

_ENDING = re.compile(r"\.(?:[1-9](?:[a-z][a-z0-9+_-]{0,14})?|[ln]|man|mdoc|roff|troff|nroff)", re.IGNORECASE)
_SKIPPED = re.compile(r"""\s*(?:\\t\s*)?$|[.'][ \t]*(?:\\["\#].*)?$|\\["\#]""")
_CONTROL = re.compile(r"""[.'][ \t]*[A-Za-z\\}]""")
_MACRO = re.compile(rb"^[.'][ \t]*(?:TH|SH|Dd|Dt|Sh|so)[ \t]+\S", re.MULTILINE)
_MDOC = re.compile(r"[.'][ \t]*(?:Dd|Dt|Os|Sh)\b")
_MAN = re.compile(r"[.'][ \t]*(?:TH|SH|TP|PP)\b")
_TITLE = 80


def may_be_manual(ending: str) -> bool:
    """Whether manual pages have names that end so: ``.1``, ``.3pm``, ``.n``, ``.man``, ``.roff``."""
    return _ENDING.fullmatch(ending) is not None


def is_manual(sample: bytes) -> bool:
    """Whether a file that begins with ``sample`` is a manual page: its first line that is no comment asks for
    something, and one of its lines for what only manual pages have."""
    if b"\0" in sample[:4096] or not _MACRO.search(sample):
        return False
    for line in sample.decode("latin-1").removeprefix("ï»¿").split("\n"):
        if not _SKIPPED.match(line):
            return _CONTROL.match(line) is not None
    return False


def read_manual(path: Path, name: str, encoding: str, options: ReadOptions) -> Iterator[Document | Rejection]:
    """The one document of a page, or the reason why there is none. What a page takes from other files is named."""
    if path.stat().st_size > options.limits.whole_file:
        yield Rejection(name, "file_too_large", f"{path.stat().st_size} bytes")
        return
    lines: list[str] = []
    with path.open("rb") as file:
        for line in decoded_lines(file, encoding, options.limits.line):
            if line.problem:
                yield Rejection(f"{name}#{line.number}", line.problem, line.detail)
            else:
                lines.append(line.text.rstrip("\r"))
    mdoc = next((bool(_MDOC.match(line)) for line in lines if _MDOC.match(line) or _MAN.match(line)), False)
    roff, page = Interpreter(lines, MDOC if mdoc else MAN), Page()
    known = (of_mdoc if mdoc else of_man)(roff, page)
    for file_name in dict.fromkeys(roff.included):
        yield Rejection(name, "included_elsewhere", file_name[:200])
    text = clean_text(page.text)
    title = page.first_line_after_heading()
    if text:
        yield Document(name, text, title=clean_text(title if 0 < len(title) <= _TITLE else known))
    elif not roff.included:
        yield Rejection(name, "empty_text")
