"""The macros of groff_mdoc(7) and mdoc(7), which say what a word is and may call each other within a line."""

import re
from dataclasses import dataclass

from ceyuan.data.readers.roff.escapes import GLUE
from ceyuan.data.readers.roff.lines import Interpreter, Request
from ceyuan.data.readers.roff.man import MEASURES, set_apart
from ceyuan.data.readers.roff.page import Page

__all__ = ["MDOC", "carry_out"]

_ENCLOSED = {
    **{"Op": "[]", "Dq": "“”", "Qq": '""', "Sq": "‘’", "Ql": "‘’", "Pq": "()", "Bq": "[]", "Aq": "<>", "Brq": "{}"},
    **{"Qo": '""', "Do": "“”", "So": "‘’", "Po": "()", "Bo": "[]", "Ao": "<>", "Bro": "{}", "Oo": "[]"},
}
"""Marks around what follows: to the end of the line, or, for those that end with ``o``, up to their counterpart."""
_COUNTERPARTS = {"Qc": '"', "Dc": "”", "Sc": "’", "Pc": ")", "Bc": "]", "Ac": ">", "Brc": "}", "Oc": "]"}
_OPENING = {name for name in _ENCLOSED if name.endswith("o")}
_SAID = "Ad An Ar Cd Cm Dv Em Er Ev Fa Fr Ft Hf Ic Li Me Ms No Pa Sx Sy Tn Va Vt Lb Bf Sm"
_WORDS = frozenset(_SAID.split())
"""What a word is; it is printed as it stands."""
_SYSTEMS = {
    **{"Ux": "UNIX", "Bx": "BSD", "Fx": "FreeBSD", "Nx": "NetBSD", "Ox": "OpenBSD", "Dx": "DragonFly", "Bsx": "BSD/OS"},
    **{"At": "AT&T UNIX", "St": "", "Db": "", "Bt": "is currently in beta test.", "Ud": "currently under development."},
}
_STANDARDS = {"-p1003": "IEEE Std 1003", "-ansi": "ANSI ", "-iso": "ISO ", "-susv": "SUSv", "-xpg": "XPG"}
_OTHERS = "Fl Nm Xr Fn In Lk Mt Ns Ap Pf Xo Xc Tg Nd Eo Ec Ta"
_INLINE = {*_ENCLOSED, *_COUNTERPARTS, *_WORDS, *_SYSTEMS, *_OTHERS.split()}
_STANDING = "Dd Dt Os Sh Ss Pp Lp Bl It El Bd Ed D1 Dl Fd Fo Fc Rs Re Ex Rv Bk Ek Ef Hf br sp nf fi PP TS TE PS PE"
_BLOCKS = frozenset(_STANDING.split())
MDOC = frozenset(_INLINE | _BLOCKS | MEASURES | {f"%{letter}" for letter in "ABCDIJNOPQRTUV"})
_STANDARD_WORDS = {
    "Ex": "The {} utility exits 0 on success, and >0 if an error occurs.",
    "Rv": "The {}() function returns the value 0 if successful; otherwise the value -1 is returned and the global "
    "variable errno is set to indicate the error.",
}
_AFTER = frozenset(".,:;)]?!")
_BEFORE = frozenset("([")
_BARE = {"-bullet": "-", "-dash": "-", "-hyphen": "-"}
_SYNOPSIS = re.compile("SYNOPSIS|概述|概要|提要|总览|總覽|语法|語法")
_DEPTH = 20


@dataclass(slots=True)
class _List:
    kind: str
    number: int = 0


