"""JSON Lines that are all alike are read many at a time, and give what one by one would give."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from ceyuan.data.readers import Document, Documents, ReadOptions, Rejection, read_items, read_path

ALIKE = [{"id": f"n{number}", "text": f"第 {number} 条规定", "source": "官网"} for number in range(2500)]


def test_lines_that_are_alike_come_side_by_side(tmp_path: Path) -> None:
    _put(tmp_path, ALIKE)
    items = list(read_items(tmp_path))
    assert all(isinstance(one, Documents) for one in items)
    assert len(items) < 10


def test_side_by_side_is_the_same_as_one_by_one(tmp_path: Path) -> None:
    _put(tmp_path, ALIKE)
    expected = [
        Document(f"a.jsonl#{at}", one["text"], meta={"source": one["source"], "id": one["id"]})
        for at, one in enumerate(ALIKE, 1)
    ]
    assert list(read_path(tmp_path)) == expected


@pytest.mark.parametrize(
    ("odd", "reason"),
    [
        ({"id": "x", "text": "  ", "source": ""}, "empty_text"),
        ({"id": "x", "source": "无正文", "more": 1}, "no_text_field"),
        ([1, 2], "not_a_record"),
    ],
)
def test_one_odd_line_is_rejected_and_its_neighbours_stay(tmp_path: Path, odd: object, reason: str) -> None:
    _put(tmp_path, [*ALIKE[:3], odd, *ALIKE[3:6]])
    found = list(read_path(tmp_path))
    assert [one.reason for one in found if isinstance(one, Rejection)] == [reason]
    assert [one.id for one in found if isinstance(one, Document)] == [f"a.jsonl#{at}" for at in (1, 2, 3, 5, 6, 7)]


def test_numbers_lists_and_long_notes_are_told_as_ever(tmp_path: Path) -> None:
    _put(tmp_path, [{"text": "甲", "n": 1.5, "long": "长" * 3000, "id": ""}, {"text": ["乙", "丙"], "n": None}])
    first, second = read_path(tmp_path, ReadOptions())
    assert isinstance(first, Document)
    assert isinstance(second, Document)
    assert (first.text, dict(first.meta), second.text, dict(second.meta)) == ("甲", {"n": "1.5"}, "乙\n丙", {})


def _put(folder: Path, records: Sequence[object]) -> None:
    (folder / "a.jsonl").write_text("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in records), "utf-8")
