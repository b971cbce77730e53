"""Columns of different files mapped onto one schema: found, proposed, tried, read."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import orjson
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ceyuan.data.collection import PackageCache, Source, collect
from ceyuan.data.problems import DataProblem
from ceyuan.data.readers import Document, ReadOptions, Rejection, read_path
from ceyuan.data.readers.documents import Columns
from ceyuan.data.readers.mapping import columns_of, iso_time
from ceyuan.data.readers.survey import previewed, surveyed

BODY = "本市自下月起施行新的公共数据开放办法，鼓励各部门按目录开放。" * 3


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three files of one kind of thing with columns of their own."""
    root = tmp_path / "own"
    root.mkdir()
    rows = [f"办法{n},2023年3月{n}日,数据局,{BODY}{n},https://gov.example/{n}" for n in range(1, 4)]
    (root / "a.csv").write_text("标题,发布日期,发布机构,正文,网址\n" + "\n".join(rows), "utf-8")
    lines = [{"headline": f"News {n}", "date": "2024/05/06 07:08", "article_text": BODY + "乙", "n": n} for n in (1, 2)]
    (root / "b.jsonl").write_text("\n".join(map(json.dumps, lines)), "utf-8")
    (root / "c.json").write_text(json.dumps([{"问题": "何时施行？", "答案": "下月。", "来源单位": "市府"}]), "utf-8")
    return root


def test_columns_of_all_files_are_found_with_samples(folder: Path) -> None:
    found = surveyed(folder)
    columns = {one["name"]: one for one in found["columns"]}
    assert columns["发布日期"]["samples"] == ["2023年3月1日", "2023年3月2日", "2023年3月3日"]
    assert (columns["headline"]["files"], columns["headline"]["filled"]) == (1, 1.0)
    assert [one["name"] for one in found["files"]] == ["a.csv", "b.jsonl", "c.json"]
    assert not found["more"]


def test_a_mapping_is_proposed_from_names_and_where_they_do_not_tell_from_contents(folder: Path) -> None:
    proposal = surveyed(folder)["proposal"]
    assert proposal["text"] == ["正文", "article_text", "问题", "答案"]
    assert proposal["title"] == ["标题", "headline"]
    assert proposal["time"] == ["date", "发布日期"]
    assert proposal["author"] == ["发布机构", "来源单位"]
    assert proposal["url"] == ["网址"]


def test_a_preview_shows_rows_of_every_file_and_what_is_rejected(folder: Path) -> None:
    columns = Columns(("正文", "article_text"), ("标题", "headline"), time=("发布日期", "date"), others=False)
    found = previewed(folder, columns)
    first = found["rows"][0]
    assert (first["title"], first["time"], first["notes"]) == ("办法1", "2023-03-01", {})
    assert [row["where"] for row in found["rows"][:2]] == ["a.csv#2", "b.jsonl#1"]
    assert [(one["where"], one["reason"]) for one in found["rejected"]] == [("c.json", "no_text_field")]


def test_documents_are_read_by_the_mapping(folder: Path) -> None:
    columns = columns_of(surveyed(folder)["proposal"])
    read = list(read_path(folder, ReadOptions(columns=columns)))
    assert not [one for one in read if isinstance(one, Rejection)]
    documents = {one.id: one for one in read if isinstance(one, Document)}
    assert documents["a.csv#2"].meta == {"time": "2023-03-01", "author": "数据局", "url": "https://gov.example/1"}
    assert documents["b.jsonl#1"].title == "News 1"
    assert documents["b.jsonl#1"].meta == {"time": "2024-05-06T07:08:00", "n": "1"}
    assert documents["c.json"].text == "何时施行？\n下月。"


def test_a_collection_follows_the_mapping_and_is_read_anew_when_it_changes(folder: Path, tmp_path: Path) -> None:
    def collected(mapping: dict[str, object]) -> tuple[object, object]:
        source = Source("own", "folder", str(folder), mapping=mapping)
        (record,) = collect(tmp_path / "raw", [source], PackageCache(tmp_path), lambda _: None)["sources"]  # type: ignore[misc]
        return record["documents"], record["rejected"]  # type: ignore[index]

    assert collected({}) == (4, {"no_text_field": 2})
    assert collected({"text": ["正文", "article_text"]}) == (5, {"no_text_field": 1})
    with pytest.raises(DataProblem, match="own"):
        collected({"txt": ["正文"]})


@pytest.mark.parametrize(
    ("written", "iso"),
    [
        ("2023年3月5日", "2023-03-05"),
        ("2023-3-5 9:30", "2023-03-05T09:30:00"),
        ("2023年12月", "2023-12"),
        ("20230305", "2023-03-05"),
        ("1700000000", "2023-11-14T22:13:20Z"),
        ("2023-03-05T09:30:15+08:00", "2023-03-05T09:30:15+08:00"),
        ("2023-13-45", "2023-13-45"),
        ("去年春天", "去年春天"),
    ],
)
def test_times_are_brought_to_one_form(written: str, iso: str) -> None:
    assert iso_time(written) == iso


