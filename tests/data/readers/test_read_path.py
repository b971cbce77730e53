"""The reader of a user's own folder: what it reads, and what it says about what it cannot."""

import json
import os
import zipfile
from pathlib import Path

import polars as pl
import pytest

from ceyuan.data.problems import DataProblem
from ceyuan.data.readers import Document, Limits, ReadOptions, Rejection, read_path

LAW = "为了规范数据处理活动，保障数据安全，促进数据开发利用，保护个人、组织的合法权益，制定本法。"
TRADITIONAL = "為了規範資料處理活動，保障資料安全，促進資料開發利用，保護個人、組織的合法權益，制定本法。"


def read(path: Path, options: ReadOptions | None = None) -> tuple[list[Document], list[Rejection]]:
    items = list(read_path(path, options))
    return [i for i in items if isinstance(i, Document)], [i for i in items if isinstance(i, Rejection)]


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("utf-8", LAW),
        ("utf-8-sig", LAW),
        ("gb18030", LAW),
        ("gb2312", LAW),
        ("big5", TRADITIONAL),
        ("utf-16", LAW),
        ("utf-16-le", LAW + "\n" + LAW),
        ("utf-16-be", TRADITIONAL),
    ],
)
def test_text_in_each_common_encoding_is_read_as_written(tmp_path: Path, encoding: str, text: str) -> None:
    (tmp_path / "a.txt").write_bytes(text.encode(encoding))
    documents, rejections = read(tmp_path)
    assert [d.text for d in documents] == [text]
    assert rejections == []


def test_files_come_in_the_order_of_their_names_with_ids_inside_the_folder(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "x.md").write_text("# 标题\n\n正文", "utf-8")
    (tmp_path / "a.txt").write_text("甲", "utf-8")
    documents, _ = read(tmp_path)
    assert [(d.id, d.title) for d in documents] == [("a.txt", "甲"), ("b/x.md", "标题")]


def test_json_lines_go_on_after_a_bad_line(tmp_path: Path) -> None:
    lines = ['{"text": "第一条", "source": "甲"}', "{oops", '{"标题": "无正文"}', '{"内容": "第二条", "标题": "题"}']
    (tmp_path / "a.jsonl").write_text("\n".join(lines), "utf-8")
    documents, rejections = read(tmp_path)
    assert [(d.id, d.text, d.title) for d in documents] == [("a.jsonl#1", "第一条", ""), ("a.jsonl#4", "第二条", "题")]
    assert [(r.where, r.reason) for r in rejections] == [("a.jsonl#2", "bad_json"), ("a.jsonl#3", "no_text_field")]
    assert documents[0].meta == {"source": "甲"}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ([{"text": "甲"}, {"text": "乙"}], ["甲", "乙"]),
        (["甲", "乙"], ["甲", "乙"]),
        ({"content": ["甲", "乙"]}, ["甲\n乙"]),
        ({"data": [{"question": "问", "answer": "答"}]}, ["问\n答"]),
    ],
)
def test_json_of_the_usual_shapes_is_understood(tmp_path: Path, value: object, expected: list[str]) -> None:
    (tmp_path / "a.json").write_text(json.dumps(value, ensure_ascii=False), "utf-8")
    assert [d.text for d in read(tmp_path)[0]] == expected


def test_json_lines_under_the_name_of_json_are_read_as_lines(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"text": "甲"}\n{"text": "乙"}\n', "utf-8")
    assert [d.text for d in read(tmp_path)[0]] == ["甲", "乙"]


def test_csv_keeps_quoted_line_ends_and_names_rows_with_too_many_fields(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes('编号,正文\n1,"上\n下"\n2,一,二\n3,三\n'.encode("gb18030"))
    documents, rejections = read(tmp_path)
    assert [(d.text, d.meta["id"]) for d in documents] == [("上\n下", "1"), ("三", "3")]
    assert [r.reason for r in rejections] == ["too_many_fields"]


def test_parquet_uses_the_named_text_column(tmp_path: Path) -> None:
    pl.DataFrame({"body_zh": ["甲", "乙"], "n": [1, 2]}).write_parquet(tmp_path / "a.parquet")
    assert [r.reason for r in read(tmp_path)[1]] == ["no_text_field"]
    documents, _ = read(tmp_path, ReadOptions(text_field="body_zh"))
    assert [(d.id, d.text, d.meta["n"]) for d in documents] == [("a.parquet#1", "甲", "1"), ("a.parquet#2", "乙", "2")]


def test_html_gives_the_visible_text_in_its_declared_encoding(tmp_path: Path) -> None:
    page = (
        '<html><head><meta charset="gb2312"><title>通知</title><style>p{}</style></head><body><nav>首页</nav>'
        "<h1>关于数据的通知</h1><p>各单位：<br>请&nbsp;办理。</p><script>var a=1</script></body></html>"
    )
    (tmp_path / "a.html").write_bytes(page.encode("gb18030"))
    documents, _ = read(tmp_path)
    assert (documents[0].title, documents[0].text) == ("通知", "关于数据的通知\n各单位：\n请 办理。")


def test_each_unreadable_file_is_named_with_its_reason_and_the_rest_is_read(tmp_path: Path) -> None:
    (tmp_path / "junk.txt").write_bytes(bytes(range(256)) * 64)
    (tmp_path / "picture.txt").write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + os.urandom(4096))
    (tmp_path / "empty.txt").touch()
    (tmp_path / "film.mp4").write_bytes(b"x")
    (tmp_path / "torn.parquet").write_bytes(b"PAR1 torn")
    (tmp_path / "bad.json").write_text("{", "utf-8")
    (tmp_path / "good.txt").write_text(LAW, "utf-8")
    documents, rejections = read(tmp_path)
    assert [d.id for d in documents] == ["good.txt"]
    assert {r.where: r.reason for r in rejections} == {
        "junk.txt": "not_text",
        "picture.txt": "fake_extension",
        "empty.txt": "empty_file",
        "film.mp4": "unsupported_format",
        "torn.parquet": "bad_parquet",
        "bad.json": "bad_json",
    }


