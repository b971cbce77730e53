"""The kernels of the main path in NumPy, for machines without Numba: equal results, five to twenty times slower."""

import re
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["KERNELS"]

Codes = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]
_BASE = np.uint64(0x9E3779B97F4A7C15)


def code_points(data: npt.NDArray[np.uint8], offsets: Codes) -> tuple[Codes, Codes]:
    """(code points of all texts, place of each text's first one and the end): the inverse of UTF-8, in columns."""
    start = int(offsets[0])
    used = data[start : int(offsets[-1])]
    places = np.flatnonzero((used & 0xC0) != 0x80)
    first = used[places].astype(np.int64)
    extra = (first >= 0xC0).astype(np.int64) + (first >= 0xE0) + (first >= 0xF0)
    codes = np.where(extra > 0, first & (0x3F >> extra), first)
    for follower in range(1, 4):
        here = np.flatnonzero(extra >= follower)
        codes[here] = (codes[here] << 6) | (used[places[here] + follower] & 0x3F)
    return codes, np.searchsorted(places, offsets - start)


def count_classes(
    data: npt.NDArray[np.uint8], offsets: Codes, classes: npt.NDArray[np.uint8], sides: npt.NDArray[np.uint8]
) -> Codes:
    """As the kernel of this name."""
    codes, bounds = code_points(data, offsets)
    known = np.minimum(codes, len(classes) - 1)
    counts = np.zeros((len(offsets) - 1, 14), np.int64)
    counts[:, :10] = _counted(classes[known], bounds, range(10))
    counts[:, 12:14] = _counted(sides[known], bounds, (1, 2))
    feeds = codes == 10
    filled = bounds[1:] > bounds[:-1]
    feed_counts = _counted(feeds.astype(np.uint8), bounds, (1,))[:, 0]
    ends = np.zeros(len(filled), bool)
    ends[filled] = feeds[bounds[1:][filled] - 1]
    counts[:, 10] = filled * (1 + feed_counts - ends)
    starts = np.union1d(bounds[:-1], np.flatnonzero(feeds) + 1)
    starts = starts[starts < len(codes)]
    if len(starts):
        lengths = np.diff(np.append(starts, len(codes)))
        lengths -= feeds[np.append(starts[1:], len(codes)) - 1]
        np.maximum.at(counts[:, 11], np.searchsorted(bounds, starts, "right") - 1, lengths)
    return counts


def count_marks(data: npt.NDArray[np.uint8], offsets: Codes, marks: npt.NDArray[np.uint8], kinds: int) -> Codes:
    """As the kernel of this name."""
    codes, bounds = code_points(data, offsets)
    return _counted(marks[np.minimum(codes, len(marks) - 1)], bounds, range(kinds + 1))


def crowded(keys: Words, bits: int) -> npt.NDArray[np.bool_]:
    """As the kernel of this name."""
    slots = (keys >> np.uint64(64 - bits)).astype(np.int64)
    return np.bincount(slots, minlength=1 << bits)[slots] > 1


def tied(buckets: npt.NDArray[np.int32], count: int) -> npt.NDArray[np.int32]:
    """As the kernel of this name: the least text of each bucket goes round until nothing changes."""
    texts, bands = np.nonzero(buckets >= 0)
    shared = buckets[texts, bands]
    leader = np.arange(len(buckets))
    while True:
        least = np.full(count, len(buckets))
        np.minimum.at(least, shared, leader[texts])
        after = leader.copy()
        np.minimum.at(after, texts, least[shared])
        after = after[after]
        if np.array_equal(after, leader):
            return np.unique(leader, return_inverse=True)[1].astype(np.int32)
        leader = after


