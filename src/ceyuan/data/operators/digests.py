"""SHA-256 of many texts: short ones sixteen side by side, since asking a library costs more than their few blocks.

FIPS 180-4: the constants and first values (4.2.2, 5.3.3) are fractions of the roots of the first primes; padding 5.1.1;
schedule and compression 6.2.2, whose eight working variables are two rows of values and those three rounds before.
"""

import hashlib
from functools import cache
from itertools import count, islice
from math import isqrt

import numpy as np
import numpy.typing as npt
import polars as pl

from ceyuan.data.operators.compiling import compiled, numba
from ceyuan.data.operators.kernels import Bytes, Offsets
from ceyuan.data.operators.texts import Texts

__all__ = ["DIGEST", "binary", "digests", "words"]

DIGEST = 32
"""Bytes of a digest."""

_LANES = 16
_A, _E = 64 * _LANES, 132 * _LANES  # where the working variables lie behind the schedule
_SHORT = 1024  # bytes; of longer texts the library has more than the call: the processor's own instructions
_FEW = 64  # texts, fewer of which are not worth a pass of their own
Words = npt.NDArray[np.uint32]


def digests(texts: Texts) -> npt.NDArray[np.uint8]:
    """SHA-256 of each text: texts x 32 bytes."""
    result = np.empty((len(texts), DIGEST), np.uint8)
    sizes = np.diff(texts.offsets)
    short = sizes < _SHORT
    if short.sum() < _FEW or numba() is None:
        short[:] = False
    # Neighbours are of one length, so that hardly a lane waits for another.
    order = np.flatnonzero(short)[np.argsort(sizes[short].astype(np.uint16), kind="stable")]  # 16 bits: no comparing
    _side_by_side(texts.data, texts.offsets, order, *_constants(), result)
    data, offsets = texts.data.data, texts.offsets
    for text in np.flatnonzero(~short).tolist():
        digest = hashlib.sha256(data[offsets[text] : offsets[text + 1]]).digest()
        result[text] = np.frombuffer(digest, np.uint8)
    return result


def binary(column: pl.Series) -> memoryview:
    """All bytes of a column of strings or bytes without nulls, one row after the other."""
    array = column.rechunk().cast(pl.Binary).to_arrow()
    if not len(array):
        return memoryview(b"")
    _, places, data = array.buffers()
    ends = np.frombuffer(places, np.int64)[[array.offset, array.offset + len(array)]]
    return memoryview(data)[ends[0] : ends[1]] if data is not None else memoryview(b"")


def words(halves: pl.Series) -> npt.NDArray[np.uint64]:
    """Halves of digests, 16 bytes each, as numbers: rows x 2."""
    return np.frombuffer(binary(halves), np.uint64).reshape(-1, 2)


@cache
def _constants() -> tuple[Words, Words]:
    """The 64 constants of the rounds and the 8 first values."""
    primes = list(islice((n for n in count(2) if all(n % one for one in range(2, isqrt(n) + 1))), 64))
    cubes = [_cube_root(prime << 96) & 0xFFFFFFFF for prime in primes]
    return np.array(cubes, np.uint32), np.array([isqrt(one << 64) & 0xFFFFFFFF for one in primes[:8]], np.uint32)