def test_a_link_out_of_the_folder_is_not_looked_at(folder: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("text\n不该看见\n", "utf-8")
    (folder / "z.csv").symlink_to(secret)
    assert "z.csv" not in [one["name"] for one in surveyed(folder)["files"]]
    assert asdict(Columns())["others"]


def test_parts_of_parts_are_columns_of_their_own(tmp_path: Path) -> None:
    lines = [{"pid": n, "data": {"body": f"{BODY}{n}", "info": {"headline": f"标题{n}"}}} for n in (1, 2)]
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, lines)), "utf-8")
    found = surveyed(tmp_path)
    assert [one["name"] for one in found["columns"]] == ["pid", "data.body", "data.info.headline"]
    assert found["proposal"]["text"] == ["data.body"]
    mapping = Columns(("data.body",), ("data.info.headline",), id=("pid",))
    mapped = [one for one in read_path(tmp_path, ReadOptions(columns=mapping)) if isinstance(one, Document)]
    assert [(one.text, one.title, one.meta) for one in mapped] == [
        (f"{BODY}{n}", f"标题{n}", {"id": str(n)}) for n in (1, 2)
    ]
    assert [one.text for one in read_path(tmp_path) if isinstance(one, Document)] == [f"{BODY}1", f"{BODY}2"]


def test_parts_of_parts_in_parquet_are_read_alike(tmp_path: Path) -> None:
    pq.write_table(pa.Table.from_pylist([{"page": {"content": BODY, "lang": "zh"}}]), tmp_path / "a.parquet")
    (one,) = [item for item in read_path(tmp_path) if isinstance(item, Document)]
    assert (one.text, one.meta) == (BODY, {"page.lang": "zh"})


def test_a_dialogue_is_what_was_said_in_its_turns(tmp_path: Path) -> None:
    said = [
        {"role": "user", "content": "何时施行？"},
        {"role": "assistant", "content": [{"type": "text", "text": "下月。"}]},
    ]
    other = [{"from": "human", "value": "由谁负责？"}, {"from": "gpt", "value": "数据局。"}]
    (tmp_path / "a.jsonl").write_text(json.dumps({"messages": said}) + "\n" + json.dumps({"conversations": other}))
    texts = [one.text for one in read_path(tmp_path) if isinstance(one, Document)]
    assert texts == ["何时施行？\n下月。", "由谁负责？\n数据局。"]


def test_lists_of_any_depth_spoil_no_other_line(tmp_path: Path) -> None:
    deep = '{"text":' + "[" * 600 + '"x"' + "]" * 600 + "}"
    (tmp_path / "a.jsonl").write_text(
        f"{deep}\n" + '{"a":' * 600 + "1" + "}" * 600 + f'\n{{"text": "{BODY}"}}', "utf-8"
    )
    first, second, last = read_path(tmp_path)
    assert isinstance(first, Rejection)
    assert first.reason == "empty_text"
    assert isinstance(second, Rejection)
    assert second.reason == "no_text_field"
    assert isinstance(last, Document)
    assert last.text == BODY


def test_a_column_that_is_always_empty_is_not_proposed(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(json.dumps({"content": "", "story": BODY}), "utf-8")
    assert surveyed(tmp_path)["proposal"]["text"] == ["story"]


def rows_of(ids: Sequence[int], folder: Path) -> None:
    lines = [orjson.dumps({"no": f"k{n}", "body": f"第{n}条，各部门依法登记数据，定期评估并公开结果。"}) for n in ids]
    folder.mkdir(exist_ok=True)
    (folder / "a.jsonl").write_bytes(b"\n".join(lines))


def test_records_that_are_known_by_their_id_stay_the_same_where_rows_before_them_go(tmp_path: Path) -> None:
    mapping = {"text": ["body"], "id": ["no"], "keyed": True}
    source = Source("own", "folder", str(tmp_path / "in"), mapping=mapping)

    def collected() -> dict[str, Any]:
        found: Any = collect(tmp_path / "out", [source], PackageCache(tmp_path / "cache"), lambda message: None)
        return dict(found["sources"][0])

    rows_of(range(100), tmp_path / "in")
    first = collected()
    assert (first["documents"], "superseded" in first) == (100, False)
    rows_of([200, *range(5, 100)], tmp_path / "in")
    again = collected()
    assert [one["documents"] for one in again["shards"]] == [100, 1]
    assert (again["documents"], again["gone"]["documents"]) == (96, 5)
    gone = pl.read_parquet(tmp_path / "out" / "own" / "gone.parquet")["id"].to_list()
    assert gone == [f"own/a.jsonl#k{n}" for n in range(5)]


def test_of_several_records_with_one_id_the_last_counts_and_the_others_are_not_counted(tmp_path: Path) -> None:
    rows_of([1, 2, 3, 2], tmp_path / "in")
    source = Source("own", "folder", str(tmp_path / "in"), mapping={"text": ["body"], "id": ["no"], "keyed": True})
    found: Any = collect(tmp_path / "out", [source], PackageCache(tmp_path / "cache"), lambda message: None)
    assert (found["sources"][0]["documents"], found["sources"][0]["superseded"]) == (3, 1)
