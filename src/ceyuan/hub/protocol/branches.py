"""Branches and tags."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from ceyuan.hub.commits import refs
from ceyuan.hub.commits.squashing import squash
from ceyuan.hub.history import repository as history
from ceyuan.hub.lean import Reply, json_reply
from ceyuan.hub.naming import HEADS, TAGS
from ceyuan.hub.protocol.call import Call, Words
from ceyuan.hub.protocol.routing import route


class BranchIn(BaseModel):
    """Where a branch begins."""

    model_config = ConfigDict(extra="ignore")
    startingPoint: Words | None = Field(None, max_length=255)
    overwrite: bool = False


class TagIn(BaseModel):
    """What a tag is called and says."""

    model_config = ConfigDict(extra="ignore")
    tag: Words = Field(max_length=200)
    message: Words | None = Field(None, max_length=5000)


class SquashIn(BaseModel):
    """The message of the one commit that remains."""

    model_config = ConfigDict(extra="ignore")
    message: Words | None = Field(None, max_length=5000)


@route("POST", "/api/{kinds}/{owner}/{name}/branch/{branch}", body="application/json")
async def create_repo_branch(call: Call) -> Reply:
    """Make a branch."""
    body = await call.model(BranchIn)
    async with call.writing() as uow:
        row = await call.repository(uow)
        full = HEADS + call["branch"]
        if body.overwrite and await history.ref(uow.session, row.id, full) is not None:
            await refs.delete_ref(uow, row, full)
        await refs.create_branch(uow, row, call["branch"], body.startingPoint)
    return json_reply({})


@route("DELETE", "/api/{kinds}/{owner}/{name}/branch/{branch}")
async def delete_repo_branch(call: Call) -> Reply:
    """Remove a branch; its commits stay."""
    async with call.writing() as uow:
        await refs.delete_ref(uow, await call.repository(uow), HEADS + call["branch"])
    return json_reply({})


@route("POST", "/api/{kinds}/{owner}/{name}/tag/{revision}", body="application/json")
async def create_repo_tag(call: Call) -> Reply:
    """Make a tag at a revision."""
    body = await call.model(TagIn)
    async with call.writing() as uow:
        await refs.create_tag(uow, await call.repository(uow), body.tag, call["revision"], body.message or "")
    return json_reply({})


@route("DELETE", "/api/{kinds}/{owner}/{name}/tag/{tag}")
async def delete_repo_tag(call: Call) -> Reply:
    """Remove a tag."""
    async with call.writing() as uow:
        await refs.delete_ref(uow, await call.repository(uow), TAGS + call["tag"])
    return json_reply({})


@route("POST", "/api/{kinds}/{owner}/{name}/super-squash/{branch}", body="application/json")
async def squash_branch(call: Call) -> Reply:
    """Make one commit of all the commits of a branch."""
    body = await call.model(SquashIn)
    async with call.writing() as uow:
        row = await call.repository(uow)
        title = body.message or f"Super-squash branch '{call['branch']}' using huggingface_hub"
        await squash(uow, row, call["branch"], title)
    return json_reply({})