def _cube_root(value: int) -> int:
    root = 1 << (value.bit_length() + 2) // 3
    while (better := (2 * root + value // root**2) // 3) < root:
        root = better
    return root


@compiled
def _turned(word: np.uint32, by: int) -> np.uint32:
    return np.uint32(np.uint32(word >> np.uint32(by)) | np.uint32(word << np.uint32(32 - by)))


@compiled
def _load(data: Bytes, begin: int, end: int, block: int, last: bool, lane: int, words: Words) -> None:
    """A block of the padded text data[begin:end] into one lane of ``words``, high bytes first."""
    at = begin + 64 * block
    whole = min(max(end - at, 0) // 4, 16)
    for index in range(whole):
        byte = np.uint64(at + 4 * index)
        high = np.uint32(data[byte]) << np.uint32(24) | np.uint32(data[byte + np.uint64(1)]) << np.uint32(16)
        low = np.uint32(data[byte + np.uint64(2)]) << np.uint32(8) | np.uint32(data[byte + np.uint64(3)])
        words[index * _LANES + lane] = high | low
    for index in range(whole, 16):
        word, first = np.uint32(0), at + 4 * index
        for place in range(first, min(first + 4, end + 1)):
            value = np.uint32(data[place]) if place < end else np.uint32(0x80)
            word |= value << np.uint32(24 - 8 * (place - first))
        words[index * _LANES + lane] = word
    if last:
        bits = (end - begin) * 8
        words[14 * _LANES + lane] = np.uint32(bits >> 32)
        words[15 * _LANES + lane] = np.uint32(bits & 0xFFFFFFFF)


@compiled
def _compress(rows: Words, constants: Words) -> None:
    """The rounds over a block. ``rows`` of sixteen lanes each are 64 of the schedule, of which the first 16 are there,
    then 68 values of the working variable a and 68 of e, of which the first 4 are there. In one array and a constant
    distance apart, the compiler knows them not to overlap and does the lanes together."""
    for at in range(16 * _LANES, _A, _LANES):
        for lane in range(_LANES):
            early, late = rows[np.uint64(at - 15 * _LANES + lane)], rows[np.uint64(at - 2 * _LANES + lane)]
            small = _turned(early, 7) ^ _turned(early, 18) ^ np.uint32(early >> np.uint32(3))
            large = _turned(late, 17) ^ _turned(late, 19) ^ np.uint32(late >> np.uint32(10))
            before = rows[np.uint64(at - 16 * _LANES + lane)] + rows[np.uint64(at - 7 * _LANES + lane)]
            rows[np.uint64(at + lane)] = np.uint32(before + small + large)
    for turn in range(64):
        at, constant = turn * _LANES, constants[turn]
        for lane in range(_LANES):
            a, e = rows[np.uint64(_A + at + 3 * _LANES + lane)], rows[np.uint64(_E + at + 3 * _LANES + lane)]
            b, f = rows[np.uint64(_A + at + 2 * _LANES + lane)], rows[np.uint64(_E + at + 2 * _LANES + lane)]
            c, g = rows[np.uint64(_A + at + _LANES + lane)], rows[np.uint64(_E + at + _LANES + lane)]
            choice = (e & f) ^ (np.uint32(~e) & g)
            known = rows[np.uint64(_E + at + lane)] + constant + rows[np.uint64(at + lane)]
            added = np.uint32(known + choice + (_turned(e, 6) ^ _turned(e, 11) ^ _turned(e, 25)))
            rows[np.uint64(_E + at + 4 * _LANES + lane)] = np.uint32(rows[np.uint64(_A + at + lane)] + added)
            majority = (a & b) ^ (a & c) ^ (b & c)
            last = _turned(a, 2) ^ _turned(a, 13) ^ _turned(a, 22)
            rows[np.uint64(_A + at + 4 * _LANES + lane)] = np.uint32(added + majority + last)


@compiled
def _side_by_side(data: Bytes, offsets: Offsets, order: Offsets, constants: Words, start: Words, result: Bytes) -> None:
    """The digests of the texts in ``order``, sixteen at a time, into their rows of ``result``."""
    rows, values = np.zeros(_E + 68 * _LANES, np.uint32), np.zeros((8, _LANES), np.uint32)
    for first in range(0, len(order), _LANES):
        used = min(_LANES, len(order) - first)
        for lane in range(_LANES):
            values[:, lane] = start
        # The last is the longest.
        size = offsets[order[first + used - 1] + 1] - offsets[order[first + used - 1]]
        for block in range((size + 8) // 64 + 1):
            for lane in range(used):
                begin, end = offsets[order[first + lane]], offsets[order[first + lane] + 1]
                _load(data, begin, end, block, block == (end - begin + 8) // 64, lane, rows)
            for row in range(4):
                for lane in range(_LANES):
                    rows[_A + (3 - row) * _LANES + lane] = values[row, lane]
                    rows[_E + (3 - row) * _LANES + lane] = values[4 + row, lane]
            _compress(rows, constants)
            for lane in range(used):
                if 64 * block < offsets[order[first + lane] + 1] - offsets[order[first + lane]] + 9:
                    for row in range(4):
                        values[row, lane] += rows[_A + (67 - row) * _LANES + lane]
                        values[4 + row, lane] += rows[_E + (67 - row) * _LANES + lane]
        for lane in range(used):
            for row in range(8):
                for place in range(4):
                    shift = np.uint32(24 - 8 * place)
                    result[order[first + lane], 4 * row + place] = np.uint8(values[row, lane] >> shift & np.uint32(255))
