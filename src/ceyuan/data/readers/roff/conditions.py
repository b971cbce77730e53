"""What ``.if`` and ``.ie`` ask, and what stands behind their question."""

import re
from collections.abc import Callable

__all__ = ["number", "split_condition"]

_TOKENS = re.compile(r"\d+(?:\.\d+)?[icpPmMnuvsfz]?|==|<=|>=|<>|[-+*/%<>=&:()]")
_LETTERS = {"n": True, "t": False, "o": True, "e": False, "v": False}
_NUMERIC = frozenset("0123456789(+-.")
_DEPTH = 20

_OPERATIONS: dict[str, Callable[[int, int], int]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a // b if b else 0,
    "%": lambda a, b: a % b if b else 0,
    "<": lambda a, b: int(a < b),
    ">": lambda a, b: int(a > b),
    "=": lambda a, b: int(a == b),
    "==": lambda a, b: int(a == b),
    "<=": lambda a, b: int(a <= b),
    ">=": lambda a, b: int(a >= b),
    "<>": lambda a, b: int(a != b),
    "&": lambda a, b: int(a > 0 and b > 0),
    ":": lambda a, b: int(a > 0 or b > 0),
}
_FAR = 1 << 62


def number(expression: str) -> int:
    """The value of an expression, worked out from left to right as roff does; 0 for what is none."""
    tokens = _TOKENS.findall(expression)[:200]
    tokens.reverse()
    return _sum(tokens, 0)


def _sum(tokens: list[str], depth: int) -> int:
    value = _one(tokens, depth)
    while tokens and tokens[-1] != ")":
        operation = _OPERATIONS.get(tokens.pop())
        if operation is None:
            break
        value = max(-_FAR, min(_FAR, operation(value, _one(tokens, depth))))
    return value


def _one(tokens: list[str], depth: int) -> int:
    if not tokens or depth > _DEPTH:
        return 0
    token = tokens.pop()
    if token == "(":
        value = _sum(tokens, depth + 1)
        if tokens:
            tokens.pop()
        return value
    if token in "+-":
        value = _one(tokens, depth + 1)
        return -value if token == "-" else value
    digits = re.match(r"\d+", token)
    return int(digits[0][:18]) if digits else 0


def split_condition(text: str, known: Callable[[str, str], bool], plain: Callable[[str], str]) -> tuple[bool, str]:
    """(whether what a condition asks is so, what stands behind it). ``known`` tells whether a macro or string (``d``)
    or a register (``r``) of a name is there, ``plain`` what escapes print. The page is for a terminal."""
    text = text.lstrip(" \t")
    question = text.lstrip("! ") if text.startswith("!") else text
    negated = text.count("!", 0, len(text) - len(question)) % 2 == 1
    holds, rest = _asked(question, known, plain)
    return holds != negated, rest.lstrip(" \t")


def _asked(text: str, known: Callable[[str, str], bool], plain: Callable[[str], str]) -> tuple[bool, str]:
    if not text:
        return False, ""
    first = text[0]
    if (first in "drcmFS" and len(text) > 1 and text[1] in " \t") or (first in "dr" and re.match(r"[dr][\w$.]", text)):
        name, _, rest = text[1:].lstrip(" \t").partition(" ")
        return known(first, name), rest
    if first in _LETTERS:
        return _LETTERS[first], text[1:]
    if first in _NUMERIC or text.startswith("\\n"):
        end = re.match(r"(?:\\n(?:\(..|\[[^\]]{0,200}\]|.)|[^\s\\])*", text)
        size = end.end() if end else 0
        return number(plain(text[:size])) > 0, text[size:]
    # Two strings between marks: 'a'b'. Escapes count as what they print.
    parts = text[1:].split(first, 2)
    if len(parts) < 3:
        return False, ""
    return plain(parts[0]) == plain(parts[1]), parts[2]
