"""Looking into files: what is shown is what is there, and what is not what it seems is named."""

from __future__ import annotations

import csv
import io
import json
import struct
from collections.abc import Callable
from pathlib import Path

import gguf
import numpy as np
import pyarrow as arrow
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet
from safetensors.numpy import save

from ceyuan.hub.viewer.formats import (
    MoreNeeded,
    Table,
    ViewProblem,
    decode_text,
    delimited_page,
    encoding_of,
    header_length,
    json_lines_page,
    read_gguf,
    read_safetensors,
)
from ceyuan.hub.viewer.formats.parquet import page as parquet_page

texts = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\r\0"), max_size=8)
TEXT = "人工智能是新一轮科技革命和产业变革的重要驱动力量,我们要在这里把它用好。\n" * 50


def all_rows(page: Callable[[bytes, int], Table], data: bytes, window: int) -> list[list[object]]:
    """Every row of a file, read page by page through a window that grows where it must."""
    rows: list[list[object]] = []
    start: int | None = 0
    while start is not None:
        length = window
        while True:
            try:
                found = page(data[start : start + length], start)
                break
            except MoreNeeded:
                length *= 2
        rows += [list(row) for row in found.rows]
        start = found.next
    return rows


@given(st.lists(st.lists(texts, min_size=2, max_size=2), min_size=1, max_size=30), st.integers(20, 200))
@settings(max_examples=100, deadline=None)
def test_csv_read_in_pages_is_the_csv_read_at_once(records: list[list[str]], window: int) -> None:
    file = io.StringIO()
    csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows([["a", "b"], *records])
    data = file.getvalue().encode()

    def page(part: bytes, start: int) -> Table:
        head = data[: max(window, 20)]
        return delimited_page(head, part, start=start, encoding="utf-8", limit=3, size=len(data), delimiter=",")

    assert all_rows(page, data, window) == records


@given(st.lists(st.dictionaries(st.just("k"), texts, min_size=1), max_size=30), st.integers(5, 100))
@settings(max_examples=100, deadline=None)
def test_json_lines_read_in_pages_are_the_lines_read_at_once(records: list[dict[str, str]], window: int) -> None:
    data = "\n".join(json.dumps(record, ensure_ascii=False) for record in records).encode()

    def page(part: bytes, start: int) -> Table:
        return json_lines_page(part, start=start, encoding="utf-8", limit=4, size=len(data))

    assert all_rows(page, data, window) == [[record["k"]] for record in records]


def test_a_table_names_its_columns_and_fills_short_rows() -> None:
    data = "\ufeff名称;值\n甲;1\n乙;2;多\n\n丙".encode()
    table = delimited_page(data, data, start=0, encoding="utf-8", limit=10, size=len(data))
    assert [column.name for column in table.columns] == ["名称", "值", "#3"]
    assert table.rows == [["甲", "1", None], ["乙", "2", "多"], ["丙", None, None]]
    assert table.next is None


def test_json_lines_show_every_shape_of_line() -> None:
    data = b'{"a": 1, "b": {"c": [1, 2]}}\n[1]\nnot json\n\n{"a": null, "d": "' + b"x" * 3000 + b'"}\n'
    table = json_lines_page(data, start=0, encoding="utf-8", limit=10, size=len(data))
    assert [(c.name, c.type) for c in table.columns] == [
        ("a", "integer"), ("b", "object"), ("value", "array"), ("(invalid)", "text"), ("d", "text"),
    ]  # fmt: skip
    assert table.rows[0][:2] == [1, '{"c":[1,2]}']
    assert table.rows[1][2] == "[1]"
    assert table.rows[2][3] == "not json"
    assert len(str(table.rows[3][4])) == 2001


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "big5hkscs", "utf-16", "utf-8-sig"])
def test_chinese_text_is_read_in_every_common_encoding(encoding: str) -> None:
    text = "我們在這裏說的是人工智能的發展,大家都來學。" * 40 if encoding == "big5hkscs" else TEXT
    data = text.encode(encoding)
    found = encoding_of(data[:2001])
    assert found is not None
    assert decode_text(data, found, whole=True) == text
    assert text.startswith(decode_text(data[:2001], found, whole=False))


def test_bytes_that_are_no_text_are_not_shown_as_text() -> None:
    assert encoding_of(bytes(range(256)) * 10) is None
    assert encoding_of(b"") == "utf-8"


