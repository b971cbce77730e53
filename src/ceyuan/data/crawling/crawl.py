"""The crawl: from its start along links, sitemaps and feeds, within the start's folder, page by page."""

import asyncio
import hashlib
import re
import time
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import unquote, urljoin, urlsplit

import aiohttp

from ceyuan.data.crawling.fetching import Answer, Refused, fetch
from ceyuan.data.crawling.lists import listed, unpacked
from ceyuan.data.crawling.pages import page_file, written
from ceyuan.data.crawling.robots import Robots
from ceyuan.data.files import read_json, write_atomically, write_json
from ceyuan.data.reporting import Report, told
from ceyuan.resolving import GuardedResolver

__all__ = ["Crawl", "crawl", "main"]

_LINK = re.compile(rb"""<a\b[^>]*?\bhref\s*=\s*["']?([^"'\s>]+)""", re.IGNORECASE)
_LISTS = ("xml", "rss", "atom", "gz", "txt")
LISTS = 2
"""How lists are read; one that was read otherwise is asked for anew, whether or not it changed."""
_GONE = (404, 410)
_KEPT = 10_000


@dataclass(frozen=True, slots=True)
class Crawl:
    """Settings: where to begin, pages at most, links away from the start at most, seconds between two requests to a
    host, the name that robots rules know us by, bytes of a page, networks that are allowed besides the public ones.

    ``mode`` says what is taken: ``site`` pages and the pages they lead to; ``sitemap`` only pages that the list names;
    ``feed`` the same, but what the feed names no more stays; ``files`` the files that pages (an index of a folder)
    lead to, under their own names, and no page.
    """

    start: str
    mode: str = "site"
    pages: int = 1000
    depth: int = 5
    delay_s: float = 1.0
    agent: str = "CeyuanBot"
    max_bytes: int = 16 << 20
    timeout_s: float = 30.0
    allowed: tuple[str, ...] = ()


async def crawl(settings: Crawl, folder: Path, report: Report) -> dict[str, Any]:
    """Bring ``folder`` up to date: ``pages/`` (a WARC file per page) and ``state.json`` (what is known of them).

    Returns counts: ``fetched`` (new or changed), ``unchanged`` (the server or the content says so), ``gone``;
    ``quarantined`` by reason with the first of them; the status of robots files, and the
    rules in them that decided about pages. A page that cannot be had for the moment stays as it was; one that is gone
    (404, 410) or refused by robots rules is removed.
    """
    state: dict[str, Any] = dict(read_json(folder / "state.json"))
    run = _Run(settings, folder, state)
    timeout = aiohttp.ClientTimeout(total=settings.timeout_s)
    connector = aiohttp.TCPConnector(resolver=GuardedResolver(settings.allowed), limit_per_host=1)
    agent = {"User-Agent": settings.agent, "Accept-Encoding": "identity"}
    async with aiohttp.ClientSession(connector=connector, timeout=timeout, headers=agent) as session:
        run.session = session
        await run.go(report)
    run.forget_unseen()
    write_json(folder / "state.json", state)
    return run.described()


def main(args: Mapping[str, Any], report: Report) -> dict[str, Any]:
    """``crawl`` as a process: ``folder`` and the fields of ``Crawl``."""
    values = {name: value for name, value in args.items() if name != "folder"}
    settings = Crawl(**values | {"allowed": tuple(values.get("allowed", ()))})
    return asyncio.run(crawl(settings, Path(args["folder"]), report))


