"""Lines of a file in a stream with bounded memory, decoded one by one."""

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from ceyuan.data.readers.encoding import decoded_text, is_wide

__all__ = [
    "TORN",
    "Line",
    "decoded_line",
    "decoded_lines",
    "decoded_runs",
    "line_blocks",
    "without_torn_end",
]

TORN = "the file ends within a character"

_BLOCK = 1 << 18


@dataclass(frozen=True, slots=True)
class Line:
    """A line by its number (from 1): its text, or, where ``problem`` is set, why there is none, with a ``detail``."""

    number: int
    text: str
    problem: str = ""
    detail: str = ""


def line_blocks(file: BinaryIO, limit: int, at_once: int = _BLOCK) -> Iterator[tuple[int, bytes | None]]:
    """Lines many at a time: (number of the first, bytes of all with the line feeds between them); None in place of one
    line over ``limit`` bytes.

    Holds at most ``limit`` plus ``at_once`` bytes (the most that is read at a time), also while it skips over a line of
    any length.
    """
    number, kept, skipping = 1, b"", False
    while block := file.read(at_once):
        end = block.find(b"\n") if skipping else block.rfind(b"\n")
        while end >= 0:
            if skipping:
                yield number, None
                number, skipping = number + 1, False
            else:
                for one in _within(kept + block[:end], limit):
                    yield number, one
                    number += 1 if one is None else one.count(b"\n") + 1
            kept, block = b"", block[end + 1 :]
            end = block.rfind(b"\n")
        kept = b"" if skipping else kept + block
        if len(kept) > limit:
            kept, skipping = b"", True
    if skipping:
        yield number, None
    elif kept:
        yield number, kept


def _within(lines: bytes, limit: int) -> Iterator[bytes | None]:
    """``lines`` as they are, or in runs between those over ``limit`` bytes."""
    if len(lines) <= limit:
        yield lines
        return
    run: list[bytes] = []
    for line in lines.split(b"\n"):
        if len(line) <= limit:
            run.append(line)
            continue
        if run:
            yield b"\n".join(run)
        yield None
        run = []
    if run:
        yield b"\n".join(run)


def decoded_lines(file: BinaryIO, encoding: str, limit: int) -> Iterator[Line]:
    """Each line of ``file`` as text without its line end.

    A line that breaks the file's encoding is tried in the other common ones (``decoded_text``); one that fits none
    has the problem ``undecodable`` or ``lone_surrogate``, one with NUL characters ``nul_bytes``, one over ``limit``
    bytes ``line_too_long``.
    """
    number = 1
    for run in decoded_runs(file, encoding, limit):
        if isinstance(run, Line):
            yield run
            number = run.number + 1
        else:
            yield from (Line(at, line) for at, line in enumerate(run, number))
            number += len(run)


def decoded_runs(file: BinaryIO, encoding: str, limit: int) -> Iterator[Line | list[str]]:
    """The same, with runs of lines that are sound as their texts alone."""
    if is_wide(encoding):
        yield from _wide_lines(file, encoding, limit)
        return
    codec = encoding.removesuffix("-sig")
    for first, lines in line_blocks(file, limit):
        if lines is None:
            yield Line(first, "", "line_too_long")
            continue
        if first == 1 and encoding == "utf-8-sig":
            lines = lines.removeprefix(codecs.BOM_UTF8)
        text = _sound(lines) if codec == "utf-8" else None
        if text is not None:
            run = text.split("\n")
            yield [line.removesuffix("\r") for line in run] if "\r" in text else run
            continue
        for number, line in enumerate(lines.split(b"\n"), first):
            yield decoded_line(number, line.removesuffix(b"\r"), codec)


def _sound(lines: bytes) -> str | None:
    """Lines that are all sound UTF-8, decoded at once."""
    if b"\0" in lines:
        return None
    try:
        return lines.decode()
    except UnicodeDecodeError:
        return None


def decoded_line(number: int, line: bytes, encoding: str) -> Line:
    """One line in its file's encoding, or in another common one."""
    if b"\0" in line:
        return Line(number, "", "nul_bytes")
    text = decoded_text(line, encoding)
    if text is not None:
        return Line(number, text)
    return Line(number, "", "lone_surrogate" if _holds_surrogates(line) else "undecodable")


def _holds_surrogates(line: bytes) -> bool:
    """Whether half characters of UTF-16, each written as if it were one, are all that is wrong with UTF-8."""
    try:
        return bool(line.decode("utf-8", "surrogatepass"))
    except UnicodeDecodeError:
        return False


def without_torn_end(data: bytes, encoding: str) -> tuple[bytes, bool]:
    """A whole file in UTF-16 or UTF-32 without the bytes after its last whole character, and whether there were any."""
    if not is_wide(encoding):
        return data, False
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    decoder.decode(data)
    torn = len(decoder.getstate()[0])
    return (data[:-torn], True) if torn else (data, False)


def _wide_lines(file: BinaryIO, encoding: str, limit: int) -> Iterator[Line]:
    """Lines of UTF-16 or UTF-32; what is left at the end of the file is no character, and has a line of its own with
    the problem ``undecodable``."""
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    longest = limit // 2
    number, kept, skipping = 1, "", False
    while block := file.read(_BLOCK):
        pieces = decoder.decode(block).split("\n")
        for piece in pieces[:-1]:
            too_long = skipping or len(kept) + len(piece) > longest
            yield Line(number, "", "line_too_long") if too_long else _wide_line(number, kept + piece)
            number, kept, skipping = number + 1, "", False
        skipping = skipping or len(kept) + len(pieces[-1]) > longest
        kept = "" if skipping else kept + pieces[-1]
    if skipping:
        yield Line(number, "", "line_too_long")
    elif kept:
        yield _wide_line(number, kept)
    if decoder.getstate()[0]:
        yield Line(number + bool(kept), "", "undecodable", TORN)


def _wide_line(number: int, text: str) -> Line:
    return Line(number, "", "nul_bytes") if "\0" in text else Line(number, text.removesuffix("\r"))
