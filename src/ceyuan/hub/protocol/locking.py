"""Locks as git-lfs asks for them (https://github.com/git-lfs/git-lfs/blob/main/docs/api/locking.md)."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from ceyuan.hub.lean import Reply, json_reply
from ceyuan.hub.locks import service
from ceyuan.hub.locks.errors import LockTaken
from ceyuan.hub.locks.tables import HubLock
from ceyuan.hub.protocol.call import Call, Words
from ceyuan.hub.protocol.gitwords import LFS, answered
from ceyuan.hub.protocol.routing import route
from ceyuan.hub.protocol.shapes import moment
from ceyuan.hub.repositories.access import require_change
from ceyuan.kernel.pages import PageRequest

_PAGE, _MOST = 100, 200
_LOCKS = "{owner}/{name}.git/info/lfs/locks"


class LockIn(BaseModel):
    """The path that shall be locked."""

    model_config = ConfigDict(extra="ignore")
    path: Words = Field(min_length=1, max_length=1024)


class UnlockIn(BaseModel):
    """Whether another person's lock may be given up too."""

    model_config = ConfigDict(extra="ignore")
    force: bool = False


class VerifyIn(BaseModel):
    """Which page of the locks is asked for."""

    model_config = ConfigDict(extra="ignore")
    cursor: Words | None = None
    limit: int = Field(0, ge=0)


def _shown(lock: HubLock) -> dict[str, Any]:
    return {"id": lock.id, "path": lock.path, "locked_at": moment(lock.locked_at), "owner": {"name": lock.owner}}


def _reply(value: dict[str, Any], status: int = 200) -> Reply:
    return json_reply(value, status, {"content-type": LFS})


def _of_model(call: Call) -> Call:
    call.parameters["kinds"] = "models"
    return call


@route("POST", f"/{{kinds}}/{_LOCKS}/verify", body=LFS)
async def verify_locks(call: Call) -> Reply:
    """Tell git-lfs before a push which paths its user has locked and which others have."""
    return await answered(call, _verified)


@route("POST", f"/{_LOCKS}/verify", body=LFS)
async def verify_model_locks(call: Call) -> Reply:
    """Tell git-lfs before a push to a model which paths its user has locked and which others have."""
    return await answered(_of_model(call), _verified)


@route("POST", f"/{{kinds}}/{_LOCKS}/{{lock}}/unlock", body=LFS)
async def unlock_path(call: Call) -> Reply:
    """Give up a lock."""
    return await answered(call, _unlocked)


@route("POST", f"/{_LOCKS}/{{lock}}/unlock", body=LFS)
async def unlock_model_path(call: Call) -> Reply:
    """Give up a lock on a file of a model."""
    return await answered(_of_model(call), _unlocked)


@route("POST", f"/{{kinds}}/{_LOCKS}", body=LFS)
async def lock_path(call: Call) -> Reply:
    """Lock a path."""
    return await answered(call, _locked)


@route("POST", f"/{_LOCKS}", body=LFS)
async def lock_model_path(call: Call) -> Reply:
    """Lock a path of a model."""
    return await answered(_of_model(call), _locked)


@route("GET", f"/{{kinds}}/{_LOCKS}")
async def list_locks(call: Call) -> Reply:
    """List the locks of a repository."""
    return await answered(call, _listed)


@route("GET", f"/{_LOCKS}")
async def list_model_locks(call: Call) -> Reply:
    """List the locks of a model."""
    return await answered(_of_model(call), _listed)


async def _verified(call: Call) -> Reply:
    body = await call.model(VerifyIn)
    paging = PageRequest(min(body.limit or _PAGE, _MOST), body.cursor or None)
    async with call.reading() as uow:
        row = await call.repository(uow)
        require_change(call.actor, row)
        found = await service.list_locks(uow, row, paging)
    own = [_shown(lock) for lock in found.items if lock.owner_id == call.actor.id]
    others = [_shown(lock) for lock in found.items if lock.owner_id != call.actor.id]
    return _reply({"ours": own, "theirs": others, **_next(found.next)})


async def _unlocked(call: Call) -> Reply:
    body = await call.model(UnlockIn)
    async with call.writing() as uow:
        gone = await service.unlock(uow, await call.repository(uow), call["lock"], force=body.force)
    return _reply({"lock": _shown(gone)})


async def _locked(call: Call) -> Reply:
    body = await call.model(LockIn)
    async with call.writing() as uow:
        found, made = await service.lock(uow, await call.repository(uow), body.path)
    if made:
        return _reply({"lock": _shown(found)}, 201)
    error = LockTaken((f"已由 {found.owner} 锁定", f"already locked by {found.owner}"))
    return _reply({"lock": _shown(found), "message": error.message[1]}, error.status)


async def _listed(call: Call) -> Reply:
    limit = call.number("limit", _PAGE, _MOST) if call.query("limit") else _PAGE
    paging = PageRequest(limit, call.query("cursor") or None)
    async with call.reading() as uow:
        row = await call.repository(uow)
        found = await service.list_locks(
            uow, row, paging, path=call.query("path") or None, lock_id=call.query("id") or None
        )
    return _reply({"locks": [_shown(lock) for lock in found.items], **_next(found.next)})


def _next(cursor: str | None) -> dict[str, str]:
    return {} if cursor is None else {"next_cursor": cursor}
