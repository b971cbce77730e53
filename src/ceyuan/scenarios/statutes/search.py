"""Search over articles: named articles first, then BM25 over name, chapter and text; silence below a threshold."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ceyuan.scenarios.retrieval import Index, fold
from ceyuan.scenarios.statutes.articles import Article
from ceyuan.scenarios.statutes.references import Reference, find_references, short_name

MIN_COVERAGE = 0.3
"""Below this share of the question's bigram weight an article does not count as found."""
MIN_BEST = 0.35
"""When no article covers this share, the question is taken to be about something else."""
_ASKING = re.compile(
    r"请问|想问一下|帮我|告诉我|我想知道|怎么样|怎么办|怎么|怎样|如何|什么样|什么|多少|多久|多长|多大|几个|几天|哪些|哪个|哪里|"
    r"为什么|是不是|能不能|可不可以|要不要|会不会|有没有|是否|最长|最多|最少|法律|规定|[吗呢么吧啊？?！!，,。]"
)
"""Words of asking, which no article contains."""


def focus(question: str) -> str:
    """The question without its words of asking; all of it where nothing would be left."""
    rest = _ASKING.sub(" ", question)
    return rest if len(rest.strip()) >= 2 else question


@dataclass(frozen=True, slots=True)
class Found:
    """An article that was found, why (`named` in the question, or by `text`), and how well."""

    article: Article
    score: float
    coverage: float
    reason: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a search gave: the articles, best first, and the named articles that do not exist."""

    found: list[Found]
    missing: list[Reference]


class LawSearch:
    """An index over articles. `texts[i]` of the index belongs to `articles[i]`."""

    def __init__(self, articles: Sequence[Article], index: Index) -> None:
        if index.size != len(articles):
            raise ValueError("the index was built over other articles")
        self.articles = list(articles)
        self._index = index
        self._by_reference: dict[tuple[str, str], list[int]] = {}
        self._laws: set[str] = set()
        for number, article in enumerate(self.articles):
            name = fold(short_name(article.law))
            self._laws.add(name)
            self._by_reference.setdefault((name, article.article_no), []).append(number)

    @classmethod
    def build(cls, articles: Sequence[Article]) -> LawSearch:
        """Index the articles; a law's name and an article's chapter count as part of its text."""
        texts = [f"{short_name(a.law)} {a.article_no} {a.chapter}\n{a.text}" for a in articles]
        return cls(articles, Index.build(texts))

    @classmethod
    def load(cls, articles: Sequence[Article], path: Path) -> LawSearch:
        """The search over a saved index; raises `IndexUnreadable` or `ValueError`."""
        return cls(articles, Index.load(path))

    def save(self, path: Path) -> None:
        self._index.save(path)

    def lookup(self, reference: Reference) -> list[Article]:
        """The articles that a reference names, those in force first; empty when there is none."""
        name = fold(short_name(reference.law))
        numbers = self._by_reference.get((name, reference.article_no), [])
        return sorted((self.articles[n] for n in numbers), key=lambda a: (not a.is_in_force, a.version), reverse=False)

    def knows_law(self, law: str) -> bool:
        """Whether there is a law of this name."""
        return fold(short_name(law)) in self._laws

    def search(self, question: str, limit: int = 5, *, historical: bool = False) -> Outcome:
        """The articles that bear on a question, best first.

        Articles that the question names come first. Versions no longer in force are left out unless
        `historical`. Nothing is found when no article covers `MIN_BEST` of the question.
        """
        found: list[Found] = []
        missing: list[Reference] = []
        for reference in find_references(question):
            named = [a for a in self.lookup(reference) if historical or a.is_in_force]
            if named:
                found += [Found(a, float("inf"), 1.0, "named") for a in named[:1]]
            else:
                missing.append(reference)
        seen = {f.article.id for f in found}
        for hit in self._index.search(focus(question), limit * 4):
            article = self.articles[hit.number]
            if len(found) >= limit:
                break
            if article.id in seen or hit.coverage < MIN_COVERAGE or not (historical or article.is_in_force):
                continue
            found.append(Found(article, hit.score, hit.coverage, "text"))
        if not any(f.coverage >= MIN_BEST for f in found):
            found = []
        return Outcome(found[:limit], missing)
