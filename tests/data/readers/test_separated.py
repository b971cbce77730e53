"""CSV: what a forgotten quote costs, and what it must not."""

import random
import re
from pathlib import Path

import pytest

from ceyuan.data.readers import Document, Limits, ReadOptions, Rejection, read_path

Found = tuple[dict[str, str], list[tuple[str, str]]]


def read(tmp_path: Path, text: str, limits: Limits | None = None) -> Found:
    """(text by name of each document, place and reason of each rejection)."""
    (tmp_path / "a.csv").write_text(text, "utf-8")
    items = list(read_path(tmp_path, ReadOptions(limits=limits or Limits())))
    texts = {one.id.partition("#")[2]: one.text for one in items if isinstance(one, Document)}
    return texts, [(one.where, one.reason) for one in items if isinstance(one, Rejection)]


def test_an_unclosed_quote_costs_its_own_row_where_the_next_quote_betrays_it(tmp_path: Path) -> None:
    text = '编号,正文,来源\n1,好,甲\n2,"没有收尾,甲\n3,第三,乙\n4,"引号内,逗号",乙\n5,第五,丙\n'
    texts, rejections = read(tmp_path, text)
    assert texts == {"2": "好", "4": "第三", "5": "引号内,逗号", "6": "第五"}
    assert rejections == [("a.csv#3", "unclosed_quote")]


def test_an_unclosed_quote_before_thousands_of_rows_costs_its_own_row(tmp_path: Path) -> None:
    rows = [f"{number},正文{number}" for number in range(5000)]
    rows[7] = '7,"忘了收尾'
    texts, rejections = read(tmp_path, "编号,正文\n" + "\n".join(rows) + "\n")
    assert len(texts) == 4999
    assert rejections == [("a.csv#9", "unclosed_quote")]


def test_a_file_cut_off_within_quotes_loses_its_last_row_alone(tmp_path: Path) -> None:
    texts, rejections = read(tmp_path, '编号,正文\n1,甲\n2,"写到一半\n就断了')
    assert texts == {"2": "甲"}
    assert rejections == [("a.csv#3", "unclosed_quote")]


def test_a_quoted_field_beyond_the_limit_is_left_and_the_rows_after_it_are_read(tmp_path: Path) -> None:
    rows = "".join(f"{number},行\n" for number in range(2, 400))
    texts, rejections = read(tmp_path, f'编号,正文\n1,"开\n{rows}', Limits(line=1000))
    assert len(texts) == 398
    assert rejections == [("a.csv#2", "unclosed_quote")]


def test_two_stray_quotes_that_make_one_record_of_three_rows_are_told_apart(tmp_path: Path) -> None:
    texts, rejections = read(tmp_path, '编号,正文,高\n1,"甲,5\n2,乙,6\n3,丙,7\n4,丁"\n5,戊,8\n')
    assert texts == {"3": "乙", "4": "丙", "5": '丁"', "6": "戊"}
    assert rejections == [("a.csv#2", "unclosed_quote")]


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ('"一行\n二行\n三行"', "一行\n二行\n三行"),
        ('"他说""好""，\n走了"', '他说"好"，\n走了'),
        ('他说"好"', '他说"好"'),
        ('"表,格\n甲,乙\n丙,丁"', "表,格\n甲,乙\n丙,丁"),
        ('"收尾后"还有字', "收尾后还有字"),
    ],
)
def test_quotes_of_every_lawful_kind_are_read_as_before(tmp_path: Path, cell: str, expected: str) -> None:
    texts, rejections = read(tmp_path, f"编号,正文\n1,{cell}\n9,后\n")
    assert [*texts.values()] == [expected, "后"]
    assert rejections == []


def test_a_header_may_go_over_lines(tmp_path: Path) -> None:
    assert read(tmp_path, '编号,正文,"备注\n（选填）"\n1,甲,无\n') == ({"3": "甲"}, [])


def test_a_header_that_is_never_closed_still_names_its_columns(tmp_path: Path) -> None:
    texts, _ = read(tmp_path, '编号,正文,"备注\n1,甲,无\n2,乙,无\n')
    assert [*texts.values()] == ["甲", "乙"]


def test_carriage_returns_for_line_ends_are_named(tmp_path: Path) -> None:
    assert read(tmp_path, "编号,正文\r1,甲\r2,乙\r") == ({}, [("a.csv", "bad_csv")])
    texts, rejections = read(tmp_path, "编号,正文\n1,甲\r乙\n2,丙\n")
    assert (texts, rejections) == ({"3": "丙"}, [("a.csv#2", "bad_csv")])


def test_every_row_of_a_file_with_many_forgotten_quotes_is_either_read_or_named(tmp_path: Path) -> None:
    chance = random.Random(7)
    rows, spoilt = [], set()
    for number in range(3000):
        if chance.random() < 0.05:
            spoilt.add(number)
            rows.append(f'{number},"坏{number},甲')
        else:
            cell = chance.choice([f"好{number}", f'"好{number}"', f'"好{number}，\n又一行"', f'"好{number},""引"""'])
            rows.append(f"{number},{cell},甲")
    texts, rejections = read(tmp_path, "编号,正文,源\n" + "\n".join(rows) + "\n")
    good = {number for number in range(3000) if number not in spoilt}
    assert {int(re.findall(r"^好(\d+)", text)[0]) for text in texts.values()} == good
    assert {reason for _, reason in rejections} == {"unclosed_quote"}
    assert len(rejections) == len(spoilt)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize(
    ("name", "text"), [("a.csv", "编号,正文\n1,的一是在\n"), ("a.txt", "的一是在\n"), ("a.html", "的一是在")]
)
def test_a_torn_last_character_is_named_and_the_rest_is_read(
    tmp_path: Path, encoding: str, name: str, text: str
) -> None:
    (tmp_path / name).write_bytes(text.encode(encoding) + b"\x41")
    items = list(read_path(tmp_path))
    assert [one.text.strip() for one in items if isinstance(one, Document)] == ["的一是在"]
    assert [one.reason for one in items if isinstance(one, Rejection)] == ["undecodable"]


def test_a_torn_last_character_of_json_is_named_and_its_records_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes('[{"text": "的一是在"}]'.encode("utf-16") + b"\x0a")
    (tmp_path / "b.jsonl").write_bytes('{"text": "不了在人"}\n'.encode("utf-16") + b"\x0a")
    items = list(read_path(tmp_path))
    assert [one.text for one in items if isinstance(one, Document)] == ["的一是在", "不了在人"]
    assert [(one.where, one.reason) for one in items if isinstance(one, Rejection)] == [
        ("a.json#end", "undecodable"),
        ("b.jsonl#2", "undecodable"),
    ]
