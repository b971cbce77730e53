"""Releases over HTTP."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query

from ceyuan.kernel.errors import Conflict, Forbidden, Invalid, NotFound, Unauthenticated
from ceyuan.kernel.pages import Page, fetch_page
from ceyuan.kernel.routes import Router
from ceyuan.kernel.web import Paging, ReadWork, WriteWork, problems
from ceyuan.kernel.work import UnitOfWork
from ceyuan.models.releases import repository, service
from ceyuan.models.releases.errors import ReleaseExists, ReleaseNotFound
from ceyuan.models.releases.schemas import DecisionIn, ReleaseIn, ReleaseOut
from ceyuan.models.releases.tables import Release

router = Router(prefix="/api/v1/releases", tags=["releases"])


async def _shown(uow: UnitOfWork, release: Release) -> dict[str, Any]:
    fields = {c.key: getattr(release, c.key) for c in Release.__table__.columns}
    return {**fields, "gates": await service.current_gates(uow, release)}


@router.post(
    "",
    response_model=ReleaseOut,
    status_code=201,
    responses=problems(Unauthenticated, Forbidden, NotFound, ReleaseExists, Invalid),
)
async def open_release(body: ReleaseIn, uow: WriteWork) -> Any:
    """Make a model's revision a candidate for release."""
    uow.actor.require_known()
    return await _shown(uow, await service.open_release(uow, body))


@router.get("", response_model=Page[ReleaseOut], responses=problems(Unauthenticated, Invalid))
async def list_releases(
    uow: ReadWork, paging: Paging, state: Annotated[str | None, Query(max_length=20)] = None
) -> Any:
    """List releases, newest first."""
    uow.actor.require_known()
    query = repository.visible_to(uow.actor)
    if state:
        query = query.where(Release.state == state)
    sorts = {"created_at": Release.created_at, "state": Release.state}
    rows = await fetch_page(uow.session, query, paging, key=Release.id, sorts=sorts, default="-created_at")
    items = [ReleaseOut.model_validate(await _shown(uow, row)) for row in rows.items]
    return Page[ReleaseOut](items=items, next=rows.next)


@router.get("/{release_id}", response_model=ReleaseOut, responses=problems(Unauthenticated, ReleaseNotFound))
async def get_release(release_id: str, uow: ReadWork) -> Any:
    """Show a release with what each gate says."""
    return await _shown(uow, await service.find_release(uow, release_id))


@router.post(
    "/{release_id}/decision",
    response_model=ReleaseOut,
    responses=problems(Unauthenticated, Forbidden, ReleaseNotFound, Conflict, Invalid),
)
async def decide_release(release_id: str, body: DecisionIn, uow: WriteWork) -> Any:
    """Approve, reject or withdraw a release; a failing gate refuses the approval and says why."""
    uow.actor.require_known()
    return await _shown(uow, await service.decide(uow, release_id, body.decision, body.note))
