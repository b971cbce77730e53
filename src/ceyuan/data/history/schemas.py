"""Versions and documents of corpora on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from ceyuan.data.pipelines.schemas import ChangeOut

DiffKind = Literal["added", "removed", "changed", "newly_dropped", "newly_kept"]


class VersionOut(BaseModel):
    """A revision of a corpus. `content` is a hash of the documents that it holds: equal content, equal hash, however
    it was made; null for revisions made before there were such hashes. `restored` is the commit that a roll-back
    brought back, `why` what was said to it; such a version has no `change` of its own."""

    revision: str
    commit: str
    created_at: datetime
    author: str
    title: str
    why: str
    documents: int
    kept: int
    content: str | None
    recipe: str
    change: ChangeOut | None
    restored: str | None
    current: bool


class VersionsOut(BaseModel):
    """Versions, newest first; `next` is the commit to go on from."""

    items: list[VersionOut]
    next: str | None


class DiffRow(BaseModel):
    """A document that differs. Reasons are null where it is kept, and where it is absent."""

    id: str
    domain: str
    kind: DiffKind
    reason_before: str | None
    reason_after: str | None


class DiffOut(BaseModel):
    """What differs between two versions: counts by kind over all, and some of the documents."""

    earlier: str
    later: str
    counts: dict[DiffKind, int]
    documents: list[DiffRow]


class RollBackIn(BaseModel, extra="forbid"):
    """The version to go back to, and why."""

    to: Annotated[str, Field(min_length=1, max_length=200, description="branch, tag or commit")]
    why: Annotated[str, Field(max_length=400)] = ""


class RolledBack(BaseModel):
    """The new revision, whose content is the earlier one's."""

    revision: str
    commit: str
    restored: str


class AtOut(BaseModel):
    """The version that was current at a time."""

    revision: str
    commit: str
    created_at: datetime


class DocumentRow(BaseModel):
    """A document of a corpus; title and the text's beginning only for those that are kept. `field` and `form` are null
    where the corpus was not classified so."""

    id: str
    source: str
    domain: str
    characters: int
    reason: str | None
    duplicate_of: str | None
    similarity: float | None
    cluster: str | None
    split: str | None
    field: str | None
    form: str | None
    title: str | None
    text: str | None


class FacetValue(BaseModel):
    """A value that documents have, its names in Chinese and English, and how many have it."""

    value: str
    names: tuple[str, str]
    documents: int


class DocumentFacets(BaseModel):
    """The values of each facet, the most frequent first: of the documents that fit all filters but the facet's own.
    `field` and `form` are empty where the corpus was not classified so."""

    domain: list[FacetValue]
    reason: list[FacetValue]
    field: list[FacetValue]
    form: list[FacetValue]


class DocumentsOut(BaseModel):
    """A page of documents, sorted by id; `total` fit."""

    revision: str
    total: int
    documents: list[DocumentRow]
    facets: DocumentFacets


class TraceOut(BaseModel):
    """The way of one document, from its source to where it lies or why it went."""

    revision: str
    trace: dict[str, Any]
