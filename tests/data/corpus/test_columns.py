"""Columns that stay on disk: the same however many rows are read at a time, in whatever order they are asked for."""

from pathlib import Path

import polars as pl
import pytest

from ceyuan.data.corpus import columns
from ceyuan.data.corpus.columns import Columns


@pytest.mark.parametrize("rows", [1, 3, 1 << 18])
def test_rows_of_several_shards_come_in_the_order_of_the_decisions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: int
) -> None:
    monkeypatch.setattr(columns, "ROWS", rows)
    shards = []
    for number in range(3):
        shards.append(tmp_path / f"{number}.parquet")
        frame = pl.DataFrame(
            {"a": [100 * number + row for row in range(4)], "b": [f"{number}/{row}" for row in range(4)]}
        )
        frame.write_parquet(shards[-1])
    places = [(2, 1), (0, 3), (0, 0), (1, 2), (1, 0), (2, 3), (0, 1)]
    decisions = pl.DataFrame(places, schema={"shard": pl.UInt32, "row": pl.UInt32}, orient="row")
    found = Columns(shards, decisions, ["b", "a"])
    numbers = [100 * shard + row for shard, row in places]
    assert found.column("a").to_list() == numbers
    assert pl.concat(found.slices()).rows() == [(f"{shard}/{row}", 100 * shard + row) for shard, row in places]
    assert found.rows(pl.Series([6, 0]))["a"].to_list() == [1, 201]
    assert max(part.height for part in found.slices()) <= rows


def test_of_no_documents_there_are_no_rows(tmp_path: Path) -> None:
    none = pl.DataFrame(schema={"shard": pl.UInt32, "row": pl.UInt32})
    assert pl.concat(Columns([], none, ["a"]).slices()).columns == ["a"]
