"""Discussions and pull requests."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from ceyuan.hub.discussions import pulls, service
from ceyuan.hub.discussions.errors import DiscussionNotFound
from ceyuan.hub.discussions.tables import HubDiscussion, HubDiscussionEvent
from ceyuan.hub.gating.access import is_open
from ceyuan.hub.lean import Reply, json_reply
from ceyuan.hub.protocol.call import BadRequest, Call, Words
from ceyuan.hub.protocol.routing import route
from ceyuan.hub.protocol.shapes import moment
from ceyuan.hub.protocol.trees import unified
from ceyuan.hub.repositories.tables import HubRepository

_PAGE = 20
_TALK = "/api/{kinds}/{owner}/{name}/discussions"


class TalkIn(BaseModel):
    """A discussion or pull request to be opened."""

    model_config = ConfigDict(extra="ignore")
    title: Words = Field(max_length=500)
    description: Words = Field("", max_length=service.TEXT_MAX)
    pullRequest: bool = False


class CommentIn(BaseModel):
    """What somebody says."""

    model_config = ConfigDict(extra="ignore")
    comment: Words = Field("", max_length=service.TEXT_MAX)


class EditIn(BaseModel):
    """The new words."""

    model_config = ConfigDict(extra="ignore")
    content: Words = Field(max_length=service.TEXT_MAX)


class TitleIn(BaseModel):
    """The new title."""

    model_config = ConfigDict(extra="ignore")
    title: Words = Field(max_length=500)


class StatusIn(CommentIn):
    """The new status."""

    status: Literal["open", "closed"]


def _number(call: Call) -> int:
    text = call["number"]
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise DiscussionNotFound()
    return int(text)


def _person(name: str, person_id: str) -> dict[str, Any]:
    return {"_id": person_id, "name": name, "type": "user"}


def _talk(row: HubRepository, talk: HubDiscussion) -> dict[str, Any]:
    return {
        "num": talk.number,
        "title": talk.title,
        "status": talk.status,
        "author": _person(talk.author, talk.author_id),
        "createdAt": moment(talk.created_at),
        "isPullRequest": talk.is_pull,
        "repo": {"name": f"{row.owner}/{row.name}", "type": row.kind},
    }


def _event(event: HubDiscussionEvent) -> dict[str, Any]:
    data = event.data
    if event.kind == "comment":
        latest = {"raw": data["text"], "updatedAt": moment(event.created_at)}
        data = {"edited": data["edited"], "hidden": data["hidden"], "latest": latest}
    return {
        "id": event.id,
        "type": event.kind,
        "author": _person(event.author, event.author_id),
        "createdAt": moment(event.created_at),
        "data": data,
    }


@route("GET", _TALK)
async def list_discussions(call: Call) -> Reply:
    """List a repository's discussions and pull requests, newest first."""
    kind, status = call.query("type") or "all", call.query("status") or "all"
    if kind not in ("all", "discussion", "pull_request") or status not in ("all", "open", "closed"):
        raise BadRequest(("筛选条件无效", "the type or status is not known"))
    page = call.query("p") or "0"
    if not page.isascii() or not page.isdigit() or len(page) > 6:
        raise BadRequest(("页码无效", "p must be a number"))
    async with call.reading() as uow:
        row = await call.repository(uow)
        author = call.query("author")
        found = await service.list_discussions(
            uow, row, kind=kind, status=status, author=author, page=int(page), size=_PAGE
        )
        items = [_talk(row, talk) for talk in found.items]
    return json_reply({"discussions": items, "count": found.total, "start": int(page) * _PAGE})


@route("POST", _TALK, body="application/json")
async def create_discussion(call: Call) -> Reply:
    """Open a discussion or a pull request."""
    body = await call.model(TalkIn)
    async with call.writing() as uow:
        row = await call.repository(uow)
        if body.pullRequest:
            made = await pulls.open_pull(uow, row, body.title, body.description)
        else:
            made = await service.open_discussion(uow, row, body.title, body.description or body.title)
        return json_reply({**_talk(row, made), "pullRequest": made.is_pull})


@route("GET", _TALK + "/{number}")
async def get_discussion(call: Call) -> Reply:
    """Show a discussion with all that happened in it; with `?diff=1`, a pull request's changes."""
    async with call.reading() as uow:
        row = await call.repository(uow)
        talk = await service.find(uow, row, _number(call))
        answer = _talk(row, talk) | {"events": [_event(event) for event in await service.events_of(uow, talk)]}
        if talk.is_pull:
            found = await pulls.proposal(uow, row, talk)
            answer["changes"] = {"base": talk.base}
            if talk.merge_commit:
                answer["changes"]["mergeCommitId"] = talk.merge_commit
            answer["filesWithConflicts"] = [] if talk.status == "merged" else list(found.conflicts)
            if call.flag("diff") and await is_open(uow, row):
                answer["diff"] = await unified(uow, found.start, found.head)
    return json_reply(answer)


@route("POST", _TALK + "/{number}/comment", body="application/json")
async def comment_discussion(call: Call) -> Reply:
    """Say something in a discussion."""
    body = await call.model(CommentIn)
    async with call.writing() as uow:
        event = await service.comment(uow, await call.repository(uow), _number(call), body.comment)
        return json_reply({"newMessage": _event(event)})


@route("POST", _TALK + "/{number}/comment/{comment}/edit", body="application/json")
async def edit_comment(call: Call) -> Reply:
    """Change one's own words."""
    body = await call.model(EditIn)
    async with call.writing() as uow:
        row = await call.repository(uow)
        event = await service.edit_comment(uow, row, _number(call), call["comment"], body.content)
        return json_reply({"updatedComment": _event(event)})


@route("POST", _TALK + "/{number}/comment/{comment}/hide")
async def hide_comment(call: Call) -> Reply:
    """Take a comment out of sight for good."""
    async with call.writing() as uow:
        event = await service.hide_comment(uow, await call.repository(uow), _number(call), call["comment"])
        return json_reply({"updatedComment": _event(event)})


@route("POST", _TALK + "/{number}/title", body="application/json")
async def rename_discussion(call: Call) -> Reply:
    """Give a discussion another title."""
    body = await call.model(TitleIn)
    async with call.writing() as uow:
        event = await service.rename(uow, await call.repository(uow), _number(call), body.title)
        return json_reply({"newTitle": _event(event)})


@route("POST", _TALK + "/{number}/status", body="application/json")
async def change_discussion_status(call: Call) -> Reply:
    """Open or close a discussion."""
    body = await call.model(StatusIn)
    async with call.writing() as uow:
        event = await service.set_status(uow, await call.repository(uow), _number(call), body.status, body.comment)
        return json_reply({"newStatus": _event(event)})


@route("POST", _TALK + "/{number}/merge", body="application/json")
async def merge_pull_request(call: Call) -> Reply:
    """Merge a pull request into its base branch."""
    body = await call.model(CommentIn)
    async with call.writing() as uow:
        merged = await pulls.merge(uow, await call.repository(uow), _number(call), body.comment)
    return json_reply({"mergeCommitId": merged})
