"""Keyword libraries: versioned lists of terms by risk, matched in one pass whatever their number.

The automaton is daachorse's double-array Aho-Corasick over characters; it reads the folded text.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from ceyuan.governance.detectors.folding import fold, positions_of
from ceyuan.governance.detectors.taxonomy import RISKS

Severity = Literal["block", "flag"]


@dataclass(frozen=True, slots=True)
class Keyword:
    """A term, the risk that it points at, and what it is worth: `block`, or `flag` for a second look.

    `unless` lists contexts in which the term is harmless (反恐怖主义 for 恐怖主义).
    """

    text: str
    risk: str
    severity: Severity
    unless: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class KeywordMatch:
    """A keyword found at [start, end) of the original text."""

    keyword: Keyword
    start: int
    end: int


class KeywordLibrary:
    """A compiled library; `version` is the hash of its content.

    Raises `ValueError` for an unknown risk or an empty term.
    """

    def __init__(self, keywords: Iterable[Keyword]) -> None:
        import daachorse

        by_form: dict[str, Keyword] = {}
        for keyword in keywords:
            form = fold(keyword.text)
            if not form or keyword.risk not in RISKS:
                raise ValueError(f"keyword “{keyword.text}” ({keyword.risk}) is empty or names no risk")
            by_form.setdefault(form, keyword)
        self._forms = sorted(by_form)
        self._keywords = [by_form[form] for form in self._forms]
        self._automaton = daachorse.CharwiseDoubleArrayAhoCorasick(self._forms) if self._forms else None
        self._longest = max(map(len, self._forms), default=0)
        content = "\n".join(f"{k.text}\t{k.risk}\t{k.severity}\t{'|'.join(k.unless)}" for k in self._keywords)
        self.version = hashlib.sha256(content.encode()).hexdigest()[:16]

    def __len__(self) -> int:
        return len(self._keywords)

    @property
    def keywords(self) -> Sequence[Keyword]:
        return self._keywords

    @property
    def longest(self) -> int:
        """Characters of the longest folded term: a stream that holds back one less leaks no listed word."""
        return self._longest

    def find(self, text: str) -> list[KeywordMatch]:
        """All matches in the order of their start; of overlapping ones of the same risk the longest is kept."""
        if self._automaton is None:
            return []
        folded = fold(text)
        found = self._automaton.find_overlapping(folded)
        if not found:
            return []
        positions = positions_of(text)
        matches = []
        for start, end, number in found:
            keyword = self._keywords[number]
            if any(self._stands_in(folded, start, end, fold(context)) for context in keyword.unless):
                continue
            matches.append(KeywordMatch(keyword, int(positions[start]), int(positions[end - 1]) + 1))
        return _longest_only(matches)

    @staticmethod
    def _stands_in(folded: str, start: int, end: int, context: str) -> bool:
        around = folded[max(0, start - len(context)) : end + len(context)]
        return context in around

    def coverage(self) -> dict[str, int]:
        """How many terms each risk has; the standard asks for 200 of each A.1 and 100 of each A.2 risk."""
        counts = dict.fromkeys(RISKS, 0)
        for keyword in self._keywords:
            counts[keyword.risk] += 1
        return counts


def _longest_only(matches: list[KeywordMatch]) -> list[KeywordMatch]:
    kept: list[KeywordMatch] = []
    for match in sorted(matches, key=lambda m: (m.start, -(m.end - m.start))):
        if not any(
            k.start <= match.start and match.end <= k.end and k.keyword.risk == match.keyword.risk for k in kept
        ):
            kept.append(match)
    return kept
