"""A source brought up to date: only what changed is read and written, and what counts is what a first reading gives."""

import os
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import polars as pl
import pytest

from ceyuan.data.collection import PackageCache, Source, collect
from ceyuan.data.collection.raw import RAW_COLUMNS
from ceyuan.data.corpus import Inputs
from ceyuan.data.readers import Item, ReadOptions
from ceyuan.data.readers.folder import read_file


def taken(own: Path, out: Path) -> dict[str, Any]:
    source = Source("own", "folder", str(own))
    record: Any = collect(out, [source], PackageCache(out.parent / "cache"), lambda message: None)
    found: dict[str, Any] = record["sources"][0]
    return found


def counting(out: Path) -> pl.DataFrame:
    """The rows that count, by id."""
    inputs = Inputs.of([out])
    columns = list(RAW_COLUMNS)
    shards = [pl.read_parquet(one.path, columns=columns).with_row_index("row") for one in inputs.shards]
    rows = pl.concat([one.with_columns(shard=pl.lit(at, pl.UInt32)) for at, one in enumerate(shards)])
    which = inputs.counting()
    if which is not None:
        rows = rows.join(which, on=["shard", "row"], how="semi")
    return rows.select(columns).sort("id")


def write(own: Path, name: str, *texts: str) -> None:
    (own / name).parent.mkdir(parents=True, exist_ok=True)
    lines = [orjson.dumps({"text": text}) if text else b"{broken" for text in texts]
    (own / name).write_bytes(b"\n".join(lines))
    when = random.Random(str(texts)).randrange(10**9, 2 * 10**9)
    os.utime(own / name, (when, when))


@pytest.fixture
def own(tmp_path: Path) -> Path:
    for number in range(6):
        write(tmp_path / "own", f"{number}.jsonl", *(f"第{number}份第{line}行的正文" for line in range(20)), "")
    return tmp_path / "own"


def test_what_counts_after_changes_is_what_a_first_reading_gives(own: Path, tmp_path: Path) -> None:
    taken(own, tmp_path / "steps")
    write(own, "0.jsonl", *(f"第0份第{line}行的正文" if line % 4 else "改写过的一行" for line in range(20)), "")
    write(own, "deeper/new#1.jsonl", "新来的", "", "又一行")
    (own / "1.jsonl").unlink()
    first = taken(own, tmp_path / "steps")
    anew = taken(own, tmp_path / "anew")
    assert counting(tmp_path / "steps").equals(counting(tmp_path / "anew"))
    assert (first["documents"], first["characters"]) == (anew["documents"], anew["characters"])
    assert first["rejected"] == anew["rejected"]
    assert [one["documents"] for one in first["shards"]] == [120, 7]
    assert (first["superseded"], first["gone"]["documents"]) == (25, 20)


