"""The columns of a source and rows as a mapping would make them, on the wire."""

from __future__ import annotations

from pydantic import BaseModel

from ceyuan.data.sources.schemas import ColumnMapping


class ColumnOut(BaseModel):
    """A column: in how many of the files it is, the share of records that fill it, samples of its values."""

    name: str
    files: int
    filled: float
    samples: list[str]


class TableOut(BaseModel):
    """A file of records with the names of its columns."""

    name: str
    columns: list[str]


class ProposalOut(BaseModel):
    """A mapping as the names and contents of columns suggest it; `text` is empty where nothing looks like text."""

    text: list[str]
    title: list[str]
    id: list[str]
    time: list[str]
    author: list[str]
    url: list[str]
    licence: list[str]
    group: list[str]
    others: bool
    keyed: bool


class ColumnsOut(BaseModel):
    """What the first files of records in a source hold; `more`: there are files that were not looked at. `mapping` is
    the one that is kept with the source, if any."""

    source_id: str
    columns: list[ColumnOut]
    files: list[TableOut]
    proposal: ProposalOut
    mapping: ColumnMapping | None
    more: bool


class MappedRow(BaseModel):
    """A document as the dataset would have it; `text` is its beginning, `characters` its length."""

    where: str
    text: str
    characters: int
    title: str
    group: str
    id: str
    time: str
    author: str
    url: str
    licence: str
    notes: dict[str, str]


class RejectedRow(BaseModel):
    """A record or file that gives no document, and why."""

    where: str
    reason: str
    detail: str


class PreviewOut(BaseModel):
    """Rows from all files in turn, as they look once mapped."""

    rows: list[MappedRow]
    rejected: list[RejectedRow]
