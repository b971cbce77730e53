"""WARC archives of web pages (ISO 28500:2017), plain or gzip by record: HTML responses become documents."""

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

from ceyuan.data.readers.documents import Document, ReadOptions, Rejection, clean_text
from ceyuan.data.readers.html import decoded_page, page_text

__all__ = ["read_warc", "records"]

_HEADER_LIMIT = 64 << 10


def read_warc(path: Path, name: str, encoding: str, options: ReadOptions) -> Iterator[Document | Rejection]:
    """Documents of the HTML and plain-text responses in an archive, with ``url`` and ``date`` in the notes."""
    del encoding
    with path.open("rb") as raw:
        packed = raw.read(2) == b"\x1f\x8b"
        raw.seek(0)
        file = cast(BinaryIO, gzip.GzipFile(fileobj=raw)) if packed else raw
        number = 0
        try:
            for number, (header, body) in enumerate(records(file, options.limits.whole_file, mend=True), 1):
                if "problem" in header:
                    yield Rejection(f"{name}#{number}", "bad_warc", header["problem"])
                elif header.get("warc-type") in ("response", "resource"):
                    yield from _document(header, body, f"{name}#{number}")
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            yield Rejection(f"{name}#{number + 1}", "truncated_gzip" if packed else "bad_warc", str(error))
        except ValueError as error:
            yield Rejection(f"{name}#{number + 1}", "bad_warc", str(error))


def records(file: BinaryIO, limit: int, *, mend: bool = False) -> Iterator[tuple[dict[str, str], bytes | None]]:
    """(header fields in lower case, body) of each record; None for a body over ``limit``, which is skipped.

    Raises ``ValueError`` where the bytes are no record; with ``mend`` a header that holds only the ``problem`` comes
    for all that lies before the next record.
    """
    line = b""
    while True:
        line = line or file.readline(_HEADER_LIMIT)
        while line in (b"\r\n", b"\n"):
            line = file.readline(_HEADER_LIMIT)
        if not line:
            return
        header = _header(file) if line.startswith(b"WARC/") else {}
        length = header.get("content-length", "")
        line = b""
        if not (length.isascii() and length.isdecimal()):
            fault = "a record without length" if header else "no WARC record begins here"
            if not mend:
                raise ValueError(fault)
            yield {"problem": fault}, None
            line = _next_record(file)
            continue
        size = int(length)
        if size > limit:
            _skip(file, size)
            yield header, None
            continue
        body = file.read(size)
        if len(body) < size:
            raise EOFError("the last record is cut off")
        yield header, body


def _header(file: BinaryIO) -> dict[str, str]:
    header: dict[str, str] = {}
    while (line := file.readline(_HEADER_LIMIT)).strip():
        key, _, value = line.decode("utf-8", "replace").partition(":")
        header[key.strip().lower()] = value.strip()
    return header


def _next_record(file: BinaryIO) -> bytes:
    """The line that the next record begins with; empty where there is none."""
    line = file.readline(_HEADER_LIMIT)
    while line and not line.startswith(b"WARC/"):
        line = file.readline(_HEADER_LIMIT)
    return line


def _skip(file: BinaryIO, size: int) -> None:
    while size > 0:
        block = file.read(min(size, 1 << 20))
        if not block:
            raise EOFError("the last record is cut off")
        size -= len(block)


def _document(header: dict[str, str], body: bytes | None, where: str) -> Iterator[Document | Rejection]:
    url = header.get("warc-target-uri", "").strip("<>")
    if body is None:
        yield Rejection(where, "file_too_large", url)
        return
    fields: dict[str, str] = {}
    status = "200"
    if header.get("warc-type") == "response":
        head, _, body = body.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        status = [*first.split(" "), ""][1]
        fields = {k.strip().lower(): v.strip() for k, _, v in (line.partition(":") for line in lines)}
    kind = fields.get("content-type", header.get("content-type", "")).lower()
    if not status.startswith("2") or not ("html" in kind or kind.startswith("text/plain")):
        return
    if fields.get("content-encoding", "").lower() == "gzip":
        try:
            unpacked = zlib.decompressobj(31)
            body = unpacked.decompress(body, 64 << 20)
        except zlib.error:
            yield Rejection(where, "truncated_gzip", url)
            return
    page = decoded_page(body, kind)
    title, text = page_text(page) if "html" in kind else ("", page.strip())
    meta = {"url": url, "date": header.get("warc-date", "")}
    yield (
        Document(where, clean_text(text), title=clean_text(title), meta=meta)
        if text
        else Rejection(where, "empty_text", url)
    )
