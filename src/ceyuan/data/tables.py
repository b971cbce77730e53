"""Tables written to Parquet row group by row group, so that Arrow's form of all of them never lies in memory."""

from typing import IO, Any

import polars as pl
import pyarrow.parquet as pq

__all__ = ["put_frame"]

_AT_ONCE = 65536  # rows


def put_frame(frame: pl.DataFrame, file: IO[bytes], group: int, **how: Any) -> None:
    """Write ``frame`` in row groups of ``group`` rows; ``how`` is what ``pyarrow.parquet.write_table`` takes, and the
    bytes are those that it gives. Columns of a fixed set of words are written as words."""
    words = pl.selectors.by_dtype(pl.Categorical, pl.Enum).cast(pl.String)
    schema = frame.head(0).with_columns(words).to_arrow().schema
    step = max(1, _AT_ONCE // group) * group
    with pq.ParquetWriter(file, schema, **how) as writer:
        for at in range(0, frame.height, step):
            writer.write_table(frame[at : at + step].with_columns(words).to_arrow(), row_group_size=group)