class _Run:
    """One crawl under way."""

    session: aiohttp.ClientSession

    def __init__(self, settings: Crawl, folder: Path, state: dict[str, Any]) -> None:
        self._settings, self._folder, self._state = settings, folder, state
        self._robots = Robots(settings.agent, self._ask_robots)
        self._last: dict[str, float] = {}
        self._counts: Counter[str] = Counter()
        self._reasons: Counter[str] = Counter()
        self._quarantine: list[dict[str, str]] = []
        self._seen: set[str] = set()
        start = urlsplit(settings.start)
        is_list = start.path.rpartition(".")[2].lower() in _LISTS or settings.mode in ("sitemap", "feed")
        self._scope = (start.netloc, "/" if is_list else start.path.rpartition("/")[0] + "/")

    async def go(self, report: Report) -> None:
        queue = deque([(self._settings.start, 0)])
        met = {self._settings.start}
        while queue and len(self._seen) < self._settings.pages:
            url, depth = queue.popleft()
            links = await self._page(url)
            if depth < self._settings.depth:
                new = [one for one in links if one not in met]
                fresh = [one for one in new if self._in_scope(one)]
                met.update(new)
                if self._settings.mode == "sitemap":  # it may name pages of its own host only
                    for one in sorted(set(new) - set(fresh)):
                        self._set_aside(one, "other_host", self._scope[0])
                queue.extend((one, depth + 1) for one in dict.fromkeys(fresh))
            done = len(self._seen)
            words = (f"已取 {done} 页，待取 {len(queue)} 页", f"{done} pages, {len(queue)} waiting")
            report(told(min(done / self._settings.pages, 1.0), *words))

    def forget_unseen(self) -> None:
        """Pages that a whole crawl no longer met are gone too; a crawl that was cut short forgets nothing."""
        if len(self._seen) >= self._settings.pages or self._settings.mode == "feed":
            return
        for url in sorted(self._state.keys() - self._seen):
            self._remove(url)

    def described(self) -> dict[str, Any]:
        return {
            "fetched": self._counts["fetched"],
            "unchanged": self._counts["unchanged"],
            "gone": self._counts["gone"],
            "quarantined": dict(sorted(self._reasons.items())),
            "quarantine": self._quarantine,
            "robots": self._robots.described(),
            "robots_rules": self._robots.decisions(),
        }

    async def _page(self, url: str) -> list[str]:
        """Bring one page up to date; the links on it."""
        self._seen.add(url)
        known: dict[str, Any] = self._state.get(url, {})
        asked = {}
        held = known.get("list") == LISTS if known.get("list") else self._place(url).is_file()
        if known and held:
            asked = {"If-None-Match": known.get("etag", ""), "If-Modified-Since": known.get("modified", "")}
        try:
            answer = await fetch(
                self.session,
                url,
                {name: value for name, value in asked.items() if value},
                allowed=self._settings.allowed,
                max_bytes=self._settings.max_bytes,
                before=self._may_ask,
            )
        except Refused as refused:
            if refused.reason == "robots_refused":
                self._remove(url)
            self._set_aside(url, refused.reason, refused.detail.removeprefix(f"{url} "))
            return list(known.get("links", ()))
        return self._taken(url, answer, known)

    def _taken(self, url: str, answer: Answer, known: dict[str, Any]) -> list[str]:
        if answer.status == 304:
            self._counts["unchanged"] += 1
            return list(known.get("links", ()))
        if answer.status != 200:
            if answer.status in _GONE:
                self._remove(url)
            self._set_aside(url, f"http_{answer.status}", answer.url)
            return list(known.get("links", ()))
        kind = answer.headers.get("content-type", "").lower()
        if self._settings.mode == "files" and not ("html" in kind and url.endswith("/")):
            return self._taken_file(url, answer, known)
        named = listed(unpacked(answer.body), answer.url, lines=self._settings.mode == "sitemap")
        if named is None and not ("html" in kind or "xml" in kind or kind.startswith("text/plain")):
            self._set_aside(url, "unsupported_type", kind[:100])
            return []
        follows = self._settings.mode in ("files", "site")
        links = named if named is not None else _links(answer) if follows else []
        self._note(url, answer, known, links, named is not None or self._settings.mode == "files")
        return links

    def _taken_file(self, url: str, answer: Answer, known: dict[str, Any]) -> list[str]:
        """Keep an answer as a file of its own name."""
        if self._place(url).name == "":
            self._set_aside(url, "bad_name", url)
        else:
            self._note(url, answer, known, [], False)
        return []

    def _note(self, url: str, answer: Answer, known: dict[str, Any], links: list[str], is_list: bool) -> None:
        """Write what is new or changed, and remember it."""
        digest = hashlib.sha256(answer.body).hexdigest()
        now = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        if digest == known.get("sha256") and (is_list or self._place(url).is_file()):
            self._counts["unchanged"] += 1
        else:
            self._counts["fetched"] += 1
            if self._settings.mode == "files" and not is_list:
                write_atomically(self._place(url), lambda file: _put(file, answer.body))
            elif not is_list:
                written(self._place(url), url, answer, now)
        self._state[url] = {
            "sha256": digest,
            "etag": answer.headers.get("etag", ""),
            "modified": answer.headers.get("last-modified", ""),
            "fetched_at": now if digest != known.get("sha256") else known.get("fetched_at", now),
            "links": links,
            "list": LISTS if is_list else 0,
        }

    def _place(self, url: str) -> Path:
        """Where a page or a file lies; a path without a name for a file whose name leads elsewhere."""
        if self._settings.mode != "files":
            return page_file(self._folder, url)
        parts = unquote(urlsplit(url).path.removeprefix(self._scope[1])).split("/")
        sound = all(p and not p.startswith(".") and p.isprintable() and len(p.encode()) <= 240 for p in parts)
        return self._folder.joinpath("pages", *parts) if sound and "\\" not in "".join(parts) else Path()

    async def _may_ask(self, url: str) -> None:
        decision = await self._robots.decide(url)
        if not decision.allows:
            rules = await self._robots.of(url)
            if rules.rules is None:
                raise Refused("robots_unreachable", url)
            raise Refused("robots_refused", f"{url} {decision}")
        await self._wait(url, await self._robots.delay(url, self._settings.delay_s))

    async def _wait(self, url: str, delay: float) -> None:
        host = urlsplit(url).netloc
        rest = self._last.get(host, 0.0) + delay - time.monotonic()
        if rest > 0:
            await asyncio.sleep(rest)
        self._last[host] = time.monotonic()

    async def _ask_robots(self, url: str) -> Answer:
        async def at_once(_: str) -> None:
            """Robots files are what permission is asked of."""

        limits = {"allowed": self._settings.allowed, "max_bytes": self._settings.max_bytes}
        return await fetch(self.session, url, {}, before=at_once, **limits)  # type: ignore[arg-type]

    def _in_scope(self, url: str) -> bool:
        parts, (host, folder) = urlsplit(url), self._scope
        if parts.scheme not in ("http", "https"):
            return False
        if self._settings.mode == "feed":  # what it names is its content, wherever it lies
            return True
        if self._settings.mode == "files" and parts.query and parts.path.endswith("/"):
            return False  # the same index in another order
        return parts.netloc == host and parts.path.startswith(folder)

    def _remove(self, url: str) -> None:
        if self._state.pop(url, None) is not None:
            self._counts["gone"] += 1
        if self._place(url).name:
            self._place(url).unlink(missing_ok=True)

    def _set_aside(self, url: str, reason: str, detail: str) -> None:
        self._reasons[reason] += 1
        if len(self._quarantine) < _KEPT:
            self._quarantine.append({"url": url, "reason": reason, "detail": detail})


def _put(file: BinaryIO, body: bytes) -> None:
    file.write(body)


def _links(answer: Answer) -> list[str]:
    """Addresses that a page leads to, in order, without fragments."""
    links = []
    for one in _LINK.findall(answer.body):
        try:
            links.append(urljoin(answer.url, unescape(one.decode("utf-8", "replace"))).partition("#")[0])
        except ValueError:
            continue
    return list(dict.fromkeys(links))
