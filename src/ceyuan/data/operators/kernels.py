"""Compiled passes over texts: counts by character class, repetition, repeated lines.

Each takes the bytes and offsets of ``Texts`` and returns arrays of one row per text. They hold no lock, so
threads run them side by side.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from ceyuan.data.operators.compiling import compiled

__all__ = [
    "count_classes",
    "count_marks",
    "crowded",
    "decode",
    "mixed",
    "mixed_all",
    "repeated_lines",
    "repeated_ngrams",
    "tidied",
    "untidy",
]

Bytes = npt.NDArray[np.uint8]
Offsets = npt.NDArray[np.int64]


@compiled
def decode(data: Bytes, at: int) -> tuple[Any, int]:
    """(code point, bytes it takes) of the character at ``at`` in valid UTF-8."""
    first = np.int64(data[at])
    if first < 0x80:
        return first, 1
    if first < 0xE0:
        return ((first & 0x1F) << 6) | (np.int64(data[at + 1]) & 0x3F), 2
    second = np.int64(data[at + 1]) & 0x3F
    third = np.int64(data[at + 2]) & 0x3F
    if first < 0xF0:
        return ((first & 0x0F) << 12) | (second << 6) | third, 3
    return ((first & 0x07) << 18) | (second << 12) | (third << 6) | (np.int64(data[at + 3]) & 0x3F), 4


@compiled
def mixed(value: np.uint64) -> np.uint64:
    """The finaliser of SplitMix64 (Steele, Lea and Flood 2014): every bit depends on every other."""
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return value ^ (value >> np.uint64(31))


@compiled
def mixed_all(values: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """``mixed`` of each value."""
    result = np.empty_like(values)
    for index in range(len(values)):
        result[index] = mixed(values[index])
    return result


@compiled
def count_classes(data: Bytes, offsets: Offsets, classes: Bytes, sides: Bytes) -> npt.NDArray[np.int64]:
    """Per text: a count for each of the ten classes, then lines, longest line, traditional-only, simplified-only."""
    texts = len(offsets) - 1
    last = len(classes) - 1
    counts = np.zeros((texts, 14), np.int64)
    for text in range(texts):
        at, end = offsets[text], offsets[text + 1]
        line = 0
        if end > at:
            counts[text, 10] = 1
        while at < end:
            code, width = decode(data, at)
            at += width
            known = min(code, last)
            counts[text, classes[known]] += 1
            side = sides[known]
            if side:
                counts[text, 11 + side] += 1
            if code == 10:
                counts[text, 11] = max(counts[text, 11], line)
                line = 0
                if at < end:
                    counts[text, 10] += 1
            else:
                line += 1
        counts[text, 11] = max(counts[text, 11], line)
    return counts


@compiled
def count_marks(data: Bytes, offsets: Offsets, marks: Bytes, kinds: int) -> npt.NDArray[np.int64]:
    """Per text: how many of its characters bear each mark from 1 to ``kinds``; column 0 counts the others."""
    texts = len(offsets) - 1
    last = len(marks) - 1
    counts = np.zeros((texts, kinds + 1), np.int64)
    for text in range(texts):
        at, end = offsets[text], offsets[text + 1]
        while at < end:
            code, width = decode(data, at)
            at += width
            counts[text, marks[min(code, last)]] += 1
    return counts


@compiled
def crowded(keys: npt.NDArray[np.uint64], bits: int) -> npt.NDArray[np.bool_]:
    """Which keys share their first ``bits`` with another one."""
    met = np.zeros(1 << bits, np.uint8)
    shift = np.uint64(64 - bits)
    for at in range(len(keys)):
        slot = keys[at] >> shift
        met[slot] = min(met[slot] + 1, 2)
    result = np.zeros(len(keys), np.bool_)
    for at in range(len(keys)):
        result[at] = met[keys[at] >> shift] > 1
    return result


@compiled
def tied(buckets: npt.NDArray[np.int32], count: int) -> npt.NDArray[np.int32]:
    """The number of each text's component, counted as they appear: texts with a bucket in common, directly or through
    others, have the same. ``buckets`` (texts x bands) are below ``count``, or -1."""
    parent = np.arange(len(buckets)).astype(np.int32)
    first = np.full(count, -1, np.int32)
    for text in range(len(buckets)):
        for band in range(buckets.shape[1]):
            bucket = buckets[text, band]
            if bucket < 0:
                continue
            if first[bucket] < 0:
                first[bucket] = text
                continue
            one, other = text, first[bucket]
            while parent[one] != one:
                parent[one] = parent[parent[one]]
                one = parent[one]
            while parent[other] != other:
                parent[other] = parent[parent[other]]
                other = parent[other]
            # The earlier text leads, so that a component is met at its leader first.
            parent[max(one, other)] = min(one, other)
    labels = np.empty(len(buckets), np.int32)
    found = 0
    for text in range(len(buckets)):
        if parent[text] == text:
            labels[text] = found
            found += 1
        else:
            labels[text] = labels[parent[text]]
    return labels


@compiled
def untidy(data: Bytes, offsets: Offsets, risky: Bytes) -> Bytes:
    """Per text what may need normalising: 0 nothing, 1 spaces and line ends, 2 characters; one cheap pass tells."""
    texts = len(offsets) - 1
    last = len(risky) - 1
    found = np.zeros(texts, np.uint8)
    # The characters that begin with 0xE4 to 0xE9, most of any Chinese text, are passed over where none is at risk.
    sure = not risky[0x4000:0xA000].any()
    for text in range(texts):
        at, end = offsets[text], offsets[text + 1]
        after_space, feeds, before_text = False, 0, True
        while at < end:
            if sure and 0xE4 <= data[at] <= 0xE9:
                at += 3
                after_space, feeds, before_text = False, 0, False
                continue
            code, width = decode(data, at)
            at += width
            if risky[min(code, last)]:
                found[text] = 2
                break
            if code == 10 and (after_space or feeds == 2 or before_text):
                found[text] = 1
            feeds = feeds + 1 if code == 10 else 0
            after_space = code == 32 or code == 9 or code == 0xA0 or code == 0x3000
            before_text = False
        if (feeds or after_space) and not found[text]:
            found[text] = 1
    return found


@compiled
def tidied(data: Bytes, offsets: Offsets, which: npt.NDArray[np.bool_]) -> tuple[Bytes, Offsets]:
    """The texts (bytes, offsets), of which those in ``which`` lose blanks at line ends, line feeds at both ends, and of
    more than two line feeds the others."""
    texts = len(offsets) - 1
    out = np.empty(offsets[texts] - offsets[0], np.uint8)
    places = np.zeros(texts + 1, np.int64)
    to = 0
    for text in range(texts):
        at, end, begin = offsets[text], offsets[text + 1], to
        if not which[text]:
            out[to : to + end - at] = data[at:end]
            to += end - at
            places[text + 1] = to
            continue
        feeds = 2
        while at < end:
            stop = at
            while stop < end and data[stop] != 10:
                stop += 1
            last = stop
            while last > at:
                if data[last - 1] == 32 or data[last - 1] == 9:
                    last -= 1
                elif last - at > 1 and data[last - 2] == 0xC2 and data[last - 1] == 0xA0:
                    last -= 2
                elif last - at > 2 and data[last - 3] == 0xE3 and data[last - 2] == 0x80 and data[last - 1] == 0x80:
                    last -= 3
                else:
                    break
            if last > at:
                out[to : to + last - at] = data[at:last]
                to += last - at
                feeds = 0
            if feeds < 2 and stop < end:
                out[to] = 10
                to += 1
                feeds += 1
            at = stop + 1
        while to > begin and out[to - 1] == 10:
            to -= 1
        places[text + 1] = to
    return out[:to], places


@compiled
def repeated_ngrams(data: Bytes, offsets: Offsets, classes: Bytes, length: int) -> npt.NDArray[np.float64]:
    """Per text: the share of its character n-grams that occurred before in it; spaces do not count."""
    texts = len(offsets) - 1
    last = len(classes) - 1
    shares = np.zeros(texts, np.float64)
    window = np.zeros(length, np.uint64)
    base, drop = np.uint64(0x9E3779B97F4A7C15), np.uint64(1)
    for _ in range(length):
        drop *= base
    table = np.zeros(1024, np.uint64)
    for text in range(texts):
        begin, end = offsets[text], offsets[text + 1]
        size = 1024
        while size < (end - begin):
            size *= 2
        if size > len(table):
            table = np.zeros(size, np.uint64)
        else:
            table[:size] = 0
        at, seen, rolling, grams, repeated, slot = begin, 0, np.uint64(0), 0, 0, 0
        window[:] = 0
        while at < end:
            code, width = decode(data, at)
            at += width
            if classes[min(code, last)] == 6:
                continue
            rolling = rolling * base + np.uint64(code) - window[slot] * drop
            window[slot] = np.uint64(code)
            slot = slot + 1 if slot + 1 < length else 0
            seen += 1
            if seen < length:
                continue
            grams += 1
            key = mixed(rolling) | np.uint64(1)
            place = np.int64(key >> np.uint64(1)) & (size - 1)
            while table[place] != 0 and table[place] != key:
                place = (place + 1) & (size - 1)
            if table[place] == key:
                repeated += 1
            else:
                table[place] = key
        shares[text] = repeated / grams if grams else 0.0
    return shares


@compiled
def repeated_lines(data: Bytes, offsets: Offsets, shortest: int) -> npt.NDArray[np.float64]:
    """Per text: the share of its bytes in lines that occurred before in it, of lines of ``shortest`` bytes or more."""
    texts = len(offsets) - 1
    shares = np.zeros(texts, np.float64)
    table = np.zeros(64, np.uint64)
    for text in range(texts):
        begin, end = offsets[text], offsets[text + 1]
        lines = 1
        for at in range(begin, end):
            lines += data[at] == 10
        if lines < 2:
            continue
        size = 64
        while size < lines * 2:
            size *= 2
        if size > len(table):
            table = np.zeros(size, np.uint64)
        else:
            table[:size] = 0
        start, repeated, total = begin, 0, 0
        key = np.uint64(0x9E3779B97F4A7C15)
        for at in range(begin, end + 1):
            if at < end and data[at] != 10:
                key = (key ^ np.uint64(data[at])) * np.uint64(0x100000001B3)
                continue
            width = at - start
            if width >= shortest:
                total += width
                mark = mixed(key) | np.uint64(1)
                place = np.int64(mark >> np.uint64(1)) & (size - 1)
                while table[place] != 0 and table[place] != mark:
                    place = (place + 1) & (size - 1)
                if table[place] == mark:
                    repeated += width
                else:
                    table[place] = mark
            start, key = at + 1, np.uint64(0x9E3779B97F4A7C15)
        shares[text] = repeated / total if total else 0.0
    return shares
