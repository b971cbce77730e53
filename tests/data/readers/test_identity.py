"""Rows known by what they hold: equal ones are counted, others neither change nor collide, whoever read them."""

import random
import zipfile
from collections import Counter
from pathlib import Path

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ceyuan.data.readers import Document, ReadOptions, Rejection, read_path
from ceyuan.data.readers.documents import Columns
from ceyuan.data.readers.identity import _Seen

OPTIONS = ReadOptions(identity="content")


def ids(path: Path, options: ReadOptions = OPTIONS) -> list[str]:
    return [one.id for one in read_path(path, options) if isinstance(one, Document)]


def lines(path: Path, *records: object) -> Path:
    path.write_bytes(b"\n".join(orjson.dumps(record) for record in records))
    return path


def test_rows_keep_their_names_wherever_they_stand_and_equal_ones_are_counted(tmp_path: Path) -> None:
    file = lines(tmp_path / "a.jsonl", {"text": "甲"}, {"text": "乙"}, {"text": "甲"}, {"text": "甲", "n": 1})
    first, second, third, fourth = ids(file)
    assert (third, len({first, second, third, fourth})) == (f"{first}~2", 4)
    lines(file, {"text": "新"}, {"n": 1, "text": "甲"}, {"text": "甲"}, {"text": "甲"}, {"text": "乙"})
    assert ids(file)[1:] == [fourth, first, third, second]


def test_every_reader_of_records_gives_the_same_rows_the_same_names(tmp_path: Path) -> None:
    rows = [{"text": f"第{number % 7}行", "note": str(number % 3)} for number in range(40)]
    lines(tmp_path / "a.jsonl", *rows)
    (tmp_path / "b.json").write_bytes(orjson.dumps(rows))
    (tmp_path / "c.csv").write_text("text,note\n" + "".join(f"{row['text']},{row['note']}\n" for row in rows))
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "d.parquet")
    lines(tmp_path / "e.jsonl", *rows[:20], {"text": "另一种", "other": [1]}, *rows[20:])
    named = {name: [one.partition("#")[2] for one in ids(tmp_path / name)] for name in ("b.json", "c.csv", "d.parquet")}
    expected = [one.partition("#")[2] for one in ids(tmp_path / "a.jsonl")]
    assert len(set(expected)) == 40
    assert all(found == expected for found in named.values())
    assert [one.partition("#")[2] for one in ids(tmp_path / "e.jsonl")][:20] == expected[:20]


def test_rows_of_sheets_and_of_packed_files_are_known_by_content_too(tmp_path: Path) -> None:
    sheet = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    cells = "".join(
        f'<row><c r="A{n}" t="inlineStr"><is><t>{t}</t></is></c></row>' for n, t in enumerate(("text", *"甲乙"), 1)
    )
    numbers = '<row><c r="A1"><v>1</v></c></row>'
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        with archive.open("a.xlsx", "w") as packed, zipfile.ZipFile(packed, "w") as book:
            for number, rows in ((1, cells), (2, numbers)):
                body = f"<worksheet {sheet}><sheetData>{rows}</sheetData></worksheet>"
                book.writestr(f"xl/worksheets/sheet{number}.xml", body)
        archive.writestr("b.csv", "text\n乙\n甲\n")
    found = ids(tmp_path / "a.zip")
    first, second = (one.rpartition("#")[2] for one in found[:2])
    assert found == [
        *(f"a.zip/a.xlsx#sheet1#{first}", f"a.zip/a.xlsx#sheet1#{second}", "a.zip/a.xlsx#sheet2"),
        *(f"a.zip/b.csv#{second}", f"a.zip/b.csv#{first}"),
    ]


def test_files_rejections_and_records_with_ids_keep_what_they_are_known_by(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("正文")
    (tmp_path / "b.jsonl").write_bytes(b'{"text": "one"}\n{broken')
    items = list(read_path(tmp_path, OPTIONS))
    assert items[0].id == "a.txt" if isinstance(items[0], Document) else False
    assert [one.where for one in items if isinstance(one, Rejection)] == ["b.jsonl#2"]
    keyed = ReadOptions(identity="content", columns=Columns(text=("text",), id=("k",), keyed=True))
    assert ids(lines(tmp_path / "c.jsonl", {"text": "x", "k": "一"}), keyed) == ["c.jsonl#一"]
    plain = ReadOptions()
    assert ids(tmp_path / "b.jsonl", plain) == ["b.jsonl#1"]


@pytest.mark.parametrize("seed", range(4))
def test_turns_are_counted_over_any_batches(seed: int) -> None:
    chance = random.Random(seed)
    values = [chance.choice((chance.getrandbits(64), chance.randrange(50), 2**64 - 1)) for _ in range(3000)]
    seen, counted, at = _Seen(), Counter[int](), 0
    while at < len(values):
        some = values[at : at + chance.randrange(1, 200)]
        at += len(some)
        expected = []
        for value in some:
            counted[value] += 1
            expected.append(counted[value])
        assert seen.turns(np.array(some, np.uint64)).tolist() == expected
