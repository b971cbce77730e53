"""Which documents are near-duplicates of which kept one: each decided by the Jaccard similarity of their shingles."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ceyuan.data.duplicates.sketch import fold_hash
from ceyuan.data.operators.characters import folded_characters
from ceyuan.data.operators.compiling import compiled
from ceyuan.data.operators.kernels import Bytes, Offsets, decode
from ceyuan.data.operators.texts import Texts

__all__ = ["Resolution", "common_shingles", "emptied", "filled_table", "related_pairs", "resolve", "with_room"]


@dataclass(frozen=True, slots=True)
class Resolution:
    """``survivor[i]`` is the kept text that ``i`` duplicates, -1 where ``i`` is kept; ``similarity`` their Jaccard.

    ``related`` holds pairs of kept texts (later, earlier) that are similar, but not enough to be duplicates.
    ``curtailed`` counts texts whose candidates were more than the bound allows to compare. ``compared`` holds
    the pairs (later, earlier) from ``related_from`` on and below the threshold, or every pair that was looked at,
    ``jaccard`` what came out: 0 where less than ``related_from``.
    """

    survivor: npt.NDArray[np.int32]
    similarity: npt.NDArray[np.float32]
    related: npt.NDArray[np.int32]
    curtailed: int
    compared: npt.NDArray[np.int32]
    jaccard: npt.NDArray[np.float32]


def resolve(
    texts: Texts,
    distinct: npt.NDArray[np.int32],
    buckets: npt.NDArray[np.int32],
    *,
    threshold: float,
    related_from: float,
    comparisons: int = 2000,
    every: bool = False,
) -> Resolution:
    """Walk the texts in order of preference, best first, and keep each one that no kept text resembles.

    ``distinct`` and ``buckets`` come from ``sketch`` and ``shared_buckets`` for the same texts in the same
    order. A text is dropped when its Jaccard similarity with a kept one that shares a bucket is at least
    ``threshold``; pairs from ``related_from`` on are reported. At most ``comparisons`` kept texts are looked
    at per text. ``every`` pair is told where that is asked for.
    """
    # Similarities are kept in 32 bits, so the bounds are compared in 32 bits.
    threshold, related_from = float(np.float32(threshold)), float(np.float32(related_from))
    survivor, similarity, compared, jaccard, curtailed = _resolve(
        texts.data,
        texts.offsets,
        folded_characters(),
        distinct,
        buckets,
        int(buckets.max(initial=-1)) + 1,
        threshold,
        related_from,
        comparisons,
        every,
    )
    compared = compared.reshape(-1, 2)
    return Resolution(
        survivor, similarity, related_pairs(survivor, compared, jaccard, threshold), int(curtailed), compared, jaccard
    )


def related_pairs(
    survivor: npt.NDArray[np.int32], compared: npt.NDArray[np.int32], jaccard: npt.NDArray[np.float32], threshold: float
) -> npt.NDArray[np.int32]:
    """The compared pairs that are similar, but no duplicates, and of which both are kept."""
    kept = (survivor[compared[:, 0]] < 0) & (survivor[compared[:, 1]] < 0)
    return compared[kept & (jaccard > 0) & (jaccard < threshold)]


@compiled
def filled_table(
    data: Bytes, begin: int, end: int, fold: npt.NDArray[np.uint32], table: npt.NDArray[np.uint64], size: int
) -> None:
    """Put the shingles of one text into ``table``, cleared up to ``size``."""
    table[:size] = 0
    last = len(fold) - 1
    one = two = three = four = five = np.uint64(0)
    at, seen = begin, 0
    while at < end:
        code, width = decode(data, at)
        at += width
        character = fold[min(code, last)]
        if character:
            one, two, three, four, five = two, three, four, five, np.uint64(character)
            seen += 1
        if (character and seen >= 5) or (at >= end and 0 < seen < 5):
            key = fold_hash(one, two, three, four, five)
            place = np.int64(key >> np.uint64(1)) & (size - 1)
            while table[place] != 0 and table[place] != key:
                place = (place + 1) & (size - 1)
            table[place] = key


@compiled
def common_shingles(
    data: Bytes,
    begin: int,
    end: int,
    fold: npt.NDArray[np.uint32],
    table: npt.NDArray[np.uint64],
    marks: npt.NDArray[np.int32],
    size: int,
    mark: int,
    needed: int,
) -> int:
    """Distinct shingles of the text that are in ``table``; gives up with 0 once ``needed`` is out of reach."""
    last = len(fold) - 1
    one = two = three = four = five = np.uint64(0)
    at, seen, common = begin, 0, 0
    while at < end:
        if common + (end - at) < needed:
            return 0
        code, width = decode(data, at)
        at += width
        character = fold[min(code, last)]
        if character:
            one, two, three, four, five = two, three, four, five, np.uint64(character)
            seen += 1
        if (character and seen >= 5) or (at >= end and 0 < seen < 5):
            key = fold_hash(one, two, three, four, five)
            place = np.int64(key >> np.uint64(1)) & (size - 1)
            while table[place] != 0 and table[place] != key:
                place = (place + 1) & (size - 1)
            if table[place] == key and marks[place] != mark:
                marks[place] = mark
                common += 1
    return common


@compiled
def with_room(pairs: npt.NDArray[np.int32], filled: int) -> npt.NDArray[np.int32]:
    """``pairs``, copied to twice the length where another pair would not fit."""
    if filled + 2 <= len(pairs):
        return pairs
    longer = np.empty(2 * len(pairs), np.int32)
    longer[:filled] = pairs[:filled]
    return longer


@compiled
def with_room_for_one(values: npt.NDArray[np.float32], filled: int) -> npt.NDArray[np.float32]:
    """``values``, copied to twice the length where another would not fit."""
    if filled < len(values):
        return values
    longer = np.empty(2 * len(values), np.float32)
    longer[:filled] = values[:filled]
    return longer


@compiled
def emptied(
    table: npt.NDArray[np.uint64], marks: npt.NDArray[np.int32], size: int
) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.int32]]:
    """A table of at least ``size`` slots with no marks in them; the given ones where they are long enough."""
    if size > len(table):
        table = np.zeros(size, np.uint64)
        marks = np.full(size, -1, np.int32)
    marks[:size] = -1
    return table, marks


@compiled
def _resolve(
    data: Bytes,
    offsets: Offsets,
    fold: npt.NDArray[np.uint32],
    distinct: npt.NDArray[np.int32],
    buckets: npt.NDArray[np.int32],
    bucket_count: int,
    threshold: float,
    related_from: float,
    comparisons: int,
    every: bool,
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32], npt.NDArray[np.int32], npt.NDArray[np.float32], int]:
    texts, bands = buckets.shape
    survivor = np.full(texts, -1, np.int32)
    similarity = np.zeros(texts, np.float32)
    head = np.full(bucket_count, -1, np.int32)
    following = np.full((texts, bands), -1, np.int32)
    met = np.full(texts, -1, np.int32)
    pairs = np.empty(1024, np.int32)
    values = np.empty(512, np.float32)
    filled, curtailed = 0, 0
    table = np.zeros(1024, np.uint64)
    marks = np.full(1024, -1, np.int32)
    for text in range(texts):
        begin, end = offsets[text], offsets[text + 1]
        size, ready, compared = 1024, False, 0
        for band in range(bands):
            bucket = buckets[text, band]
            other = head[bucket] if bucket >= 0 else -1
            while other >= 0 and survivor[text] < 0 and compared < comparisons:
                here, there = distinct[text], distinct[other]
                if met[other] != text and min(here, there) >= related_from * max(here, there):
                    compared += 1
                    if not ready:
                        while size < 2 * here:
                            size *= 2
                        table, marks = emptied(table, marks, size)
                        filled_table(data, begin, end, fold, table, size)
                        ready = True
                    needed = int(related_from / (1.0 + related_from) * (here + there))
                    common = common_shingles(
                        data, offsets[other], offsets[other + 1], fold, table, marks, size, other, needed
                    )
                    jaccard = np.float32(common / (here + there - common))
                    if jaccard >= threshold:
                        survivor[text] = other
                        similarity[text] = jaccard
                    if every or related_from <= jaccard < threshold:
                        pairs = with_room(pairs, 2 * filled)
                        values = with_room_for_one(values, filled)
                        pairs[2 * filled] = text
                        pairs[2 * filled + 1] = other
                        values[filled] = jaccard if jaccard >= related_from else np.float32(0)
                        filled += 1
                met[other] = text
                other = following[other, band]
        if compared >= comparisons and survivor[text] < 0:
            curtailed += 1
        if survivor[text] >= 0:
            continue
        for band in range(bands):
            bucket = buckets[text, band]
            if bucket >= 0:
                following[text, band] = head[bucket]
                head[bucket] = text
    return survivor, similarity, pairs[: 2 * filled].copy(), values[:filled].copy(), curtailed
