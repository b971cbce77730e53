"""Questions whose right article is known by construction: a clause of an article, asked about in other words."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass

from ceyuan.scenarios.statutes.articles import Article
from ceyuan.scenarios.statutes.references import short_name

_CLAUSE = re.compile(r"[^。；，、：\n（）]+")
_SWAPS = (
    ("应当", "需要"),
    ("不得", "能不能"),
    ("可以", "能否"),
    ("由", "归"),
    ("依法", "按法律"),
    ("规定", "要求"),
    ("予以", "给"),
)
_FORMS = (
    "{0}，{1}，法律怎么规定？",
    "法律对{1}、{0}是怎么规定的？",
    "想问一下，{0}的时候，{1}是什么要求？",
    "{1}有什么规定？涉及{0}。",
)


@dataclass(frozen=True, slots=True)
class Question:
    """A question and the ids of the articles that answer it (several when laws repeat an article word for word)."""

    text: str
    article_ids: frozenset[str]


def build_questions(articles: Sequence[Article], count: int, seed: int = 0) -> list[Question]:
    """`count` questions over articles in force, spread over the laws, the same for the same seed.

    Each takes two clauses of one article, in changed order and with common words swapped, and never the
    name of the law or the number of the article.
    """
    chooser = random.Random(seed)
    by_text: dict[str, set[str]] = {}
    by_law: dict[str, list[Article]] = {}
    for article in articles:
        by_text.setdefault(article.text, set()).add(article.id)
        if article.is_in_force and len(_clauses(article)) >= 2:
            by_law.setdefault(article.law, []).append(article)
    laws = sorted(by_law)
    if not laws:
        return []
    questions: list[Question] = []
    for turn in range(count):
        if turn % len(laws) == 0:
            chooser.shuffle(laws)
        article = chooser.choice(by_law[laws[turn % len(laws)]])
        first, second = chooser.sample(_clauses(article), 2)
        for old, new in _SWAPS:
            first, second = first.replace(old, new), second.replace(old, new)
        text = chooser.choice(_FORMS).format(first, second)
        questions.append(Question(text, frozenset(by_text[article.text])))
    return questions


def _clauses(article: Article) -> list[str]:
    name = short_name(article.law)
    return [c.strip() for c in _CLAUSE.findall(article.text) if 6 <= len(c.strip()) <= 40 and name not in c]
