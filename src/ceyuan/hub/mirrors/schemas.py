"""Mirrors on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, StringConstraints

from ceyuan.hub.mirrors.tables import HubMirror, HubMirrored
from ceyuan.hub.repositories.access import Visibility
from ceyuan.hub.repositories.tables import HubRepository

_Glob = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]+$")]
_Globs = Annotated[list[_Glob], Field(max_length=50)]
_Revision = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x20\x7f]+$")]
_Revisions = Annotated[list[_Revision], Field(min_length=1, max_length=20)]
_Hours = Annotated[int, Field(ge=0, le=24 * 366, description="hours between two runs; 0 = only when asked")]
_Token = Annotated[str, Field(max_length=500, description="a token for the other hub; it is never shown again")]


class MirrorIn(BaseModel, extra="forbid"):
    """What is to be mirrored into which owner here."""

    owner: Annotated[str, Field(min_length=1, max_length=96, description="organisation or person here")]
    upstream: Annotated[str, Field(max_length=300, description="address of the other hub")] = "https://huggingface.co"
    kind: Literal["model", "dataset"] = "model"
    source: Annotated[str, Field(max_length=200, description="owner/name, or owner for all of its repositories")]
    token: _Token | None = None
    revisions: _Revisions = ["main"]
    include: _Globs = []
    exclude: _Globs = []
    visibility: Visibility = "private"
    every_hours: _Hours = 24
    enabled: bool = True


class MirrorChange(BaseModel, extra="forbid"):
    """What to change of a mirror; what is left out stays."""

    token: _Token | None = None
    revisions: _Revisions | None = None
    include: _Globs | None = None
    exclude: _Globs | None = None
    visibility: Visibility | None = None
    every_hours: _Hours | None = None
    enabled: bool | None = None


class MirrorOut(BaseModel):
    """A mirror. `job_id` is its last run, `error` what went wrong there first, `next_at` when it runs again."""

    id: str
    org_id: str
    owner: str
    upstream: str
    kind: Literal["model", "dataset"]
    source: str
    has_token: bool
    revisions: list[str]
    include: list[str]
    exclude: list[str]
    visibility: Visibility
    every_hours: int
    enabled: bool
    next_at: datetime | None
    job_id: str | None
    checked_at: datetime | None
    error: str
    creator: str
    created_at: datetime


class MirroredOut(BaseModel):
    """A revision that was taken: the commit there, the commit here, and the licence that the card there named."""

    repository: str
    kind: Literal["model", "dataset"]
    source: str
    revision: str
    upstream_commit: str
    commit_id: str
    licence: str
    files: int
    taken_at: datetime


class MirrorRunOut(BaseModel):
    """The job that was started."""

    job_id: str


def mirror_out(row: HubMirror) -> dict[str, Any]:
    """What `MirrorOut` shows of a mirror."""
    own = {name: getattr(row, name) for name in MirrorOut.model_fields if hasattr(row, name)}
    return {**own, "has_token": row.token is not None}


def mirrored_out(mirrored: HubMirrored, repository: HubRepository) -> dict[str, Any]:
    """What `MirroredOut` shows."""
    own = {name: getattr(mirrored, name) for name in MirroredOut.model_fields if hasattr(mirrored, name)}
    return {**own, "repository": f"{repository.owner}/{repository.name}", "kind": repository.kind}
