"""The catalogue on the wire."""

from __future__ import annotations

from datetime import date, datetime
from operator import attrgetter
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, StringConstraints

from ceyuan.hub.naming import Kind
from ceyuan.hub.repositories.access import Visibility
from ceyuan.hub.repositories.cards import FACETS, labels_of
from ceyuan.hub.repositories.tables import HubRepository

Label = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100, pattern=r"^[^\x00-\x1f]*$")
]
Labels = Annotated[list[Label], Field(max_length=50)]


Grade = Literal["public", "general", "internal", "important", "core"]
Grades = Annotated[list[Grade], Field(max_length=1, description="the grade of the data, from public to core")]
Size = Literal["under-10MB", "10MB-1GB", "1GB-10GB", "10GB-100GB", "over-100GB"]
Pattern = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^\x00-\x20\x7f~^:\\\[\]]+$")]


class RepositoryIn(BaseModel, extra="forbid"):
    """A repository to be created."""

    kind: Kind
    owner: Annotated[str, Field(min_length=1, max_length=96, description="name of an organisation or person")]
    name: Annotated[str, Field(min_length=1, max_length=96)]
    visibility: Visibility = "private"
    description: Annotated[str, Field(max_length=2000)] = ""
    licence: Labels = []
    language: Labels = []
    task: Labels = []
    tag: Labels = []
    grade: Grades = []
    exist_ok: Annotated[bool, Field(description="return the repository if it exists")] = False


class RepositoryChange(BaseModel, extra="forbid"):
    """What to change of a repository; what is left out stays."""

    visibility: Visibility | None = None
    description: Annotated[str, Field(max_length=2000)] | None = None
    default_branch: Annotated[str, Field(max_length=200)] | None = None
    licence: Labels | None = None
    language: Labels | None = None
    task: Labels | None = None
    tag: Labels | None = None
    grade: Grades | None = None
    gated: Annotated[
        Literal["no", "auto", "manual"] | None,
        Field(description="who is no member must ask for the files: auto answers yes at once, manual waits for one"),
    ] = None
    protected: Annotated[
        list[Pattern] | None,
        Field(
            max_length=20,
            description="branches, as main or release/*, that only maintainers move and nobody rewrites or removes",
        ),
    ] = None


class RepositoryMove(BaseModel, extra="forbid"):
    """The new address of a repository."""

    owner: Annotated[str, Field(min_length=1, max_length=96)]
    name: Annotated[str, Field(min_length=1, max_length=96)]


class RepositoryOut(BaseModel):
    """A repository. `bytes` and `files` are those of the default branch; `held_bytes` counts all content of all
    its revisions once."""

    id: str
    kind: Kind
    owner: str
    name: str
    full_name: str
    org_id: str
    visibility: Visibility
    title: str
    description: str
    licence: list[str]
    language: list[str]
    task: list[str]
    tag: list[str]
    grade: list[str]
    default_branch: str
    head_commit: str
    files: int
    bytes: int
    held_bytes: int
    downloads: int
    likes: int
    gated: Literal["no", "auto", "manual"]
    protected: list[str]
    creator: str
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None


class FacetValue(BaseModel):
    """A value and how many repositories have it."""

    value: str
    count: int


class FacetsOut(BaseModel):
    """The commonest values of each facet, most frequent first."""

    kind: list[FacetValue]
    owner: list[FacetValue]
    licence: list[FacetValue]
    language: list[FacetValue]
    task: list[FacetValue]
    tag: list[FacetValue]
    grade: list[FacetValue]
    size: list[FacetValue]


class UsageOut(BaseModel):
    """What an organisation keeps: `logical_bytes` sums what each repository holds, `stored_bytes` counts content
    that several hold once."""

    repositories: int
    logical_bytes: int
    stored_bytes: int


class DownloadsOut(BaseModel):
    """Downloads of one day (UTC) and the bytes that they asked for."""

    day: date
    count: int
    bytes: int


_OWN = tuple(name for name in RepositoryOut.model_fields if hasattr(HubRepository, name))
_own = attrgetter(*_OWN)


def repository_out(row: HubRepository) -> dict[str, Any]:
    """What `RepositoryOut` shows of a repository."""
    labels = labels_of(row.declared, row.card)
    return {
        **dict(zip(_OWN, _own(row), strict=True)),
        **{facet: getattr(labels, facet) for facet in FACETS},
        "full_name": f"{row.owner}/{row.name}",
        "files": row.head_files,
        "bytes": row.head_bytes,
    }