def test_files_that_did_not_change_are_not_read(own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = taken(own, tmp_path / "out")
    read: list[str] = []

    def noted(root: Path, name: str, options: ReadOptions | None = None) -> Iterator[Item]:
        read.append(name)
        return read_file(root, name, options)

    monkeypatch.setattr("ceyuan.data.collection.renewing.read_file", noted)
    write(own, "3.jsonl", *(f"第3份第{line}行的正文" for line in range(21)), "")
    after = taken(own, tmp_path / "out")
    assert read == ["3.jsonl"]
    assert after["shards"][0] == before["shards"][0]
    assert [one["documents"] for one in after["shards"][1:]] == [1]


@pytest.mark.parametrize("changed", [True, False])
def test_a_file_that_no_reader_knew_before_is_read_once_one_does(
    own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changed: bool
) -> None:
    (own / "page.1").write_text(".TH PAGE 1\n.SH 名称\npage \\- 手册页\n")
    (own / "page.unknown").write_text("x")
    with monkeypatch.context() as patch:
        patch.setattr("ceyuan.data.readers.folder.may_be_manual", lambda ending: False)
        patch.setattr(sys.modules["ceyuan.data.collection.collect"], "READERS", ".txt")
        patch.setattr("ceyuan.data.collection.renewing.READERS", ".txt")
        assert taken(own, tmp_path / "steps")["rejected"] == {"bad_json": 6, "unsupported_format": 2}
    if changed:
        write(own, "0.jsonl", "改写过的一行")
    now = {"bad_json": 5 if changed else 6, "unsupported_format": 1}
    assert taken(own, tmp_path / "steps")["rejected"] == taken(own, tmp_path / "anew")["rejected"] == now
    assert counting(tmp_path / "steps").equals(counting(tmp_path / "anew"))
    read: list[str] = []

    def noted(root: Path, name: str, options: ReadOptions | None = None) -> Iterator[Item]:
        read.append(name)
        return read_file(root, name, options)

    monkeypatch.setattr("ceyuan.data.collection.renewing.read_file", noted)
    write(own, "1.jsonl", "又一行")
    taken(own, tmp_path / "steps")
    assert read == ["1.jsonl"]


def test_a_document_that_comes_back_counts_again(own: Path, tmp_path: Path) -> None:
    taken(own, tmp_path / "out")
    kept = (own / "2.jsonl").read_bytes()
    (own / "2.jsonl").unlink()
    assert taken(own, tmp_path / "out")["gone"]["documents"] == 20
    (own / "2.jsonl").write_bytes(kept)
    back = taken(own, tmp_path / "out")
    assert "gone" not in back
    assert counting(tmp_path / "out").height == back["documents"] == 120


def test_where_much_was_replaced_the_source_is_read_anew(own: Path, tmp_path: Path) -> None:
    taken(own, tmp_path / "out")
    for number in range(3):
        write(own, f"{number}.jsonl", *(f"全新的第{number}份第{line}行" for line in range(20)))
    record = taken(own, tmp_path / "out")
    assert [one["documents"] for one in record["shards"]] == [120]
    assert "superseded" not in record


def test_a_crash_between_two_names_loses_nothing(own: Path, tmp_path: Path) -> None:
    taken(own, tmp_path / "out")
    (tmp_path / "out" / "own").rename(tmp_path / "out" / ".own.before")
    write(own, "0.jsonl", "只剩这一行")
    record = taken(own, tmp_path / "out")
    assert [one["documents"] for one in record["shards"]] == [120, 1]
    assert not (tmp_path / "out" / ".own.before").exists()


def test_random_histories_equal_first_readings(own: Path, tmp_path: Path) -> None:
    chance = random.Random(5)
    taken(own, tmp_path / "steps")
    for step in range(8):
        for name in chance.sample(range(9), 2):
            if chance.random() < 0.3:
                (own / f"{name}.jsonl").unlink(missing_ok=True)
            else:
                lines = [f"第{name}份第{chance.choice((line, line, line, step + 50))}行的正文" for line in range(20)]
                write(own, f"{name}.jsonl", *lines[: chance.randint(15, 20)])
        taken(own, tmp_path / "steps")
    taken(own, tmp_path / "anew")
    assert counting(tmp_path / "steps").equals(counting(tmp_path / "anew"))


def by_content(own: Path, out: Path) -> dict[str, Any]:
    source = Source("own", "folder", str(own), identity="content")
    record: Any = collect(out, [source], PackageCache(out.parent / "cache"), lambda message: None)
    found: dict[str, Any] = record["sources"][0]
    return found


@pytest.mark.parametrize("place", [0, 500, 1000])
def test_a_row_put_in_or_taken_out_is_one_document_where_rows_are_known_by_content(tmp_path: Path, place: int) -> None:
    texts = [f"第{line}行的正文" for line in range(1000)]
    more = [*texts[:place], "插入的一行", *texts[place:]]
    write(tmp_path / "own", "rows.jsonl", *texts)
    by_content(tmp_path / "own", tmp_path / "steps")
    write(tmp_path / "own", "rows.jsonl", *more)
    second = by_content(tmp_path / "own", tmp_path / "steps")
    assert ([one["documents"] for one in second["shards"]], "gone" in second) == ([1000, 1], False)
    by_content(tmp_path / "own", tmp_path / "anew")
    assert counting(tmp_path / "steps").equals(counting(tmp_path / "anew"))
    write(tmp_path / "own", "rows.jsonl", *texts)
    third = by_content(tmp_path / "own", tmp_path / "steps")
    assert ([one["documents"] for one in third["shards"]], third["gone"]["documents"]) == ([1000, 1], 1)
    assert counting(tmp_path / "steps")["text"].sort().to_list() == sorted(texts)


def test_a_store_whose_rows_were_known_by_place_becomes_one_of_content_as_a_whole(own: Path, tmp_path: Path) -> None:
    taken(own, tmp_path / "steps")
    by_content(own, tmp_path / "steps")
    by_content(own, tmp_path / "anew")
    steps, anew = counting(tmp_path / "steps"), counting(tmp_path / "anew")
    assert steps.equals(anew)
    assert (steps.height, steps["id"].n_unique()) == (120, 120)
    assert counting(tmp_path / "steps")["text"].sort().equals(counting(tmp_path / "anew")["text"].sort())
