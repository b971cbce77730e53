"""Opening a file for a look: reads ranges of its blob, never more than a view needs."""

from __future__ import annotations

import asyncio
import importlib.util
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ceyuan.hub.browsing.service import find_file, open_repository
from ceyuan.hub.errors import FileTooLarge, NotViewable
from ceyuan.hub.gating.access import require_open
from ceyuan.hub.naming import Kind
from ceyuan.hub.repositories.service import find_repository
from ceyuan.hub.revision import Revision
from ceyuan.hub.settings import HubSettings
from ceyuan.hub.trees import File
from ceyuan.hub.viewer.formats import (
    Column,
    MoreNeeded,
    Table,
    Tensors,
    ViewProblem,
    decode_text,
    delimited_page,
    encoding_of,
    header_length,
    json_lines_page,
    read_gguf,
    read_safetensors,
    view_of,
)
from ceyuan.hub.viewer.formats.kinds import View as Kinds
from ceyuan.hub.xet.reading import read_part
from ceyuan.kernel.actor import Actor
from ceyuan.kernel.errors import MissingExtra
from ceyuan.kernel.jobs.errors import JobFailed
from ceyuan.kernel.jobs.process import run_process
from ceyuan.kernel.platform import Platform

HEAD = 64 * 1024
_WINDOWS = (1024 * 1024, 16 * 1024 * 1024)
_GGUF_WINDOWS = (1024 * 1024, 16 * 1024 * 1024, 64 * 1024 * 1024)
_CACHED_PAGES = 64
_PROCESSES = 2


@dataclass(frozen=True, slots=True)
class Text:
    """The beginning of a text file; `truncated` if there is more."""

    text: str
    encoding: str
    truncated: bool


@dataclass(frozen=True, slots=True)
class Media:
    """A file that the browser shows by itself, from its download address."""

    media: str


@dataclass(frozen=True, slots=True)
class Binary:
    """A file of which only the first bytes can be shown."""

    head: bytes


@dataclass(frozen=True, slots=True)
class ModelHeader:
    """The header of a model file: `container` is safetensors or gguf."""

    container: str
    header: Tensors


Content = Text | Table | Media | Binary | ModelHeader


@dataclass(frozen=True, slots=True)
class Look:
    """A file and what is shown of it."""

    revision: Revision
    path: str
    file: File
    content: Content


@dataclass(frozen=True, slots=True)
class Answer:
    """The rows that a query asked for; `more` if there are more than were asked for."""

    columns: Sequence[Column]
    rows: Sequence[Sequence[Any]]
    more: bool


