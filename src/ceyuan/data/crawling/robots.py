"""Robots rules of each host, as RFC 9309 has them: read once, missing ones allow all, unreachable ones nothing."""

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from protego import Protego

from ceyuan.data.crawling.fetching import Answer, Refused
from ceyuan.data.crawling.rules import Decision, RobotsText

__all__ = ["Robots"]

_SIZE = 500 * 1024  # RFC 9309, 2.5: at least so much is read
_LONGEST_DELAY = 60.0
_TOLD = 50  # decisions that are kept as evidence, refusals and those about most pages first


@dataclass(frozen=True, slots=True)
class Rules:
    """What a host's file says: its status, and the parsed rules; none where all (or nothing) is allowed."""

    status: int
    rules: Protego | None
    allows: bool
    text: RobotsText | None = None


class Robots:
    """The rules of the hosts met so far. ``ask(url)`` fetches a file and is not asked twice for a host."""

    def __init__(self, agent: str, ask: Callable[[str], Awaitable[Answer]]) -> None:
        self._agent, self._ask = agent, ask
        self._known: dict[str, Rules] = {}
        self._decided: Counter[tuple[str, Decision]] = Counter()

    async def of(self, url: str) -> Rules:
        """The rules for a page's host."""
        parts = urlsplit(url)
        host = f"{parts.scheme}://{parts.netloc}"
        if host not in self._known:
            self._known[host] = await self._read(f"{host}/robots.txt")
        return self._known[host]

    async def decide(self, url: str) -> Decision:
        """Whether the page may be asked for, and by which rule; counted for ``decisions``."""
        found = await self.of(url)
        if found.rules is None or found.text is None:
            return Decision(found.allows)
        told, allows = found.text.decision(url, self._agent), found.rules.can_fetch(url, self._agent)
        if told.allows != allows:  # the parser forgives misspelt lines: better no rule than another one
            told = replace(told, allows=allows, line=0, rule="")
        parts = urlsplit(url)
        self._decided[f"{parts.scheme}://{parts.netloc}", told] += 1
        return told

    async def delay(self, url: str, least: float) -> float:
        """Seconds between two requests to the page's host; what the host wishes counts up to a minute."""
        found = await self.of(url)
        wished = found.rules.crawl_delay(self._agent) if found.rules is not None else None
        return max(least, min(float(wished or 0.0), _LONGEST_DELAY))

    def described(self) -> dict[str, int]:
        """The status of each host's file, as evidence; 0 where it could not be had."""
        return {host: rules.status for host, rules in sorted(self._known.items())}

    def decisions(self) -> list[dict[str, Any]]:
        """How many pages each rule allowed or refused, as evidence: ``host``, ``pages`` and the ``Decision``."""
        most = sorted(self._decided.items(), key=lambda one: (one[0][1].allows, -one[1], one[0][0], one[0][1].line))
        return [{"host": host, **asdict(told), "pages": pages} for (host, told), pages in most[:_TOLD]]

    async def _read(self, url: str) -> Rules:
        try:
            answer = await self._ask(url)
        except Refused as refused:
            if refused.reason == "private_address":
                raise
            return Rules(0, None, False)  # 2.3.1.4: unreachable means that nothing may be crawled
        if answer.status == 200:
            text = answer.body[:_SIZE].decode("utf-8-sig", "replace")
            return Rules(200, Protego.parse(text), True, RobotsText(text))
        return Rules(answer.status, None, answer.status < 500)  # 2.3.1.3: unavailable means that all may be
