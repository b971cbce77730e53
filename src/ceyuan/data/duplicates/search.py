"""The search for near-duplicates over any number of documents, within a bound of memory for their texts.

Candidates fall into components that know nothing of each other; components are resolved in batches, and only one
that is larger than a batch is held whole. With what earlier runs measured only new pairs are compared, so a refresh
costs by what changed.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from ceyuan.data.duplicates.buckets import buckets_of, renumbered, sharing
from ceyuan.data.duplicates.known import Known, jaccards, pair_keys, walk
from ceyuan.data.duplicates.resolve import related_pairs, resolve
from ceyuan.data.operators.kernels import tied
from ceyuan.data.operators.texts import Texts

__all__ = ["BandKeys", "Found", "KeysInMemory", "Search", "search"]

Places = npt.NDArray[np.int64]
ReadTexts = Callable[[Places], Texts]
_ROUNDS = 12
_MANY = 2_000_000  # unknown pairs from which walking with what is known is no saving
_KEPT = 2_000_000  # pairs at most that are remembered for the next time
_BESIDE = 512  # bytes that resolving needs for a text beside it, about


class BandKeys(Protocol):
    """Band keys of texts, in order of preference: all of one band at a time, so that not all need be in memory."""

    def __len__(self) -> int: ...

    @property
    def bands(self) -> int:
        """Keys of a text."""
        ...

    def column(self, band: int) -> npt.NDArray[np.uint64]:
        """The keys of one band."""
        ...

    def at(self, places: Places) -> "BandKeys":
        """Those of some texts."""
        ...


@dataclass(frozen=True, slots=True)
class KeysInMemory:
    """``BandKeys`` in an array as ``sketch`` makes it: texts x bands."""

    keys: npt.NDArray[np.uint64]

    def __len__(self) -> int:
        return len(self.keys)

    @property
    def bands(self) -> int:
        """See ``BandKeys``."""
        return int(self.keys.shape[1])

    def column(self, band: int) -> npt.NDArray[np.uint64]:
        """See ``BandKeys``."""
        return np.ascontiguousarray(self.keys[:, band])

    def at(self, places: Places) -> "KeysInMemory":
        """See ``BandKeys``."""
        return KeysInMemory(self.keys[places])


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
    pairs of kept ones; ``curtailed`` as in ``Resolution``; ``known`` all pairs measured by now, none where they are too
    many to be worth it or nobody asked."""

    survivor: Places
    similarity: npt.NDArray[np.float32]
    related: Places
    curtailed: int
    known: Known


def search(
    keys: BandKeys,
    distinct: npt.NDArray[np.int32],
    marks: npt.NDArray[np.uint64],
    sizes: npt.NDArray[np.int64],
    read: ReadTexts,
    settings: Search,
    known: Known | None = None,
) -> Found:
    """Near-duplicates among documents in order of preference, best first.

    ``keys`` and ``distinct`` are their sketches, ``marks`` 64 bits of each one's content hash, ``sizes`` their bytes;
    ``read`` gives the texts at some places. The result is the same whatever is known already and however it is
    batched; give no ``known`` where nothing is to be remembered.
    """
    survivor = np.full(len(keys), -1, np.int64)
    similarity = np.zeros(len(keys), np.float32)
    candidates = sharing(len(keys), keys.bands, keys.column)
    if not len(candidates):
        return Found(survivor, similarity, np.empty((0, 2), np.int64), 0, known or Known.nothing())
    buckets, count = buckets_of(len(candidates), keys.bands, keys.at(candidates).column)
    few = _Candidates(candidates, buckets, count, distinct[candidates], marks[candidates], sizes[candidates], read)
    result = few.walked(settings, known) if known and len(known.keys) else None
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

    def resolved(self, settings: Search, known: Known | None) -> Found:
        """Every component resolved from its texts."""
        survivor = np.full(len(self.places), -1, np.int64)
        similarity = np.zeros(len(self.places), np.float32)
        numbers = np.full(self.bucket_count, -1, np.int32)
        related, curtailed, learnt = [np.empty((0, 2), np.int64)], 0, _Learnt(known)
        for here in self._batches(settings.batch_bytes):
            found = resolve(
                self.read(self.places[here]),
                self.distinct[here],
                renumbered(self.buckets, here, numbers),
                threshold=settings.threshold,
                related_from=settings.related_from,
                comparisons=settings.comparisons,
                every=learnt.wanted,
            )
            survivor[here] = np.where(found.survivor >= 0, here[found.survivor], -1)
            similarity[here] = found.similarity
            related.append(here[found.related])
            learnt.add(self.marks[here], found.compared, found.jaccard)
            curtailed += found.curtailed
        return Found(survivor, similarity, np.concatenate(related), curtailed, learnt.known())

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
            known = known.and_also(pair_keys(self.marks, part.astype(np.int64)), values)
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
        weights = np.bincount(labels, weights=self.sizes + _BESIDE)
        number = (np.cumsum(weights) - weights) // most  # components in their own order, cut where a batch is full
        batch = number[labels]
        order = np.argsort(batch, kind="stable")
        for part in np.split(order, np.flatnonzero(np.diff(batch[order])) + 1):
            yield np.sort(part)


class _Learnt:
    """Pairs measured in a run, beside those known before it; nothing once they are too many."""

    def __init__(self, before: Known | None) -> None:
        self._before, self.wanted, self._count = before or Known.nothing(), before is not None, 0
        self._keys: list[npt.NDArray[np.uint64]] = []
        self._values: list[npt.NDArray[np.float32]] = []

    def add(self, marks: npt.NDArray[np.uint64], pairs: npt.NDArray[np.int32], values: npt.NDArray[np.float32]) -> None:
        """``pairs`` of places in ``marks``."""
        self._count += len(pairs)
        self.wanted = self.wanted and self._count <= _KEPT
        if self.wanted:
            self._keys.append(pair_keys(marks, pairs.astype(np.int64)))
            self._values.append(values)
        else:
            self._keys, self._values = [], []

    def known(self) -> Known:
        """What is worth remembering."""
        if not self.wanted:
            return Known.nothing()
        none = Known.nothing()
        keys, values = np.concatenate([none.keys, *self._keys]), np.concatenate([none.values, *self._values])
        return self._before.and_also(keys, values)
