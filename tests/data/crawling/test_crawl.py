"""A crawl is polite, takes only what changed, reaches no private address, and names what it could not have."""

from __future__ import annotations

import gzip
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from ceyuan.addresses import reachable
from ceyuan.data.crawling import Crawl, crawl
from ceyuan.data.crawling.lists import listed
from ceyuan.data.readers import Document, read_path
from tests.data.corpus.conftest import silent

LOOPBACK = ("127.0.0.0/8",)
ROBOTS = "User-agent: *\nDisallow: /zh/private\n"


class Site:
    """A site in memory: pages by path, what was asked of it, and how it answers."""

    def __init__(self) -> None:
        self.pages: dict[str, str] = {
            "/zh/": '<a href="a.html">甲</a><a href="b.html#x">乙</a><a href="private.html">密</a>'
            '<a href="loop1">环</a><a href="gone.html">无</a><a href="/elsewhere/">外</a><a href="bytes.bin">码</a>',
            "/zh/a.html": "<title>甲</title><body><p>第一篇正文，写得足够长，可以读出来。</p></body>",
            "/zh/b.html": "<title>乙</title><body><p>第二篇正文，也写得足够长。</p><a href='c.html'>丙</a></body>",
            "/zh/c.html": "<title>丙</title><body><p>第三篇正文，由第二篇引出来。</p></body>",
        }
        self.files: dict[str, bytes] = {}
        self.robots: tuple[int, str] = (200, ROBOTS)
        self.asked: list[tuple[str, bool]] = []

    async def answer(self, request: web.Request) -> web.Response:
        path = request.path
        self.asked.append((path, "If-None-Match" in request.headers))
        if path == "/robots.txt":
            return web.Response(status=self.robots[0], text=self.robots[1])
        if path in ("/zh/loop1", "/zh/loop2"):
            other = "/zh/loop2" if path.endswith("1") else "/zh/loop1"
            return web.Response(status=302, headers={"Location": other})
        if path == "/zh/inside":
            return web.Response(status=302, headers={"Location": "http://169.254.169.254/latest/meta-data"})
        if path in self.files:
            return web.Response(body=self.files[path], content_type="application/octet-stream")
        if path == "/zh/bytes.bin":
            return web.Response(body=b"\0\1", content_type="application/octet-stream")
        if path not in self.pages:
            return web.Response(status=404)
        tag = f'"{hash(self.pages[path])}"'
        if request.headers.get("If-None-Match") == tag:
            return web.Response(status=304)
        return web.Response(text=self.pages[path], content_type="text/html", headers={"ETag": tag})


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    made = Site()
    app = web.Application()
    app.router.add_get("/{path:.*}", made.answer)
    server = TestServer(app)
    await server.start_server()
    made.address = str(server.make_url("/zh/"))  # type: ignore[attr-defined]
    yield made
    await server.close()


Run = Callable[..., Any]


@pytest.fixture
def run(site: Site, tmp_path: Path) -> Run:
    async def go(start: str = "", **more: Any) -> dict[str, Any]:
        address = site.address  # type: ignore[attr-defined]
        settings = Crawl(address + start, delay_s=0.0, **({"allowed": LOOPBACK} | more))
        return await crawl(settings, tmp_path, silent)

    return go


async def test_robots_out_of_reach_for_a_moment_take_no_page_away(site: Site, run: Run, tmp_path: Path) -> None:
    await run()
    held = documents(tmp_path)
    site.robots = (503, "")
    await run()
    assert documents(tmp_path) == held


def documents(folder: Path) -> dict[str, str]:
    found = [one for one in read_path(folder / "pages") if isinstance(one, Document)]
    return {one.title: one.meta["url"].rpartition("/")[2] for one in found}


async def test_links_are_followed_within_the_start_and_pages_read_back_from_their_archives(
    site: Site, run: Run, tmp_path: Path
) -> None:
    told = await run()
    assert {"甲": "a.html", "乙": "b.html", "丙": "c.html"}.items() <= documents(tmp_path).items()
    assert told["quarantined"] == {
        "http_404": 1,
        "redirect_cycle": 1,
        "robots_refused": 1,
        "unsupported_type": 1,
    }
    assert not [path for path, _ in site.asked if path.startswith(("/elsewhere", "/zh/private"))]
    assert list(told["robots"].values()) == [200]


