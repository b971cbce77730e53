"""A column of texts as the kernels see it: one buffer of UTF-8 bytes and the offsets of each text."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

__all__ = ["Texts", "remembered"]

_Column = tuple[pa.Array, "Texts"]
_LAST: ContextVar[list[_Column] | None] = ContextVar("last", default=None)
"""The column that was asked for last, as Polars holds it: its bytes stay where they are as long as it is kept."""


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
        column = column.rechunk()
        last = _LAST.get()
        if last is None:
            return cls._read(column)
        held = _held(column)
        if not (last and _same(last[0][0], held)):
            last[:] = [(held, cls._read(column))]
        known = last[0][1]
        return cls(known.data, known.offsets)

    def column(self, name: str) -> pl.Series:
        """A Polars column of them, which need not be read to see them again."""
        column = pl.Series(name, self.array())
        last = _LAST.get()
        if last is not None:
            last[:] = [(_held(column), self)]
        return column

    def array(self) -> pa.LargeStringArray:
        """An Arrow array of them; nothing is copied."""
        ends, data = pa.py_buffer(np.ascontiguousarray(self.offsets)), pa.py_buffer(self.data)
        return pa.LargeStringArray.from_buffers(len(self), ends, data)

    @classmethod
    def of_arrow(cls, array: pa.Array) -> Self:
        """The texts of an Arrow string array without nulls."""
        array = array.cast(pa.large_string())
        _, offsets, data = array.buffers()
        positions = np.frombuffer(offsets, np.int64)[array.offset : array.offset + len(array) + 1]
        characters = np.frombuffer(data, np.uint8) if data is not None and data.size else np.zeros(1, np.uint8)
        return cls(characters, positions)

    @classmethod
    def _read(cls, column: pl.Series) -> Self:
        array = column.to_arrow()
        return cls.of_arrow(array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array)


@contextmanager
def remembered() -> Iterator[None]:
    """Meanwhile the column that ``Texts.of`` was asked for last is not read anew when it is asked for again."""
    if _LAST.get() is not None:  # within another one
        yield
        return
    token = _LAST.set([])
    try:
        yield
    finally:
        _LAST.reset(token)


def _held(column: pl.Series) -> pa.Array:
    """A column of one chunk as Polars holds it."""
    return column.to_arrow(compat_level=pl.CompatLevel.newest())


def _same(one: pa.Array, other: pa.Array) -> bool:
    """Whether two columns are the very same bytes in memory, which nobody changes while both are held."""
    return (len(one), one.offset, _places(one)) == (len(other), other.offset, _places(other))


def _places(array: pa.Array) -> list[int | None]:
    return [buffer.address if buffer is not None else None for buffer in array.buffers()]
