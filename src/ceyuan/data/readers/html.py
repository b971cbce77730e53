"""HTML pages: the visible text with its line structure, without scripts, styles and navigation."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

from ceyuan.data.readers.documents import Document, ReadOptions, Rejection, clean_text
from ceyuan.data.readers.encoding import detect_encoding
from ceyuan.data.readers.lines import TORN, without_torn_end

__all__ = ["decoded_page", "page_text", "read_html"]

_UNSEEN = frozenset({"script", "style", "noscript", "template", "svg", "nav", "footer", "aside", "head"})
_BLOCKS = frozenset(
    {"address", "article", "blockquote", "br", "dd", "div", "dl", "dt", "figcaption", "h1", "h2", "h3", "h4", "h5"}
    | {"h6", "header", "hr", "li", "main", "ol", "p", "pre", "section", "table", "td", "th", "tr", "ul"}
)
_DECLARED = re.compile(rb"""charset\s*=\s*["']?\s*([A-Za-z0-9_-]{2,20})""", re.IGNORECASE)
# What pages declare as GB2312 or GBK is GB18030 in practice: it decodes all that they do.
_CODECS = {"gb2312": "gb18030", "gbk": "gb18030", "gb18030": "gb18030", "utf-8": "utf-8", "utf8": "utf-8"}
_CODECS |= {"big5": "big5hkscs", "big5-hkscs": "big5hkscs"}


def read_html(path: Path, name: str, encoding: str, options: ReadOptions) -> Iterator[Document | Rejection]:
    """The one document of a page, or the reason why there is none."""
    if path.stat().st_size > options.limits.whole_file:
        yield Rejection(name, "file_too_large", f"{path.stat().st_size} bytes")
        return
    data, torn = without_torn_end(path.read_bytes(), encoding)
    if torn:
        yield Rejection(f"{name}#end", "undecodable", TORN)
    title, text = page_text(_decode(data, encoding))
    yield Document(name, clean_text(text), title=clean_text(title)) if text else Rejection(name, "empty_text")


def decoded_page(data: bytes, content_type: str) -> str:
    """The characters of a page that came over HTTP: by its header's charset, its own declaration, or its bytes."""
    named = _CODECS.get(content_type.partition("charset=")[2].strip(" \"';").lower())
    if named:
        try:
            return data.decode(named)
        except UnicodeDecodeError:
            pass
    return _decode(data, detect_encoding(data[: 1 << 20]) or "utf-8")


def page_text(page: str) -> tuple[str, str]:
    """(title, text) of an HTML page. Broken markup is read as far as it goes."""
    parser = _Page()
    parser.feed(page)
    parser.close()
    lines = (re.sub(r"[ \t\xa0]+", " ", line).strip() for line in "".join(parser.pieces).split("\n"))
    return " ".join("".join(parser.title).split()), "\n".join(line for line in lines if line)


def _decode(data: bytes, encoding: str) -> str:
    declared = _DECLARED.search(data[:4096])
    named = _CODECS.get(declared[1].decode("ascii").lower()) if declared else None
    for candidate in (named, encoding, detect_encoding(data[: 1 << 20])):
        if candidate:
            try:
                return data.decode(candidate)
            except UnicodeDecodeError:
                continue
    return data.decode(named or encoding, "replace")


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self.title: list[str] = []
        self._unseen: list[str] = []
        self._in_title = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "title" and not self.title:
            self._in_title = True
        elif tag == "body":
            self._unseen.clear()
        elif tag in _UNSEEN:
            self._unseen.append(tag)
        elif tag in _BLOCKS:
            self.pieces.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag == "title":
            self._in_title = False
        elif tag in self._unseen:
            while self._unseen.pop() != tag:
                pass
        elif tag in _BLOCKS:
            self.pieces.append("\n")

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.title.append(data)
        elif not self._unseen:
            self.pieces.append(data.replace("\r", "").replace("\n", " "))
