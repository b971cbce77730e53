"""Tables of tbl(1): rows become lines with ``|`` between the cells."""

import re
from collections.abc import Callable, Iterable, Iterator

__all__ = ["table_rows"]

_SEPARATOR = re.compile(r"\btab\s*\(\s*(.)\s*\)", re.IGNORECASE)
_RULES = re.compile(r"[_=\s]*|\\\^|\\_|\\=")


def table_rows(lines: Iterable[str], plain: Callable[[str], str]) -> Iterator[str]:
    """The rows between ``.TS`` and ``.TE``: options up to a semicolon, formats up to a dot, then the data, where cells
    in ``T{`` and ``T}`` go over several lines and ``.T&`` brings other formats."""
    separator = "\t"
    in_formats, first = True, True
    row: list[str] | None = None  # cells of a row whose last one is still open
    said: list[str] = []  # the lines in that one
    for line in lines:
        if in_formats:
            if first and line.rstrip().endswith(";"):
                if found := _SEPARATOR.search(line):
                    separator = found[1]
            elif line.rstrip().endswith("."):
                in_formats = False
            first = False
            continue
        if row is not None:
            if not line.startswith("T}"):
                said.append(_said(line))
                continue
            row[-1] = " ".join(said)
            cells = line[2:].split(separator)[1:]
        elif line.startswith(".T&"):
            in_formats = True
            continue
        elif line[:1] in (".", "'"):
            continue
        else:
            row, cells = [], line.split(separator)
        row += cells
        if row and row[-1].strip() == "T{":
            said = []
            continue
        yield from _told(row, plain)
        row = None
    if row is not None:
        row[-1] = " ".join(said)
        yield from _told(row, plain)


def _said(line: str) -> str:
    """What a line within a cell says, without the request that sets it in another face."""
    if line[:1] not in (".", "'"):
        return line
    name, _, rest = line[1:].lstrip().partition(" ")
    return rest.replace('"', "") if name in ("B", "I", "BR", "RB", "IR", "RI", "BI", "IB", "SM", "SB") else ""


def _told(row: list[str], plain: Callable[[str], str]) -> Iterator[str]:
    cells = ["" if _RULES.fullmatch(cell.strip()) else plain(cell).strip() for cell in row]
    while cells and not cells[-1]:
        cells.pop()
    if any(cells):
        yield " | ".join(cells)
