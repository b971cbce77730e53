r"""Escapes within a line of roff, which all begin with a backslash, and the arguments of a request."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ceyuan.data.readers.roff.characters import special

__all__ = ["GLUE", "Allowance", "arguments", "plain", "without_comment"]

GLUE = "\x1f"
r"""Stands where ``\c`` says that the next line goes on without a space."""

_NAME = r"(?:\((?P<{0}2>..)|\[(?P<{0}n>[^\]\n]{{0,200}})\]|(?P<{0}1>.))"
_ESCAPE = re.compile(
    r"\\(?:"
    + r"\*" + _NAME.format("s")
    + r"|n[+-]?" + _NAME.format("r")
    + r"|\((?P<c2>..)|\[(?P<cn>[^\]\n]{0,200})\]"
    + r"|C(?P<q>[^\w\s\\])(?P<cq>.{0,99}?)(?P=q)"
    + r"|N(?P<d>[^\w\s\\])(?P<code>\d+)(?P=d)"
    + r"|[Zo](?P<e>[^\w\s\\])(?P<held>.{0,299}?)(?P=e)"
    + r"|[fFgkmMVYO](?:\(..|\[[^\]\n]{0,200}\]|.)"
    + r"|s(?:[+-]?(?:\(..|\[[^\]\n]{0,200}\]|'[^'\n]*'|[123]\d(?!\d)|\d)|\([+-]?..|\[[+-]?[^\]\n]{0,200}\])"
    + r"|[hvlLDbwxSHRABX](?P<a>[^\w\s\\])(?:(?!(?P=a)).){0,299}(?P=a)"
    + r"|\$(?:\(..|\[[^\]\n]{0,200}\]|.)"
    + r"|z(?P<z>\\?.)"
    + r"|(?P<one>.)|$)"
)  # fmt: skip
_SIGNS = {
    **dict.fromkeys("eE\\", "\\"),
    **dict.fromkeys(" ~0", " "),
    **{"-": "-", "'": "'", "`": "`", "_": "_", ".": ".", "t": "\t", "c": GLUE},
}
_DEPTH = 8
_STOPS = re.compile(r'\\["#]')


@dataclass(slots=True)
class Allowance:
    """How many characters more the strings of a page may come to."""

    left: int


def plain(text: str, strings: Mapping[str, str], registers: Mapping[str, int], allowance: Allowance) -> str:
    """The characters that ``text`` prints. Strings within strings are followed a few levels deep, no further, and as
    far as ``allowance`` reaches."""
    return _plain(text, (strings, registers, allowance), _DEPTH) if "\\" in text else text


def _plain(text: str, known: tuple[Mapping[str, str], Mapping[str, int], Allowance], depth: int) -> str:
    strings, registers, allowance = known

    def printed(found: re.Match[str]) -> str:
        one = found["one"]
        if one is not None:
            return _SIGNS.get(one, "")
        for name in (found["s2"], found["sn"], found["s1"]):
            if name is not None:
                value = strings.get(name.partition(" ")[0], "")
                if not depth or allowance.left <= len(value):
                    return ""
                allowance.left -= len(value) + 1
                return _plain(value, known, depth - 1) if "\\" in value else value
        for name in (found["c2"], found["cn"], found["cq"]):
            if name is not None:
                return special(name)
        for name in (found["r2"], found["rn"], found["r1"]):
            if name is not None:
                return str(registers.get(name, 0))
        if found["code"] is not None:
            code = int(found["code"][:9])
            return chr(code) if 32 <= code < 256 else ""
        if found["held"] is not None:
            return _plain(found["held"], known, depth - 1) if depth else ""
        return ""

    return _ESCAPE.sub(printed, text)


def without_comment(line: str) -> str:
    """The line up to a comment, which a backslash and a quote begin unless another backslash stands before."""
    for found in _STOPS.finditer(line):
        start = found.start()
        before = start
        while before and line[before - 1] == "\\":
            before -= 1
        if (start - before) % 2 == 0:
            return line[:start]
    return line


def arguments(text: str) -> list[str]:
    """The arguments of a request: parted by blanks, with quotes around those that hold some, escapes as they are."""
    found: list[str] = []
    at, end = 0, len(text)
    while at < end:
        if text[at] in " \t":
            at += 1
            continue
        piece: list[str] = []
        if text[at] == '"':
            at += 1
            while at < end:
                if text[at] == '"':
                    if text[at + 1 : at + 2] != '"':
                        break
                    at += 1
                step = 2 if text[at] == "\\" else 1
                piece.append(text[at : at + step])
                at += step
            at += 1
        else:
            while at < end and text[at] not in " \t":
                step = 2 if text[at] == "\\" else 1
                piece.append(text[at : at + step])
                at += step
        found.append("".join(piece))
    return found
