"""Mirrors over HTTP."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path

from ceyuan.hub.errors import OwnerNotFound
from ceyuan.hub.mirrors import service
from ceyuan.hub.mirrors.errors import MirrorBusy, MirrorNotFound
from ceyuan.hub.mirrors.schemas import (
    MirrorChange,
    MirroredOut,
    MirrorIn,
    MirrorOut,
    MirrorRunOut,
    mirror_out,
    mirrored_out,
)
from ceyuan.kernel.errors import Forbidden, Invalid, Unauthenticated
from ceyuan.kernel.pages import Page
from ceyuan.kernel.routes import Router
from ceyuan.kernel.web import Paging, ReadWork, WriteWork, problems

router = Router(prefix="/api/v1/mirrors", tags=["hub"])
_READING = (Unauthenticated, Forbidden, MirrorNotFound)
_MirrorId = Annotated[str, Path(max_length=40)]


@router.get("", response_model=Page[MirrorOut], responses=problems(Unauthenticated, Forbidden, Invalid))
async def list_mirrors(uow: ReadWork, paging: Paging) -> Any:
    """List the mirrors of one's organisations."""
    rows = await service.page(uow, paging)
    return {"items": [mirror_out(row) for row in rows.items], "next": rows.next}


@router.post(
    "",
    status_code=201,
    response_model=MirrorOut,
    responses=problems(Unauthenticated, Forbidden, OwnerNotFound, Invalid),
)
async def create_mirror(body: MirrorIn, uow: WriteWork) -> Any:
    """Mirror a repository, or all of an owner, of another hub; the first run starts at once."""
    return mirror_out(await service.create(uow, body.model_dump()))


@router.get("/{mirror_id}", response_model=MirrorOut, responses=problems(*_READING))
async def get_mirror(mirror_id: _MirrorId, uow: ReadWork) -> Any:
    """Show one mirror."""
    return mirror_out(await service.find(uow, mirror_id))


@router.get("/{mirror_id}/taken", response_model=list[MirroredOut], responses=problems(*_READING))
async def list_mirrored(mirror_id: _MirrorId, uow: ReadWork) -> Any:
    """List the revisions that a mirror has taken, newest first."""
    rows = await service.taken(uow, await service.find(uow, mirror_id))
    return [mirrored_out(mirrored, repository) for mirrored, repository in rows]


@router.patch("/{mirror_id}", response_model=MirrorOut, responses=problems(*_READING, Invalid))
async def change_mirror(mirror_id: _MirrorId, body: MirrorChange, uow: WriteWork) -> Any:
    """Change what a mirror takes and when."""
    row = await service.find(uow, mirror_id, "maintainer")
    return mirror_out(await service.change(uow, row, body.model_dump()))


@router.post(
    "/{mirror_id}/runs", status_code=202, response_model=MirrorRunOut, responses=problems(*_READING, MirrorBusy)
)
async def run_mirror(mirror_id: _MirrorId, uow: WriteWork) -> Any:
    """Run a mirror now."""
    made = await service.run(uow, await service.find(uow, mirror_id, "maintainer"))
    return {"job_id": made.id}


@router.delete("/{mirror_id}", status_code=204, responses=problems(*_READING))
async def delete_mirror(mirror_id: _MirrorId, uow: WriteWork) -> None:
    """Remove a mirror; the repositories that it made stay."""
    await service.remove(uow, await service.find(uow, mirror_id, "maintainer"))
