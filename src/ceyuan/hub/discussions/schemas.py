"""Discussions and pull requests on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, StringConstraints

from ceyuan.hub.discussions.service import TEXT_MAX, TITLE_MAX, TITLE_MIN
from ceyuan.hub.discussions.tables import HubDiscussion, HubDiscussionEvent

_PLAIN = r"^[^\x00]*$"
Title = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=TITLE_MIN, max_length=TITLE_MAX, pattern=r"^[^\x00\r\n]*$"),
]
Words = Annotated[str, StringConstraints(min_length=1, max_length=TEXT_MAX, pattern=_PLAIN)]
MaybeWords = Annotated[str, StringConstraints(max_length=TEXT_MAX, pattern=_PLAIN)]
Status = Literal["open", "closed", "draft", "merged"]


class DiscussionIn(BaseModel, extra="forbid"):
    """A discussion to be opened, or a pull request: then with the branch that it asks to change (the default one if
    null) and the branch or commit whose changes it proposes (none yet if null)."""

    title: Title
    text: MaybeWords = ""
    pull_request: bool = False
    base: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    source: Annotated[str, Field(min_length=1, max_length=255)] | None = None


class DiscussionChange(BaseModel, extra="forbid"):
    """A new title."""

    title: Title


class CommentIn(BaseModel, extra="forbid"):
    """What somebody says."""

    text: Words


class StatusIn(BaseModel, extra="forbid"):
    """The new status, with a word about it if there is one."""

    status: Literal["open", "closed"]
    text: MaybeWords = ""


class MergeIn(BaseModel, extra="forbid"):
    """A word about the merge, if there is one."""

    text: MaybeWords = ""


class DiscussionOut(BaseModel):
    """A discussion in a list."""

    number: int
    title: str
    status: Status
    pull_request: bool
    author: str
    author_id: str
    created_at: datetime
    updated_at: datetime


class DiscussionsOut(BaseModel):
    """A page of discussions, newest first; `total` counts all that match."""

    items: list[DiscussionOut]
    total: int


class EventOut(BaseModel):
    """Something that happened: `comment` (text, edited, hidden), `status-change` (status), `title-change` (from, to),
    or `commit` (subject, oid)."""

    id: str
    kind: Literal["comment", "status-change", "title-change", "commit"]
    author: str
    author_id: str
    created_at: datetime
    data: dict[str, Any]


class PullOut(BaseModel):
    """What a pull request would change: `head` and `start` are revisions to compare, `conflicts` the files that both
    sides changed."""

    base: str
    ref: str
    start: str
    head: str
    merge_commit: str | None
    conflicts: list[str]


class DiscussionView(DiscussionOut):
    """A discussion with all that happened, and what the caller may do here."""

    events: list[EventOut]
    pull: PullOut | None
    may_comment: bool
    may_change: bool
    may_merge: bool


def discussion_out(talk: HubDiscussion) -> dict[str, Any]:
    """What `DiscussionOut` shows."""
    names = ("number", "title", "status", "author", "author_id", "created_at", "updated_at")
    return {name: getattr(talk, name) for name in names} | {"pull_request": talk.is_pull}


def event_out(event: HubDiscussionEvent) -> dict[str, Any]:
    """What `EventOut` shows."""
    return {name: getattr(event, name) for name in EventOut.model_fields}