async def test_the_rule_that_refused_a_page_is_named_with_its_group_and_line(site: Site, run: Run) -> None:
    told = await run()
    refused = [one for one in told["quarantine"] if one["reason"] == "robots_refused"]
    assert [one["detail"] for one in refused] == ["User-agent: *, Disallow: /zh/private (robots.txt:2)"]
    assert refused[0]["url"].endswith("/zh/private.html")
    host = refused[0]["url"].removesuffix("/zh/private.html")
    first, second = told["robots_rules"]
    assert first == {
        "host": host,
        "allows": False,
        "agent": "*",
        "line": 2,
        "rule": "Disallow: /zh/private",
        "pages": 1,
    }
    assert (second["allows"], second["agent"], second["line"], second["rule"]) == (True, "*", 0, "")
    assert second["pages"] >= 4


async def test_a_refusal_behind_a_redirect_names_the_page_that_it_leads_to(site: Site, run: Run) -> None:
    site.robots = (200, "User-agent: ceyuanbot\nDisallow: /zh/loop2\n")
    told = await run()
    refused = next(one for one in told["quarantine"] if one["reason"] == "robots_refused")
    assert refused["url"].endswith("/zh/loop1")
    there = refused["url"].replace("loop1", "loop2")
    assert refused["detail"] == f"{there} User-agent: ceyuanbot, Disallow: /zh/loop2 (robots.txt:2)"


async def test_a_byte_order_mark_hides_no_rule(site: Site, run: Run) -> None:
    site.robots = (200, "\ufeffUser-agent: *\nDisallow: /\n")
    told = await run()
    assert told["quarantined"] == {"robots_refused": 1}
    assert told["robots_rules"][0]["rule"] == "Disallow: /"


async def test_no_rule_is_named_where_a_misspelt_one_decided(site: Site, run: Run) -> None:
    site.robots = (200, "User-agent: *\nDissallow: /\n")
    told = await run()
    assert told["quarantined"] == {"robots_refused": 1}
    assert (told["robots_rules"][0]["allows"], told["robots_rules"][0]["rule"]) == (False, "")


async def test_a_second_crawl_asks_for_changes_only_and_keeps_the_other_files_as_they_are(
    site: Site, run: Run, tmp_path: Path
) -> None:
    await run()
    before = {path: path.read_bytes() for path in (tmp_path / "pages").rglob("*.gz")}
    site.pages["/zh/a.html"] = "<title>甲</title><body><p>第一篇换了正文，仍然足够长。</p></body>"
    del site.pages["/zh/c.html"]
    told = await run()
    assert (told["fetched"], told["unchanged"], told["gone"]) == (1, 2, 1)
    after = {path: path.read_bytes() for path in (tmp_path / "pages").rglob("*.gz")}
    assert len(before.keys() - after.keys()) == 1
    assert sum(before[path] != data for path, data in after.items()) == 1


async def test_robots_that_cannot_be_had_forbid_everything_and_missing_ones_allow_it(site: Site, run: Run) -> None:
    site.robots = (503, "")
    assert (await run())["quarantined"] == {"robots_unreachable": 1}
    site.robots = (404, "")
    assert "robots_refused" not in (await run())["quarantined"]


