"""Which rule of a robots.txt decides about a page: group by user agent, longest match (RFC 9309, 2.2)."""

import re
from dataclasses import dataclass, field
from urllib.parse import quote_from_bytes, urlsplit

__all__ = ["Decision", "RobotsText"]

_ESCAPE = re.compile(rb"%([0-9a-fA-F]{2})")
_MEANT = b"/%*$"  # escapes of what rules give a meaning stay escapes
_LONGEST = 300  # characters of a line that are told
_OUTSIDE = ("sitemap", "host")  # fields that belong to no group


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a page may be asked for, and why: the user agent of the group that applies, as the file writes it (empty
    where none does), and number and text of the deciding line (0 and empty where no rule of the group matches)."""

    allows: bool
    agent: str = ""
    line: int = 0
    rule: str = ""

    def __str__(self) -> str:
        """In the file's own words, for people of any language."""
        rule = f"{self.rule} (robots.txt:{self.line})" if self.line else ""
        return ", ".join(one for one in (self.agent and f"User-agent: {self.agent}", rule) if one)


@dataclass(frozen=True, slots=True)
class _Rule:
    allows: bool
    pattern: str
    line: int
    text: str


@dataclass(slots=True)
class _Group:
    agents: list[str] = field(default_factory=list)
    rules: list[_Rule] = field(default_factory=list)


class RobotsText:
    """The groups and rules of a file, with the lines that they stand in."""

    def __init__(self, text: str) -> None:
        self._groups: list[_Group] = []
        begun = False  # whether the last group has more than its user agents
        for number, line in enumerate(text.splitlines(), 1):
            name, colon, value = line.partition("#")[0].partition(":")
            name, value = name.strip().lower(), value.strip()
            if not colon or name in _OUTSIDE:
                continue
            if name == "user-agent":
                if begun or not self._groups:
                    self._groups.append(_Group())
                    begun = False
                self._groups[-1].agents.append(value)
                continue
            begun = True
            if name in ("allow", "disallow") and value and self._groups:
                shown = line.partition("#")[0].strip()[:_LONGEST].replace("\0", "\ufffd")  # no database keeps a NUL
                self._groups[-1].rules.append(_Rule(name == "allow", _normal(value), number, shown))

    def decision(self, url: str, name: str) -> Decision:
        """What the file says about ``url`` to the crawler ``name``: of all rules of its group, or else of the group for
        ``*``, the one whose pattern is longest in octets; of equally long ones, one that allows."""
        agent = self._agent(name)
        if agent is None:
            return Decision(True)
        parts = urlsplit(url)
        path = _normal((parts.path or "/") + (f"?{parts.query}" if "?" in url else ""))
        rules = [
            rule for group in self._groups if agent.lower() in map(str.lower, group.agents) for rule in group.rules
        ]
        matching = [rule for rule in rules if _matches(rule.pattern, path)]
        if not matching or parts.path == "/robots.txt":
            return Decision(True, agent)
        best = max(matching, key=lambda rule: (len(rule.pattern), rule.allows, -rule.line))
        return Decision(best.allows, agent, best.line, best.text)

    def _agent(self, name: str) -> str | None:
        """The user agent of the group that applies, as the file writes it first."""
        found: dict[int, str] = {}
        for group in self._groups:
            for agent in group.agents:
                if fit := _fit(agent.lower(), name.lower()):
                    found.setdefault(fit, agent)
        return found[max(found)] if found else None


def _fit(agent: str, name: str) -> int:
    """How exactly a group's user agent names the crawler; 0 where it names another."""
    if agent == "*":
        return 1
    token = agent.replace("*", "")
    return 1 + len(token) if token and re.search(rf"(?<![\w-]){re.escape(token)}", name) else 0


def _normal(text: str) -> str:
    """One spelling for what is equal: escapes of plain characters are undone, all others written alike (2.2.2)."""
    plain = _ESCAPE.sub(
        lambda found: found[0].upper() if (byte := bytes.fromhex(found[1].decode())) in _MEANT else byte,
        text.encode("utf-8", "replace"),
    )
    return quote_from_bytes(plain, safe="/%*$=")


def _matches(pattern: str, path: str) -> bool:
    """Whether ``pattern`` matches from the beginning of ``path``: ``*`` is anything, ``$`` at the end the end. Linear
    in the length of both, whatever the file says."""
    ends = pattern.endswith("$")
    first, *rest = (pattern[:-1] if ends else pattern).split("*")
    if not path.startswith(first):
        return False
    at = len(first)
    if not rest:
        return at == len(path) or not ends
    last = rest.pop()
    for part in rest:
        found = path.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    return path.endswith(last) and len(path) - len(last) >= at if ends else path.find(last, at) >= 0
