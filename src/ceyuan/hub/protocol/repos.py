"""Repositories: create, show, change, move, delete."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from ceyuan.hub.browsing.service import View, open_repository
from ceyuan.hub.commits.contents import store_bytes
from ceyuan.hub.gating.access import require_open
from ceyuan.hub.lean import Reply, json_reply
from ceyuan.hub.naming import path_key
from ceyuan.hub.owners import find_owner
from ceyuan.hub.protocol.call import BadRequest, Call, Words, kind_of, split_id
from ceyuan.hub.protocol.parameters import parameters_of
from ceyuan.hub.protocol.routing import route
from ceyuan.hub.protocol.shapes import card_data, file_info, repository_info, repository_safety
from ceyuan.hub.repositories import repository, service
from ceyuan.hub.repositories.access import Visibility, can_read
from ceyuan.hub.safety.known import verdicts
from ceyuan.hub.settings import HubSettings
from ceyuan.hub.trees import LARGE_SUFFIXES, File, listing, walk
from ceyuan.identity import credential_of
from ceyuan.kernel.errors import Forbidden
from ceyuan.kernel.work import UnitOfWork

MAX_SIBLINGS = 10_000
ATTRIBUTES = "".join(f"*{suffix} filter=lfs diff=lfs merge=lfs -text\n" for suffix in LARGE_SUFFIXES).encode()
"""The `.gitattributes` of a new repository: which files git keeps as pointers."""


class RepositoryIn(BaseModel):
    """Which repository, as the protocol names it."""

    model_config = ConfigDict(extra="ignore")
    type: Words | None = None
    name: Words = Field(min_length=1, max_length=200)
    organization: Words | None = None
    private: bool | None = None
    visibility: Visibility | None = None


class MoveIn(BaseModel):
    """From where to where."""

    fromRepo: Words
    toRepo: Words
    type: Words = "model"


class SettingsIn(BaseModel):
    """What to change; what is left out stays."""

    model_config = ConfigDict(extra="ignore")
    private: bool | None = None
    visibility: Visibility | None = None
    gated: Literal["auto", "manual", False] | None = None
    description: Words | None = Field(None, max_length=2000)


def _address(call: Call, body: RepositoryIn) -> tuple[str, str]:
    """Owner and name; the caller's own namespace if no owner is named."""
    owner, name = split_id(body.name)
    owner = body.organization or owner
    if owner is None:
        found = credential_of(call.request)
        if found is None or found.profile is None:
            raise BadRequest(("请指定所有者", "name an owner"))
        owner = found.profile.name
    return owner, name


def _visibility(call: Call, body: RepositoryIn) -> Visibility:
    if body.visibility is not None:
        return body.visibility
    if body.private is not None:
        return "private" if body.private else "public"
    return call.platform.section(HubSettings).default_visibility


@route("POST", "/api/repos/create", body="application/json")
async def create_repo(call: Call) -> Reply:
    """Create a repository."""
    body = await call.model(RepositoryIn)
    call.actor.require_known()
    kind = kind_of(body.type or "model")
    owner, name = _address(call, body)
    attributes = await store_bytes(call.platform, ATTRIBUTES)
    async with call.reading() as uow:
        there = await repository.by_key(uow.session, path_key(kind, owner, name))
        if there is not None and can_read(call.actor, there) and there.path_key == path_key(kind, owner, name):
            words = f"A {kind} repository called {owner}/{name} already exists"
            answer = {"error": words, "url": call.address(there), "name": f"{there.owner}/{there.name}"}
            return json_reply(answer, 409, {"x-error-message": words})
        await _require_member(uow, owner)
    async with call.writing() as uow:
        row = await service.create_repository(
            uow, kind, owner, name, visibility=_visibility(call, body), attributes=attributes
        )
        return json_reply({"url": call.address(row), "name": f"{row.owner}/{row.name}", "id": row.id})


async def _require_member(uow: UnitOfWork, owner: str) -> None:
    """Raise `Forbidden` for the namespace of others: whose name it is is no secret."""
    found = await find_owner(uow, owner)
    if not uow.actor.may(found.org_id, "member"):
        raise Forbidden(
            (
                f"您不能在“{found.name}”下创建仓库",
                f"You don't have the rights to create a repository under {found.name}",
            )
        )


