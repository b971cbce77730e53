"""Vectors as they are compared: of length one in whole numbers, one after the other in a file read in pieces."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

__all__ = ["DIMENSIONS", "ONE", "Vectors", "quantised"]

DIMENSIONS = 8192
"""Numbers of a vector at most; with more, the products of hyperplanes would not be exact in single precision."""

ONE = 32767
"""What stands for 1: a vector of length one has whole numbers of 16 bits, which takes less than 0.0001 from a cosine,
and every sum of products of two of them fits into 32 bits."""

_GAP = 64  # rows between two that are wanted, up to which all are read at once
Places = npt.NDArray[np.int64]


def quantised(vectors: npt.NDArray[np.floating]) -> npt.NDArray[np.int16]:
    """Rows of length ``ONE`` in whole numbers. Give rows of finite numbers that are not all 0."""
    wide = vectors.astype(np.float64)
    wide /= np.abs(wide).max(axis=1, keepdims=True)  # so that no square overflows or vanishes
    wide *= ONE / np.sqrt(np.einsum("ij,ij->i", wide, wide))[:, None]
    return np.rint(wide).astype(np.int16)


@dataclass(frozen=True, slots=True)
class Vectors:
    """``rows`` vectors of ``dimensions`` quantised numbers in the file ``path``; only what is asked for is read."""

    path: Path
    rows: int
    dimensions: int

    @property
    def width(self) -> int:
        """Bytes of one vector."""
        return 2 * self.dimensions

    @classmethod
    def put(cls, file: BinaryIO, vectors: npt.NDArray[np.int16]) -> None:
        """Append quantised rows."""
        file.write(np.ascontiguousarray(vectors, "<i2").tobytes())

    def at(self, places: Places) -> npt.NDArray[np.int16]:
        """The vectors at ``places``, which ascend."""
        result = np.empty((len(places), self.dimensions), np.int16)
        with self.path.open("rb", buffering=0) as file:
            for first, last in _runs(places):
                start = int(places[first])
                count = int(places[last - 1]) - start + 1
                file.seek(start * self.width)
                piece = np.fromfile(file, "<i2", count * self.dimensions).reshape(count, self.dimensions)
                result[first:last] = piece if count == last - first else piece[places[first:last] - start]
        return result


def _runs(places: Places) -> Iterator[tuple[int, int]]:
    """Stretches of ``places`` that lie so near to each other that they are read in one piece."""
    if len(places):
        cuts = np.flatnonzero(np.diff(places) > _GAP) + 1
        edges = [0, *cuts.tolist(), len(places)]
        yield from pairwise(edges)
