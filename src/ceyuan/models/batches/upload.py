"""An upload on its way into the blob store: a form (multipart/form-data) read in bounded memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.message import Message
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO

from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser

from ceyuan.models.gateway.errors import BadRequest, BodyTooLarge
from ceyuan.models.gateway.multipart import boundary_of

_LONGEST_FIELD = 4096
_HEARD = ("part_begin", "part_data", "part_end", "header_begin", "header_field", "header_value", "header_end",
          "headers_finished", "end")  # fmt: skip


@dataclass(slots=True)
class Upload:
    """What a form brought: its fields, and the file at `path`, which is the caller's to use while the form is open."""

    path: Path
    filename: str = ""
    has_file: bool = False
    size: int = 0
    fields: dict[str, str] = field(default_factory=dict)


class _Form:
    """The parser's callbacks."""

    def __init__(self, upload: Upload, out: IO[bytes]) -> None:
        self._upload = upload
        self._out = out
        self._header: tuple[bytearray, bytearray] = (bytearray(), bytearray())
        self._disposition = Message()
        self._name = ""
        self._is_file = False
        self._value = bytearray()
        self.ended = False

    def on_part_begin(self) -> None:
        self._disposition, self._value = Message(), bytearray()

    def on_header_begin(self) -> None:
        self._header = (bytearray(), bytearray())

    def on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._header[0].extend(data[start:end])

    def on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header[1].extend(data[start:end])

    def on_header_end(self) -> None:
        if bytes(self._header[0]).lower() == b"content-disposition":
            self._disposition["content-disposition"] = self._header[1].decode("utf-8", "replace")

    def on_headers_finished(self) -> None:
        said = self._disposition.get_param("name", header="content-disposition")
        self._name = said if isinstance(said, str) else ""
        self._is_file = self._name == "file"
        if self._is_file:
            self._upload.has_file = True
            self._upload.filename = Path(self._disposition.get_filename() or "file").name

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        if self._is_file:
            self._out.write(data[start:end])
            self._upload.size += end - start
        elif len(self._value) <= _LONGEST_FIELD:
            self._value.extend(data[start:end])

    def on_part_end(self) -> None:
        if not self._is_file and self._name:
            self._upload.fields[self._name] = self._value.decode("utf-8", "replace")

    def on_end(self) -> None:
        self.ended = True


@asynccontextmanager
async def receive_form(
    chunks: AsyncIterator[bytes], content_type: bytes, folder: Path, limit: int
) -> AsyncIterator[Upload]:
    """Read a whole form; its file lies in `folder` while the block runs.

    Raises `BadRequest` for one that is malformed, and `BodyTooLarge` beyond `limit` bytes.
    """
    boundary = boundary_of(content_type)
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True, mode=0o700)
    with NamedTemporaryFile("wb", dir=folder, prefix="upload-") as out:
        upload = Upload(Path(out.name))
        form = _Form(upload, out)
        parser = MultipartParser(boundary, {f"on_{name}": getattr(form, f"on_{name}") for name in _HEARD})  # type: ignore[arg-type]
        size = 0
        async for chunk in chunks:
            size += len(chunk)
            if size > limit:
                raise BodyTooLarge(
                    (f"文件超过 {limit / 1e6:g} MB", f"the file is larger than {limit / 1e6:g} MB"),
                    hint=("请拆分文件", "split the file"),
                )
            try:
                await asyncio.to_thread(parser.write, chunk)
            except MultipartParseError as error:
                raise _malformed() from error
        if not form.ended or not upload.has_file:
            raise _malformed()
        await asyncio.to_thread(out.flush)
        yield upload


def _malformed() -> BadRequest:
    return BadRequest(
        ("表单不完整或缺少文件", "the form is incomplete or has no file"),
        hint=("请以 multipart/form-data 上传字段 file", "send the field “file” as multipart/form-data"),
        param="file",
    )
