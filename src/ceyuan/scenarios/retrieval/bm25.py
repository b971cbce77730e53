"""The index: postings with BM25 weights worked out beforehand, searched by summing a few slices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ceyuan.scenarios.retrieval.text import corpus_terms, is_bigram, query_terms

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from ceyuan.scenarios.retrieval.text import Keys

FORMAT = 1


class IndexUnreadable(ValueError):
    """A saved index that is not one, or of another format."""

    message = ("检索索引无法读取", "the retrieval index cannot be read")
    hint = ("请重建索引", "build the index again")


@dataclass(frozen=True, slots=True)
class Hit:
    """A found text: its number, its BM25 score, and `coverage`: the share (0..1) of the query's bigram
    weight (idf) that stands in the text."""

    number: int
    score: float
    coverage: float


class Index:
    """BM25 over unigrams and bigrams of characters.

    `keys` (terms, sorted), `starts` (term → slice of the postings), `numbers` and `weights` (postings),
    `idf`. Scores follow Robertson & Zaragoza 2009, eq. 3.15, with the idf of Lucene (always positive).
    """

    def __init__(
        self,
        keys: Keys,
        starts: npt.NDArray[np.int64],
        numbers: npt.NDArray[np.int32],
        weights: npt.NDArray[np.float32],
        idf: npt.NDArray[np.float32],
        size: int,
    ) -> None:
        self.keys, self.starts, self.numbers, self.weights, self.idf, self.size = (
            keys,
            starts,
            numbers,
            weights,
            idf,
            size,
        )

    @classmethod
    def build(cls, texts: Sequence[str], *, k1: float = 1.2, b: float = 0.75) -> Index:
        """Index `texts`; their numbers are their positions."""
        import numpy as np

        keys, owner = corpus_terms(texts)
        order = np.lexsort((owner, keys))
        keys, owner = keys[order], owner[order]
        if len(keys) == 0:
            empty = np.zeros(0)
            return cls(
                keys,
                np.zeros(1, np.int64),
                empty.astype(np.int32),
                empty.astype(np.float32),
                empty.astype(np.float32),
                len(texts),
            )
        first = np.r_[True, (keys[1:] != keys[:-1]) | (owner[1:] != owner[:-1])]
        at = np.flatnonzero(first)
        frequency = np.diff(np.r_[at, len(keys)]).astype(np.float64)
        keys, owner = keys[at], owner[at]
        lengths = np.bincount(owner, weights=frequency, minlength=len(texts))
        new_term = np.r_[True, keys[1:] != keys[:-1]]
        starts = np.r_[np.flatnonzero(new_term), len(keys)].astype(np.int64)
        found_in = np.diff(starts)
        idf = np.log1p((len(texts) - found_in + 0.5) / (found_in + 0.5))
        norm = k1 * (1 - b + b * lengths / lengths.mean())
        weights = np.repeat(idf, found_in) * frequency * (k1 + 1) / (frequency + norm[owner])
        return cls(
            keys[starts[:-1]],
            starts,
            owner.astype(np.int32),
            weights.astype(np.float32),
            idf.astype(np.float32),
            len(texts),
        )

    def search(self, query: str, limit: int = 10) -> list[Hit]:
        """The best texts for `query`, best first; equal scores in the order of their numbers."""
        import numpy as np

        wanted = query_terms(query)
        if len(wanted) == 0 or len(self.keys) == 0:
            return []
        places = np.searchsorted(self.keys, wanted)
        known = (places < len(self.keys)) & (self.keys[np.minimum(places, len(self.keys) - 1)] == wanted)
        terms = places[known]
        if len(terms) == 0:
            return []
        slices = [slice(self.starts[t], self.starts[t + 1]) for t in terms]
        numbers = np.concatenate([self.numbers[s] for s in slices])
        weights = np.concatenate([self.weights[s] for s in slices])
        scores = np.bincount(numbers, weights=weights, minlength=self.size)
        limit = min(limit, int((scores > 0).sum()))
        best = np.argpartition(-scores, limit - 1)[:limit] if limit < self.size else np.arange(self.size)
        best = best[np.lexsort((best, -scores[best]))][:limit]
        return [
            Hit(int(n), float(scores[n]), c) for n, c in zip(best, self._coverage(wanted, terms, best), strict=True)
        ]

    def _coverage(self, wanted: Keys, terms: npt.NDArray[np.int64], best: npt.NDArray[np.int64]) -> list[float]:
        import numpy as np

        bigrams = terms[is_bigram(self.keys[terms])]
        # A bigram that no text has weighs as much as the rarest one.
        unseen = int(is_bigram(wanted).sum()) - len(bigrams)
        total = float(self.idf[bigrams].sum()) + unseen * float(self.idf.max())
        if total == 0.0:
            return [1.0] * len(best)
        covered = dict.fromkeys(best.tolist(), 0.0)
        for term in bigrams:
            for number in np.intersect1d(self.numbers[self.starts[term] : self.starts[term + 1]], best).tolist():
                covered[number] += float(self.idf[term])
        return [covered[n] / total for n in best.tolist()]

    def save(self, path: Path) -> None:
        """Write the index to one file."""
        import numpy as np

        with path.open("wb") as file:
            np.savez(
                file,
                format=np.array([FORMAT, self.size]),
                keys=self.keys,
                starts=self.starts,
                numbers=self.numbers,
                weights=self.weights,
                idf=self.idf,
            )

    @classmethod
    def load(cls, path: Path) -> Index:
        """Read a saved index; raises `IndexUnreadable`."""
        import numpy as np

        try:
            with np.load(path, allow_pickle=False) as data:
                version, size = data["format"].tolist()
                if version != FORMAT:
                    raise IndexUnreadable(f"format {version}")
                return cls(data["keys"], data["starts"], data["numbers"], data["weights"], data["idf"], size)
        except (OSError, KeyError, ValueError) as error:
            raise IndexUnreadable(str(error)) from error
