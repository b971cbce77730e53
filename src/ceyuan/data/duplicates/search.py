"""The search for near-duplicates over any number of documents, within a bound of memory for their texts.

Candidates fall into components that know nothing of each other; components are resolved in batches, and only one
that is larger than a batch is held whole. With what earlier runs measured only new pairs are compared, so a refresh
costs by what changed.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ceyuan.data.duplicates.buckets import shared_buckets, sharing
from ceyuan.data.duplicates.known import Known, jaccards, walk
from ceyuan.data.duplicates.resolve import related_pairs, resolve
from ceyuan.data.operators.kernels import tied
from ceyuan.data.operators.texts import Texts

__all__ = ["Found", "Search", "search"]

Places = npt.NDArray[np.int64]
ReadTexts = Callable[[Places], Texts]
_ROUNDS = 12
_MANY = 2_000_000  # unknown pairs from which walking with what is known is no saving


@dataclass(frozen=True, slots=True)
class Search:
    """``threshold``, ``related_from``, ``comparisons``: as ``resolve`` takes them; ``batch_bytes``: texts at a time."""

    threshold: float = 0.7
    related_from: float = 0.5
    comparisons: int = 2000
    batch_bytes: int = 64 << 20


@dataclass(frozen=True, slots=True)
class Found:
    """``survivor[i]`` is the place of the kept document that ``i`` duplicates, -1 where ``i`` is kept; ``related``
    pairs of kept ones; ``curtailed`` as in ``Resolution``; ``known`` all pairs measured by now."""

    survivor: Places
    similarity: npt.NDArray[np.float32]
    related: Places
    curtailed: int
    known: Known


def search(
    keys: npt.NDArray[np.uint64],
    distinct: npt.NDArray[np.int32],
    marks: npt.NDArray[np.uint64],
    sizes: npt.NDArray[np.int64],
    read: ReadTexts,
    settings: Search,
    known: Known | None = None,
) -> Found:
    """Near-duplicates among documents in order of preference, best first.

    ``keys`` and ``distinct`` are their sketches, ``marks`` 64 bits of each one's content hash, ``sizes`` their bytes;
    ``read`` gives the texts at some places. The result is the same whatever is known already and however it is batched.
    """
    known = known or Known.nothing()
    survivor = np.full(len(keys), -1, np.int64)
    similarity = np.zeros(len(keys), np.float32)
    candidates = sharing(len(keys), keys.shape[1], lambda band: np.ascontiguousarray(keys[:, band]))
    if not len(candidates):
        return Found(survivor, similarity, np.empty((0, 2), np.int64), 0, known)
    buckets, count = shared_buckets(np.ascontiguousarray(keys[candidates]))
    few = _Candidates(candidates, buckets, count, distinct[candidates], marks[candidates], sizes[candidates], read)
    result = few.walked(settings, known) if len(known.keys) else None
    found = result or few.resolved(settings, known)
    survivor[candidates] = np.where(found.survivor >= 0, candidates[found.survivor], -1)
    similarity[candidates] = found.similarity
    return Found(survivor, similarity, candidates[found.related], found.curtailed, found.known)


@dataclass(frozen=True, slots=True)
class _Candidates:
    places: Places
    buckets: npt.NDArray[np.int32]
    bucket_count: int
    distinct: npt.NDArray[np.int32]
    marks: npt.NDArray[np.uint64]
    sizes: npt.NDArray[np.int64]
    read: ReadTexts

    def resolved(self, settings: Search, known: Known) -> Found:
        """Every component resolved from its texts."""
        survivor = np.full(len(self.places), -1, np.int64)
        similarity = np.zeros(len(self.places), np.float32)
        related, compared, values, curtailed = [np.empty((0, 2), np.int64)], [np.empty((0, 2), np.int64)], [], 0
        for here in self._batches(settings.batch_bytes):
            _, renumbered = np.unique(self.buckets[here], return_inverse=True)
            own = renumbered.reshape(len(here), -1).astype(np.int32) - int((self.buckets[here] < 0).any())
            found = resolve(
                self.read(self.places[here]),
                self.distinct[here],
                own,
                threshold=settings.threshold,
                related_from=settings.related_from,
                comparisons=settings.comparisons,
            )
            survivor[here] = np.where(found.survivor >= 0, here[found.survivor], -1)
            similarity[here] = found.similarity
            related.append(here[found.related])
            compared.append(here[found.compared])
            values.append(found.jaccard)
            curtailed += found.curtailed
        pairs = np.concatenate(compared).astype(np.int32)
        known = known.and_also(self.marks, pairs, np.concatenate([np.empty(0, np.float32), *values]))
        return Found(survivor, similarity, np.concatenate(related), curtailed, known)

    def walked(self, settings: Search, known: Known) -> Found | None:
        """The same from known similarities, after measuring those that lack; None where too many do."""
        for _ in range(_ROUNDS):
            survivor, similarity, compared, values, missing, curtailed = walk(
                self.marks,
                self.distinct,
                self.buckets,
                self.bucket_count,
                known.keys,
                known.values,
                float(np.float32(settings.threshold)),
                float(np.float32(settings.related_from)),
                settings.comparisons,
            )
            if not len(missing):
                related = related_pairs(
                    survivor, compared.reshape(-1, 2), values, float(np.float32(settings.threshold))
                )
                return Found(survivor.astype(np.int64), similarity, related.astype(np.int64), int(curtailed), known)
            if len(missing) > 2 * _MANY:
                return None
            known = self._measured(missing.reshape(-1, 2), settings, known)
        return None

    def _measured(self, pairs: npt.NDArray[np.int32], settings: Search, known: Known) -> Known:
        pairs = pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]
        for part in self._blocks(pairs, settings.batch_bytes):
            places, local = np.unique(part, return_inverse=True)
            pairs_here = local.reshape(-1, 2).astype(np.int32)
            texts = self.read(self.places[places])
            values = jaccards(texts, self.distinct[places], pairs_here, settings.related_from)
            known = known.and_also(self.marks, part, values)
        return known

    def _blocks(self, pairs: npt.NDArray[np.int32], most: int) -> Iterator[npt.NDArray[np.int32]]:
        """Runs of pairs whose texts take at most about ``most`` bytes."""
        weight = np.cumsum(self.sizes[pairs].sum(axis=1))
        cuts = np.searchsorted(weight, np.arange(most, int(weight[-1]) + most, most), side="right")
        start = 0
        for cut in np.unique(np.append(cuts, len(pairs))).tolist():
            end = max(cut, start + 1)
            if start < len(pairs):
                yield pairs[start:end]
            start = end

    def _batches(self, most: int) -> Iterator[Places]:
        """Places of whole components, in order of preference, of at most about ``most`` bytes of text together."""
        labels = tied(self.buckets, self.bucket_count)
        weights = np.bincount(labels, weights=self.sizes)
        number = (np.cumsum(weights) - weights) // most  # components in their own order, cut where a batch is full
        batch = number[labels]
        order = np.argsort(batch, kind="stable")
        for part in np.split(order, np.flatnonzero(np.diff(batch[order])) + 1):
            yield np.sort(part)
