"""Likes and collections on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, StringConstraints

from ceyuan.hub.repositories.schemas import RepositoryOut, repository_out
from ceyuan.hub.repositories.tables import HubRepository
from ceyuan.hub.social.collections import Shown, slug_of
from ceyuan.hub.social.tables import HubCollection

_Line = Annotated[str, StringConstraints(strip_whitespace=True, max_length=500, pattern=r"^[^\x00]*$")]
_Title = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120, pattern=r"^[^\x00-\x1f]*$")
]


class LikeOut(BaseModel):
    """How many people like a repository, and whether the caller is one of them."""

    likes: int
    liked: bool


class CollectionIn(BaseModel, extra="forbid"):
    """A collection to be made."""

    owner: Annotated[str, Field(min_length=1, max_length=96)]
    title: _Title
    description: _Line = ""
    private: bool = True


class CollectionChange(BaseModel, extra="forbid"):
    """What to change of a collection; what is left out stays."""

    title: _Title | None = None
    description: _Line | None = None
    private: bool | None = None


class ItemIn(BaseModel, extra="forbid"):
    """A repository to be put into a collection."""

    kind: Literal["model", "dataset"]
    owner: Annotated[str, Field(min_length=1, max_length=96)]
    name: Annotated[str, Field(min_length=1, max_length=96)]
    note: _Line = ""


class ItemChange(BaseModel, extra="forbid"):
    """What to change of an item: its note, and its place, counted from 0."""

    note: _Line | None = None
    position: Annotated[int, Field(ge=0, le=10_000)] | None = None


class CollectionOut(BaseModel):
    """A collection in a list."""

    slug: str
    token: str
    owner: str
    org_id: str
    title: str
    description: str
    private: bool
    items_count: int
    updated_at: datetime


class CollectionItemOut(BaseModel):
    """An item: a repository, or another collection."""

    id: str
    note: str
    repository: RepositoryOut | None
    collection: CollectionOut | None


class CollectionView(CollectionOut):
    """A collection with what is in it, as far as the caller may see it."""

    items: list[CollectionItemOut]
    may_change: bool


def collection_out(row: HubCollection, count: int) -> dict[str, Any]:
    """What `CollectionOut` shows."""
    names = ("token", "owner", "org_id", "title", "description", "private", "updated_at")
    return {name: getattr(row, name) for name in names} | {"slug": slug_of(row), "items_count": count}


def item_out(shown: Shown) -> dict[str, Any]:
    """What `CollectionItemOut` shows."""
    what = shown.what
    return {
        "id": shown.item.id,
        "note": shown.item.note,
        "repository": repository_out(what) if isinstance(what, HubRepository) else None,
        "collection": collection_out(what, 0) if isinstance(what, HubCollection) else None,
    }