class Viewer:
    """Opens files for a look; keeps the latest pages of Parquet files, each of which costs a process."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._settings = platform.section(HubSettings)
        self._pages: OrderedDict[tuple[str, int, int], Table] = OrderedDict()
        self._turns: asyncio.Semaphore | None = None

    async def look(
        self, actor: Actor, address: tuple[Kind, str, str], revision: str | None, path: str, *, start: int, limit: int
    ) -> Look:
        """A page of a file from `start` (a row or byte, as the page before said) with at most `limit` rows.

        Raises `EntryNotFound`, `NotViewable`, `FileTooLarge`, or `MissingExtra` where an engine is not installed.
        """
        async with self._platform.work(actor, write=False) as uow:
            row = await find_repository(uow, *address)
            await require_open(uow, row)
            view = await open_repository(uow, row, revision)
            file = await find_file(view, path)
        # Reading may take its time: the transaction is over.
        try:
            content = await self._content(view_of(path), path, file, start, limit)
        except ViewProblem as problem:
            raise NotViewable((problem.message[0], problem.message[1])) from problem
        return Look(view.revision, path, file, content)

    async def ask(
        self, actor: Actor, address: tuple[Kind, str, str], revision: str | None, path: str, query: str, *, limit: int
    ) -> Answer:
        """The answer of one SELECT over the table file at `path`, which the query calls `data`; at most `limit` rows.

        Raises `EntryNotFound`, `NotViewable` for other files and for what the engine refuses, `FileTooLarge`, or
        `MissingExtra` where the engine is not installed.
        """
        kind = view_of(path)
        if kind not in ("parquet", "delimited", "json_lines"):
            raise NotViewable(("只有表格文件可以查询", "only table files can be queried"))
        async with self._platform.work(actor, write=False) as uow:
            row = await find_repository(uow, *address)
            await require_open(uow, row)
            file = await find_file(await open_repository(uow, row, revision), path)
        self._require_engine("duckdb", file, ("表格查询", "The SQL view of tables"))
        arguments = {"kind": kind, "query": query, "limit": limit, "memory_mb": self._settings.view_memory_mb // 2}
        found = await self._process("ceyuan.hub.viewer.formats.sql:ask", file, arguments)
        columns = [Column(name, kind) for name, kind in found["columns"]]
        return Answer(columns, found["rows"], found["more"])

    def _require_engine(self, module: str, file: File, what: tuple[str, str]) -> None:
        if importlib.util.find_spec(module) is None:
            raise MissingExtra("standard", what)
        most = self._settings.view_table_bytes
        if file.size > most:
            raise FileTooLarge(
                (f"表格预览最大支持 {most} 字节", f"table files of more than {most} bytes are not previewed"),
                hint=("请下载后查看", "download the file instead"),
            )

    async def _content(self, kind: Kinds, path: str, file: File, start: int, limit: int) -> Content:
        if kind in ("image", "audio", "video", "pdf"):
            return Media(kind)
        if kind == "parquet":
            return await self._parquet(file, start, limit)
        if kind == "safetensors":
            length = header_length(await self._range(file, 0, 8), file.size)
            header = await self._range(file, 8, 8 + length)
            return ModelHeader(kind, await asyncio.to_thread(read_safetensors, header))
        if kind == "gguf":
            return ModelHeader(kind, await self._gguf(file))
        head = await self._range(file, 0, HEAD)
        encoding = encoding_of(head)
        if encoding is None:
            return Binary(head[:256])
        if kind == "text" or encoding.startswith(("utf-16", "utf-32")):
            return await self._text(file, encoding)
        return await self._rows(kind, path, file, head, encoding, start, limit)

    async def _range(self, file: File, start: int, end: int) -> bytes:
        return await read_part(self._platform, file.sha256, start, min(end, file.size))

    async def _text(self, file: File, encoding: str) -> Text:
        shown = min(file.size, self._settings.view_text_bytes)
        data = await self._range(file, 0, shown)
        return Text(decode_text(data, encoding, whole=shown == file.size), encoding, shown < file.size)

    async def _rows(
        self, kind: Kinds, path: str, file: File, head: bytes, encoding: str, start: int, limit: int
    ) -> Table:
        if start > file.size:
            raise ViewProblem("超出文件末尾", "beyond the end of the file")
        for length in _WINDOWS:
            window = await self._range(file, start, start + length)
            try:
                if kind == "json_lines":
                    return await asyncio.to_thread(
                        json_lines_page, window, start=start, encoding=encoding, limit=limit, size=file.size
                    )
                mark = "\t" if path.lower().endswith(".tsv") else None
                return await asyncio.to_thread(
                    delimited_page,
                    head,
                    window,
                    start=start,
                    encoding=encoding,
                    limit=limit,
                    size=file.size,
                    delimiter=mark,
                )
            except MoreNeeded:
                continue
        raise ViewProblem("此处的一行过长,无法预览", "a row here is too long for a preview")

    async def _gguf(self, file: File) -> Tensors:
        for length in _GGUF_WINDOWS:
            window = await self._range(file, 0, length)
            try:
                return await asyncio.to_thread(read_gguf, window)
            except MoreNeeded:
                if length >= file.size:
                    break
        raise ViewProblem("GGUF 文件头不完整或过大", "the GGUF header is incomplete or too large for a preview")

    async def _parquet(self, file: File, start: int, limit: int) -> Table:
        known = self._pages.get((file.sha256, start, limit))
        if known is not None:
            self._pages.move_to_end((file.sha256, start, limit))
            return known
        self._require_engine("pyarrow", file, ("Parquet 预览", "The preview of Parquet files"))
        page = await self._process("ceyuan.hub.viewer.formats.parquet:page", file, {"start": start, "limit": limit})
        columns = [Column(name, kind) for name, kind in page["columns"]]
        table = Table(columns, page["rows"], page["total"], page["next"])
        self._pages[file.sha256, start, limit] = table
        if len(self._pages) > _CACHED_PAGES:
            self._pages.popitem(last=False)
        return table

    async def _process(self, entry: str, file: File, arguments: dict[str, Any]) -> dict[str, Any]:
        """What an engine function says of the file, in its own process with limits on memory and time."""

        async def unheard(_said: Any) -> None:
            """A page has nothing to report on its way."""

        if self._turns is None:
            self._turns = asyncio.Semaphore(_PROCESSES)
        async with self._turns, self._platform.blobs.as_file(file.sha256) as path:
            try:
                outcome = await run_process(
                    entry,
                    {**arguments, "path": str(path)},
                    on_report=unheard,
                    on_line=unheard,
                    memory_mb=self._settings.view_memory_mb,
                    time_s=self._settings.view_seconds,
                )
            except JobFailed as error:
                raise NotViewable(error.message) from error
        page: dict[str, Any] = outcome.result
        return page
