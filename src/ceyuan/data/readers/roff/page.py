"""The text of a page while it grows: paragraphs that are filled, lines that stand as they are, headings, tags."""

import re
import unicodedata

from ceyuan.data.readers.roff.escapes import GLUE

__all__ = ["Page"]

_BLANKS = re.compile(r"[ \t\u00a0]+")
_BULLETS = frozenset("•*-o+·–—○□◦●■§")
_ITEM = re.compile(r"[(\[]?(?:\d{1,3}|[a-z]|[ivx]{1,5})[.)\]:]?|[-–—]")


class Page:
    """Takes what a page says in its order; ``text`` is what it came to.

    Blocks are parted by an empty line, headings begin with ``##``, items with ``-`` or their number; what else an item
    is called stands on a line before its text.
    """

    def __init__(self) -> None:
        self.filled = True
        self._lines: list[str] = []
        self._words: list[str] = []
        self._before = ""  # what the next words follow on the same line
        self._tag = False
        self._heading = 0
        self._named: list[str] = []  # first lines of the section that names the page

    @property
    def text(self) -> str:
        """All lines."""
        self.flush()
        while self._lines and not self._lines[-1]:
            self._lines.pop()
        return "\n".join(self._lines)

    def first_line_after_heading(self) -> str:
        """The first line below the first heading: the page's name and what it is for."""
        self.flush()
        below = False
        for line in self._lines:
            if below and line:
                return "" if line.startswith("#") else line
            below = below or line.startswith("## ")
        return ""

    def words(self, text: str) -> None:
        """Text; where it is filled it goes on in the same paragraph."""
        if self._heading:
            level, self._heading = self._heading, 0
            self.heading(text, level)
            return
        if self._tag:
            self._tag = False
            self.tag(text)
            return
        if not self.filled:
            self.flush()
            self._lines.append((self._before + text.replace(GLUE, "")).rstrip())
            self._before = ""
            return
        if not text.strip():
            self.paragraph()
            return
        if text[0] in " \t":  # as roff has it, a line that is indented begins a new one
            self.flush()
        self._words.append(text.strip(" \t"))

    def heading(self, text: str, level: int) -> None:
        """A heading; an empty one is what comes next."""
        self.paragraph()
        text = _joined([text])
        if not text:
            self._heading = level
            return
        self._lines += [f"{'#' * level} {text}", ""]

    def next_is_tag(self) -> None:
        """What comes next is what an item is called."""
        self.paragraph()
        self._tag = True

    def tag(self, text: str, *, apart: bool = True) -> None:
        """What an item is called: a mark before its text, or a line of its own; not ``apart`` where it follows one."""
        if apart:
            self.paragraph()
        else:
            self.flush()
        text = _joined([text])
        if text in _BULLETS:
            self._before = "- "
        elif _ITEM.fullmatch(text):
            self._before = f"{text} "
        elif text:
            self._lines.append(text)

    def tag_follows(self) -> None:
        """What comes next is another name of the same item."""
        self.flush()
        self._tag = True

    def line(self, text: str) -> None:
        """A line of its own."""
        self.flush()
        self._lines.append(text.rstrip())

    def flush(self) -> None:
        """End the line."""
        if self._words:
            self._lines.append(self._before + _joined(self._words))
            self._words, self._before = [], ""

    def paragraph(self) -> None:
        """End the paragraph."""
        self.flush()
        self._tag, self._before = False, ""
        if self._lines and self._lines[-1]:
            self._lines.append("")

    def fill(self, filled: bool) -> None:
        """Fill what comes, or let its lines stand as they are."""
        if self.filled != filled:
            self.flush()
        self.filled = filled

    @property
    def awaits(self) -> bool:
        """Whether a heading or the name of an item is still to come."""
        return self._tag or bool(self._heading)


def _joined(words: list[str]) -> str:
    """Lines as one: with a space between them, but none between characters that are written without."""
    found = words[0]
    pieces = [found]
    for word in words[1:]:
        if not (found.endswith(GLUE) or word.startswith(GLUE) or (_wide(found[-1:]) and _wide(word[:1]))):
            pieces.append(" ")
        pieces.append(word)
        found = word
    return _BLANKS.sub(" ", "".join(pieces).replace(GLUE, "")).strip()


def _wide(character: str) -> bool:
    return bool(character) and character > "\u2e7f" and unicodedata.east_asian_width(character) in "WF"
