"""Compiled passes that find what a text repeats: n-grams and lines that occurred in it before."""

from typing import Any

import numpy as np
import numpy.typing as npt

from ceyuan.data.operators.compiling import compiled
from ceyuan.data.operators.kernels import PIECE, Bytes, Hashes, Offsets, decode, line_end, mixed, slots, word_at

__all__ = ["repeated_lines", "repeated_ngrams"]


@compiled
def _read(data: Bytes, at: int, end: int, classes: Bytes, codes: Hashes, filled: int) -> tuple[Any, Any]:
    """Read characters that are no space from ``at`` on until ``codes``, full up to ``filled``, has no room or the text
    ends: (where it stopped, how many there are now)."""
    last = len(classes) - 1
    while at < end and filled < len(codes):
        code, width = decode(data, at)
        at += width
        codes[filled] = code
        filled += classes[min(code, last)] != 6
    return at, filled


@compiled
def repeated_ngrams(data: Bytes, offsets: Offsets, classes: Bytes, length: int) -> npt.NDArray[np.float64]:
    """Per text: the share of its character n-grams that occurred before in it; spaces do not count.

    A piece of a text is read, then hashed, then looked up, in loops whose branches are foreseeable. The table holds 32
    bits of each hash, at the place that its other bits give.
    """
    texts = len(offsets) - 1
    shares = np.zeros(texts, np.float64)
    codes, keys = np.zeros(PIECE + length, np.uint64), np.zeros(PIECE + 1, np.uint64)
    base = np.uint64(0x9E3779B97F4A7C15)
    table = np.zeros(1024, np.uint32)
    for text in range(texts):
        begin, end = offsets[text], offsets[text + 1]
        size = slots(data, begin, end)
        if size > len(table):
            table = np.zeros(size, np.uint32)
        else:
            table[:size] = 0
        mask = np.uint64(size - 1)
        at, kept, grams, repeated = begin, 0, 0, 0
        while at < end:
            at, filled = _read(data, at, end, classes, codes, kept)
            count = max(filled - length + 1, 0)
            keys[:count] = 0
            for index in range(length):
                for gram in range(count):
                    keys[gram] = keys[gram] * base + codes[gram + index]
            for gram in range(count):
                keys[gram] = mixed(keys[gram])
            elsewhere = 0
            for gram in range(count):
                place = keys[gram] & mask
                mark, found = np.uint32(keys[gram] >> np.uint64(32)) | np.uint32(1), table[place]
                other = found != 0 and found != mark
                repeated += found == mark
                table[place] = found if other else mark
                keys[elsewhere] = keys[gram]
                elsewhere += other
            for gram in range(elsewhere):
                place = (keys[gram] + np.uint64(1)) & mask
                mark = np.uint32(keys[gram] >> np.uint64(32)) | np.uint32(1)
                while table[place] != 0 and table[place] != mark:
                    place = (place + np.uint64(1)) & mask
                repeated += table[place] == mark
                table[place] = mark
            grams += count
            kept = filled - count
            for index in range(kept):
                codes[index] = codes[count + index]
        shares[text] = repeated / grams if grams else 0.0
    return shares


@compiled
def _hashed(data: Bytes, at: int, end: int) -> Any:
    """Hash of data[at:end], never 0; eight bytes at a time, of which the last may be read twice."""
    key = np.uint64(end - at)
    if end - at < 8:
        for index in range(at, end):
            key = (key ^ np.uint64(data[index])) * np.uint64(0x100000001B3)
        at = end
    while at < end:
        key = (key ^ word_at(data, min(at, end - 8))) * np.uint64(0x9E3779B97F4A7C15)
        key ^= key >> np.uint64(32)
        at += 8
    return mixed(key) | np.uint64(1)


@compiled
def repeated_lines(data: Bytes, offsets: Offsets, shortest: int) -> npt.NDArray[np.float64]:
    """Per text: the share of its bytes in lines that occurred before in it, of lines of ``shortest`` bytes or more."""
    texts = len(offsets) - 1
    shares = np.zeros(texts, np.float64)
    table = np.zeros(64, np.uint64)
    for text in range(texts):
        begin, end = offsets[text], offsets[text + 1]
        start, stop = begin, line_end(data, begin, end)
        if stop == end:
            continue
        size = 64
        while size < 2 * (end - begin) // (shortest + 1):
            size *= 2
        if size > len(table):
            table = np.zeros(size, np.uint64)
        else:
            table[:size] = 0
        repeated, total = 0, 0
        while start < end:
            width = stop - start
            if width >= shortest:
                total += width
                mark = _hashed(data, start, stop)
                place = np.int64(mark >> np.uint64(1)) & (size - 1)
                while table[place] != 0 and table[place] != mark:
                    place = (place + 1) & (size - 1)
                if table[place] == mark:
                    repeated += width
                else:
                    table[place] = mark
            start = stop + 1
            stop = line_end(data, start, end)
        shares[text] = repeated / total if total else 0.0
    return shares
