"""The lines of a page as roff sees them: comments gone, conditions decided, the page's own macros carried out."""

import re
from collections.abc import Iterable, Iterator, Set
from itertools import islice
from typing import NamedTuple

from ceyuan.data.readers.roff.conditions import number, split_condition
from ceyuan.data.readers.roff.escapes import Allowance, arguments, plain, without_comment

__all__ = ["Interpreter", "Request"]

_CONTROL = re.compile(r"[.'][ \t]*(?P<name>[^\s\\]*)(?P<rest>.*)", re.DOTALL)
_ARGUMENT = re.compile(r"\\\$(?:([1-9*@0])|\((\d\d)|\[(\d{1,9})\])")
_DEPTH = 30  # of macros within macros
_CONDITIONS = 100  # on one line
_GROWTH = 16  # characters that macros may make of one, on average; strings as many
_SPARE = 1 << 18
_LINE = 20_000  # characters of a line that a macro makes
_STRINGS = {"lq": "“", "rq": "”", "R": "®", "Tm": "™", "S": "", ".T": "utf8", "Aq": "'"}


class Request(NamedTuple):
    """A line that asks for something: its name without the dot, its arguments with their escapes, and the rest of the
    line as it was written."""

    name: str
    arguments: list[str]
    rest: str


class Interpreter:
    """Gives the lines of a page, one after the other, as text (a ``str``) or as what they ask for.

    ``native`` are the requests that the reader knows: a macro of the page that bears such a name is not carried out. No
    file is opened; what ``.so`` names is listed in ``included``.
    """

    def __init__(self, lines: Iterable[str], native: Set[str]) -> None:
        self.strings: dict[str, str] = dict(_STRINGS)
        self.registers: dict[str, int] = {".g": 1, "F": 0}
        self.included: list[str] = []
        self._native = native
        self._macros: dict[str, list[str]] = {}
        self._stack: list[Iterator[str]] = [iter(lines)]
        self._taken = 0  # characters of the page itself
        self._made = 0  # those that came out of macros
        self._allowance = Allowance(_SPARE)
        self._decided: list[bool] = []

    def plain(self, text: str) -> str:
        """What ``text`` prints."""
        return plain(text, self.strings, self.registers, self._allowance)

    def __iter__(self) -> Iterator[str | Request]:
        while (line := self._next()) is not None:
            yield from self._given(line)

    def _next(self) -> str | None:
        """The next line, joined with those that its end leads on to."""
        line = self._raw()
        if line is None or not line.endswith("\\"):
            return line
        pieces = []
        while line is not None and line.endswith("\\") and not line.endswith("\\\\"):
            pieces.append(line[:-1])
            line = self._raw()
        return "".join(pieces) + (line or "")

    def _raw(self) -> str | None:
        while self._stack:
            line = next(self._stack[-1], None)
            if line is not None:
                if len(self._stack) == 1:
                    self._taken += len(line) + 1
                    self._allowance.left += _GROWTH * (len(line) + 1)
                else:
                    self._made += len(line) + 1
                return line
            self._stack.pop()
        return None

    def _given(self, line: str) -> Iterator[str | Request]:
        line = without_comment(line)
        for _ in range(_CONDITIONS):
            found = _CONTROL.match(line) if line[:1] in (".", "'") else None
            if found is None:
                yield line.replace("\\}", "") if "\\}" in line else line
                return
            name, rest = found["name"], found["rest"].strip(" \t")
            if "\\}" in rest:
                rest = rest.replace("\\}", "").rstrip(" \t")
            if name in ("if", "ie", "el", "while"):
                then = self._branch(name, rest)
                if then is None:
                    return
                line = then
                continue
            if name and not self._own(name, rest):
                if name in self._macros and name not in self._native:
                    self._call(name, arguments(rest))
                else:
                    yield Request(name, arguments(rest), rest)
            return

    def _branch(self, name: str, rest: str) -> str | None:
        """The line behind a condition that holds; None where it does not and was passed over."""
        if name == "el":
            holds, rest = not (self._decided.pop() if self._decided else True), rest
        else:
            holds, rest = split_condition(rest, self._known, self.plain)
            holds = holds and name != "while"  # what is repeated draws something
            if name == "ie":
                self._decided.append(holds)
        opened = rest.startswith("\\{")
        if holds:
            return rest[2:].lstrip(" \t") if opened else rest
        depth = rest.count("\\{") - rest.count("\\}")
        while depth > 0 and (line := self._next()) is not None:
            depth += line.count("\\{") - line.count("\\}")
        return None

    def _known(self, kind: str, name: str) -> bool:
        if kind == "r":
            return name in self.registers
        return kind == "d" and (name in self._macros or name in self.strings or name in self._native)

    def _own(self, name: str, rest: str) -> bool:
        """Whether it is a request that only concerns this reading, which is done then."""
        first, _, more = rest.partition(" ")
        if name in ("de", "de1", "dei", "am", "am1", "ig"):
            body = self._body("." + (more.split() or ["."])[0] if name != "ig" else "." + (first or "."))
            if name == "ig" or not first:
                return True
            body = [line.replace("\\\\", "\\") for line in body]
            if name.startswith("am"):
                self._macros.setdefault(first, []).extend(body)
            else:
                self._macros[first] = body
        elif name in ("ds", "ds1", "as", "as1") and first:
            value = more.lstrip(" ").removeprefix('"')
            before = self.strings.get(first, "") if name.startswith("as") else ""
            self.strings[first] = (before + value.replace("\\\\", "\\"))[:10_000]
        elif name == "nr" and first:
            self._count(first, self.plain(more).split()[:1])
        elif name == "rm":
            for one in rest.split():
                self._macros.pop(one, None)
                self.strings.pop(one, None)
        elif name == "rr":
            for one in rest.split():
                self.registers.pop(one, None)
        elif name in ("als", "rn") and more.strip():
            old, new = (more.strip(), first) if name == "als" else (first, more.strip())
            if old in self._macros:
                self._macros[new] = self._macros[old]
        elif name == "so":
            self.included.append(self.plain(rest))
        else:
            return False
        return True

    def _count(self, name: str, value: list[str]) -> None:
        if not value:
            return
        before = self.registers.get(name, 0) if value[0][:1] in "+-" else 0
        self.registers[name] = before + number(value[0])

    def _body(self, end: str) -> list[str]:
        """The lines up to the one that ends a definition."""
        found: list[str] = []
        while (line := self._raw()) is not None:
            if line[:1] in (".", "'") and "." + line[1:].strip(" \t") == end:
                break
            found.append(line)
        return found

    def _call(self, name: str, given: list[str]) -> None:
        body = self._macros[name]
        if len(self._stack) > _DEPTH or self._made > _SPARE + _GROWTH * self._taken:
            return
        whole = " ".join(given)
        quoted = " ".join(f'"{one}"' for one in given)
        self.registers[".$"] = len(given)

        def put(which: str) -> str:
            if which in "*@":
                return whole if which == "*" else quoted
            place = int(which)
            return name if place == 0 else given[place - 1] if place <= len(given) else ""

        def with_arguments(line: str) -> str:
            left = _LINE

            def one(found: re.Match[str]) -> str:
                nonlocal left
                said = put(found[1] or found[2] or found[3])[:left]
                left -= len(said)
                return said

            return _ARGUMENT.sub(one, line)[:_LINE]

        # What the macro itself adds to its own lines counts from the next call on.
        lines = islice(body, len(body))
        self._stack.append(with_arguments(line) if "\\$" in line else line for line in lines)
