"""Sources over HTTP."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path, Query

from ceyuan.data.sources import places, repository, service
from ceyuan.data.sources.errors import FolderForbidden, NotConfirmed, SourceExists, SourceInvalid, SourceNotFound
from ceyuan.data.sources.schemas import CorpusOut, SourceChange, SourceIn, SourceKind, SourceOut
from ceyuan.data.sources.tables import DataSource
from ceyuan.hub import Grade
from ceyuan.identity import OrganisationNotFound
from ceyuan.kernel.errors import Forbidden, Invalid, MissingExtra, NotFound, Unauthenticated
from ceyuan.kernel.pages import Page, fetch_page
from ceyuan.kernel.routes import Router
from ceyuan.kernel.web import Paging, ReadWork, WriteWork, problems

router = Router(prefix="/api/v1/data/sources", tags=["data"])
SourceId = Annotated[str, Path(max_length=40)]
_SORTS = {"created_at": DataSource.created_at, "key": DataSource.key, "documents": DataSource.documents}
_MAY_WRITE = (Unauthenticated, Forbidden, SourceNotFound, Invalid)


@router.get("", response_model=Page[SourceOut], responses=problems(Unauthenticated, Invalid))
async def list_sources(
    uow: ReadWork,
    paging: Paging,
    org_id: Annotated[str | None, Query(max_length=40)] = None,
    kind: SourceKind | None = None,
    domain: Annotated[str | None, Query(max_length=30)] = None,
    grade: Grade | None = None,
    text: Annotated[str | None, Query(max_length=100, description="part of name, title or origin")] = None,
) -> Any:
    """List the sources of the caller's organisations."""
    uow.actor.require_known()
    query = repository.visible(uow.actor, org_id=org_id, kind=kind, domain=domain, text=text, grade=grade)
    rows = await fetch_page(uow.session, query, paging, key=DataSource.id, sorts=_SORTS, default="-created_at")
    return rows.page(SourceOut)


@router.get("/registered", response_model=list[CorpusOut], responses=problems(Unauthenticated, MissingExtra))
async def list_registered_corpora(uow: ReadWork) -> Any:
    """List the corpora of package registries that can be sources."""
    uow.actor.require_known()
    return [
        CorpusOut(
            key=corpus.key,
            title_zh=corpus.title_zh,
            title_en=corpus.title_en,
            origin=corpus.package.purl,
            licence=corpus.licence,
            domain=corpus.domain,
            sha256=corpus.package.sha256,
            download_bytes=corpus.package.size,
        )
        for corpus in places.registered_corpora().values()
    ]


@router.post(
    "",
    response_model=SourceOut,
    status_code=201,
    responses=problems(
        *(Unauthenticated, Forbidden, FolderForbidden, NotFound, OrganisationNotFound),
        *(SourceExists, SourceInvalid, Invalid, MissingExtra),
    ),
)
async def register_source(body: SourceIn, uow: WriteWork) -> Any:
    """Register a source."""
    return await service.register_source(uow, body)


@router.get("/{source_id}", response_model=SourceOut, responses=problems(Unauthenticated, SourceNotFound))
async def get_source(source_id: SourceId, uow: ReadWork) -> Any:
    """Show one source, also one that was deleted."""
    return await service.get_source(uow, source_id)


@router.patch("/{source_id}", response_model=SourceOut, responses=problems(*_MAY_WRITE, SourceInvalid))
async def change_source(source_id: SourceId, body: SourceChange, uow: WriteWork) -> Any:
    """Change title, rights or reading of a source."""
    return await service.change_source(uow, source_id, body)


@router.delete("/{source_id}", status_code=204, responses=problems(*_MAY_WRITE, NotConfirmed))
async def delete_source(
    source_id: SourceId,
    uow: WriteWork,
    confirm: Annotated[str, Query(max_length=64, description="the source's name, to confirm")] = "",
) -> None:
    """Delete a source; what was made from it stays."""
    await service.delete_source(uow, source_id, confirm)
