"""EPUB books (EPUB 3.3, W3C): the chapters in reading order."""

import posixpath
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree

from ceyuan.data.readers.documents import Document, ReadOptions, Rejection, clean_text
from ceyuan.data.readers.html import page_text

__all__ = ["read_epub"]

_CONTAINER = "{urn:oasis:names:tc:opendocument:xmlns:container}"
_OPF = "{http://www.idpf.org/2007/opf}"
_TITLE = "{http://purl.org/dc/elements/1.1/}title"
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    ElementTree.ParseError,
    KeyError,
    EOFError,
    OSError,
    ValueError,
    RuntimeError,
)


def read_epub(path: Path, name: str, encoding: str, options: ReadOptions) -> Iterator[Document | Rejection]:
    """One document per chapter of the spine; the book is their group."""
    del encoding
    try:
        with zipfile.ZipFile(path) as book:
            container = ElementTree.fromstring(_read(book, "META-INF/container.xml", options))
            rootfile = container.find(f".//{_CONTAINER}rootfile")
            place = rootfile.get("full-path", "") if rootfile is not None else ""
            package = ElementTree.fromstring(_read(book, place, options))
            title = (package.findtext(f".//{_TITLE}") or "").strip()
            files = {one.get("id"): one.get("href", "") for one in package.iter(f"{_OPF}item")}
            found = 0
            for number, one in enumerate(package.iter(f"{_OPF}itemref"), 1):
                href = files.get(one.get("idref"))
                if not href:
                    continue
                member = posixpath.normpath(posixpath.join(posixpath.dirname(place), unquote(href)))
                try:
                    heading, text = page_text(_read(book, member, options).decode("utf-8", "replace"))
                except _BROKEN as error:  # the other chapters are still there
                    found += 1
                    yield Rejection(f"{name}#{number}", "bad_epub", str(error))
                    continue
                if text:
                    found += 1
                    heading = clean_text(heading or title)
                    yield Document(
                        f"{name}#{number}", clean_text(text), title=heading, group=name, meta={"book": title}
                    )
            if not found:
                yield Rejection(name, "empty_text")
    except _BROKEN as error:
        yield Rejection(name, "bad_epub", str(error))


def _read(book: zipfile.ZipFile, member: str, options: ReadOptions) -> bytes:
    about = book.getinfo(member)
    if about.file_size > options.limits.whole_file:
        raise ValueError(f"{member}: {about.file_size} bytes unpacked")
    data = book.read(about)
    if b"<!ENTITY" in data[:4096]:
        raise ValueError(f"{member}: declares entities")
    return data
