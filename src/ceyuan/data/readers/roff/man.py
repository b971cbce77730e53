"""The macros of groff_man(7), with those that pages of Perl, Tcl and X bring along."""

from collections import deque
from collections.abc import Iterator, Sequence

from ceyuan.data.readers.roff.lines import Interpreter, Request
from ceyuan.data.readers.roff.page import Page
from ceyuan.data.readers.roff.tables import table_rows

__all__ = ["MAN", "MEASURES", "carry_out", "set_apart"]

_FONTS = {"B": " ", "I": " ", "SM": " ", "SB": " ", "R": " ", "UL": " ", "CW": " "}
_FONTS |= dict.fromkeys(("BI", "BR", "IB", "IR", "RB", "RI"), "")
"""Faces that text is set in, and what stands between their arguments."""
_PARAGRAPHS = frozenset({"PP", "P", "LP", "HP", "sp", "bp"})
_BREAKS = frozenset({"br", "RS", "RE", "in", "ti", "Sp", "ce", "YS", "AS", "brp"})
_UNFILLED = frozenset({"nf", "EX", "Vb", "CS", "DS", "SO", "EQ"})
_FILLED = frozenset({"fi", "EE", "Ve", "CE", "DE", "SE", "EN"})
_PASSED = frozenset({"BS", "BE", "VS", "VE", "IX", "PD", "DT", "AT", "UC", "PM", "HS"})
_LOOKS = (
    "ad af bd cc cflags char cu color do ec em eo ev fam fc fl fp ft ftr hc hcode hla hlm hw hy hym ie it itc "
    "kern lc lg ll ls lt mk mso na ne nh nm nn nop nroff ns nx os pc pev pl pm pn po ps rd rj rs rt shc "
    "special ss sty sv ta tc ti tl tm tr trf troff uf ul vpt vs warn wh"
)
MEASURES = frozenset(_LOOKS.split())
"""Requests that only set how a page looks."""
MAN = frozenset(
    {*_FONTS, *_PARAGRAPHS, *_BREAKS, *_UNFILLED, *_FILLED, *_PASSED, *MEASURES}
    | {
        "TH",
        "SH",
        "SS",
        "TP",
        "TQ",
        "IP",
        "UR",
        "UE",
        "MT",
        "ME",
        "URL",
        "SY",
        "OP",
        "TS",
        "TE",
        "PS",
        "PE",
        "AP",
        "QW",
    }
)


def carry_out(roff: Interpreter, page: Page) -> str:
    """Put what the page says into ``page``; the name and section that ``.TH`` gives, such as ``ls(1)``."""
    name = ""
    link: list[str] | None = None
    lines: Iterator[str | Request] = iter(roff)
    for one in lines:
        if isinstance(one, str):
            page.words(roff.plain(one))
            continue
        request, given = one.name, [roff.plain(part) for part in one.arguments]
        if request in _FONTS:
            if given:
                page.words(_FONTS[request].join(given))
        elif request == "TH":
            name = f"{given[0]}({given[1]})" if len(given) > 1 else "".join(given)
        elif request in ("SH", "SS"):
            page.fill(True)
            page.heading(" ".join(given), 2 if request == "SH" else 3)
        elif request == "TP":
            page.next_is_tag()
        elif request == "TQ":
            page.tag_follows()
        elif request == "IP":
            page.tag(given[0] if given else "")
        elif request in _PARAGRAPHS:
            if request != "sp" or not page.awaits:
                page.paragraph()
        elif request in _UNFILLED or request in _FILLED:
            page.fill(request in _FILLED)
        elif request in _BREAKS:
            if not page.awaits:
                page.flush()
        elif request in ("UR", "MT"):
            link = given[:1]
        elif request in ("UE", "ME") and link is not None:
            page.words("".join([f"<{link[0]}>" if link else "", *given]))
            link = None
        elif request in ("TS", "PS"):
            set_apart(request, lines, page, roff)
        else:
            _rarely(request, given, page)
    return name


def _rarely(request: str, given: Sequence[str], page: Page) -> None:
    if request == "URL" and given:
        page.words(f"{given[1] if len(given) > 1 else ''} <{given[0]}>{''.join(given[2:])}".strip())
    elif request == "SY":
        page.flush()
        page.words(" ".join(given))
    elif request == "OP" and given:
        if len(given) == 3:  # of Tk: three names of an option
            page.tag(given[0])
            page.line(" ".join(given[1:]))
        else:
            page.words(f"[{' '.join(given)}]")
    elif request == "AP" and len(given) >= 2:  # of Tcl: type, name and direction of an argument
        page.tag(f"{given[0]} {given[1]} ({given[2]})" if len(given) > 2 else f"{given[0]} {given[1]}")
    elif request == "QW" and given:
        page.words(f"“{given[0]}”{''.join(given[1:])}")


def set_apart(request: str, lines: Iterator[str | Request], page: Page, roff: Interpreter) -> None:
    """Put a table (``TS``) into ``page`` by its rows; a drawing (``PS``) is passed over."""
    end = "TE" if request == "TS" else "PE"

    def inner() -> Iterator[str]:
        for one in lines:
            if isinstance(one, str):
                yield one
            elif one.name == end:
                return
            else:
                yield f".{one.name} {one.rest}"

    page.paragraph()
    if request == "TS":
        for row in table_rows(inner(), roff.plain):
            page.line(row)
    else:
        deque(inner(), maxlen=0)
    page.paragraph()
