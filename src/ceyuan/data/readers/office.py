"""Word and Excel files (Office Open XML, ISO/IEC 29500), read straight from their parts."""

import math
import re
import zipfile
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO
from xml.etree import ElementTree

from ceyuan.data.readers.documents import Document, ReadOptions, Rejection, clean_text
from ceyuan.data.readers.fields import document_of, text_fields

__all__ = ["read_excel", "read_word"]

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_S = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_OLD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_DATES = frozenset(map(str, (*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59))))
"""Numbers of the formats that are dates or times without saying how (ECMA-376 part 1, 18.8.30)."""
_LITERAL = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]')
_DATE = re.compile("[ymdhs年月日]")
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    ElementTree.ParseError,
    KeyError,
    EOFError,
    OSError,
    ValueError,
    RuntimeError,
)


def read_word(path: Path, name: str, encoding: str, options: ReadOptions) -> Iterator[Document | Rejection]:
    """The text of a ``.docx``: its paragraphs in order, those of tables too; its first short line is the title."""
    del encoding  # the parts declare their own
    try:
        with zipfile.ZipFile(path) as archive:
            part = _part(archive, "word/document.xml", options)
            if isinstance(part, str):
                yield Rejection(name, part)
                return
            with part:
                lines = list(_paragraphs(part))
    except _BROKEN as error:
        yield _unopened(path, name, ".docx") or Rejection(name, "bad_docx", str(error))
        return
    text = clean_text("\n".join(lines)).strip()
    title = next((line.strip() for line in lines if line.strip()), "")
    yield Document(name, text, title=title if len(title) <= 80 else "") if text else Rejection(name, "empty_text")


def read_excel(path: Path, name: str, encoding: str, options: ReadOptions) -> Iterator[Document | Rejection]:
    """Rows of an ``.xlsx`` whose header names a text column, each a document; another sheet is one of tabbed lines."""
    del encoding
    try:
        with zipfile.ZipFile(path) as archive:
            strings = _strings(archive, options)
            dates = _date_styles(archive, options)
            sheets = sorted(
                (one for one in archive.namelist() if re.fullmatch(r"xl/worksheets/sheet\d+\.xml", one)),
                key=lambda one: int(re.findall(r"\d+", one)[-1]),
            )
            for number, sheet in enumerate(sheets, 1):
                where = f"{name}#sheet{number}"
                try:
                    part = _part(archive, sheet, options)
                    if isinstance(part, str):
                        yield Rejection(where, part)
                        continue
                    with part:
                        yield from _sheet(_rows(part, strings, dates), where, options)
                except _BROKEN as error:  # the other sheets are still there
                    yield Rejection(where, "bad_xlsx", str(error))
    except _BROKEN as error:
        yield _unopened(path, name, ".xlsx") or Rejection(name, "bad_xlsx", str(error))


def _unopened(path: Path, name: str, wanted: str) -> Rejection | None:
    """Why a file is none of the open formats although its name says so: one with a password, or of the time before."""
    with path.open("rb") as file:
        head = file.read(1 << 16)
    if not head.startswith(_OLD):
        return None
    if "EncryptedPackage".encode("utf-16-le") in head:
        return Rejection(name, "encrypted", "it opens with a password only")
    return Rejection(name, "unsupported_format", f"the Office format before 2007: save it as {wanted}")


def _part(archive: zipfile.ZipFile, member: str, options: ReadOptions) -> IO[bytes] | str:
    """The member opened, or the reason why it is not."""
    about = archive.getinfo(member)
    if about.file_size > options.limits.unpacked or about.file_size > options.limits.ratio * max(
        about.compress_size, 4096
    ):
        return "zip_bomb"
    if about.file_size > options.limits.whole_file * 4:
        return "file_too_large"
    with archive.open(about) as head:
        if b"<!DOCTYPE" in head.read(4096):
            return "doctype_refused"
    return archive.open(about)


