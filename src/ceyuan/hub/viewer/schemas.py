"""Views of files on the wire; `format` says which one it is."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from ceyuan.hub.browsing.schemas import resolve_url
from ceyuan.hub.viewer.formats import Table
from ceyuan.hub.viewer.service import Binary, Look, Media, ModelHeader, Text


class _FileOut(BaseModel):
    commit: str
    path: str
    size: int
    sha256: str
    url: str


class TextOut(_FileOut):
    """The beginning of a text, decoded."""

    format: Literal["text"]
    text: str
    encoding: str
    truncated: bool


class ColumnOut(BaseModel):
    """A column with its type in the file's own words."""

    name: str
    type: str


class TableOut(_FileOut):
    """A page of rows. `total` is null where the format does not say it; `next` is the `start` of the next page."""

    format: Literal["table"]
    columns: list[ColumnOut]
    rows: list[list[Any]]
    total: int | None
    start: int
    next: int | None


class MediaOut(_FileOut):
    """A file that a browser shows from its `url`."""

    format: Literal["media"]
    media: Literal["image", "audio", "video", "pdf"]


class TensorOut(BaseModel):
    """A tensor of a model file."""

    name: str
    dtype: str
    shape: list[int]
    parameters: int


class TensorsOut(_FileOut):
    """The header of a model file: all its metadata, and a page of its tensors from number `start` on."""

    format: Literal["tensors"]
    container: Literal["safetensors", "gguf"]
    metadata: dict[str, Any]
    parameters: int
    dtypes: dict[str, int]
    tensors: list[TensorOut]
    total: int
    start: int
    next: int | None


class QueryIn(BaseModel, extra="forbid"):
    """One SELECT over a table file, which it calls `data`."""

    path: Annotated[str, Field(min_length=1, max_length=1024)]
    revision: Annotated[str, Field(max_length=255)] | None = None
    query: Annotated[str, Field(min_length=1, max_length=20_000)]
    limit: Annotated[int, Field(ge=1, le=1000)] = 100


class AnswerOut(BaseModel):
    """What a query found; `more` says that there are rows beyond `limit`."""

    columns: list[ColumnOut]
    rows: list[list[Any]]
    more: bool


class BinaryOut(_FileOut):
    """The first bytes, in hexadecimal, of a file that cannot be shown otherwise."""

    format: Literal["binary"]
    head: str


ViewOut = Annotated[TextOut | TableOut | MediaOut | TensorsOut | BinaryOut, Field(discriminator="format")]


def look_out(look: Look, start: int, limit: int) -> dict[str, Any]:
    """What the views show."""
    revision, content = look.revision, look.content
    url = resolve_url(revision.kind, revision.owner, revision.name, revision.commit, look.path)
    common = {
        "commit": revision.commit,
        "path": look.path,
        "size": look.file.size,
        "sha256": look.file.sha256,
        "url": url,
    }
    if isinstance(content, Text):
        shown = {"format": "text", "text": content.text, "encoding": content.encoding, "truncated": content.truncated}
    elif isinstance(content, Table):
        columns = [{"name": column.name, "type": column.type} for column in content.columns]
        shown = {"format": "table", "columns": columns, "rows": content.rows, "total": content.total}
        shown |= {"start": start, "next": content.next}
    elif isinstance(content, Media):
        shown = {"format": "media", "media": content.media}
    elif isinstance(content, Binary):
        shown = {"format": "binary", "head": content.head.hex(" ")}
    else:
        shown = _tensors(content, start, limit)
    return {**common, **shown}


def _tensors(content: ModelHeader, start: int, limit: int) -> dict[str, Any]:
    header = content.header
    page = header.tensors[start : start + limit]
    dtypes: dict[str, int] = {}
    for tensor in header.tensors:
        dtypes[tensor.dtype] = dtypes.get(tensor.dtype, 0) + tensor.parameters
    rows = [{"name": t.name, "dtype": t.dtype, "shape": list(t.shape), "parameters": t.parameters} for t in page]
    end = start + len(page)
    return {
        "format": "tensors",
        "container": content.container,
        "metadata": header.metadata,
        "parameters": header.parameters,
        "dtypes": dtypes,
        "tensors": rows,
        "total": len(header.tensors),
        "start": start,
        "next": end if end < len(header.tensors) else None,
    }