def untidy(data: npt.NDArray[np.uint8], offsets: Codes, risky: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """All texts: the kernel only saves work."""
    del data, risky
    return np.full(len(offsets) - 1, 2, np.uint8)


def tidied(
    data: npt.NDArray[np.uint8], offsets: Codes, which: npt.NDArray[np.bool_]
) -> tuple[npt.NDArray[np.uint8], Codes]:
    """As the kernel of this name."""
    texts = [data[start:end].tobytes() for start, end in pairwise(offsets.tolist())]
    for text in np.flatnonzero(which).tolist():
        short = re.sub(r"\n{3,}", "\n\n", re.sub("[ \t\u00a0\u3000]+\n", "\n", texts[text].decode()))
        texts[text] = short.rstrip(" \t\n\u00a0\u3000").lstrip("\n").encode()
    places = np.cumsum([0, *map(len, texts)]).astype(np.int64)
    return np.frombuffer(b"".join(texts), np.uint8), places


def repeated_ngrams(
    data: npt.NDArray[np.uint8], offsets: Codes, classes: npt.NDArray[np.uint8], length: int
) -> npt.NDArray[np.float64]:
    """As the kernel of this name."""
    codes, bounds = code_points(data, offsets)
    texts = np.repeat(np.arange(len(offsets) - 1), np.diff(bounds))
    seen = classes[np.minimum(codes, len(classes) - 1)] != 6
    codes, texts = codes[seen].astype(np.uint64), texts[seen]
    shares = np.zeros(len(offsets) - 1, np.float64)
    if len(codes) < length:
        return shares
    count = len(codes) - length + 1
    keys = np.zeros(count, np.uint64)
    for step in range(length):
        keys = keys * _BASE + codes[step : step + count]
    whole = texts[:count] == texts[length - 1 :]
    owners = texts[:count][whole]
    keys = _mixed(keys[whole]) | np.uint64(1)
    grams = np.bincount(owners, minlength=len(shares))
    distinct = np.bincount(_distinct(owners, keys)[0], minlength=len(shares))
    np.divide(grams - distinct, grams, out=shares, where=grams > 0)
    return shares


def repeated_lines(data: npt.NDArray[np.uint8], offsets: Codes, shortest: int) -> npt.NDArray[np.float64]:
    """As the kernel of this name."""
    shares = np.zeros(len(offsets) - 1, np.float64)
    for text, (start, end) in enumerate(zip(offsets[:-1].tolist(), offsets[1:].tolist(), strict=True)):
        lines = [line for line in data[start:end].tobytes().split(b"\n") if len(line) >= shortest]
        total = sum(map(len, lines))
        shares[text] = (total - sum(map(len, set(lines)))) / total if total else 0.0
    return shares


def sketch(
    data: npt.NDArray[np.uint8],
    offsets: Codes,
    fold: npt.NDArray[np.uint32],
    factors: npt.NDArray[np.uint32],
    summands: npt.NDArray[np.uint32],
    bands: int,
    rows: int,
) -> tuple[npt.NDArray[np.int32], Words]:
    """As the kernel of this name."""
    owners, keys = shingle_keys(data, offsets, fold)
    owners, keys = _distinct(owners, keys)
    count = len(offsets) - 1
    distinct = np.bincount(owners, minlength=count).astype(np.int32)
    found = np.flatnonzero(distinct)
    result = np.zeros((count, bands), np.uint64)
    if not len(found):
        return distinct, result
    starts = np.searchsorted(owners, found)
    low = (keys >> np.uint64(32)).astype(np.uint32)
    weights = _mixed(np.arange(1, rows + 1).astype(np.uint64))
    for band in range(bands):
        joined = np.full(len(found), band, np.uint64)
        for row in range(rows):
            slot = band * rows + row
            minima = np.minimum.reduceat(low * factors[slot] + summands[slot], starts)
            joined += (minima.astype(np.uint64) + np.uint64(1)) * weights[row]
        result[found, band] = _mixed(joined) | np.uint64(1)
    return distinct, result


def shingle_keys(data: npt.NDArray[np.uint8], offsets: Codes, fold: npt.NDArray[np.uint32]) -> tuple[Codes, Words]:
    """(text, key) of each shingle of five folded characters; a shorter text has one, with zeros in front."""
    codes, bounds = code_points(data, offsets)
    folded = fold[np.minimum(codes, len(fold) - 1)].astype(np.uint64)
    texts = np.repeat(np.arange(len(offsets) - 1), np.diff(bounds))[folded > 0]
    folded = folded[folded > 0]
    sizes = np.bincount(texts, minlength=len(offsets) - 1)
    # Four zeros before each text let every character end a shingle; whole ones, or a short text's last, count.
    firsts = np.cumsum(sizes) - sizes
    place = np.arange(len(folded)) + 4 * (texts + 1)
    padded = np.zeros(len(folded) + 4 * (len(offsets) - 1), np.uint64)
    padded[place] = folded
    nth = np.arange(len(folded)) - firsts[texts] + 1
    ends = (nth >= 5) | ((sizes[texts] < 5) & (nth == sizes[texts]))
    at = place[ends]
    keys = np.zeros(len(at), np.uint64)
    for back in (4, 3, 2, 1, 0):
        keys = keys * _BASE + padded[at - back]
    return texts[ends].astype(np.int64), _mixed(keys) | np.uint64(1)


def _counted(values: npt.NDArray[np.uint8], bounds: Codes, wanted: Any) -> Codes:
    columns = []
    for value in wanted:
        before = np.concatenate([[0], np.cumsum(values == value)])
        columns.append(before[bounds[1:]] - before[bounds[:-1]])
    return np.stack(columns, axis=1).astype(np.int64)


def _distinct(owners: Codes, keys: Words) -> tuple[Codes, Words]:
    order = np.lexsort((keys, owners))
    owners, keys = owners[order], keys[order]
    first = np.ones(len(keys), bool)
    first[1:] = (owners[1:] != owners[:-1]) | (keys[1:] != keys[:-1])
    return owners[first], keys[first]


def _mixed(values: Words) -> Words:
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


KERNELS: dict[str, Callable[..., Any]] = {
    "count_classes": count_classes,
    "count_marks": count_marks,
    "crowded": crowded,
    "mixed_all": _mixed,
    "repeated_lines": repeated_lines,
    "repeated_ngrams": repeated_ngrams,
    "_sketch": sketch,
    "tidied": tidied,
    "tied": tied,
    "untidy": untidy,
}
"""Columnar form of each kernel by its name."""