async def test_no_private_address_is_reached_directly_by_name_or_through_a_redirect(site: Site, run: Run) -> None:
    assert (await run(allowed=()))["quarantined"] == {"private_address": 1}
    assert site.asked == []
    assert (await run("inside"))["quarantined"] == {"private_address": 1}
    for address in ("127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "fd00::1"):
        assert not reachable(address, ())
    assert reachable("1.1.1.1", ())
    assert reachable("10.1.2.3", ("10.0.0.0/8",))


async def test_pages_over_the_bound_are_set_aside_and_the_rest_goes_on(site: Site, run: Run, tmp_path: Path) -> None:
    site.pages["/zh/a.html"] = "长" * 5000
    told = await run(max_bytes=2000)
    assert told["quarantined"]["too_large"] == 1
    assert "乙" in documents(tmp_path)


async def test_a_list_leads_to_its_pages_only_and_a_feed_forgets_nothing(site: Site, run: Run, tmp_path: Path) -> None:
    named = "".join(f"<loc>{site.address}{name}.html</loc>" for name in "ab")  # type: ignore[attr-defined]
    site.pages["/zh/map.xml"] = f"<urlset>{named}</urlset>"
    await run("map.xml", mode="sitemap")
    assert documents(tmp_path) == {"甲": "a.html", "乙": "b.html"}  # b leads to c, which no list names
    site.pages["/zh/map.xml"] = f"<urlset><loc>{site.address}a.html</loc></urlset>"  # type: ignore[attr-defined]
    await run("map.xml", mode="feed")
    assert documents(tmp_path).keys() == {"甲", "乙"}
    assert (await run("map.xml", mode="sitemap"))["gone"] == 1
    assert documents(tmp_path).keys() == {"甲"}


SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"


SITEMAPS = (
    '<?xml version="1.0"?><!-- made --><urlset xmlns="{s}"><url><loc>{a}</loc></url>'
    "<url><loc> {b} </loc></url></urlset>",
    '<urlset xmlns="{s}" xmlns:i="urn:i"><url><loc>{a}</loc><i:image><i:loc>{x}</i:loc></i:image></url>'
    "<url><loc>{b}</loc></url></urlset>",
)
FEEDS = (
    "<rss><channel><link>{x}</link><item><link>{a}</link><guid>{x}</guid></item>"
    "<item><guid>{b}</guid></item></channel></rss>",
    '<feed xmlns="http://www.w3.org/2005/Atom"><link rel="self" href="{x}"/><entry><link href="/zh/a.html"/></entry>'
    '<entry><link rel="enclosure" href="{x}"/><link rel="alternate" href="b.html#top"/></entry></feed>',
)
UNSOUND = "<rss><channel><item><link>{a}</link>&nbsp;</item><item><link>{b}</link></item></channel></rss>"


@pytest.mark.parametrize("written", [*SITEMAPS, *FEEDS, UNSOUND])
def test_lists_of_every_form_name_their_pages_and_nothing_else(written: str) -> None:
    site = "http://h.example/zh/"
    body = written.format(s=SITEMAP, a=f"{site}a.html", b=f"{site}b.html", x=f"{site}not.html").encode()
    assert listed(body, f"{site}list.xml") == [f"{site}a.html", f"{site}b.html"]


def test_what_is_no_list_and_what_would_grow_without_end_are_told_apart() -> None:
    assert listed(b"<html><a href='x'>x</a></html>", "http://h/") is None
    assert listed(b"http://h/a\nhttp://h/b\n", "http://h/") is None
    assert listed(b"http://h/a\r\nhttp://h/b\n", "http://h/", lines=True) == ["http://h/a", "http://h/b"]
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><rss><item><link>http://h/a</link>&b;</item></rss>'
    assert listed(b"<rss>" + bomb, "http://h/") == ["http://h/a"]


async def test_an_index_of_sitemaps_leads_to_packed_and_plain_ones(site: Site, run: Run, tmp_path: Path) -> None:
    start = site.address  # type: ignore[attr-defined]
    names = ("m.xml.gz", "m.txt")
    index = "".join(f"<sitemap><loc>{start}{name}</loc></sitemap>" for name in names)
    site.pages["/zh/map.xml"] = f'<sitemapindex xmlns="{SITEMAP}">{index}</sitemapindex>'
    site.files["/zh/m.xml.gz"] = gzip.compress(
        f"<urlset><url><loc>{start}a.html</loc></url><url><loc>http://other.example/x</loc></url></urlset>".encode()
    )
    site.files["/zh/m.txt"] = f"{start}b.html\n{start}c.html\n".encode()
    told = await run("map.xml", mode="sitemap")
    assert documents(tmp_path) == {"甲": "a.html", "乙": "b.html", "丙": "c.html"}
    assert told["quarantined"] == {"other_host": 1}


async def test_a_list_that_was_read_otherwise_is_asked_for_anew(
    site: Site, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.pages["/zh/map.xml"] = f"<urlset><loc>{site.address}a.html</loc></urlset>"  # type: ignore[attr-defined]
    await run("map.xml", mode="sitemap")
    await run("map.xml", mode="sitemap")
    monkeypatch.setattr(sys.modules[crawl.__module__], "LISTS", 99)
    await run("map.xml", mode="sitemap")
    assert [known for path, known in site.asked if path == "/zh/map.xml"] == [False, True, False]


async def test_an_index_of_files_brings_them_under_their_own_names(site: Site, run: Run, tmp_path: Path) -> None:
    site.pages = {
        "/zh/": '<a href="甲.txt">甲</a><a href="?C=N;O=D">名称</a><a href="deep/">下</a>'
        '<a href="%2e%2e%2fout.txt">外</a><a href=".env">隐</a>',
        "/zh/deep/": '<a href="b.txt">乙</a><a href="../">上</a>',
        **{f"/zh/{name}": f"{name}的正文，写得足够长。" for name in ("甲.txt", "deep/b.txt", "../out.txt", ".env")},
    }
    assert (await run(mode="files"))["quarantined"] == {"bad_name": 2}
    held = {path.relative_to(tmp_path / "pages").as_posix() for path in (tmp_path / "pages").rglob("*.*")}
    assert held == {"甲.txt", "deep/b.txt"}
    del site.pages["/zh/deep/b.txt"]
    told = await run(mode="files")
    assert (told["fetched"], told["gone"]) == (0, 1)
    assert not (tmp_path / "pages" / "deep" / "b.txt").exists()