class _Words:
    """Words of a line with the spaces between them."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._near = True  # the next word stands right after what is there

    def put(self, word: str, *, near: bool = False) -> None:
        if self._pieces and not (near or self._near):
            self._pieces.append(" ")
        self._pieces.append(word)
        self._near = False

    def join(self) -> None:
        """The next word follows without a space."""
        self._near = True

    @property
    def text(self) -> str:
        found = "".join(self._pieces)
        return found + GLUE if self._near and found else found


class _Reader:
    def __init__(self, roff: Interpreter, page: Page) -> None:
        self._roff, self._page = roff, page
        self._lists: list[_List] = []
        self._function = False
        self._section = ""
        self.command = ""  # what ``.Nm`` stands for
        self.name = ""

    def read(self) -> None:
        lines = iter(self._roff)
        for one in lines:
            if isinstance(one, str):
                self._page.words(self._roff.plain(one))
            elif one.name in ("TS", "PS"):
                set_apart(one.name, lines, self._page, self._roff)
            elif one.name in _BLOCKS:
                self._block(one)
            elif one.name in _INLINE:
                if one.name == "Nm" and _SYNOPSIS.search(self._section):
                    self._page.flush()  # each call begins a line
                self._page.words(self._line([one.name, *one.arguments]))
            elif one.name.startswith("%"):
                said = self._line(["No", *one.arguments])
                self._page.words(said if one.name == "%O" else f"{said},")

    def _block(self, one: Request) -> None:
        page, given = self._page, [self._roff.plain(part) for part in one.arguments]
        match one.name:
            case "Dt":
                self.name = f"{given[0].lower()}({given[1]})" if len(given) > 1 else "".join(given).lower()
            case "Sh" | "Ss":
                page.fill(True)
                heading = self._line(["No", *one.arguments])
                page.heading(heading, 2 if one.name == "Sh" else 3)
                self._section = heading.upper() if one.name == "Sh" else self._section
            case "Pp" | "Lp" | "PP" | "sp":
                page.paragraph()
            case "Bl":
                self._lists.append(_List(given[0] if given else "-item"))
                page.paragraph()
            case "It":
                self._item(one)
            case "El":
                if self._lists:
                    self._lists.pop()
                page.paragraph()
            case "Bd":
                page.paragraph()
                page.fill(not {"-literal", "-unfilled"} & set(given))
            case "Ed" | "fi":
                page.fill(True)
                page.paragraph()
            case "nf":
                page.fill(False)
            case "D1" | "Dl" | "Fd":
                page.line(self._line(["No", *one.arguments]))
            case "Fo":
                self._function = True
                page.words(f"{''.join(given)}({GLUE}")
            case "Fc":
                self._function = False
                page.words(f"{GLUE})")
            case "Rs" | "Re" | "br":
                page.flush()
            case "Ex" | "Rv":
                if "-std" in given:
                    page.words(_STANDARD_WORDS[one.name].format(given[-1] if len(given) > 1 else self.command))

    def _item(self, one: Request) -> None:
        here = self._lists[-1] if self._lists else _List("-item")
        here.number += 1
        if here.kind in _BARE:
            self._page.tag(_BARE[here.kind])
        elif here.kind == "-enum":
            self._page.tag(f"{here.number}.")
        elif here.kind == "-column":
            cells: list[list[str]] = [[]]
            for part in one.arguments:
                if part in ("Ta", "\t"):
                    cells.append([])
                else:
                    cells[-1] += part.split()
            text = " | ".join(self._line(["No", *cell]) for cell in cells)
            self._page.line(" | ".join(part.strip() for part in text.split("\t")))
        else:
            self._page.tag(self._line(["No", *one.arguments]))

    def _line(self, parts: list[str]) -> str:
        """What a line of macros and words prints."""
        words = _Words()
        self._eval(parts, 0, words, 0)
        return words.text

    def _eval(self, parts: list[str], at: int, words: _Words, depth: int) -> int:
        """Put into ``words`` what the macro at ``parts[at]`` and those that follow print; where that ended."""
        while at < len(parts):
            name = parts[at]
            at += 1
            if name in _ENCLOSED and depth < _DEPTH:
                words.put(_ENCLOSED[name][0])
                words.join()
                if name in _OPENING:
                    continue
                end = at
                while end < len(parts) and parts[end] not in _COUNTERPARTS:
                    end += 1
                tail = end
                while tail > at and parts[tail - 1] in _AFTER:
                    tail -= 1
                self._eval(parts[:tail], at, words, depth + 1)
                words.put(_ENCLOSED[name][1], near=True)
                at = tail
            elif name in _COUNTERPARTS:
                mark = _COUNTERPARTS[name]
                words.put(f"{GLUE}{mark}", near=True)
            elif name in _INLINE:
                at = self._word(name, parts, at, words)
            else:
                self._printed(name, words)
        return at

    def _word(self, name: str, parts: list[str], at: int, words: _Words) -> int:
        """One macro that is no mark around others, with the words up to the next macro."""
        end = at
        while end < len(parts) and parts[end] not in _INLINE:
            end += 1
        given = [self._roff.plain(part) for part in parts[at:end]]
        if name in ("Ns", "Ap", "Pf"):
            self._glued(name, given, words)
            return end
        said = [one for one in given if one not in _AFTER and one not in _BEFORE]
        if name in _SYSTEMS:
            words.put(" ".join([_SYSTEMS[name], *map(_standard, said)]).strip())
            said, given = [], [one for one in given if one in _AFTER]
        elif name == "Nm":
            self.command = self.command or "".join(said[:1])
            given = given if said else [self.command, *given]
        elif name == "Ar" and not said:
            given = ["file", "...", *given]
        elif name == "Nd":
            given = ["–", *given]
        elif name == "Fl":
            given = [one if one in _AFTER or one in _BEFORE or one == "|" else f"-{one}" for one in given] or [
                f"-{GLUE}"
            ]
        elif name == "Xr" and len(said) > 1:
            given = [f"{said[0]}({said[1]})", *said[2:], *(one for one in given if one in _AFTER)]
        elif name == "Fn" and said:
            given = [f"{said[0]}({', '.join(said[1:])})", *(one for one in given if one in _AFTER)]
        elif name == "Fa" and self._function:
            given = [f"{' '.join(said)},"]
        elif name == "In" and said:
            given = [f"#include <{said[0]}>" if _SYNOPSIS.search(self._section) else f"<{said[0]}>", *said[1:]]
        elif name in ("Lk", "Mt") and said:
            given = [" ".join(said[1:]), f"<{said[0]}>"] if len(said) > 1 else [f"<{said[0]}>"]
            given += [one for one in parts[at:end] if one in _AFTER]
        elif name in ("Sm", "Tg", "Bf") or (name == "An" and given[:1] in (["-nosplit"], ["-split"])):
            given = []
        for one in given:
            self._printed(one, words)
        return end

    def _glued(self, name: str, given: list[str], words: _Words) -> None:
        if name == "Pf" and given:
            words.put(given[0])
            words.join()
            for one in given[1:]:
                self._printed(one, words)
            return
        if name == "Ap":
            words.put("'", near=True)
        words.join()
        for one in given:
            self._printed(one, words)

    def _printed(self, part: str, words: _Words) -> None:
        text = self._roff.plain(part) if "\\" in part else part
        if not text:
            return
        words.put(text, near=text in _AFTER or text.startswith(GLUE))
        if text in _BEFORE or text.endswith(GLUE):
            words.join()


def _standard(name: str) -> str:
    for beginning, words in _STANDARDS.items():
        if name.startswith(beginning):
            return f"{words}{name[len(beginning) :].lstrip('-')}"
    return name


def carry_out(roff: Interpreter, page: Page) -> str:
    """Put what the page says into ``page``; the name and section that ``.Dt`` gives, such as ``ls(1)``."""
    reader = _Reader(roff, page)
    reader.read()
    return reader.name
