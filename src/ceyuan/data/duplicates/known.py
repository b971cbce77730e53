"""What earlier runs measured: the similarity of pairs by content, so that no pair of texts is compared twice."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from ceyuan.data.duplicates.resolve import common_shingles, emptied, filled_table, with_room
from ceyuan.data.operators.characters import folded_characters
from ceyuan.data.operators.compiling import compiled
from ceyuan.data.operators.kernels import Bytes, Offsets, mixed
from ceyuan.data.operators.texts import Texts

__all__ = ["Known", "jaccards", "walk"]

Words = npt.NDArray[np.uint64]
Numbers = npt.NDArray[np.int32]
Similarities = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Known:
    """Pairs by a hash of both contents, sorted, with their Jaccard similarity; 0 stands for less than asked for."""

    keys: Words
    values: Similarities

    @classmethod
    def nothing(cls) -> Self:
        """No pair yet."""
        return cls(np.empty(0, np.uint64), np.empty(0, np.float32))

    def and_also(self, new: Words, values: Similarities) -> "Known":
        """With the pairs of the keys ``new`` (as ``pair_keys`` gives them)."""
        keys, first = np.unique(np.concatenate([self.keys, new]), return_index=True)
        return Known(keys, np.concatenate([self.values, values])[first])


@compiled
def _pair_key(one: np.uint64, other: np.uint64) -> np.uint64:
    low, high = min(one, other), max(one, other)
    return mixed(low * np.uint64(0x9E3779B97F4A7C15) + mixed(high))


@compiled
def pair_keys(marks: Words, pairs: npt.NDArray[np.int64]) -> Words:
    """The key of each pair of places in ``marks`` (a 64-bit mark of each text's content), whichever comes first."""
    keys = np.empty(len(pairs), np.uint64)
    for index in range(len(pairs)):
        keys[index] = _pair_key(marks[pairs[index, 0]], marks[pairs[index, 1]])
    return keys


@compiled
def _place(keys: Words, key: np.uint64) -> int:
    low, high = 0, len(keys)
    while low < high:
        middle = (low + high) >> 1
        if keys[middle] < key:
            low = middle + 1
        else:
            high = middle
    return low if low < len(keys) and keys[low] == key else -1


@compiled
def walk(
    marks: Words,
    distinct: Numbers,
    buckets: Numbers,
    bucket_count: int,
    known: Words,
    values: Similarities,
    threshold: float,
    related_from: float,
    comparisons: int,
) -> tuple[Numbers, Similarities, Numbers, Similarities, Numbers, int]:
    """As ``resolve`` walks, but with similarities looked up: survivor, similarity, compared, their values, the pairs
    that are not known (taken as unlike until they are), texts curtailed."""
    texts, bands = buckets.shape
    survivor = np.full(texts, -1, np.int32)
    similarity = np.zeros(texts, np.float32)
    head = np.full(bucket_count, -1, np.int32)
    following = np.full((texts, bands), -1, np.int32)
    met = np.full(texts, -1, np.int32)
    pairs, missing = np.empty(1024, np.int32), np.empty(1024, np.int32)
    filled, lacking, curtailed = 0, 0, 0
    for text in range(texts):
        compared = 0
        for band in range(bands):
            bucket = buckets[text, band]
            other = head[bucket] if bucket >= 0 else -1
            while other >= 0 and survivor[text] < 0 and compared < comparisons:
                here, there = distinct[text], distinct[other]
                if met[other] != text and min(here, there) >= related_from * max(here, there):
                    compared += 1
                    place = _place(known, _pair_key(marks[text], marks[other]))
                    if place < 0:
                        missing = with_room(missing, 2 * lacking)
                        missing[2 * lacking], missing[2 * lacking + 1] = text, other
                        lacking += 1
                    else:
                        if values[place] >= threshold:
                            survivor[text] = other
                            similarity[text] = values[place]
                        pairs = with_room(pairs, 2 * filled)
                        pairs[2 * filled], pairs[2 * filled + 1] = text, other
                        filled += 1
                met[other] = text
                other = following[other, band]
        if compared >= comparisons and survivor[text] < 0:
            curtailed += 1
        if survivor[text] < 0:
            for band in range(bands):
                bucket = buckets[text, band]
                if bucket >= 0:
                    following[text, band] = head[bucket]
                    head[bucket] = text
    found = np.empty(filled, np.float32)
    for index in range(filled):
        found[index] = values[_place(known, _pair_key(marks[pairs[2 * index]], marks[pairs[2 * index + 1]]))]
    return survivor, similarity, pairs[: 2 * filled].copy(), found, missing[: 2 * lacking].copy(), curtailed


def jaccards(texts: Texts, distinct: Numbers, pairs: Numbers, related_from: float) -> Similarities:
    """Jaccard similarity of the shingles of each pair of places in ``texts``; 0 where less than ``related_from``.

    Give the pairs sorted by their first place.
    """
    return _jaccards(texts.data, texts.offsets, folded_characters(), distinct, pairs, float(np.float32(related_from)))


@compiled
def _jaccards(
    data: Bytes, offsets: Offsets, fold: npt.NDArray[np.uint32], distinct: Numbers, pairs: Numbers, related_from: float
) -> Similarities:
    values = np.zeros(len(pairs), np.float32)
    table = np.zeros(1024, np.uint64)
    marks = np.full(1024, -1, np.int32)
    size, ready = 1024, -1
    for index in range(len(pairs)):
        text, other = pairs[index, 0], pairs[index, 1]
        here, there = distinct[text], distinct[other]
        if ready != text:
            size = 1024
            while size < 2 * here:
                size *= 2
            table, marks = emptied(table, marks, size)
            filled_table(data, offsets[text], offsets[text + 1], fold, table, size)
            ready = text
        needed = int(related_from / (1.0 + related_from) * (here + there))
        common = common_shingles(data, offsets[other], offsets[other + 1], fold, table, marks, size, index, needed)
        jaccard = np.float32(common / (here + there - common))
        values[index] = jaccard if jaccard >= related_from else np.float32(0)
    return values
