from pathlib import Path

import polars as pl
import pyarrow.parquet as pq

from ceyuan.data.tables import put_frame


def test_a_table_written_in_pieces_is_the_one_that_is_written_at_once(tmp_path: Path) -> None:
    rows = 3 * 65536 + 5
    words = pl.int_range(rows, eager=True).cast(pl.String)
    frame = pl.DataFrame({"id": words, "side": pl.Series(["train", "heldout", None]).gather(words.hash() % 3)})
    how = {"compression": "lz4", "use_dictionary": ["side"], "write_statistics": False}
    for group in (8192, 1 << 20):
        with (tmp_path / "pieces").open("wb") as file:
            put_frame(frame.with_columns(pl.col("side").cast(pl.Enum(["heldout", "train"]))), file, group, **how)
        pq.write_table(frame.to_arrow(), tmp_path / "once", row_group_size=group, **how)
        assert (tmp_path / "pieces").read_bytes() == (tmp_path / "once").read_bytes()


def test_an_empty_table_keeps_its_columns(tmp_path: Path) -> None:
    with (tmp_path / "empty").open("wb") as file:
        put_frame(pl.DataFrame(schema={"id": pl.String, "at": pl.Int32}), file, 8192)
    assert dict(pl.read_parquet_schema(tmp_path / "empty")) == {"id": pl.String, "at": pl.Int32}
