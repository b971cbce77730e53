"""Addresses that a sitemap (sitemaps.org protocol 0.9) or a feed (RSS 2.0, RSS 1.0, Atom, RFC 4287) names."""

import re
import zlib
from collections.abc import Iterator
from html import unescape
from urllib.parse import urljoin
from xml.etree import ElementTree

__all__ = ["listed", "unpacked"]

_UNPACKED = 64 << 20  # a sitemap has 50 MB at most
_LIST = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:<\?[^>]*>\s*|<!--.*?-->\s*)*<(?:\w+:)?(urlset|sitemapindex|rss|feed|RDF)\b", re.DOTALL
)
_PLACE = re.compile(rb"<(?:loc|link)\b[^>]*>\s*(?:<!\[CDATA\[)?\s*(https?://[^<\]\s]+)", re.IGNORECASE)
_HREF = re.compile(rb"""<link\b[^>]*?\bhref\s*=\s*["'](https?://[^"']+)""", re.IGNORECASE)
_LINE = re.compile(r"https?://\S+")
_BASE = "{http://www.w3.org/XML/1998/namespace}base"
_PLACES = {("url", "loc"), ("urlset", "loc"), ("sitemap", "loc"), ("item", "link")}
"""Elements that name an address, each with the one that it stands in."""


def unpacked(body: bytes) -> bytes:
    """The body of a list, out of gzip where it is packed; as it is where that cannot be undone."""
    if not body.startswith(b"\x1f\x8b"):
        return body
    try:
        return zlib.decompressobj(31).decompress(body, _UNPACKED)
    except zlib.error:
        return body


def listed(body: bytes, url: str, *, lines: bool = False) -> list[str] | None:
    """The addresses that a list names, in order, without fragments; None where ``body`` is none.

    ``url`` is its own address, which others may be relative to; ``lines`` tells that a text with an address on each
    line is a list too. A list that is no sound XML is read as far as addresses can be told.
    """
    if not _LIST.match(body[:4000]):
        words = body.decode("utf-8-sig", "replace").split() if lines else []
        return list(dict.fromkeys(words)) if words and all(map(_LINE.fullmatch, words)) else None
    found = []
    for one in _named(body, url):
        try:
            found.append(urljoin(url, one.strip()).partition("#")[0])
        except ValueError:
            continue
    return list(dict.fromkeys(found))


def _named(body: bytes, url: str) -> Iterator[str]:
    if b"<!DOCTYPE" not in body and b"<!ENTITY" not in body:  # neither belongs into a list
        try:
            yield from list(_elements(ElementTree.fromstring(body), "", url))
        except (ElementTree.ParseError, ValueError, LookupError, RecursionError):
            pass
        else:
            return
    for pattern in (_PLACE, _HREF):
        yield from (unescape(one.decode("utf-8", "replace")) for one in pattern.findall(body))


def _elements(element: ElementTree.Element, parent: str, base: str) -> Iterator[str]:
    """Addresses of pages and lists: of an Atom entry those that stand for it, not for what belongs to it."""
    name = _plain(element.tag)
    base = urljoin(base, element.get(_BASE, ""))
    if (parent, name) in _PLACES and element.text:
        yield urljoin(base, element.text.strip())
    elif (parent, name) == ("entry", "link") and element.get("rel", "alternate") == "alternate":
        yield urljoin(base, element.get("href", ""))
    elif name == "item" and not any(_plain(one.tag) == "link" and (one.text or "").strip() for one in element):
        yield from (one.text for one in element if _is_address(one) and one.text)
    for one in element:
        yield from _elements(one, name, base)


def _is_address(element: ElementTree.Element) -> bool:
    """Whether an RSS ``guid`` is the item's address, as it is unless it says otherwise."""
    return _plain(element.tag) == "guid" and element.get("isPermaLink", "true") == "true" and bool(element.text)


def _plain(tag: object) -> str:
    return str(tag).rpartition("}")[2]