@route("DELETE", "/api/repos/delete", body="application/json")
async def delete_repo(call: Call) -> Reply:
    """Delete a repository; for some days it can be restored."""
    body = await call.model(RepositoryIn)
    async with call.writing() as uow:
        row = await service.find_repository(uow, kind_of(body.type or "model"), *_address(call, body))
        await service.delete_repository(uow, row)
    return json_reply({})


@route("POST", "/api/repos/move", body="application/json")
async def move_repo(call: Call) -> Reply:
    """Give a repository another name or owner."""
    body = await call.model(MoveIn)
    (old_owner, old_name), (owner, name) = split_id(body.fromRepo), split_id(body.toRepo)
    if old_owner is None or owner is None:
        raise BadRequest(("请写明所有者/名称", "write both as owner/name"))
    async with call.writing() as uow:
        row = await service.find_repository(uow, kind_of(body.type), old_owner, old_name)
        await service.move_repository(uow, row, owner, name)
        return json_reply({"url": call.address(row)})


@route("PUT", "/api/{kinds}/{owner}/{name}/settings", body="application/json")
async def change_settings(call: Call) -> Reply:
    """Change visibility, gate or description."""
    body = await call.model(SettingsIn)
    visibility: Visibility | None = body.visibility
    if visibility is None and body.private is not None:
        visibility = "private" if body.private else "public"
    async with call.writing() as uow:
        row = await call.repository(uow)
        gated = None if body.gated is None else ("no" if body.gated is False else body.gated)
        await service.change_repository(uow, row, visibility=visibility, description=body.description, gated=gated)
        return json_reply({"private": row.visibility != "public", "visibility": row.visibility, "gated": row.gated})


@route("GET", "/api/{kinds}/{owner}/{name}/auth-check")
async def auth_check(call: Call) -> Reply:
    """Say whether the caller may download; with `?write=1`, whether they may write."""
    async with call.reading() as uow:
        row = await call.repository(uow)
        await require_open(uow, row)
    return json_reply({})


@route("GET", "/api/{kinds}/{owner}/{name}/revision/{revision}")
async def get_repo_revision(call: Call) -> Reply:
    """Show a repository at a revision."""
    async with call.reading() as uow:
        view = await open_repository(uow, await call.repository(uow), call["revision"])
        info, weights = await _shown(uow, call, view), await _weights(call, view)
    return json_reply(info | await parameters_of(call.platform, weights))


@route("GET", "/api/{kinds}/{owner}/{name}")
async def get_repo(call: Call) -> Reply:
    """Show a repository."""
    async with call.reading() as uow:
        view = await open_repository(uow, await call.repository(uow))
        info, weights = await _shown(uow, call, view), await _weights(call, view)
    return json_reply(info | await parameters_of(call.platform, weights))


async def _shown(uow: UnitOfWork, call: Call, view: View) -> dict[str, Any]:
    info = repository_info(view.row, view.commit)
    wanted = set(call.queries("expand"))
    if not wanted or "siblings" in wanted:
        info["siblings"] = await _siblings(view, blobs=call.flag("blobs"))
    if call.flag("securityStatus") and view.commit.files <= MAX_SIBLINGS:
        files = [(path, file) async for path, file in walk(view.trees, view.root)]
        info["securityRepoStatus"] = repository_safety(await verdicts(uow.session, files))
    if view.row.card:
        info["cardData"] = card_data(view.row)
    info["usedStorage"] = view.row.held_bytes
    if wanted:
        info = {name: value for name, value in info.items() if name in wanted or name in ("_id", "id")}
    return info


async def _weights(call: Call, view: View) -> list[File]:
    """The files whose parameters the answer counts: the safetensors at the top of a model."""
    wanted = call.queries("expand")
    if view.row.kind != "model" or (wanted and "safetensors" not in wanted):
        return []
    entries = await listing(view.trees, view.root.tree_id)
    return [one for name, one in entries.items() if isinstance(one, File) and name.endswith(".safetensors")]


async def _siblings(view: View, *, blobs: bool) -> list[dict[str, Any]]:
    """All files, or none: clients take a part for the whole, and where there is no list they read the tree."""
    if view.commit.files > MAX_SIBLINGS:
        return []
    return [file_info(path, file, blobs=blobs) async for path, file in walk(view.trees, view.root)]
