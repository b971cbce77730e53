"""A column of texts as the kernels see it: one buffer of UTF-8 bytes and the offsets of each text."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

__all__ = ["Texts"]


@dataclass(frozen=True, slots=True)
class Texts:
    """``data[offsets[i]:offsets[i + 1]]`` is text ``i``; nothing is copied from the column."""

    data: npt.NDArray[np.uint8]
    offsets: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @classmethod
    def of(cls, column: pl.Series) -> Self:
        """The texts of a Polars string column without nulls."""
        array = column.rechunk().to_arrow()
        return cls.of_arrow(array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array)

    @classmethod
    def of_arrow(cls, array: pa.Array) -> Self:
        """The texts of an Arrow string array without nulls."""
        array = array.cast(pa.large_string())
        _, offsets, data = array.buffers()
        positions = np.frombuffer(offsets, np.int64)[array.offset : array.offset + len(array) + 1]
        characters = np.frombuffer(data, np.uint8) if data is not None and data.size else np.zeros(1, np.uint8)
        return cls(characters, positions)
