"""Office files, books, archives and packed files; and what is refused of them, with its reason."""

import gzip
import io
import random
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ceyuan.data.readers import Document, Limits, ReadOptions, Rejection, read_path

TEXT = "为了规范数据处理活动，保障数据安全，制定本法。"
_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_S = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'


def read(path: Path, options: ReadOptions | None = None) -> tuple[list[Document], dict[str, str]]:
    items = list(read_path(path, options))
    return [i for i in items if isinstance(i, Document)], {i.where: i.reason for i in items if isinstance(i, Rejection)}


def zipped(path: Path, members: dict[str, str | bytes]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)


def test_word_files_give_their_paragraphs(tmp_path: Path) -> None:
    body = "<w:p><w:r><w:t>标题</w:t></w:r></w:p>"
    body += f"<w:p><w:r><w:t>{TEXT[:5]}</w:t></w:r><w:r><w:t>{TEXT[5:]}</w:t></w:r></w:p>"
    zipped(tmp_path / "a.docx", {"word/document.xml": f"<w:document {_W}><w:body>{body}</w:body></w:document>"})
    documents, rejected = read(tmp_path)
    assert [(d.title, d.text) for d in documents] == [("标题", f"标题\n{TEXT}")]
    assert rejected == {}


def test_excel_rows_are_documents_where_a_column_holds_text(tmp_path: Path) -> None:
    strings = f"<sst {_S}><si><t>标题</t></si><si><t>正文</t></si><si><t>{TEXT}</t></si></sst>"
    rows = '<row><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c></row>'
    rows += '<row><c r="A2" t="inlineStr"><is><t>甲</t></is></c><c r="B2" t="s"><v>2</v></c></row>'
    other = '<row><c r="A1"><v>1</v></c><c r="C1"><v>3</v></c></row>'
    sheets = {
        f"xl/worksheets/sheet{n}.xml": f"<worksheet {_S}><sheetData>{r}</sheetData></worksheet>"
        for n, r in ((1, rows), (2, other))
    }
    zipped(tmp_path / "a.xlsx", {"xl/sharedStrings.xml": strings, **sheets})
    documents, rejected = read(tmp_path)
    assert [(d.title, d.text) for d in documents] == [("甲", TEXT), ("", "1\t\t3")]
    assert rejected == {}


def test_a_book_gives_its_chapters_in_reading_order(tmp_path: Path) -> None:
    container = '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container">'
    container += '<rootfiles><rootfile full-path="O/c.opf"/></rootfiles></container>'
    spine = '<spine><itemref idref="a"/><itemref idref="b"/></spine>'
    package = (
        '<package xmlns="http://www.idpf.org/2007/opf">'
        '<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>书</dc:title>'
        '</metadata><manifest><item id="b" href="2.xhtml"/><item id="a" href="1.xhtml"/></manifest>'
        + spine
        + "</package>"
    )
    pages = {f"O/{n}.xhtml": f"<html><body><p>第{n}章 {TEXT}</p></body></html>" for n in (1, 2)}
    zipped(tmp_path / "a.epub", {"META-INF/container.xml": container, "O/c.opf": package, **pages})
    documents, _ = read(tmp_path)
    assert [d.text[:3] for d in documents] == ["第1章", "第2章"]
    assert {d.group for d in documents} == {"a.epub"}


