"""Requests that carry a file (multipart/form-data, RFC 7578): taken apart as far as the gateway must, and put together
again with another name of the model."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from email.message import Message

from ceyuan.models.gateway.errors import BadRequest

_MOST_PARTS = 64
BYTES_PER_SECOND = 16_000
"""What a second of sound takes at most in the usual formats (128 kbit/s), where its length cannot be read."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part: its name, the name of its file if it is one, its head as it came, its content."""

    name: str
    filename: str | None
    head: bytes
    content: bytes

    @property
    def text(self) -> str:
        return self.content.decode("utf-8", "replace")


def boundary_of(content_type: bytes) -> bytes:
    """The boundary that a header names; raises `BadRequest`."""
    message = Message()
    message["content-type"] = content_type.decode("latin-1")
    boundary = message.get_param("boundary")
    if message.get_content_type() != "multipart/form-data" or not isinstance(boundary, str) or not boundary:
        raise BadRequest(
            ("请求须为 multipart/form-data", "the request must be multipart/form-data"),
            hint=("请以表单上传文件", "upload the file as a form"),
        )
    return boundary.encode("latin-1")


def parts_of(body: bytes, content_type: bytes) -> list[Part]:
    """The parts of a form in order; raises `BadRequest` for one that is cut off or malformed."""
    marker = b"--" + boundary_of(content_type)
    pieces = (b"\r\n" + body).split(b"\r\n" + marker)
    if len(pieces) < 3 or not pieces[-1].startswith(b"--") or len(pieces) > _MOST_PARTS + 2:
        raise _malformed()
    return [_part(piece) for piece in pieces[1:-1]]


def _part(piece: bytes) -> Part:
    head, found, content = piece.removeprefix(b"\r\n").partition(b"\r\n\r\n")
    if not found:
        raise _malformed()
    message = Message()
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-disposition":
            message["content-disposition"] = value.strip().decode("utf-8", "replace")
    said = message.get_param("name", header="content-disposition")
    if not isinstance(said, str):
        raise _malformed()
    return Part(said, message.get_filename(), head, content)


def _malformed() -> BadRequest:
    return BadRequest(
        ("表单格式有误或不完整", "the form is malformed or incomplete"), hint=("请检查上传内容", "check the upload")
    )


def with_field(body: bytes, content_type: bytes, name: str, value: str) -> bytes:
    """The form with another value of one field; everything else stays byte for byte."""
    marker = b"--" + boundary_of(content_type)
    out = []
    for part in parts_of(body, content_type):
        content = value.encode() if part.name == name else part.content
        out.append(b"%b\r\n%b\r\n\r\n%b\r\n" % (marker, part.head, content))
    return b"".join(out) + marker + b"--\r\n"


def seconds_of(content: bytes) -> int:
    """How long a recording is: read from a WAV header, else estimated from its size; at least a second."""
    if content[:4] == b"RIFF" and content[8:12] == b"WAVE":
        at = 12
        rate = 0
        while at + 8 <= len(content):
            kind, size = content[at : at + 4], struct.unpack("<I", content[at + 4 : at + 8])[0]
            if kind == b"fmt " and at + 20 <= len(content):
                rate = struct.unpack("<I", content[at + 16 : at + 20])[0]
            elif kind == b"data" and rate:
                return max(1, -(-int(min(size, len(content) - at - 8)) // int(rate)))
            at += 8 + size + size % 2
    return max(1, -(-len(content) // BYTES_PER_SECOND))
