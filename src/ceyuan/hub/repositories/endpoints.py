"""The catalogue over HTTP."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

from fastapi import Depends, Path, Query

from ceyuan.hub.errors import (
    GradeForbids,
    NameRefused,
    OwnerNotFound,
    RepositoryExists,
    RepositoryNotFound,
    RestoreTooLate,
    RevisionNotFound,
)
from ceyuan.hub.naming import Kind
from ceyuan.hub.repositories import repository, searching, service
from ceyuan.hub.repositories.access import Visibility
from ceyuan.hub.repositories.cards import FACETS
from ceyuan.hub.repositories.schemas import (
    DownloadsOut,
    FacetsOut,
    Grade,
    RepositoryChange,
    RepositoryIn,
    RepositoryMove,
    RepositoryOut,
    Size,
    UsageOut,
    repository_out,
)
from ceyuan.hub.repositories.tables import HubDownloads
from ceyuan.kernel.errors import Forbidden, Invalid, NotFound, Unauthenticated
from ceyuan.kernel.pages import Page
from ceyuan.kernel.routes import Router
from ceyuan.kernel.web import Paging, ReadWork, WriteWork, problems

router = Router(prefix="/api/v1/repositories", tags=["hub"])
Owner = Annotated[str, Path(max_length=96, description="organisation or person")]
Name = Annotated[str, Path(max_length=96)]
_Words = Annotated[list[str] | None, Query(max_length=10)]
MAY_WRITE = (Unauthenticated, Forbidden, RepositoryNotFound)


async def _filters(
    kind: Kind | None = None,
    owner: Annotated[str | None, Query(max_length=96)] = None,
    visibility: Visibility | None = None,
    text: Annotated[str | None, Query(max_length=200, description="words that must all occur")] = None,
    licence: _Words = None,
    language: _Words = None,
    task: _Words = None,
    tag: _Words = None,
    grade: Grade | None = None,
    size: Annotated[Size | None, Query(description="bytes of the default branch")] = None,
    deleted: Annotated[bool, Query(description="what was deleted and can be restored")] = False,
) -> searching.Filters:
    labels = {"licence": licence or [], "language": language or [], "task": task or [], "tag": tag or []}
    labels["grade"] = [grade] if grade else []
    return searching.Filters(kind, owner, visibility, text, labels, deleted, size=size)


Filtered = Annotated[searching.Filters, Depends(_filters)]


@router.get("", response_model=Page[RepositoryOut], responses=problems(Unauthenticated, Forbidden, Invalid))
async def list_repositories(uow: ReadWork, filters: Filtered, paging: Paging) -> Any:
    """List repositories that the caller may see."""
    rows = await searching.search(uow, filters, paging)
    return {"items": [repository_out(row) for row in rows.items], "next": rows.next}


@router.get("/facets", response_model=FacetsOut, responses=problems(Unauthenticated, Forbidden, Invalid))
async def count_repository_facets(uow: ReadWork, filters: Filtered) -> Any:
    """Count the repositories that match by kind, owner, licence, language, task, tag, grade and size."""
    counted = await searching.facets(uow, filters)
    return {facet: [{"value": v, "count": n} for v, n in rows] for facet, rows in counted.items()}


@router.get("/usage/{org_id}", response_model=UsageOut, responses=problems(Unauthenticated, Forbidden, NotFound))
async def get_storage_usage(org_id: Annotated[str, Path(max_length=40)], uow: ReadWork) -> Any:
    """Show how much an organisation keeps in the hub."""
    uow.actor.require_role(org_id, "viewer")
    count, logical, stored = await repository.usage(uow.session, org_id)
    return {"repositories": count, "logical_bytes": logical, "stored_bytes": stored}


@router.post(
    "",
    response_model=RepositoryOut,
    status_code=201,
    responses=problems(Unauthenticated, Forbidden, OwnerNotFound, RepositoryExists, GradeForbids, NameRefused),
)
async def create_repository(body: RepositoryIn, uow: WriteWork) -> Any:
    """Create an empty repository."""
    row = await service.create_repository(
        uow,
        body.kind,
        body.owner,
        body.name,
        visibility=body.visibility,
        description=body.description,
        labels={facet: getattr(body, facet) for facet in FACETS},
        exist_ok=body.exist_ok,
    )
    return repository_out(row)


@router.post(
    "/deleted/{repository_id}/restore",
    response_model=RepositoryOut,
    responses=problems(*MAY_WRITE, RestoreTooLate, RepositoryExists),
)
async def restore_repository(repository_id: Annotated[str, Path(max_length=40)], uow: WriteWork) -> Any:
    """Restore a deleted repository by its id."""
    return repository_out(await service.restore_repository(uow, repository_id))


@router.get("/{kind}/{owner}/{name}", response_model=RepositoryOut, responses=problems(RepositoryNotFound, Invalid))
async def get_repository(kind: Kind, owner: Owner, name: Name, uow: ReadWork) -> Any:
    """Show one repository, also by an address that it had before."""
    return repository_out(await service.find_repository(uow, kind, owner, name))


@router.patch(
    "/{kind}/{owner}/{name}",
    response_model=RepositoryOut,
    responses=problems(*MAY_WRITE, RevisionNotFound, GradeForbids, Invalid),
)
async def change_repository(kind: Kind, owner: Owner, name: Name, body: RepositoryChange, uow: WriteWork) -> Any:
    """Change visibility, gate, description, labels, the default or the protected branches."""
    row = await service.find_repository(uow, kind, owner, name)
    changed = await service.change_repository(
        uow,
        row,
        visibility=body.visibility,
        description=body.description,
        labels={facet: getattr(body, facet) for facet in FACETS},
        default_branch=body.default_branch,
        gated=body.gated,
        protected=body.protected,
    )
    return repository_out(changed)


@router.post(
    "/{kind}/{owner}/{name}/move",
    response_model=RepositoryOut,
    responses=problems(*MAY_WRITE, OwnerNotFound, RepositoryExists, NameRefused),
)
async def move_repository(kind: Kind, owner: Owner, name: Name, body: RepositoryMove, uow: WriteWork) -> Any:
    """Rename a repository or give it to another owner; the old address leads to the new one."""
    row = await service.find_repository(uow, kind, owner, name)
    return repository_out(await service.move_repository(uow, row, body.owner, body.name))


@router.delete("/{kind}/{owner}/{name}", status_code=204, responses=problems(*MAY_WRITE, Invalid))
async def delete_repository(kind: Kind, owner: Owner, name: Name, uow: WriteWork) -> None:
    """Delete a repository; for some days it can be restored."""
    await service.delete_repository(uow, await service.find_repository(uow, kind, owner, name))


@router.get(
    "/{kind}/{owner}/{name}/downloads",
    response_model=list[DownloadsOut],
    responses=problems(RepositoryNotFound, Invalid),
)
async def list_repository_downloads(
    kind: Kind, owner: Owner, name: Name, uow: ReadWork, days: Annotated[int, Query(ge=1, le=366)] = 30
) -> list[HubDownloads]:
    """Show how often files of the repository were downloaded, day by day."""
    row = await service.find_repository(uow, kind, owner, name)
    since = (uow.clock.now() - timedelta(days=days - 1)).date()
    return list(await repository.downloads_since(uow.session, row.id, since))
