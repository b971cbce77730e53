"""Decontamination: documents that hold a run of characters of a benchmark item, found by hashes of n-grams.

Word 13-grams are usual for English (Brown et al. 2020, appendix C); Chinese has no spaces, so runs of characters are
compared, after folding case, width and everything but letters, digits and Han characters away.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

__all__ = ["Benchmarks", "Finder", "contaminated", "folded"]

_LEFT = re.compile(r"[^0-9a-z\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]+")


def folded(text: str) -> str:
    """``text`` without what copies change easily: case, width, spaces, punctuation."""
    return _LEFT.sub("", unicodedata.normalize("NFKC", text).lower())


@dataclass
class Benchmarks:
    """Runs of ``ngram`` characters of all items, each with the item that it comes from.

    Items shorter than ``ngram`` are kept whole, and found only as a whole; those under ``shortest`` characters say
    nothing and are left aside.
    """

    ngram: int = 24
    shortest: int = 12
    grams: dict[str, str] = field(default_factory=dict)
    lengths: set[int] = field(default_factory=set)
    items: int = 0

    def add(self, items: Iterable[tuple[str, str]]) -> None:
        """Add items as (name, text)."""
        for name, text in items:
            plain = folded(text)
            if len(plain) < self.shortest:
                continue
            self.items += 1
            size = min(self.ngram, len(plain))
            self.lengths.add(size)
            # Fewer starts are enough: a copy that is a quarter longer than a run holds one of them whole.
            for start in range(0, len(plain) - size + 1, max(1, size // 4)):
                self.grams.setdefault(plain[start : start + size], name)


class Finder:
    """Looks texts over for the runs of ``benchmarks``; what it looks with is made once."""

    def __init__(self, benchmarks: Benchmarks) -> None:
        import daachorse

        self._names = benchmarks.grams
        self._grams = list(benchmarks.grams)
        self._automaton = daachorse.CharwiseDoubleArrayAhoCorasick(self._grams) if self._grams else None

    def items(self, texts: Sequence[str]) -> list[str | None]:
        """For each text the benchmark item of which it holds a run; None where it holds none."""
        if self._automaton is None:
            return [None] * len(texts)
        result: list[str | None] = []
        for text in texts:
            found = self._automaton.find(folded(text))
            result.append(self._names[self._grams[found[0][2]]] if found else None)
        return result


def contaminated(texts: Sequence[str], benchmarks: Benchmarks) -> list[str | None]:
    """For each text the benchmark item of which it holds a run; None where it holds none."""
    return Finder(benchmarks).items(texts)
