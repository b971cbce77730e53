"""Rows taken out of a Parquet file: the others stay as they are, in order, readable by anyone."""

import random
from collections.abc import Sequence
from pathlib import Path

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ceyuan.data.corpus.emit import DATASET_SCHEMA
from ceyuan.data.versions.splicing import put_table, put_tables, spliceable, spliced
from ceyuan.data.versions.thrift import read_struct, written_struct


def table(count: int, longest: int = 3000) -> pa.Table:
    chance = random.Random(count)
    columns: dict[str, Sequence[str]] = {
        name: [f"{name}{number % (3 if name in ('source', 'domain') else count)}" for number in range(count)]
        for name in DATASET_SCHEMA.names
    }
    columns["text"] = ["字" * chance.randint(0, longest) + f"第{number}篇" for number in range(count)]
    return pa.table(columns, schema=DATASET_SCHEMA)


def without(rows: pa.Table, removed: Sequence[int]) -> pa.Table:
    gone = set(removed)
    return rows.take(pa.array([number for number in range(len(rows)) if number not in gone], pa.int64()))


def cut(path: Path, removed: Sequence[int]) -> Path:
    target = path.with_name(f"{path.stem}-cut.parquet")
    with target.open("wb") as file:
        spliced(path, removed, file)
    return target


@pytest.fixture(scope="module")
def shard(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, pa.Table]:
    """A shard of several row groups with many pages."""
    path, rows = tmp_path_factory.mktemp("shard") / "shard.parquet", table(9_000, 20)
    with path.open("wb") as file:
        put_table(rows, file)
    return path, rows


@settings(max_examples=3, deadline=None)
@given(seed=st.integers(0, 99), share=st.sampled_from([0.001, 0.01, 0.5]))
def test_the_remaining_rows_are_there_in_order(shard: tuple[Path, pa.Table], seed: int, share: float) -> None:
    path, rows = shard
    chance = random.Random(seed)
    removed = [number for number in range(len(rows)) if chance.random() < share]
    assert pq.read_table(cut(path, removed)).equals(without(rows, removed))


def test_other_readers_read_it_and_it_can_be_spliced_again(shard: tuple[Path, pa.Table]) -> None:
    path, rows = shard
    once = cut(path, list(range(8192)))  # the whole first row group
    twice = cut(once, [0, 5, 807])
    expected = without(rows, [*range(8192), 8192, 8197, 8999])
    assert spliceable(twice)
    assert pl.read_parquet(twice)["text"].to_list() == expected["text"].to_pylist()
    query = f"SELECT count(*), sum(length(text)), count(DISTINCT id) FROM '{twice}'"
    with duckdb.connect() as connection:
        counted = connection.execute(query).fetchone()
    assert counted == (len(expected), sum(map(len, expected["text"].to_pylist())), len(expected))


def test_what_was_taken_out_is_not_in_the_file(tmp_path: Path) -> None:
    rows = table(40)
    path = tmp_path / "shard.parquet"
    with path.open("wb") as file:
        put_table(rows, file)
    left = pq.read_table(cut(path, [7]))
    assert rows["id"][7].as_py() not in left["id"].to_pylist()
    assert all("第7篇" not in text for text in left["text"].to_pylist())


def test_the_same_rows_out_of_the_same_file_give_the_same_bytes(shard: tuple[Path, pa.Table]) -> None:
    path, _ = shard
    first = cut(path, [1, 2, 8500]).read_bytes()
    assert cut(path, [1, 2, 8500]).read_bytes() == first


def test_structs_are_written_as_they_were_read() -> None:
    fields = {1: (5, -7), 3: (8, b"abc"), 40: (9, (5, list(range(20)))), 41: (1, None), 42: (12, {1: (6, 1 << 40)})}
    data = written_struct(fields)
    assert read_struct(data) == (fields, len(data))
    with pytest.raises(ValueError, match="cut off"):
        read_struct(data[:-3])


def test_a_shard_written_table_by_table_is_the_one_that_is_written_at_once(
    shard: tuple[Path, pa.Table], tmp_path: Path
) -> None:
    _, rows = shard
    usual = rows["text"].nbytes // len(rows)
    pieces = [rows.slice(start, 1000) for start in range(0, len(rows), 1000)]
    for name, tables in (("pieces", pieces), ("whole", [pa.concat_tables(pieces)])):
        with (tmp_path / name).open("wb") as file:
            put_tables(tables, usual, file)
    assert (tmp_path / "pieces").read_bytes() == (tmp_path / "whole").read_bytes()
    assert pq.read_table(tmp_path / "pieces").equals(rows)
    assert spliceable(tmp_path / "pieces")
