"""Tables written to Parquet row group by row group, so that Arrow's form of all of them never lies in memory."""

from collections.abc import Iterator
from typing import IO, Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

__all__ = ["put_frame", "put_frames"]

_AT_ONCE = 65536  # rows


def put_frame(frame: pl.DataFrame, file: IO[bytes], group: int, **how: Any) -> None:
    """Write ``frame`` in row groups of ``group`` rows; ``how`` is what ``pyarrow.parquet.write_table`` takes, and the
    bytes are those that it gives. Columns of a fixed set of words are written as words."""
    step = max(1, _AT_ONCE // group) * group
    put_frames((frame[at : at + step] for at in range(0, max(1, frame.height), step)), file, group, **how)


def put_frames(frames: Iterator[pl.DataFrame], file: IO[bytes], group: int, **how: Any) -> None:
    """The same of frames, at least one, behind each other, of which all but the last fill their row groups."""
    table = _in_words(next(frames))
    with pq.ParquetWriter(file, table.schema, **how) as writer:
        writer.write_table(table, row_group_size=group)
        for frame in frames:
            writer.write_table(_in_words(frame), row_group_size=group)


def _in_words(frame: pl.DataFrame) -> pa.Table:
    table = frame.to_arrow()
    for at, field in enumerate(table.schema):
        if pa.types.is_dictionary(field.type):
            words = [chunk.dictionary_decode().cast(pa.large_string()) for chunk in table[at].chunks]
            table = table.set_column(at, field.name, pa.chunked_array(words, pa.large_string()))
    return table
