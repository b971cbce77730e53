"""JSON Lines that are all alike are read many at a time, and give what one by one would give."""

import io
import json
from collections.abc import Sequence
from pathlib import Path

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ceyuan.data.files import canonical_json
from ceyuan.data.readers import Document, Documents, ReadOptions, Rejection, read_items, read_path
from ceyuan.data.readers.lines import line_blocks
from ceyuan.data.readers.records import _of_line
from ceyuan.data.readers.together import documents_of

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


STRINGS = st.text(st.characters(codec="utf-8"), max_size=12) | st.sampled_from(
    ["　", "\x1c", "\u2028 ", '"', "\\n", "\x7f"]
)
VALUES = STRINGS | st.integers(-(2**70), 2**70) | st.sampled_from([None, True, 1.5, [], ["甲"], {"a": "乙"}])
FIELDS = st.sampled_from(["text", "id", "title", "标题", "note", "source.name", "注"])


@given(st.dictionaries(FIELDS, st.sampled_from([STRINGS, STRINGS, st.integers(-99, 99), VALUES])), st.data())
def test_whatever_the_fields_hold_both_ways_give_the_same(
    fields: dict[str, st.SearchStrategy[object]], data: st.DataObject
) -> None:
    records = data.draw(st.lists(st.fixed_dictionaries(fields), min_size=1, max_size=5))
    _compare(b"\n".join(orjson.dumps(one, default=str) if _small(one) else json.dumps(one).encode() for one in records))


@given(
    st.lists(
        st.sampled_from([b'{"text":"\xe7\x94\xb2"}', b'{"text": "a", "text": "b"}', b"{", b"}", b" ", b"\xff", b"\r"]),
        max_size=6,
    )
)
@example([b'{"text":"a"} {"text":"b"}', b""])
@example([b'{"text":"a"}', b'{"text":"\xe7\x94"}'])
@example([b'{"text":"a"}', b'{"text":"\\ud800"}'])
@example([b'{"text":"a"}\r', b'{"text":"b"}\r'])
@example([b'{"text":1}', b'{"text":1.0}'])
def test_whatever_the_lines_are_both_ways_give_the_same(lines: list[bytes]) -> None:
    _compare(b"\n".join(lines))
    _compare(b"".join(lines))


def _compare(lines: bytes) -> None:
    together = documents_of(lines, "a", 7, ReadOptions())
    if together is None:
        return
    alone = [
        one for number, line in enumerate(lines.split(b"\n"), 7) for one in _of_line(line, number, "a", ReadOptions())
    ]
    assert list(together.each()) == alone
    assert together.notes.to_pylist() == [canonical_json(dict(one.meta)).decode() for one in together.each()]
    assert together.characters == sum(len(one.text) for one in together.each())


def _small(record: dict[str, object]) -> bool:
    return not any(type(value) is int and abs(value) >= 2**63 for value in record.values())


def test_numbers_as_names_are_read_together(tmp_path: Path) -> None:
    _put(tmp_path, [{"id": number, "text": "正文"} for number in range(5)])
    (found,) = read_items(tmp_path)
    assert isinstance(found, Documents)
    assert [one.meta for one in found.each()] == [{"id": str(number)} for number in range(5)]


@pytest.mark.parametrize("limit", [5, 12, 30, 100])
@pytest.mark.parametrize("at_once", [1, 7, 64])
def test_blocks_of_lines_are_the_lines(limit: int, at_once: int) -> None:
    lines = [b"abc", b"", b"x" * 11, b"y" * 31, b"de", b"z" * 101, b"", b"w" * 13, b"end"]
    for data in (b"\n".join(lines), b"\n".join(lines) + b"\n", b"", b"\n", lines[5]):
        found: list[bytes | None] = []
        for first, block in line_blocks(io.BytesIO(data), limit, at_once):
            assert first == len(found) + 1
            found += [None] if block is None else block.split(b"\n")
        whole = data.split(b"\n")
        expected = [line if len(line) <= limit else None for line in (whole if whole[-1] else whole[:-1])]
        assert found == expected


def _put(folder: Path, records: Sequence[object]) -> None:
    (folder / "a.jsonl").write_text("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in records), "utf-8")
