"""Where two tools keep different documents by the same recipe: who is wrong, told by exact search over the texts.

A document that only one of them keeps falls into one case: ``alike kept`` (a tool keeps two documents whose Jaccard
similarity of 5-character shingles is 0.7 or more, and is wrong), ``dropped for nothing`` (a tool drops Chinese text
that resembles nothing it keeps, and is wrong), ``the other of a pair`` (each keeps another one of two that are alike:
nobody is wrong), and ``open`` (filters that measure differently, which this cannot judge).
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from benchmarks.data.exact import shingles

ALIKE = 0.7
PEER, OURS, PAIR, OPEN = "peer wrong", "ours wrong", "the other of a pair", "open"


@dataclass(frozen=True)
class Judged:
    """``cases``: documents by who is wrong and how; ``examples``: the first of each case."""

    cases: Counter[tuple[str, str]] = field(default_factory=Counter)
    examples: dict[tuple[str, str], list[str]] = field(default_factory=lambda: defaultdict(list))
    excused: set[str] = field(default_factory=set)

    def note(self, name: str, who: str, how: str) -> None:
        """Count a document; one that the peer is wrong about is excused."""
        self.cases[who, how] += 1
        self.examples[who, how].append(name)
        if who == PEER:
            self.excused.add(name)


def judged(
    texts: Mapping[str, str], ours: set[str], theirs: set[str], reasons: Mapping[str, str], peers: Mapping[str, str]
) -> Judged:
    """Who is wrong about each document that is kept by one alone; ``reasons`` and ``peers`` say why it was dropped,
    here and there, where that is known."""
    found = Judged()
    alike = similar(texts, sorted(ours ^ theirs))
    for name in sorted(ours - theirs):
        there = alike[name] & theirs
        why = peers.get(name, "dropped")
        if there & ours:
            found.note(name, OURS, "alike kept")
        elif there:
            found.note(name, PAIR, why)
        elif chinese(texts[name]):
            found.note(name, PEER, f"dropped for nothing ({why})")
        else:
            found.note(name, OPEN, f"peer: {why}")
    for name in sorted(theirs - ours):
        here, why = alike[name] & ours, reasons.get(name, "dropped")
        if here & theirs:
            found.note(name, PEER, "alike kept")
        elif here:
            found.note(name, PAIR, why)
        elif why in ("near_duplicate", "exact_duplicate"):
            found.note(name, OURS, f"dropped for nothing ({why})")
        else:
            found.note(name, OPEN, f"ours: {why}")
    return found


def similar(texts: Mapping[str, str], names: Sequence[str]) -> dict[str, set[str]]:
    """For each of ``names`` the documents that are alike, by exact search over all texts."""
    own = {name: shingles(texts[name]) for name in names}
    holders: dict[str, list[str]] = defaultdict(list)
    for name, grams in own.items():
        for gram in grams:
            holders[gram].append(name)
    found: dict[str, set[str]] = {name: set() for name in names}
    for other, text in texts.items():
        grams = shingles(text)
        common = Counter(name for gram in grams & holders.keys() for name in holders[gram])
        for name, count in common.items():
            if name != other and count >= ALIKE * (len(grams) + len(own[name]) - count):
                found[name].add(other)
    return found


def chinese(text: str) -> bool:
    """Whether at least half of the letters are Chinese characters."""
    letters = [letter for letter in text if letter.isalpha()]
    return sum("\u3400" <= letter <= "\u9fff" for letter in letters) >= 0.5 * len(letters) > 0