def test_a_line_over_the_limit_is_reported_and_the_next_ones_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes("前\n".encode() + b"x" * 3_000_000 + "\n后\n".encode())
    documents, rejections = read(tmp_path, ReadOptions(limits=Limits(line=1_000_000)))
    assert [d.text for d in documents] == ["前\n后"]
    assert [(r.where, r.reason) for r in rejections] == [("a.txt#2", "line_too_long")]


def test_memory_stays_small_on_one_endless_line(tmp_path: Path) -> None:
    import tracemalloc

    with (tmp_path / "a.jsonl").open("wb") as file:
        file.write(b'{"text": "')
        file.truncate(200 << 20)  # sparse: 200 MB of NULs that cost no disk
    with (tmp_path / "b.txt").open("wb") as file:
        for _ in range(64):
            file.write("数据安全".encode() * 100_000)
    tracemalloc.start()
    documents, rejections = read(tmp_path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert documents == []
    assert {r.where: r.reason for r in rejections} == {
        "a.jsonl": "not_text",
        "b.txt#1": "line_too_long",
        "b.txt": "empty_text",
    }
    assert peak < 40 << 20


def test_a_long_text_is_cut_into_parts_of_one_group(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("\n".join([LAW] * 200), "utf-8")
    documents, _ = read(tmp_path, ReadOptions(limits=Limits(document=10_000)))
    assert len(documents) > 1
    assert {d.group for d in documents} == {"a.txt"}
    assert "\n".join(d.text for d in documents) == "\n".join([LAW] * 200)


def test_lines_of_a_second_encoding_are_rescued_and_hopeless_ones_named(tmp_path: Path) -> None:
    lines = [LAW.encode()] * 20 + [LAW.encode("gb18030"), b"\xff\xfe\xff\x80\xff"]
    (tmp_path / "a.txt").write_bytes(b"\n".join(lines))
    documents, rejections = read(tmp_path)
    assert documents[0].text == "\n".join([LAW] * 21)
    assert [(r.where, r.reason) for r in rejections] == [("a.txt#22", "undecodable")]


def test_nul_bytes_are_set_aside_with_what_they_are_in_and_the_rest_goes_on(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(f"text\n{LAW}\0\n{LAW}\n".encode())
    (tmp_path / "b.jsonl").write_bytes(b'{"text": "\\u0000"}\n{"text": "\0"}\n' + f'{{"text": "{LAW}"}}\n'.encode())
    (tmp_path / "c.txt").write_bytes(f"{LAW}\n\0{LAW}\n{LAW}".encode())
    (tmp_path / "d.txt").write_bytes(f"{LAW}\n\0{LAW}\n{LAW}".encode("utf-16"))
    pl.DataFrame({"text": [LAW, f"\0{LAW}"]}).write_parquet(tmp_path / "e.parquet")
    documents, rejections = read(tmp_path)
    assert [d.text.replace("\n", "") for d in documents] == [LAW, LAW, LAW * 2, LAW * 2, LAW]
    assert {r.where for r in rejections} == {"a.csv#2", "b.jsonl#1", "b.jsonl#2", "c.txt#2", "d.txt#2", "e.parquet#2"}
    assert {r.reason for r in rejections} == {"nul_bytes"}


def test_a_lone_surrogate_costs_its_own_record(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b'[{"text": "\\ud800"}, {"text": "\xe7\x94\xb2"}]')
    (tmp_path / "b.jsonl").write_bytes(b'{"text": "\\udfff \xe7\x94\xb2"}\n{"text": "\xe4\xb9\x99"}\n')
    (tmp_path / "c.txt").write_bytes(f"{LAW}\n".encode() * 20 + b"\xed\xa0\x80\xe7\x94\xb2\n")
    documents, rejections = read(tmp_path)
    assert [d.text for d in documents] == ["甲", "乙", "\n".join([LAW] * 20)]
    assert [r.where for r in rejections] == ["a.json#1", "b.jsonl#1", "c.txt#21"]
    assert {r.reason for r in rejections} == {"lone_surrogate"}


def test_what_python_writes_for_numbers_that_are_none_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"text": "甲", "score": NaN}\n{"text": "乙", "score": 1}\n', "utf-8")
    documents, rejections = read(tmp_path)
    assert ([d.text for d in documents], rejections) == (["甲", "乙"], [])


@pytest.mark.parametrize(
    ("main", "other", "text"),
    [("utf-8", "big5", TRADITIONAL), ("gb18030", "utf-8", LAW), ("big5", "utf-8", TRADITIONAL)],
)
def test_a_few_lines_of_another_encoding_do_not_become_rare_characters(
    tmp_path: Path, main: str, other: str, text: str
) -> None:
    own = TRADITIONAL if main == "big5" else LAW
    lines = [*(own.encode(main) for _ in range(30)), text.encode(other)]
    (tmp_path / "a.txt").write_bytes(b"\n".join(lines))
    documents, rejections = read(tmp_path)
    assert ([d.text.splitlines()[-1] for d in documents], rejections) == ([text], [])


def test_a_line_with_a_spoilt_byte_is_named_and_not_guessed_at(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"\n".join([LAW.encode()] * 20 + [LAW.encode()[:-1]]))
    documents, rejections = read(tmp_path)
    assert [(r.where, r.reason) for r in rejections] == [("a.txt#21", "undecodable")]
    assert documents[0].text == "\n".join([LAW] * 20)


def test_a_format_that_is_not_read_names_one_that_is(tmp_path: Path) -> None:
    (tmp_path / "a.doc").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600))
    (tmp_path / "b.docx").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600))
    (tmp_path / "c.xlsx").write_bytes(
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "EncryptedPackage".encode("utf-16-le")
    )
    rejections = read(tmp_path)[1]
    assert [r.reason for r in rejections] == ["unsupported_format", "unsupported_format", "encrypted"]
    assert all(".docx" in r.detail for r in rejections[:2])


