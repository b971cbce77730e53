"""CSV and TSV: one row is one document, and a quote that is never closed costs its own row alone.

A quote opens a field that may hold line ends (RFC 4180), so one that was forgotten takes in all that follows up to
the next quote anywhere. Such a record betrays itself: its closing quote stands before a letter, or never comes, or the
record has not as many fields as the header while a later line of it alone is a row. Reading goes on at that line.
"""

import csv
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import NamedTuple

from ceyuan.data.readers.documents import Document, ReadOptions, Rejection
from ceyuan.data.readers.fields import document_of, text_fields
from ceyuan.data.readers.lines import Line, decoded_lines

__all__ = ["read_csv"]

_HEADER = 32  # lines that a header may go over


def read_csv(path: Path, name: str, encoding: str, options: ReadOptions) -> Iterator[Document | Rejection]:
    """Documents of a CSV or TSV file with a header row; the separator is the header's most frequent one.

    A row is named by the line that it begins in.
    """
    with path.open("rb") as file:
        lines = decoded_lines(file, encoding, options.limits.line)
        header = next(lines, None)
        if header is None or header.problem:
            yield Rejection(name, header.problem if header else "empty_text")
            return
        separator = max(",\t;|", key=header.text.count)
        fields, rest = _header(header, lines, separator)
        names = [field.strip() for field in fields]
        if not names:
            yield Rejection(name, "bad_csv", "the header is no row; lines must end with a line feed")
            return
        if not text_fields(names, options):
            yield Rejection(name, "no_text_field", "、".join(names[:12]))
            return
        for record in _Records(rest, separator, len(names), options.limits.line):
            where = f"{name}#{record.number}"
            if record.reason:
                yield Rejection(where, record.reason, record.detail)
            elif any(record.fields):
                yield document_of(dict(zip(names, record.fields, strict=False)), where, options)


class _Record(NamedTuple):
    """The fields of a row and the line it begins in, or why there are none."""

    number: int
    fields: Sequence[str]
    reason: str = ""
    detail: str = ""


class _Alone(NamedTuple):
    """What a single line is: its fields, and whether its last one is still open."""

    fields: Sequence[str]
    open: bool


class _TooLong(Exception):
    """A record goes on beyond the limit of a line."""


class _Records:
    """The rows of a file's lines after its header, in order, with what is wrong about the others in between."""

    def __init__(self, lines: Iterator[Line], separator: str, width: int, limit: int) -> None:
        self._lines, self._separator, self._width, self._limit = lines, separator, width, limit
        self._again: deque[Line] = deque()  # lines of a spoilt record that are read once more
        self._taken: list[Line] = []  # lines that went into the record at hand
        self._size = 0
        self._spoilt: list[_Record] = []

    def __iter__(self) -> Iterator[_Record]:
        before = csv.field_size_limit(2 * self._limit)
        try:
            while True:
                yield from self._some()
                yield from self._spoilt
                if not self._taken:
                    return
                yield self._mended()
        finally:
            csv.field_size_limit(before)

    def _some(self) -> Iterator[_Record]:
        """Rows up to the first that is not sound, whose lines are ``_taken`` then; to the end where all are."""
        self._begin()
        self._spoilt = []
        reader = csv.reader(self._feed(), delimiter=self._separator, strict=True)
        try:
            for row in reader:
                if self._spoilt:
                    yield from self._spoilt
                    self._spoilt = []
                if len(self._taken) > 1 and len(row) != self._width and self._next_row():
                    return
                if len(row) > self._width:
                    yield _Record(self._taken[0].number, (), "too_many_fields", f"{len(row)} > {self._width}")
                else:
                    yield _Record(self._taken[0].number, row)
                self._begin()
        except (csv.Error, _TooLong):
            return

    def _begin(self) -> None:
        self._taken.clear()
        self._size = 0

    def _feed(self) -> Iterator[str]:
        while True:
            line = self._again.popleft() if self._again else next(self._lines, None)
            if line is None:
                return
            if line.problem:
                self._spoilt.append(_Record(line.number, (), line.problem, line.detail))
                continue
            self._taken.append(line)
            self._size += len(line.text)
            if self._size > self._limit and len(self._taken) > 1:
                raise _TooLong
            yield line.text + "\n"

    def _mended(self) -> _Record:
        """What is made of ``_taken``: a single line as loosely as it can be; of several the first is left out with
        those after it that are no rows, and the others are read once more."""
        first = self._taken[0]
        alone = _alone(first.text, self._separator)
        if len(self._taken) == 1 and not alone.open and alone.fields:
            if len(alone.fields) > self._width:
                return _Record(first.number, (), "too_many_fields", f"{len(alone.fields)} > {self._width}")
            return _Record(first.number, alone.fields)
        left_out = self._next_row() or len(self._taken)
        self._again.extendleft(reversed(self._taken[left_out:]))
        if not alone.fields:
            return _Record(first.number, (), "bad_csv", "it holds a carriage return that ends no line")
        last = self._taken[left_out - 1].number
        shown = f"lines {first.number}-{last}" if last > first.number else f"line {first.number}"
        return _Record(first.number, (), "unclosed_quote", f"{shown}: a quote is opened and not closed")

    def _next_row(self) -> int:
        """Place in ``_taken``, after the first, of a line that alone is a row or the beginning of one; 0 for none."""
        for place, line in enumerate(islice(self._taken, 1, None), 1):
            alone = _alone(line.text, self._separator)
            fits = len(alone.fields) <= self._width if alone.open else len(alone.fields) == self._width
            if alone.fields and fits:
                return place
        return 0


def _header(first: Line, lines: Iterator[Line], separator: str) -> tuple[Sequence[str], Iterator[Line]]:
    """The names of the columns, whose cells may hold line ends too, and the lines after them."""
    text = first.text
    seen: list[Line] = []
    while _alone(text, separator).open and len(seen) < _HEADER:
        line = next(lines, None)
        if line is None:
            break
        seen.append(line)
        text += "\n" + line.text
    if _alone(text, separator).open:
        return _alone(first.text, separator).fields, chain(seen, lines)
    return _alone(text, separator).fields, lines


def _alone(text: str, separator: str) -> _Alone:
    """A line as a row of its own, read loosely; no fields where it cannot be one."""
    try:
        fields = next(csv.reader([text], delimiter=separator))
    except (csv.Error, StopIteration):
        return _Alone((), open=False)
    try:
        next(csv.reader([text], delimiter=separator, strict=True))
    except csv.Error as error:
        # Of the two faults that strictness adds, the other names the separator that it expected.
        return _Alone(fields, open="expected after" not in str(error))
    return _Alone(fields, open=False)
