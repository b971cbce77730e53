"""A page as a WARC file of its own (ISO 28500:2017): its place follows from its address, its bytes from its content."""

import gzip
import hashlib
import uuid
from pathlib import Path
from typing import BinaryIO

from ceyuan.data.crawling.fetching import Answer
from ceyuan.data.files import write_atomically

__all__ = ["page_file", "written"]

_KEPT_FIELDS = ("content-type", "last-modified", "etag", "content-language")


def page_file(folder: Path, url: str) -> Path:
    """Where the page of an address lies."""
    name = hashlib.blake2b(url.encode(), digest_size=12).hexdigest()
    return folder / "pages" / name[:2] / f"{name}.warc.gz"


def written(path: Path, url: str, answer: Answer, when: str) -> None:
    """Write the answer as one ``response`` record, gzip."""
    fields = [f"{name.title()}: {answer.headers[name]}" for name in _KEPT_FIELDS if name in answer.headers]
    head = "\r\n".join([f"HTTP/1.1 {answer.status} OK", *fields, f"Content-Length: {len(answer.body)}"])
    block = head.encode("latin-1", "replace") + b"\r\n\r\n" + answer.body
    digest = hashlib.sha256(answer.body).hexdigest()
    record = [
        "WARC/1.1",
        "WARC-Type: response",
        f"WARC-Record-ID: <urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, f'{url} {digest}')}>",
        f"WARC-Date: {when}",
        f"WARC-Target-URI: {url}",
        f"WARC-Payload-Digest: sha256:{digest}",
        "Content-Type: application/http;msgtype=response",
        f"Content-Length: {len(block)}",
    ]
    data = "\r\n".join(record).encode() + b"\r\n\r\n" + block + b"\r\n\r\n"
    write_atomically(path, lambda file: _packed(file, data))


def _packed(file: BinaryIO, data: bytes) -> None:
    with gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0) as packed:
        packed.write(data)
