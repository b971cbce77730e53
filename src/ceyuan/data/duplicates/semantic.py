"""Semantic duplicates: documents whose embeddings point the same way, every pair checked by its exact cosine.

Vectors that share a band key are candidates; which pairs those are follows from the vectors alone, so bands may be
searched anywhere and in any order. Vectors lie in a file; memory holds one band's keys and some buckets.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ceyuan.data.duplicates.hyperplanes import REFINING, Hyperplanes
from ceyuan.data.duplicates.resolve import with_room, with_room_for_one
from ceyuan.data.duplicates.vectors import Vectors
from ceyuan.data.operators.compiling import compiled

__all__ = ["Pairs", "Seeking", "Survivors", "alike", "bands_of", "pairs_of", "survivors"]

Places = npt.NDArray[np.int64]
Cosines = npt.NDArray[np.float32]

_MATCHES = 16  # of a document in a bucket, those of the best documents: one of them is kept almost surely
_STEP = 8  # bits by which a bucket is cut at a time
_BATCH_BYTES = 32 << 20
_KEYS_BYTES = 128 << 20


@dataclass(frozen=True, slots=True)
class Seeking:
    """``threshold``: cosine from which two vectors are duplicates; ``largest``: documents of a bucket that is compared
    as a whole, a larger one is cut by further hyperplanes."""

    threshold: float
    largest: int = 2000

    @property
    def planes(self) -> Hyperplanes:
        """The keys that follow from the threshold."""
        return Hyperplanes.for_threshold(self.threshold)


@dataclass(frozen=True, slots=True)
class Pairs:
    """``later[i]`` and ``earlier[i]`` have the cosine ``cosine[i]``; ``curtailed``: documents of buckets that were cut,
    whose duplicates may lie in another part."""

    later: Places
    earlier: Places
    cosine: Cosines
    curtailed: Places

    @classmethod
    def joined(cls, parts: Sequence["Pairs"]) -> "Pairs":
        """The pairs of all parts, each once, by later and earlier document."""
        none = np.empty(0, np.int64)
        later = np.concatenate([none, *(one.later for one in parts)])
        earlier = np.concatenate([none, *(one.earlier for one in parts)])
        cosine = np.concatenate([np.empty(0, np.float32), *(one.cosine for one in parts)])
        order = np.lexsort((earlier, later))
        later, earlier, cosine = later[order], earlier[order], cosine[order]
        first = np.append(True, (np.diff(later) != 0) | (np.diff(earlier) != 0)) if len(later) else none.astype(bool)
        curtailed = np.unique(np.concatenate([none, *(one.curtailed for one in parts)]))
        return cls(later[first], earlier[first], cosine[first], curtailed)


@dataclass(frozen=True, slots=True)
class Survivors:
    """``survivor[i]``: the kept document that ``i`` duplicates, -1 where it is kept; ``similarity``: their cosine."""

    survivor: Places
    similarity: Cosines


def alike(vectors: Vectors, places: Places) -> Places:
    """For each vector at ``places``, which ascend, the place of the first that is the same number by number: compared
    once, they stand or fall together."""
    marks = np.empty((len(places), 2), np.uint64)
    rows = max(1, _BATCH_BYTES // vectors.width)
    for start in range(0, len(places), rows):
        marks[start : start + rows] = _marks(vectors.at(places[start : start + rows]))
    order = np.lexsort((marks[:, 1], marks[:, 0]))  # stable, so the first of equal ones is the best
    new = np.append(True, (marks[order[1:]] != marks[order[:-1]]).any(axis=1)) if len(order) else np.empty(0, bool)
    firsts = np.empty(len(places), np.int64)
    firsts[order] = order[np.maximum.accumulate(np.where(new, np.arange(len(order)), 0))] if len(order) else order
    same = places[firsts] if len(places) else places.copy()
    again = np.flatnonzero(same != places)
    for start in range(0, len(again), rows):
        here = again[start : start + rows]
        there, back = np.unique(same[here], return_inverse=True)
        unequal = (vectors.at(places[here]) != vectors.at(there)[back.reshape(-1)]).any(axis=1)
        same[here[unequal]] = places[here[unequal]]
    return same


def pairs_of(vectors: Vectors, seeking: Seeking, bands: Sequence[int], places: Places) -> Pairs:
    """Pairs among the vectors at ``places`` that share the key of one of the ``bands`` and reach the threshold.

    Places are in order of preference, best first; of a bucket each document is tied to the best sixteen that it
    resembles, at most.
    """
    found: list[Pairs] = []
    together = max(1, _KEYS_BYTES // (4 * max(1, len(places))))
    for start in range(0, len(bands), together):
        here = bands[start : start + together]
        keys = seeking.planes.keys(vectors, here, places)
        found += [_of_band(vectors, seeking, band, keys[row], places) for row, band in enumerate(here)]
    return Pairs.joined(found)


def bands_of(seeking: Seeking, parts: int) -> list[list[int]]:
    """All bands in at most so many parts."""
    bands = list(range(seeking.planes.bands))
    return [part for number in range(parts) if (part := bands[number::parts])]


def survivors(count: int, places: Places, same: Places, pairs: Pairs) -> Survivors:
    """Keep, best first, each of ``count`` documents that resembles no kept one; of several it goes with the one that it
    resembles most.

    ``same`` is what ``alike`` found for the vectors at ``places``; the pairs are among the first ones of those.
    """
    survivor = np.full(count, -1, np.int64)
    similarity = np.zeros(count, np.float32)
    _keep(pairs.later, pairs.earlier, pairs.cosine, survivor, similarity)
    other = same != places
    again, first = places[other], same[other]
    dropped = survivor[first] >= 0
    survivor[again] = np.where(dropped, survivor[first], first)
    similarity[again] = np.where(dropped, similarity[first], np.float32(1))
    return Survivors(survivor, similarity)


@compiled
def _keep(later: Places, earlier: Places, cosine: Cosines, survivor: Places, similarity: Cosines) -> None:
    """Pairs come by later, then by earlier document."""
    for index in range(len(later)):
        text, other = later[index], earlier[index]
        if survivor[other] < 0 and cosine[index] > similarity[text]:
            survivor[text] = other
            similarity[text] = cosine[index]


@compiled
def _words_mark(words: npt.NDArray[np.uint64], seed: np.uint64) -> np.uint64:
    mark = seed
    for index in range(len(words)):
        mark = (mark ^ words[index]) * np.uint64(0x9E3779B97F4A7C15)
        mark ^= mark >> np.uint64(29)
    return mark


@compiled
def _marked(words: npt.NDArray[np.uint64], marks: npt.NDArray[np.uint64]) -> None:
    for row in range(len(words)):
        marks[row, 0] = _words_mark(words[row], np.uint64(0x243F6A8885A308D3))
        marks[row, 1] = _words_mark(words[row], np.uint64(0x13198A2E03707344))


def _marks(block: npt.NDArray[np.int16]) -> npt.NDArray[np.uint64]:
    """Two hashes of each row."""
    padding = -block.shape[1] % 4
    words = np.ascontiguousarray(np.pad(block, ((0, 0), (0, padding))) if padding else block).view(np.uint64)
    marks = np.empty((len(block), 2), np.uint64)
    _marked(words, marks)
    return marks


def _of_band(vectors: Vectors, seeking: Seeking, band: int, keys: npt.NDArray[np.uint32], places: Places) -> Pairs:
    found, curtailed = [], [np.empty(0, np.int64)]
    whole: list[Places] = []
    for bucket in _buckets(keys):
        here = places[bucket]
        if len(here) <= seeking.largest:
            whole.append(here)
            continue
        curtailed.append(here)
        whole += _cut(here, seeking.planes.refining(vectors, band, here), seeking.largest)
    for batch in _batches(whole, max(1, _BATCH_BYTES // vectors.width)):
        members = np.concatenate(batch)
        there, back = np.unique(members, return_inverse=True)
        starts = np.cumsum([0, *(len(one) for one in batch)]).astype(np.int64)
        bound = float(np.float32(seeking.threshold))
        later, earlier, cosine = _similar(vectors.at(there), back.reshape(-1).astype(np.int64), starts, bound, _MATCHES)
        found.append(Pairs(there[later], there[earlier], cosine, np.empty(0, np.int64)))
    return Pairs.joined([*found, Pairs(*_nothing(), np.concatenate(curtailed))])


def _nothing() -> tuple[Places, Places, Cosines]:
    return np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.float32)


def _buckets(keys: npt.NDArray[np.uint32]) -> Iterator[Places]:
    """Places of equal keys, each bucket of two or more in ascending order."""
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    edges = np.concatenate([[0], np.flatnonzero(ordered[1:] != ordered[:-1]) + 1, [len(keys)]])
    for which in np.flatnonzero(np.diff(edges) > 1).tolist():
        yield order[edges[which] : edges[which + 1]]


def _cut(bucket: Places, sides: npt.NDArray[np.uint32], largest: int, used: int = 0) -> list[Places]:
    """A bucket in parts of at most ``largest``: by further hyperplanes, and by preference where those are used up."""
    if len(bucket) <= largest:
        return [bucket] if len(bucket) > 1 else []
    if used == REFINING:
        return [bucket[start : start + largest] for start in range(0, len(bucket), largest)]
    part = (sides >> np.uint32(used)) & np.uint32((1 << _STEP) - 1)
    return [one for which in _buckets(part) for one in _cut(bucket[which], sides[which], largest, used + _STEP)]


def _batches(buckets: Sequence[Places], most: int) -> Iterator[list[Places]]:
    """Buckets in runs of about ``most`` members."""
    batch: list[Places] = []
    size = 0
    for bucket in buckets:
        if batch and size + len(bucket) > most:
            yield batch
            batch, size = [], 0
        batch.append(bucket)
        size += len(bucket)
    if batch:
        yield batch


@compiled
def _product(one: npt.NDArray[np.int16], other: npt.NDArray[np.int16]) -> np.int64:
    total = np.int32(0)
    for index in range(len(one)):
        total = np.int32(total + np.int32(one[index]) * np.int32(other[index]))
    return np.int64(total)


@compiled
def _similar(
    vectors: npt.NDArray[np.int16], members: Places, starts: Places, threshold: float, most: int
) -> tuple[Places, Places, Cosines]:
    """(later, earlier, cosine) of pairs within buckets: ``members[starts[i]:starts[i + 1]]`` are one, best first."""
    lengths = np.empty(len(vectors), np.float64)
    for row in range(len(vectors)):
        lengths[row] = np.sqrt(np.float64(_product(vectors[row], vectors[row])))
    pairs = np.empty(1024, np.int32)
    cosines = np.empty(512, np.float32)
    filled = 0
    for bucket in range(len(starts) - 1):
        for later in range(starts[bucket] + 1, starts[bucket + 1]):
            one, matches = members[later], 0
            for earlier in range(starts[bucket], later):
                other = members[earlier]
                product = np.float64(_product(vectors[one], vectors[other]))
                cosine = np.float32(product / (lengths[one] * lengths[other]))
                if cosine >= threshold:
                    pairs = with_room(pairs, 2 * filled)
                    cosines = with_room_for_one(cosines, filled)
                    pairs[2 * filled], pairs[2 * filled + 1] = one, other
                    cosines[filled] = cosine
                    filled += 1
                    matches += 1
                    if matches == most:
                        break
    found = pairs[: 2 * filled].astype(np.int64)
    return found[0::2].copy(), found[1::2].copy(), cosines[:filled].copy()