def test_pdf_text_is_read_and_scans_are_named(tmp_path: Path) -> None:
    pypdf = pytest.importorskip("pypdf")
    writer = pypdf.PdfWriter()
    writer.add_blank_page(200, 200)
    writer.write(tmp_path / "scan.pdf")
    (tmp_path / "broken.pdf").write_bytes(b"%PDF-1.7\nbroken")
    stream = b"BT /F1 12 Tf 20 100 Td (Hello Ceyuan) Tj ET"
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(stream), stream),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    out, places = io.BytesIO(b"%PDF-1.4\n"), []
    out.seek(0, 2)
    for number, one in enumerate(objects, 1):
        places.append(out.tell())
        out.write(b"%d 0 obj%s endobj\n" % (number, one))
    table = out.tell()
    out.write(b"xref\n0 6\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % place for place in places))
    out.write(b"trailer<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % table)
    (tmp_path / "good.pdf").write_bytes(out.getvalue())
    documents, rejected = read(tmp_path)
    assert [(d.id, d.text) for d in documents] == [("good.pdf", "Hello Ceyuan")]
    assert rejected == {"scan.pdf": "no_text_layer", "broken.pdf": "bad_pdf"}


def warc(url: str, body: bytes, kind: str = "text/html; charset=gbk") -> bytes:
    http = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\n\r\n".encode() + body
    head = f"WARC/1.1\r\nWARC-Type: response\r\nWARC-Target-URI: {url}\r\nContent-Length: {len(http)}\r\n\r\n"
    return head.encode() + http + b"\r\n\r\n"


def test_pages_of_an_archive_are_documents_with_their_address(tmp_path: Path) -> None:
    page = f"<html><title>题</title><body><p>{TEXT}</p></body></html>".encode("gb18030")
    records = [warc("http://a/1", page), warc("http://a/2", page), warc("http://a/x.png", b"\x89PNG", "image/png")]
    (tmp_path / "a.warc.gz").write_bytes(b"".join(gzip.compress(one) for one in records))
    (tmp_path / "cut.warc.gz").write_bytes(b"".join(gzip.compress(one) for one in records)[:-60])
    documents, rejected = read(tmp_path)
    assert [(d.meta["url"], d.text) for d in documents[:2]] == [("http://a/1", TEXT), ("http://a/2", TEXT)]
    assert list(rejected.values()) == ["truncated_gzip"]


def test_packed_files_are_read_like_any_other(tmp_path: Path) -> None:
    (tmp_path / "a.txt.gz").write_bytes(gzip.compress(TEXT.encode("gb18030")))
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("深.txt", TEXT)
    zipped(
        tmp_path / "b.zip", {"x/一.jsonl": f'{{"text": "{TEXT}"}}', "内.zip": inner.getvalue(), "__MACOSX/x.txt": "no"}
    )
    documents, rejected = read(tmp_path)
    assert [d.id for d in documents] == ["a.txt.gz/a.txt", "b.zip/x/一.jsonl#1", "b.zip/内.zip/深.txt"]
    assert {d.text for d in documents} == {TEXT}
    assert rejected == {}


def test_a_gzip_file_that_is_cut_off_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    lines = "\n".join(f'{{"text": "第{n}条，{TEXT}{n * 7919}"}}' for n in range(3000)).encode()
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(lines)[:-2000])
    documents, rejected = read(tmp_path)
    assert len(documents) > 500
    assert "truncated_gzip" in rejected.values()


def test_a_bomb_is_refused_before_it_fills_the_disk(tmp_path: Path) -> None:
    zipped(tmp_path / "bomb.zip", {"a.txt": b"0" * (30 << 20), "good.txt": TEXT})
    (tmp_path / "bomb.txt.gz").write_bytes(gzip.compress(b"0" * (30 << 20)))
    documents, rejected = read(tmp_path, ReadOptions(limits=Limits(ratio=50)))
    assert [d.text for d in documents] == [TEXT]
    assert rejected == {"bomb.zip/a.txt": "zip_bomb", "bomb.txt.gz": "zip_bomb"}


def test_archives_within_archives_end_somewhere(tmp_path: Path) -> None:
    data = TEXT.encode()
    for level in range(6):
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("a.txt" if level == 0 else f"{level}.zip", data)
        data = packed.getvalue()
    (tmp_path / "deep.zip").write_bytes(data)
    documents, rejected = read(tmp_path)
    assert documents == []
    assert list(rejected.values()) == ["nested_too_deep"]


def test_a_false_ending_is_named_with_what_the_file_is(tmp_path: Path) -> None:
    (tmp_path / "a.docx").write_text("只是文本", "utf-8")
    (tmp_path / "b.pdf").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    (tmp_path / "c.txt").write_bytes(b"PK\x03\x04" + bytes(100))
    (tmp_path / "d.zip").write_bytes(b"PK\x03\x04 torn")
    (tmp_path / "e.docx").write_bytes(b"PK\x03\x04 torn")
    assert read(tmp_path)[1] == {
        "a.docx": "fake_extension",
        "b.pdf": "fake_extension",
        "c.txt": "fake_extension",
        "d.zip": "bad_zip",
        "e.docx": "bad_docx",
    }


def test_a_file_that_holds_nothing_is_told(tmp_path: Path) -> None:
    for name in ("a.xlsx", "b.zip"):
        zipfile.ZipFile(tmp_path / name, "w").close()
    (tmp_path / "c.csv").write_text("text,title\n", "utf-8")
    (tmp_path / "d.warc").write_bytes(b"WARC/1.0\r\nContent-Length: 9999\r\n\r\ncut off")
    found = [(one.where, one.reason) for one in read_path(tmp_path) if isinstance(one, Rejection)]
    nothing = [(name, "empty_text") for name in ("a.xlsx", "b.zip", "c.csv")]
    assert found == [*nothing, ("d.warc#1", "bad_warc")]


def made_of_each(folder: Path) -> None:
    """A sound file of each packed format, with parts that can be lost one by one."""
    rows = "".join(
        f'<row><c r="A{n}" t="inlineStr"><is><t>{word}</t></is></c></row>'
        for n, word in enumerate(["正文", *[TEXT] * 9])
    )
    sheet = f"<worksheet {_S}><sheetData>{rows}</sheetData></worksheet>"
    zipped(folder / "a.xlsx", {f"xl/worksheets/sheet{n}.xml": sheet for n in (1, 2)})
    body = f"<w:p><w:r><w:t>{TEXT}</w:t></w:r></w:p>" * 30
    zipped(folder / "b.docx", {"word/document.xml": f"<w:document {_W}><w:body>{body}</w:body></w:document>"})
    zipped(folder / "c.zip", {"a.txt": TEXT * 30, "b.jsonl": f'{{"text": "{TEXT}"}}\n' * 30})
    page = f"<html><body><p>{TEXT}</p></body></html>".encode()
    (folder / "d.warc").write_bytes(warc("http://a/1", page) * 3)
    pq.write_table(pa.table({"text": [TEXT] * 50}), folder / "e.parquet")
    book(folder / "f.epub", 3)


def book(path: Path, chapters: int, without: int = 0) -> None:
    container = '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container">'
    container += '<rootfiles><rootfile full-path="c.opf"/></rootfiles></container>'
    numbers = range(1, chapters + 1)
    items = "".join(f'<item id="i{n}" href="{n}.xhtml"/>' for n in numbers)
    spine = "".join(f'<itemref idref="i{n}"/>' for n in numbers)
    package = (
        f'<package xmlns="http://www.idpf.org/2007/opf"><manifest>{items}</manifest><spine>{spine}</spine></package>'
    )
    pages = {f"{n}.xhtml": f"<html><body><p>第{n}章 {TEXT}</p></body></html>" for n in numbers if n != without}
    zipped(path, {"META-INF/container.xml": container, "c.opf": package, **pages})


@pytest.mark.parametrize("seed", range(40))
def test_whatever_is_damaged_in_a_file_it_is_named_and_nothing_stops(tmp_path: Path, seed: int) -> None:
    made_of_each(tmp_path)
    (tmp_path / "z.txt").write_text(TEXT, "utf-8")
    chance = random.Random(seed)
    for path in tmp_path.glob("[a-f].*"):
        data = bytearray(path.read_bytes())
        if seed % 3 == 0:
            del data[chance.randrange(1, len(data)) :]
        for _ in range(chance.randrange(1, 8)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        path.write_bytes(data)
    documents, _ = read(tmp_path)
    assert documents[-1].id == "z.txt"


def test_a_chapter_that_is_absent_costs_itself_alone(tmp_path: Path) -> None:
    book(tmp_path / "a.epub", 3, without=2)
    documents, rejected = read(tmp_path)
    assert [d.text[:3] for d in documents] == ["第1章", "第3章"]
    assert rejected == {"a.epub#2": "bad_epub"}


def test_a_sheet_that_is_broken_costs_itself_alone(tmp_path: Path) -> None:
    row = f'<row><c r="A1" t="inlineStr"><is><t>{TEXT}</t></is></c></row>'
    good = f"<worksheet {_S}><sheetData>{row}</sheetData></worksheet>"
    zipped(tmp_path / "a.xlsx", {"xl/worksheets/sheet1.xml": good[:-20], "xl/worksheets/sheet2.xml": good})
    documents, rejected = read(tmp_path)
    assert [d.id for d in documents] == ["a.xlsx#sheet2"]
    assert rejected == {"a.xlsx#sheet1": "bad_xlsx"}


def test_days_in_a_sheet_are_days_and_not_numbers(tmp_path: Path) -> None:
    cells = [["正文", "day", "hour", "share"], [TEXT, 45292, 45292.5, 0.5]]
    rows = "".join(
        "<row>"
        + "".join(
            f'<c r="{column}{n}" s="{column_style}"><v>{value}</v></c>'
            if isinstance(value, int | float)
            else f'<c r="{column}{n}" t="inlineStr"><is><t>{value}</t></is></c>'
            for column, column_style, value in zip("ABCD", (0, 1, 2, 3), row, strict=True)
        )
        + "</row>"
        for n, row in enumerate(cells, 1)
    )
    styles = (
        f'<styleSheet {_S}><numFmts><numFmt numFmtId="180" formatCode="yyyy&quot;年&quot;m&quot;月&quot;d"/>'
        '<numFmt numFmtId="181" formatCode="0.0&quot;d&quot;%"/></numFmts>'
        '<cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="180"/><xf numFmtId="181"/></cellXfs></styleSheet>'
    )
    sheet = f"<worksheet {_S}><sheetData>{rows}</sheetData></worksheet>"
    zipped(tmp_path / "a.xlsx", {"xl/styles.xml": styles, "xl/worksheets/sheet1.xml": sheet})
    documents, _ = read(tmp_path)
    assert documents[0].meta == {"day": "2024-01-01", "hour": "2024-01-01T12:00:00", "share": "0.5"}


def test_junk_between_the_records_of_an_archive_is_named_and_the_next_one_is_read(tmp_path: Path) -> None:
    page = f"<html><body><p>{TEXT}</p></body></html>".encode()
    (tmp_path / "a.warc").write_bytes(warc("http://a/1", page) + b"JUNK\r\nmore\r\n" + warc("http://a/2", page))
    documents, rejected = read(tmp_path)
    assert [d.meta["url"] for d in documents] == ["http://a/1", "http://a/2"]
    assert rejected == {"a.warc#2": "bad_warc"}