def _paragraphs(part: IO[bytes]) -> Iterator[str]:
    pieces: list[str] = []
    for _, element in ElementTree.iterparse(part, events=("end",)):
        if element.tag == f"{_W}t":
            pieces.append(element.text or "")
        elif element.tag in (f"{_W}tab", f"{_W}br"):
            pieces.append("\t" if element.tag.endswith("tab") else "\n")
        elif element.tag == f"{_W}p":
            yield "".join(pieces).rstrip()
            pieces = []
            element.clear()


def _strings(archive: zipfile.ZipFile, options: ReadOptions) -> list[str]:
    if "xl/sharedStrings.xml" not in archive.namelist():
        return []
    part = _part(archive, "xl/sharedStrings.xml", options)
    if isinstance(part, str):
        raise ValueError(part)
    strings: list[str] = []
    with part:
        for _, element in ElementTree.iterparse(part, events=("end",)):
            if element.tag == f"{_S}si":
                strings.append("".join(one.text or "" for one in element.iter(f"{_S}t")))
                element.clear()
    return strings


def _date_styles(archive: zipfile.ZipFile, options: ReadOptions) -> frozenset[str]:
    """The styles of cells whose number is a date; none where the part that says so is absent or broken."""
    try:
        part = _part(archive, "xl/styles.xml", options)
        if isinstance(part, str):
            return frozenset()
        with part:
            root = ElementTree.parse(part).getroot()
    except _BROKEN:
        return frozenset()
    own = {one.get("numFmtId", ""): one.get("formatCode", "") for one in root.iter(f"{_S}numFmt")}
    formats = [one.get("numFmtId", "") for one in root.iterfind(f"{_S}cellXfs/{_S}xf")]
    return frozenset(
        str(place)
        for place, one in enumerate(formats)
        if one in _DATES or _DATE.search(_LITERAL.sub("", own.get(one, "")).lower())
    )


def _rows(part: IO[bytes], strings: list[str], dates: frozenset[str]) -> Iterator[list[str]]:
    for _, element in ElementTree.iterparse(part, events=("end",)):
        if element.tag != f"{_S}row":
            continue
        row: list[str] = []
        for cell in element.iter(f"{_S}c"):
            column = _column(cell.get("r", ""), len(row))
            row.extend([""] * (column - len(row)))
            row.append(_value(cell, strings, dates))
        yield row
        element.clear()


def _column(reference: str, following: int) -> int:
    letters = reference.rstrip("0123456789")
    if not letters or len(letters) > 3:
        return following
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1


def _value(cell: ElementTree.Element, strings: list[str], dates: frozenset[str]) -> str:
    if cell.get("t") == "inlineStr":
        return "".join(one.text or "" for one in cell.iter(f"{_S}t"))
    text = cell.findtext(f"{_S}v") or ""
    if cell.get("s") in dates and cell.get("t", "n") == "n":
        return _date(text)
    return strings[int(text)] if cell.get("t") == "s" and text else text


def _date(text: str) -> str:
    """A day's number as ISO 8601, with the time where there is one; ECMA-376 part 1, 18.17.4.1 (the 1900 system)."""
    try:
        number = float(text)
    except ValueError:
        return text
    if not math.isfinite(number) or not 61 <= number < 2_958_466:  # before 1 March 1900 days are counted otherwise
        return text
    when = datetime(1899, 12, 30, tzinfo=UTC) + timedelta(seconds=round(number * 86_400))
    return when.date().isoformat() if number.is_integer() else when.replace(tzinfo=None).isoformat()  # of no zone


def _sheet(rows: Iterator[list[str]], where: str, options: ReadOptions) -> Iterator[Document | Rejection]:
    header = next(rows, None)
    if header is None:
        yield Rejection(where, "empty_text")
        return
    if text_fields(header, options):
        for number, row in enumerate(rows, 2):
            if any(row):
                yield document_of(dict(zip(header, row, strict=False)), f"{where}#{number}", options)
        return
    text = clean_text("\n".join("\t".join(row).rstrip() for row in (header, *rows))).strip()
    yield Document(where, text) if text else Rejection(where, "empty_text")
