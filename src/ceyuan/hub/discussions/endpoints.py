"""Discussions and pull requests over HTTP, for repositories of every kind."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Path, Query

from ceyuan.hub.addresses import REPOSITORY, Address, ReadRepository
from ceyuan.hub.discussions import pulls, service
from ceyuan.hub.discussions.errors import (
    CommentNotFound,
    DiscussionClosed,
    DiscussionNotFound,
    MergeConflict,
    Unrelated,
)
from ceyuan.hub.discussions.schemas import (
    CommentIn,
    DiscussionChange,
    DiscussionIn,
    DiscussionOut,
    DiscussionsOut,
    DiscussionView,
    EventOut,
    MergeIn,
    StatusIn,
    discussion_out,
    event_out,
)
from ceyuan.hub.discussions.tables import HubDiscussion
from ceyuan.hub.errors import ParentMoved, RepositoryNotFound, RevisionNotFound
from ceyuan.hub.repositories.service import find_repository
from ceyuan.hub.repositories.tables import HubRepository
from ceyuan.kernel.errors import Forbidden, Invalid, Unauthenticated
from ceyuan.kernel.routes import Router
from ceyuan.kernel.web import ReadWork, WriteWork, problems
from ceyuan.kernel.work import UnitOfWork

router = Router(prefix=f"{REPOSITORY}/discussions", tags=["hub"])
Number = Annotated[int, Path(ge=1, le=1_000_000)]
CommentId = Annotated[str, Path(max_length=40)]
_WRITING = (Unauthenticated, Forbidden, RepositoryNotFound, DiscussionNotFound, Invalid)


async def _view(uow: UnitOfWork, row: HubRepository, talk: HubDiscussion) -> dict[str, Any]:
    """What `DiscussionView` shows."""
    pull = None
    conflicts: list[str] = []
    if talk.is_pull:
        found = await pulls.proposal(uow, row, talk)
        conflicts = [] if talk.status == "merged" else list(found.conflicts)
        pull = {
            "base": (talk.base or "").removeprefix("refs/heads/"),
            "ref": pulls.ref_of(talk.number),
            "start": found.start.commit.id,
            "head": found.head.commit.id,
            "merge_commit": talk.merge_commit,
            "conflicts": conflicts,
        }
    actor = uow.actor
    speaks = actor.is_known and actor.has_scope("hub:write")
    running = talk.status in ("open", "draft")
    return {
        **discussion_out(talk),
        "events": [event_out(event) for event in await service.events_of(uow, talk)],
        "pull": pull,
        "may_comment": speaks,
        "may_change": speaks and talk.status != "merged" and service.may_moderate(uow, row, talk),
        "may_merge": speaks and talk.is_pull and running and not conflicts and actor.may(row.org_id, "member"),
    }


@router.get("", response_model=DiscussionsOut, responses=problems(RepositoryNotFound, Invalid))
async def list_repository_discussions(
    row: ReadRepository,
    uow: ReadWork,
    form: Annotated[Literal["all", "discussion", "pull_request"], Query(alias="type")] = "all",
    status: Annotated[Literal["all", "open", "closed"], Query(description="open with drafts, closed with merged")] = (
        "all"
    ),
    page: Annotated[int, Query(ge=0, le=100_000, description="from 0")] = 0,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> Any:
    """List a repository's discussions and pull requests, newest first."""
    found = await service.list_discussions(uow, row, kind=form, status=status, page=page, size=limit)
    return {"items": [discussion_out(talk) for talk in found.items], "total": found.total}


@router.post(
    "", response_model=DiscussionOut, status_code=201, responses=problems(*_WRITING, RevisionNotFound, Unrelated)
)
async def open_repository_discussion(address: Address, body: DiscussionIn, uow: WriteWork) -> Any:
    """Open a discussion or a pull request."""
    row = await find_repository(uow, *address)
    if body.pull_request:
        made = await pulls.open_pull(uow, row, body.title, body.text, base=body.base, source=body.source)
        return discussion_out(made)
    return discussion_out(await service.open_discussion(uow, row, body.title, body.text or body.title))


@router.get("/{number}", response_model=DiscussionView, responses=problems(RepositoryNotFound, DiscussionNotFound))
async def get_repository_discussion(row: ReadRepository, number: Number, uow: ReadWork) -> Any:
    """Show a discussion with all that happened in it; of a pull request also what it would change."""
    return await _view(uow, row, await service.find(uow, row, number))


@router.patch("/{number}", response_model=EventOut, responses=problems(*_WRITING))
async def rename_repository_discussion(address: Address, number: Number, body: DiscussionChange, uow: WriteWork) -> Any:
    """Give a discussion another title."""
    row = await find_repository(uow, *address)
    return event_out(await service.rename(uow, row, number, body.title))


@router.post("/{number}/comments", response_model=EventOut, status_code=201, responses=problems(*_WRITING))
async def comment_repository_discussion(address: Address, number: Number, body: CommentIn, uow: WriteWork) -> Any:
    """Say something in a discussion."""
    row = await find_repository(uow, *address)
    return event_out(await service.comment(uow, row, number, body.text))


@router.patch(
    "/{number}/comments/{comment_id}", response_model=EventOut, responses=problems(*_WRITING, CommentNotFound)
)
async def edit_repository_comment(
    address: Address, number: Number, comment_id: CommentId, body: CommentIn, uow: WriteWork
) -> Any:
    """Say one's own words differently."""
    row = await find_repository(uow, *address)
    return event_out(await service.edit_comment(uow, row, number, comment_id, body.text))


@router.delete("/{number}/comments/{comment_id}", status_code=204, responses=problems(*_WRITING, CommentNotFound))
async def hide_repository_comment(address: Address, number: Number, comment_id: CommentId, uow: WriteWork) -> None:
    """Take a comment out of sight for good; its words are erased."""
    await service.hide_comment(uow, await find_repository(uow, *address), number, comment_id)


@router.post("/{number}/status", response_model=EventOut, responses=problems(*_WRITING, DiscussionClosed))
async def change_repository_discussion_status(address: Address, number: Number, body: StatusIn, uow: WriteWork) -> Any:
    """Open or close a discussion or pull request."""
    row = await find_repository(uow, *address)
    return event_out(await service.set_status(uow, row, number, body.status, body.text))


@router.post(
    "/{number}/merge",
    response_model=DiscussionView,
    responses=problems(*_WRITING, DiscussionClosed, MergeConflict, ParentMoved),
)
async def merge_repository_pull_request(address: Address, number: Number, body: MergeIn, uow: WriteWork) -> Any:
    """Merge a pull request into its base branch."""
    row = await find_repository(uow, *address)
    await pulls.merge(uow, row, number, body.text)
    return await _view(uow, row, await service.find(uow, row, number))
