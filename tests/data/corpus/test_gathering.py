"""Rows out of a measured shard: those asked for, in the order asked, whatever groups and pages they lie in."""

import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from ceyuan.data.corpus.gathering import GatheredKeys, gather, gathered_keys, gathered_texts, put_measured, rows_of
from ceyuan.data.files import write_atomically


@pytest.fixture
def shard(tmp_path: Path) -> Path:
    """1,000 rows in many pages."""
    keys = np.arange(3000, dtype=np.uint64).reshape(1000, 3)
    frame = pl.DataFrame({"text": [f"第{n}篇" * 3000 for n in range(1000)], "n": range(1000)})
    frame = frame.with_columns(
        pl.col("text").str.len_bytes().cast(pl.Int64).alias("bytes"), pl.Series("keys", keys, pl.Array(pl.UInt64, 3))
    )
    write_atomically(tmp_path / "a.parquet", lambda file: put_measured(frame, file))
    return tmp_path / "a.parquet"


@pytest.mark.parametrize("rows", [[0], [999, 3, 3, 500], list(range(1000)), list(range(999, -1, -7))])
def test_rows_come_in_the_order_asked(shard: Path, rows: list[int]) -> None:
    in_groups = shard.with_name("groups.parquet")
    pl.read_parquet(shard, columns=["n", "text"]).write_parquet(in_groups, row_group_size=64)
    for path in (shard, in_groups):
        found = rows_of(path, np.array(rows, np.uint32), ["n", "text"])
        assert found["n"].to_pylist() == rows
        assert [text[: text.index("篇") + 1] for text in found["text"].to_pylist()] == [f"第{n}篇" for n in rows]


def test_columns_of_several_shards_are_put_together(shard: Path) -> None:
    rows = pl.DataFrame({"shard": [1, 0, 1, 0], "row": [7, 999, 0, 7]}, schema={"shard": pl.UInt32, "row": pl.UInt32})
    shards = [shard, shard]
    assert gather(shards, rows, "n").to_list() == [7, 999, 0, 7]
    assert gathered_keys(shards, rows)[:, 0].tolist() == [21, 2997, 0, 21]
    texts = gathered_texts(shards, rows)
    first = bytes(texts.data[texts.offsets[0] : texts.offsets[1]]).decode()
    assert first == "第7篇" * 3000
    assert len(gathered_texts(shards, rows.clear())) == 0


@pytest.mark.parametrize("room", [1 << 20, 8 * 4 * 2, 1])
def test_band_keys_are_the_same_however_many_are_held(shard: Path, monkeypatch: pytest.MonkeyPatch, room: int) -> None:
    monkeypatch.setattr(sys.modules["ceyuan.data.corpus.gathering"], "_KEYS", room)
    rows = pl.DataFrame({"shard": [1, 0, 1, 0], "row": [7, 999, 0, 7]}, schema={"shard": pl.UInt32, "row": pl.UInt32})
    keys = GatheredKeys([shard, shard], rows, 3)
    assert [keys.column(band).tolist() for band in (0, 2, 1)] == [
        [21 + band, 2997 + band, band, 21 + band] for band in (0, 2, 1)
    ]
    few = keys.at(np.array([2, 0]))
    assert [few.column(band).tolist() for band in range(few.bands)] == [[0, 21], [1, 22], [2, 23]]
    assert (len(keys), len(few)) == (4, 2)
