"""Who waits for a source hears how far its reading is."""

from pathlib import Path

import pytest

from ceyuan.data.collection import PackageCache, Source, collect, progress
from ceyuan.data.collection.progress import Reading

FILES = {"a.txt": (100, 0), "b.jsonl": (700, 0), "c.zip": (200, 0)}


def test_the_share_goes_by_the_bytes_of_files_and_within_one_by_its_text() -> None:
    heard: list[tuple[float, str, str]] = []
    now = [0.0]
    reading = Reading(FILES, lambda *told: heard.append(told), lambda: now[0])
    reading.at("a.txt", 1, 30)
    assert not heard, "the first two seconds nothing is told"
    for where, documents, characters in (
        ("b.jsonl#7", 1200, 100),
        ("b.jsonl#8", 1300, 5000),  # more text than bytes: it was packed
        ("c.zip/inner.csv#3", 1400, 10),
    ):
        now[0] += 2
        reading.at(where, documents, characters)
    assert [told[0] for told in heard] == [pytest.approx(0.3), pytest.approx(0.793), pytest.approx(0.8)]
    assert heard[0][1:] == ("已读 1,200 篇（第 2/3 个文件）", "1,200 documents (file 2/3)")


def test_where_the_files_are_not_known_the_documents_are_told() -> None:
    heard: list[tuple[float, str, str]] = []
    now = [0.0]
    reading = Reading({}, lambda *told: heard.append(told), lambda: now[0])
    now[0] = 2.0
    reading.at("poem/1", 5, 50)
    assert heard == [(0.0, "已读 5 篇", "5 documents")]


def test_collecting_and_renewing_tell_a_share_that_grows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "_EVERY_S", 0.0)
    folder = tmp_path / "in"
    folder.mkdir()
    for number in range(8):
        (folder / f"{number}.txt").write_text(f"第{number}篇：" + "天地玄黄，宇宙洪荒。" * 9)
    sources = [Source(key, "folder", str(folder)) for key in ("one", "two")]
    for changed in (8, 2):
        heard: list[dict[str, object]] = []
        for number in range(changed):
            (folder / f"{number}.txt").write_text(f"{changed} 篇之{number}：" + "日月盈昃，辰宿列张。" * 9)
        collect(tmp_path / "out", sources, PackageCache(tmp_path / "cache"), heard.append)
        shares = [float(str(message["progress"])) for message in heard]
        assert shares == sorted(shares)
        assert len(set(shares)) > changed
        assert any(f"{changed} documents (file {changed}/{changed})" in str(message["message"]) for message in heard)
