"""MinHash sketches of texts, reduced to the band keys that near-duplicates are looked up by."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ceyuan.data.operators.characters import folded_characters
from ceyuan.data.operators.compiling import compiled
from ceyuan.data.operators.kernels import PIECE, Bytes, Offsets, decode, mixed, mixed_all, slots
from ceyuan.data.operators.texts import Texts

__all__ = ["SHINGLE", "Banding", "fold_hash", "sketch"]

SHINGLE = 5
"""Characters in a shingle, the piece that texts are compared by."""

_MASK = (1 << 64) - 1
Hashes = npt.NDArray[np.uint32]


@dataclass(frozen=True, slots=True)
class Banding:
    """``bands`` keys of ``rows`` minima each (Broder 1997; Leskovec, Rajaraman and Ullman, chapter 3).

    A pair of similarity s meets in a bucket with probability 1 - (1 - s^rows)^bands: by default 0.99 at
    0.7, 0.9999 at 0.8, 0.55 at 0.5.
    """

    bands: int = 25
    rows: int = 5


def sketch(texts: Texts, banding: Banding | None = None) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.uint64]]:
    """(number of distinct shingles, band keys of shape texts x bands). Keys of a text without letters are 0."""
    banding = banding or Banding()
    factors, summands = _permutations(banding.bands * banding.rows)
    return _sketch(texts.data, texts.offsets, folded_characters(), factors, summands, banding.bands, banding.rows)


def _permutations(count: int) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.uint32]]:
    """Odd factors and summands of the hash functions x -> x * factor + summand mod 2^32, always the same."""
    state = 0x243F6A8885A308D3  # the fraction of pi
    values = []
    for _ in range(2 * count):
        state = (state * 6364136223846793005 + 1442695040888963407) & _MASK
        values.append(state >> 32)
    numbers = np.array(values, np.uint32).reshape(2, count)
    return numbers[0] | np.uint32(1), numbers[1]


@compiled
def fold_hash(one: np.uint64, two: np.uint64, three: np.uint64, four: np.uint64, five: np.uint64) -> np.uint64:
    """Hash of a shingle's five folded characters; a text with fewer has zeros in front. Never 0."""
    base = np.uint64(0x9E3779B97F4A7C15)
    return mixed((((one * base + two) * base + three) * base + four) * base + five) | np.uint64(1)


@compiled
def _lowered(minima: Hashes, factors: Hashes, summands: Hashes, shingles: Hashes) -> None:
    """Take eight shingles into the minima at once: each minimum is read and written once for all of them."""
    one, two, three, four = shingles[0], shingles[1], shingles[2], shingles[3]
    five, six, seven, eight = shingles[4], shingles[5], shingles[6], shingles[7]
    for index in range(len(factors)):
        factor, summand = factors[index], summands[index]
        low = min(np.uint32(one * factor + summand), np.uint32(two * factor + summand))
        low = min(low, min(np.uint32(three * factor + summand), np.uint32(four * factor + summand)))
        high = min(np.uint32(five * factor + summand), np.uint32(six * factor + summand))
        high = min(high, min(np.uint32(seven * factor + summand), np.uint32(eight * factor + summand)))
        minima[index] = min(minima[index], min(low, high))


@compiled
def _read(
    data: Bytes, at: int, end: int, fold: npt.NDArray[np.uint32], letters: npt.NDArray[np.uint64], filled: int
) -> tuple[Any, Any]:
    """Read folded characters from ``at`` on until ``letters``, full up to ``filled``, has no room or the text ends:
    (where it stopped, how many there are now)."""
    last = len(fold) - 1
    while at < end and filled < len(letters):
        code, width = decode(data, at)
        at += width
        letters[filled] = fold[min(code, last)]
        filled += letters[filled] != 0
    return at, filled


@compiled
def _sketch(
    data: Bytes,
    offsets: Offsets,
    fold: npt.NDArray[np.uint32],
    factors: npt.NDArray[np.uint32],
    summands: npt.NDArray[np.uint32],
    bands: int,
    rows: int,
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.uint64]]:
    texts = len(offsets) - 1
    distinct = np.zeros(texts, np.int32)
    keys = np.zeros((texts, bands), np.uint64)
    minima, fresh = np.empty(len(factors), np.uint32), np.zeros(PIECE + 8, np.uint32)
    letters, shingles = np.zeros(PIECE + 4, np.uint64), np.zeros(PIECE, np.uint64)
    table, one = np.zeros(1024, np.uint32), np.uint64(1)
    # Multilinear hashing (Lemire and Kaser 2014): the products of a band do not wait for each other.
    weights = mixed_all(np.arange(1, rows + 1).astype(np.uint64))
    for text in range(texts):
        begin, end = offsets[text], offsets[text + 1]
        size = slots(data, begin, end)
        if size > len(table):
            table = np.zeros(size, np.uint32)
        else:
            table[:size] = 0
        mask = np.uint64(size - 1)
        minima[:] = np.uint32(0xFFFFFFFF)
        at, kept, waiting, count = begin, 0, 0, 0
        while at < end:
            first = at == begin
            at, filled = _read(data, at, end, fold, letters, kept)
            if first and 0 < filled < 5:
                for index in range(1, 6):
                    letters[5 - index] = letters[filled - index] if index <= filled else np.uint64(0)
                filled = 5
            met = max(filled - 4, 0)
            for index in range(met):
                shingles[index] = fold_hash(
                    letters[index], letters[index + 1], letters[index + 2], letters[index + 3], letters[index + 4]
                )
            before, elsewhere = waiting, 0
            for index in range(met):
                place = shingles[index] >> one & mask
                value = np.uint32(shingles[index] >> np.uint64(32))
                mark, found = value | np.uint32(1), table[place]
                other = found != 0 and found != mark
                fresh[waiting] = value
                waiting += found == 0
                table[place] = found if other else mark
                shingles[elsewhere] = shingles[index]
                elsewhere += other
            for index in range(elsewhere):
                place = (shingles[index] >> one) + one & mask
                value = np.uint32(shingles[index] >> np.uint64(32))
                mark = value | np.uint32(1)
                while table[place] != 0 and table[place] != mark:
                    place = place + one & mask
                fresh[waiting] = value
                waiting += table[place] == 0
                table[place] = mark
            count += waiting - before
            taken = waiting & ~7
            for index in range(0, taken, 8):
                _lowered(minima, factors, summands, fresh[index : index + 8])
            for index in range(taken, waiting):
                fresh[index - taken] = fresh[index]
            waiting -= taken
            kept = filled - met
            for index in range(kept):
                letters[index] = letters[met + index]
        if waiting:
            fresh[waiting:8] = fresh[0]
            _lowered(minima, factors, summands, fresh[:8])
        distinct[text] = count
        if count:
            for band in range(bands):
                joined = np.uint64(band)
                for row in range(rows):
                    joined += (np.uint64(minima[band * rows + row]) + np.uint64(1)) * weights[row]
                keys[text, band] = mixed(joined) | np.uint64(1)
    return distinct, keys
