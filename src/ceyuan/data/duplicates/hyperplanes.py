"""Band keys of vectors: which sides of random hyperplanes they lie on, so that vectors of a small angle share some.

M. Charikar, "Similarity estimation techniques from rounding algorithms" (STOC 2002): two vectors at the angle a lie on
the same side of a random hyperplane with the probability 1 - a/pi. The idea to take near texts by the cosine of their
embeddings for duplicates is that of A. Abbas et al., "SemDeDup" (2023); they look within clusters of k-means, which
depend on all documents, these keys on one document each.

All is counted in whole numbers: a vector's key is the same on every machine, whatever adds up its products.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from ceyuan.data.duplicates.vectors import Vectors
from ceyuan.data.operators.kernels import mixed_all

__all__ = ["REFINING", "Hyperplanes"]

Keys = npt.NDArray[np.uint32]
Places = npt.NDArray[np.int64]

REFINING = 32
"""Hyperplanes of a band beyond those of its key, by which a bucket is cut that is too large."""

_RECALL = 0.97
_MOST_BITS, _MOST_BANDS = 28, 32
_SPREAD = 32  # half of the bits of a word: what is taken off their number
_BLOCK_BYTES = 16 << 20


@dataclass(frozen=True, slots=True)
class Hyperplanes:
    """``bands`` keys of ``bits`` sides each. The coefficients are numbers of bits of hashed words less half of all:
    binomial, which with 64 bits is normal for all that matters here, and the same whatever library draws them."""

    bits: int
    bands: int

    @classmethod
    def for_threshold(cls, threshold: float) -> Self:
        """As many bits as leave an expected recall of at least 0.97 for pairs of the cosine ``threshold`` with 32 bands
        or fewer: more bits mean fewer candidates that are checked for nothing."""
        alike = 1 - math.acos(min(threshold, 1.0)) / math.pi
        for bits in range(_MOST_BITS, 1, -1):
            missed = 1 - alike**bits
            bands = math.ceil(math.log(1 - _RECALL) / math.log(missed)) if missed else 1
            if bands <= _MOST_BANDS:
                return cls(bits, bands)
        return cls(1, _MOST_BANDS)

    def recall(self, cosine: float) -> float:
        """The probability that two vectors of that cosine share a key: 1 - (1 - (1 - acos(cosine)/pi)^bits)^bands."""
        alike = 1 - math.acos(max(-1.0, min(cosine, 1.0))) / math.pi
        return 1 - (1 - alike**self.bits) ** self.bands

    def keys(self, vectors: Vectors, bands: Sequence[int], places: Places) -> Keys:
        """The keys of some bands for the vectors at some places, which are read once: bands x places."""
        return self._sides(vectors, [_coefficients(vectors.dimensions, band, 0, self.bits) for band in bands], places)

    def refining(self, vectors: Vectors, band: int, places: Places) -> npt.NDArray[np.uint32]:
        """The sides of the ``REFINING`` further hyperplanes of a band."""
        sides = self._sides(vectors, [_coefficients(vectors.dimensions, band, REFINING, REFINING)], places)
        return np.ascontiguousarray(sides[0])

    def _sides(self, vectors: Vectors, planes: Sequence[npt.NDArray[np.float32]], places: Places) -> Keys:
        keys = np.empty((len(planes), len(places)), np.uint32)
        together = np.concatenate(planes, axis=1)
        for start, block in _blocks(vectors, places):
            # Products of whole numbers whose sums stay below 2^24 are exact in single precision, in any order.
            above = (block.astype(np.float32) @ together > 0).reshape(len(block), len(planes), -1)
            packed = np.packbits(above, axis=2, bitorder="little")
            sides = np.zeros((len(block), len(planes), 4), np.uint8)
            sides[:, :, : packed.shape[2]] = packed
            keys[:, start : start + len(block)] = sides.view("<u4")[:, :, 0].T
        return keys


def _blocks(vectors: Vectors, places: Places) -> Iterator[tuple[int, npt.NDArray[np.int16]]]:
    rows = max(1, _BLOCK_BYTES // (4 * vectors.dimensions))
    for start in range(0, len(places), rows):
        yield start, vectors.at(places[start : start + rows])


def _coefficients(dimensions: int, band: int, first: int, count: int) -> npt.NDArray[np.float32]:
    """Coefficients of ``count`` hyperplanes: dimensions x count."""
    numbers = (np.uint64(band * 64 + first) + np.arange(count, dtype=np.uint64))[None, :] << np.uint64(20)
    words = mixed_all((numbers + np.arange(dimensions, dtype=np.uint64)[:, None] + np.uint64(1)).ravel())
    ones = np.bitwise_count(words).astype(np.int16) - _SPREAD
    return np.ascontiguousarray(ones.reshape(dimensions, count), np.float32)
