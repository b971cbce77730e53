"""Single texts out of a Parquet file: the same ones that a library reads, or none where they lie otherwise."""

import random
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ceyuan.data.corpus.pages import texts_at


def written(path: Path, texts: list[str], **how: object) -> pa.Array:
    column = pa.array(texts, pa.large_string())
    schema = pa.schema([pa.field("text", pa.large_string(), nullable=False)])
    settings: dict[str, object] = {"use_dictionary": False, "data_page_size": 2048, "write_batch_size": 4}
    pq.write_table(pa.table([column], schema=schema), path, **(settings | how))
    return column


@pytest.mark.parametrize("packing", ["none", "lz4", "zstd", "snappy"])
def test_texts_of_some_rows_are_read_from_their_pages(tmp_path: Path, packing: str) -> None:
    chance = random.Random(packing)
    texts = [f"{number}" + "文" * chance.randint(0, 400) for number in range(700)] + [""]
    column = written(tmp_path / "rows.parquet", texts, compression=packing, row_group_size=250)
    rows = np.array([*sorted(chance.sample(range(700), 60)), 700], np.int64)
    found = texts_at(tmp_path / "rows.parquet", "text", rows)
    assert found is not None
    assert found.equals(column.take(pa.array(rows)))


def test_texts_in_a_dictionary_or_in_a_spoilt_file_are_left_to_the_library(tmp_path: Path) -> None:
    texts = ["同样的话" * 50] * 300
    written(tmp_path / "alike.parquet", texts, use_dictionary=True)
    assert texts_at(tmp_path / "alike.parquet", "text", np.array([1, 2])) is None
    written(tmp_path / "spoilt.parquet", texts, compression="zstd", use_dictionary=False)
    data = bytearray((tmp_path / "spoilt.parquet").read_bytes())
    data[4:40] = b"\xff" * 36
    (tmp_path / "spoilt.parquet").write_bytes(bytes(data))
    assert texts_at(tmp_path / "spoilt.parquet", "text", np.array([1, 2])) is None
