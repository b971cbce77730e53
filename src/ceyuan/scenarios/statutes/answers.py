"""From found articles to an answer whose every citation exists: prompt, extractive answer, check."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ceyuan.scenarios.retrieval import query_terms
from ceyuan.scenarios.retrieval.text import corpus_terms
from ceyuan.scenarios.statutes.articles import Article
from ceyuan.scenarios.statutes.references import find_references, short_name
from ceyuan.scenarios.statutes.search import LawSearch

_MARK = re.compile(r"\[(\d{1,2})\]|［(\d{1,2})］|【(\d{1,2})】")
_SENTENCE = re.compile(r"[^。；;！？\n]+[。；;！？\n]?")
SYSTEM = (
    "你是法律条文助手。只依据给出的条文回答，不要使用其他知识。用简短的中文直接回答问题，"
    "每句话末尾用方括号标出所依据条文的编号，例如[1]。条文没有规定的，回答“所给条文没有规定”。"
)


@dataclass(frozen=True, slots=True)
class Citation:
    """A citation in an answer: the mark or words as written, the span in the answer, and the article (None = it
    does not exist, or was not given to the model)."""

    text: str
    start: int
    end: int
    article: Article | None


@dataclass(frozen=True, slots=True)
class CheckedAnswer:
    """An answer with its citations looked up. `is_grounded`: it cites at least one article and none that is unknown."""

    text: str
    citations: list[Citation]

    @property
    def is_grounded(self) -> bool:
        return bool(self.citations) and all(c.article is not None for c in self.citations)


def prompt_messages(question: str, articles: Sequence[Article], *, characters: int = 1600) -> list[dict[str, str]]:
    """Chat messages that ask for an answer from these articles only; long articles are cut to share `characters`."""
    share = max(characters // max(len(articles), 1), 80)
    lines = []
    for number, article in enumerate(articles, 1):
        text = article.text if len(article.text) <= share else article.text[:share] + "……"
        lines.append(f"[{number}] {article.title}：{text}")
    content = "条文：\n" + "\n".join(lines) + f"\n\n问题：{question}"
    return [{"role": "system", "content": SYSTEM}, {"role": "user", "content": content}]


def check_answer(text: str, given: Sequence[Article], search: LawSearch) -> CheckedAnswer:
    """Look up every citation of an answer: [n] among the articles `given`, 《法》第…条 among all articles."""
    citations = []
    for match in _MARK.finditer(text):
        number = int(next(g for g in match.groups() if g))
        article = given[number - 1] if 1 <= number <= len(given) else None
        citations.append(Citation(match[0], match.start(), match.end(), article))
    for reference in find_references(text):
        known = search.lookup(reference)
        same = [a for a in given if a in known]
        article = next(iter(same or known), None)
        citations.append(Citation(text[reference.start : reference.end], reference.start, reference.end, article))
    return CheckedAnswer(text, sorted(citations, key=lambda c: c.start))


def extract_answer(question: str, articles: Sequence[Article], *, sentences: int = 2) -> str:
    """An answer in the law's own words: the sentences of the found articles that share most with the question."""
    wanted = set(query_terms(question).tolist())
    candidates: list[tuple[float, int, int, str]] = []
    for number, article in enumerate(articles[:3]):
        for position, sentence in enumerate(s.strip() for s in _SENTENCE.findall(article.text)):
            if len(sentence) < 6:
                continue
            terms = set(corpus_terms([sentence])[0].tolist())
            overlap = len(terms & wanted) / (len(terms) ** 0.5 + 1)
            candidates.append((-overlap, number, position, sentence))
    best = sorted(candidates)[:sentences]
    parts = [
        f"《{short_name(articles[n].law)}》{articles[n].article_no}规定：{text}[{n + 1}]"
        for _, n, _, text in sorted(best, key=lambda c: c[1:3])
    ]
    return "\n".join(parts)
