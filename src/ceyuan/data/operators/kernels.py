"""Compiled passes over texts: counts by character class, what is untidy, and what hashes are made and found with.

Each takes the bytes and offsets of ``Texts`` and returns arrays of one row per text. They hold no lock, so
threads run them side by side.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from ceyuan.data.operators.compiling import compiled

__all__ = [
    "PIECE",
    "count_classes",
    "count_marks",
    "crowded",
    "decode",
    "line_end",
    "mixed",
    "mixed_all",
    "slots",
    "tidied",
    "untidy",
    "word_at",
]

Bytes = npt.NDArray[np.uint8]
Offsets = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint64]

PIECE = 1024  # characters that are looked at together: what is known of them stays in the nearest cache


@compiled
def decode(data: Bytes, at: int) -> tuple[Any, int]:
    """(code point, bytes it takes) of the character at ``at`` in valid UTF-8."""
    # A place that cannot be negative is not asked whether it counts from the end.
    place = np.uint64(at)
    first = np.int64(data[place])
    if first < 0x80:
        return first, 1
    second = np.int64(data[place + np.uint64(1)]) & 0x3F
    if first < 0xE0:
        return ((first & 0x1F) << 6) | second, 2
    third = np.int64(data[place + np.uint64(2)]) & 0x3F
    if first < 0xF0:
        return ((first & 0x0F) << 12) | (second << 6) | third, 3
    fourth = np.int64(data[place + np.uint64(3)]) & 0x3F
    return ((first & 0x07) << 18) | (second << 12) | (third << 6) | fourth, 4


@compiled
def word_at(data: Bytes, at: int) -> Any:
    """Eight bytes as one number; written out, and with places that cannot be negative, it becomes a single load."""
    one, first = np.uint64(1), np.uint64(at)
    second, third, fourth = first + one, first + np.uint64(2), first + np.uint64(3)
    low = np.uint64(data[first]) | np.uint64(data[second]) << np.uint64(8)
    low |= np.uint64(data[third]) << np.uint64(16) | np.uint64(data[fourth]) << np.uint64(24)
    fifth, sixth, seventh, eighth = fourth + one, fourth + np.uint64(2), fourth + np.uint64(3), fourth + np.uint64(4)
    high = np.uint64(data[fifth]) << np.uint64(32) | np.uint64(data[sixth]) << np.uint64(40)
    return low | high | np.uint64(data[seventh]) << np.uint64(48) | np.uint64(data[eighth]) << np.uint64(56)


@compiled
def line_end(data: Bytes, at: int, end: int) -> Any:
    """Where the next line feed in data[at:end] stands, or ``end``."""
    ones, highs, feeds = np.uint64(0x0101010101010101), np.uint64(0x8080808080808080), np.uint64(0x0A0A0A0A0A0A0A0A)
    while at + 8 <= end:
        word = word_at(data, at) ^ feeds
        zero = (word - ones) & ~word & highs  # its lowest bit lies in the first byte that is 0
        if zero:
            # A one in byte n times this leaves n in the highest byte.
            first = ((zero & (~zero + np.uint64(1))) >> np.uint64(7)) * np.uint64(0x0001020304050607)
            return at + np.int64(first >> np.uint64(56))
        at += 8
    while at < end and data[at] != 10:
        at += 1
    return at


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
    # Four counters of each kind in turn: the next addition need not wait for the one before.
    kinds, tells = np.zeros((4, 10), np.int64), np.zeros((4, 3), np.int64)
    for text in range(texts):
        at, end = offsets[text], offsets[text + 1]
        kinds[:] = 0
        tells[:] = 0
        seen, start, lines, longest = 0, 0, 0, 0
        while at < end:
            code, width = decode(data, at)
            at += width
            known, turn = np.uint64(min(code, last)), np.uint64(seen & 3)
            kinds[turn, np.uint64(classes[known])] += 1
            tells[turn, np.uint64(sides[known])] += 1
            seen += 1
            if code == 10:
                longest = max(longest, seen - 1 - start)
                start = seen
                lines += 1
        counts[text, 10] = lines + (start < seen)
        counts[text, 11] = max(longest, seen - start)
        for lane in range(4):
            for kind in range(10):
                counts[text, kind] += kinds[lane, kind]
            for side in range(1, 3):
                counts[text, 11 + side] += tells[lane, side]
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
            counts[text, np.uint64(marks[np.uint64(min(code, last))])] += 1
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
def join(parent: npt.NDArray[Any], one: int, other: int) -> None:
    """Join the sets of two rows; the least row of a set leads it (``parent`` of itself), the others lead to it."""
    while parent[one] != one:
        parent[one] = parent[parent[one]]
        one = parent[one]
    while parent[other] != other:
        parent[other] = parent[parent[other]]
        other = parent[other]
    parent[max(one, other)] = min(one, other)


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
            join(parent, text, first[bucket])  # the earlier one leads, so that a component is met at its leader first
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
def _spaced(data: Bytes, begin: int, at: int) -> Any:
    """Whether a space, tab, no-break or ideographic space stands before ``at``, which is behind ``begin``."""
    byte = data[at - 1]
    if byte == 32 or byte == 9:
        return True
    if at - begin > 1 and byte == 0xA0 and data[at - 2] == 0xC2:
        return True
    return at - begin > 2 and byte == 0x80 and data[at - 2] == 0x80 and data[at - 3] == 0xE3


@compiled
def untidy(data: Bytes, offsets: Offsets, risky: Bytes) -> Bytes:
    """Per text what may need normalising: 0 nothing, 1 spaces and line ends, 2 characters; one cheap pass tells."""
    texts = len(offsets) - 1
    last = len(risky) - 1
    found = np.zeros(texts, np.uint8)
    # The characters that begin with 0xE4 to 0xE9, most of any Chinese text, are passed over where none is at risk.
    sure = not risky[0x4000:0xA000].any()
    for text in range(texts):
        begin, end = offsets[text], offsets[text + 1]
        at = begin
        while at < end:
            if sure and 0xE4 <= data[np.uint64(at)] <= 0xE9:
                at += 3
                continue
            code, width = decode(data, at)
            if risky[np.uint64(min(code, last))]:
                found[text] = 2
                break
            if code == 10 and (
                at == begin or _spaced(data, begin, at) or (at - begin > 1 and data[at - 2] == 10 == data[at - 1])
            ):
                found[text] = 1
            at += width
        if not found[text] and end > begin and (data[end - 1] == 10 or _spaced(data, begin, end)):
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
            stop = line_end(data, at, end)
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
def slots(data: Bytes, begin: int, end: int) -> Any:
    """Places of a table that three quarters of stay free with each character of data[begin:end] in: a power of two."""
    characters = 0
    for at in range(begin, end):
        characters += (data[at] & 0xC0) != 0x80
    size = 64
    while size < 4 * characters:
        size *= 2
    return size