def test_parquet_is_read_page_by_page_across_row_groups(tmp_path: Path) -> None:
    table = arrow.table(
        {"n": list(range(100)), "text": [f"第{n}行" for n in range(100)], "raw": [bytes([n]) for n in range(100)]}
    )
    path = tmp_path / "x.parquet"
    parquet.write_table(table, path, row_group_size=30)
    rows: list[list[object]] = []
    start: int | None = 0
    while start is not None:
        found = parquet_page({"path": str(path), "start": start, "limit": 17}, print)
        rows += found["rows"]
        start = found["next"]
    assert rows == [[n, f"第{n}行", "<1 bytes>"] for n in range(100)]
    assert (found["total"], found["row_groups"]) == (100, 4)
    assert found["columns"] == [["n", "int64"], ["text", "string"], ["raw", "binary"]]
    assert parquet_page({"path": str(path), "start": 500, "limit": 5}, print)["rows"] == []


@pytest.mark.parametrize("content", [b"", b"PAR1", b"PAR1" + b"\xff" * 100 + b"PAR1", b"x" * 1000])
def test_what_is_no_parquet_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.parquet").write_bytes(content)
    with pytest.raises(ViewProblem):
        parquet_page({"path": str(tmp_path / "x.parquet"), "start": 0, "limit": 5}, print)


def test_a_safetensors_header_is_read_as_its_library_wrote_it() -> None:
    data = save({"w": np.zeros((3, 4), np.float32), "b": np.zeros(4, np.float16)}, {"format": "np"})
    length = header_length(data[:8], len(data))
    header = read_safetensors(data[8 : 8 + length])
    assert {(t.name, t.dtype, tuple(t.shape)) for t in header.tensors} == {("w", "F32", (3, 4)), ("b", "F16", (4,))}
    assert (header.parameters, header.metadata) == (16, {"format": "np"})


@pytest.mark.parametrize(
    "header",
    [b"[]", b"{", b'{"a": 1}', b'{"a": {"dtype": "F32", "shape": [-1], "data_offsets": [0, 4]}}',
     b'{"a": {"dtype": "F32", "shape": [9007199254740993], "data_offsets": [0, 4]}}', b'{"__metadata__": 3}',
     b'{"a": {"dtype": "F32", "shape": [1], "data_offsets": []}}'],
)  # fmt: skip
def test_a_spoilt_safetensors_header_is_named(header: bytes) -> None:
    with pytest.raises(ViewProblem):
        read_safetensors(header)


def test_a_safetensors_header_cannot_claim_more_than_there_is() -> None:
    for first in (b"", b"\0" * 8, struct.pack("<Q", 2**60), struct.pack("<Q", 100)):
        with pytest.raises(ViewProblem):
            header_length(first, 50)


def test_a_gguf_header_is_read_as_its_library_wrote_it(tmp_path: Path) -> None:
    writer = gguf.GGUFWriter(tmp_path / "x.gguf", "llama")
    writer.add_name("小模型")
    writer.add_context_length(2048)
    writer.add_array("words", [f"词{n}" for n in range(1000)])
    writer.add_array("numbers", list(range(5)))
    writer.add_tensor("w", np.zeros((6, 4), np.float32))
    writer.add_tensor("h", np.zeros((2, 3, 4), np.float16))
    for write in (writer.write_header_to_file, writer.write_kv_data_to_file, writer.write_tensors_to_file):
        write()
    writer.close()
    data = (tmp_path / "x.gguf").read_bytes()
    header = read_gguf(data)
    assert {(t.name, t.dtype, tuple(t.shape)) for t in header.tensors} == {
        ("w", "F32", (6, 4)),
        ("h", "F16", (2, 3, 4)),
    }
    assert (header.metadata["general.name"], header.metadata["llama.context_length"]) == ("小模型", 2048)
    assert header.metadata["numbers"] == "0, 1, 2, 3, 4"
    assert header.metadata["words"].endswith("词15, … (1000)")
    for end in (4, 12, 100, len(data) // 3):
        with pytest.raises(MoreNeeded):
            read_gguf(data[:end])


@given(st.binary(max_size=300))
@settings(max_examples=200, deadline=None)
def test_no_junk_breaks_the_readers(junk: bytes) -> None:
    for read in (
        lambda: read_gguf(b"GGUF\3\0\0\0" + junk),
        lambda: read_safetensors(junk),
        lambda: delimited_page(junk, junk, start=0, encoding="utf-8", limit=5, size=len(junk)),
        lambda: json_lines_page(junk, start=0, encoding="utf-8", limit=5, size=len(junk)),
        lambda: decode_text(junk, encoding_of(junk) or "utf-8", whole=True),
    ):
        try:
            read()
        except (ViewProblem, MoreNeeded):
            pass


def test_the_names_of_gguf_types_are_those_of_its_library() -> None:
    from ceyuan.hub.viewer.formats.gguf import _TYPES

    assert {kind.value: kind.name for kind in gguf.GGMLQuantizationType} == _TYPES
