"""The rule of a robots.txt that decides about a page is named: its group, its line, its words (RFC 9309, 2.2)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from protego import Protego

from ceyuan.data.crawling.rules import Decision, RobotsText

HOST = "https://example.org"


def decided(text: str, path: str, name: str = "CeyuanBot") -> Decision:
    return RobotsText(text).decision(HOST + path, name)


def test_the_longest_match_decides_and_of_equal_ones_what_allows() -> None:
    text = "User-agent: *\nDisallow: /zh/\nAllow: /zh/open/  # for all\nDisallow: /zh/open/x\nAllow: /zh/open/x\n"
    assert decided(text, "/zh/a.html") == Decision(False, "*", 2, "Disallow: /zh/")
    assert decided(text, "/zh/open/a") == Decision(True, "*", 3, "Allow: /zh/open/")
    assert decided(text, "/zh/open/x1") == Decision(True, "*", 5, "Allow: /zh/open/x")
    assert decided(text, "/en/") == Decision(True, "*")


def test_the_group_that_names_the_crawler_is_obeyed_instead_of_the_one_for_all() -> None:
    text = "User-agent: *\nDisallow: /\n\nUser-Agent: other\nUSER-AGENT: ceyuanbot\n\nDisallow: /private/\n"
    assert decided(text, "/private/a") == Decision(False, "ceyuanbot", 7, "Disallow: /private/")
    assert decided(text, "/a") == Decision(True, "ceyuanbot")
    assert decided(text, "/a", "Unknown") == Decision(False, "*", 2, "Disallow: /")
    assert decided(text, "/a", "Mozilla/5.0 (compatible; CeyuanBot/1.0)").agent == "ceyuanbot"
    assert decided("User-agent: bot\nDisallow: /\n", "/a") == Decision(True), "a name within another is another"


def test_groups_of_one_name_are_one_group() -> None:
    text = "User-agent: CeyuanBot\nDisallow: /a\n\nUser-agent: x\nDisallow: /\n\nUser-agent: ceyuanbot\nDisallow: /b\n"
    assert decided(text, "/a").line == 2
    assert decided(text, "/b") == Decision(False, "CeyuanBot", 8, "Disallow: /b")
    assert decided(text, "/c").allows


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("/*.pdf$", "/a/b.pdf", True),
        ("/*.pdf$", "/a/b.pdf?x=1", False),
        ("/*.pdf", "/a/b.pdf?x=1", True),
        ("/a$", "/a", True),
        ("/a$", "/ab", False),
        ("/a*b*c", "/a-b-c-d", True),
        ("/a*b*c", "/a-c-b", False),
        ("*/private/", "/x/private/y", True),
        ("/a*a$", "/a", False),
        ("/法规/", "/%E6%B3%95%E8%A7%84/a", True),
        ("/%e6%b3%95%e8%a7%84/", "/法规/a", True),
        ("/%7Euser", "/~user/a", True),
        ("/a%2Fb", "/a/b", False),
        ("/?q=", "/?q=1", True),
        ("/A", "/a", False),
    ],
)
def test_patterns_match_by_octets_with_wildcards(pattern: str, path: str, matches: bool) -> None:
    found = decided(f"User-agent: *\nDisallow: {pattern}\n", path)
    assert found == (Decision(False, "*", 2, f"Disallow: {pattern}") if matches else Decision(True, "*"))


def test_lines_that_are_no_rules_change_nothing() -> None:
    text = (
        "\ufeffDisallow: /lost\nSitemap: https://example.org/s.xml\nUser-agent: *\nSitemap: https://example.org/t.xml\n"
    )
    text += "User-agent: CeyuanBot\nnonsense\nDisallow:\nDisallow: /a\r\nCrawl-delay: 3\n"
    assert decided(text, "/lost") == Decision(True, "CeyuanBot")
    assert decided(text, "/a", "else") == Decision(False, "*", 8, "Disallow: /a")
    assert decided("User-agent: *\nDisallow: /", "/robots.txt").allows
    assert decided("", "/a") == Decision(True)


def test_a_hostile_pattern_takes_no_time() -> None:
    text = "User-agent: *\nDisallow: /" + "*a" * 20_000 + "$\n"
    assert decided(text, "/" + "a" * 19_000 + "b").allows
    assert len(decided("User-agent: *\nDisallow: /" + "*" * 5000, "/a").rule) == 300


def test_a_rule_with_a_nul_is_told_as_a_database_keeps_it() -> None:
    found = decided("User-agent: *\nDisallow: /a\0b", "/a%00b")
    assert (found.allows, found.rule) == (False, "Disallow: /a\ufffdb")


def test_a_decision_is_told_in_the_words_of_the_file() -> None:
    assert str(Decision(False, "*", 2, "Disallow: /zh/")) == "User-agent: *, Disallow: /zh/ (robots.txt:2)"
    assert str(Decision(True, "*")) == "User-agent: *"
    assert str(Decision(True)) == ""


_PATH = st.text("ab/*", min_size=0, max_size=6).map("/".__add__)
_LINE = st.one_of(
    st.sampled_from(["*", "ceyuanbot", "other", "Ceyuan"]).map("User-agent: ".__add__),
    st.tuples(st.sampled_from(["Allow: ", "Disallow: "]), _PATH, st.sampled_from(["", "$"])).map("".join),
    st.sampled_from(["", "# words", "Crawl-delay: 1", "Sitemap: https://example.org/s"]),
)


@given(st.lists(_LINE, max_size=12), st.text("ab/", max_size=6).map("/".__add__))
def test_the_named_rule_decides_as_the_parser_that_is_obeyed(lines: list[str], path: str) -> None:
    text = "\n".join(lines)
    found = decided(text, path)
    assert found.allows == Protego.parse(text).can_fetch(HOST + path, "CeyuanBot")
    if found.line:
        assert lines[found.line - 1] == found.rule