def test_links_that_lead_out_of_the_folder_are_not_followed(tmp_path: Path) -> None:
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    inside.mkdir()
    outside.mkdir()
    (outside / "secret.txt").write_text("秘密", "utf-8")
    (inside / "a.txt").write_text("公开", "utf-8")
    (inside / "link.txt").symlink_to(outside / "secret.txt")
    (inside / "loop").symlink_to(inside)
    assert [d.text for d in read(inside)[0]] == ["公开"]


@pytest.mark.parametrize(("make", "code"), [(False, "source_missing"), (True, "source_empty")])
def test_a_folder_that_is_absent_or_empty_is_one_clear_problem(tmp_path: Path, make: bool, code: str) -> None:
    folder = tmp_path / "folder"
    if make:
        folder.mkdir()
    with pytest.raises(DataProblem) as caught:
        read(folder)
    assert caught.value.code == code
    assert all(caught.value.message)


def test_a_single_file_is_a_source_too(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(LAW, "utf-8")
    (tmp_path / "b.txt").write_text(LAW, "utf-8")
    assert [d.id for d in read(tmp_path / "a.txt")[0]] == ["a.txt"]


def test_lines_that_are_sound_together_but_not_alone_are_each_judged_alone(tmp_path: Path) -> None:
    lines = ['{"text": "第一篇"}', '{"text": "第二篇"}, {"text": "同一行"}', '{"text": "第三篇"}']
    (tmp_path / "a.jsonl").write_text("\n".join(lines), "utf-8")
    found = list(read_path(tmp_path))
    assert [one.text for one in found if isinstance(one, Document)] == ["第一篇", "第三篇"]
    assert [(one.where, one.reason) for one in found if isinstance(one, Rejection)] == [("a.jsonl#2", "bad_json")]


def test_files_of_two_encodings_that_were_joined_are_read_line_by_line(tmp_path: Path) -> None:
    lines = [LAW.encode()] * 5 + [LAW.encode("gb18030")] * 5
    (tmp_path / "a.txt").write_bytes(b"\n".join(lines))
    documents, rejections = read(tmp_path)
    assert (documents[0].text, rejections) == ("\n".join([LAW] * 10), [])


def test_a_file_whose_name_is_not_utf8_is_named_and_the_rest_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(LAW)
    (tmp_path / os.fsdecode("策源.txt".encode("gbk"))).write_text(LAW)
    documents, rejections = read(tmp_path)
    assert [d.id for d in documents] == ["a.txt"]
    assert [(r.where, r.reason) for r in rejections] == [("\\udcb2\\udcdfԴ.txt", "undecodable_name")]


def test_a_member_whose_name_leads_out_of_its_archive_is_named(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("../../etc/b.txt", LAW)
        archive.writestr("c.txt", LAW)
    documents, rejections = read(tmp_path)
    assert [d.id for d in documents] == ["a.zip/c.txt"]
    assert [(r.where, r.reason) for r in rejections] == [("a.zip/../../etc/b.txt", "bad_zip_member")]


def test_the_title_of_a_markdown_file_stands_behind_its_notes(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("---\ndraft: true\n---\n\n# 开放办法\n\n正文。", "utf-8")
    (tmp_path / "b.md").write_text("# 甲\n---\n乙\n---\n", "utf-8")
    assert [one.title for one in read_path(tmp_path) if isinstance(one, Document)] == ["开放办法", "甲"]
