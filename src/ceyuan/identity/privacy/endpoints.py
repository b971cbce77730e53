"""Routes about one's own data, and the export of an organisation's."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from fastapi.responses import Response, StreamingResponse
from pydantic import BaseModel

from ceyuan.identity.errors import LastOwner, OrganisationNotFound, OwnHandsOnly
from ceyuan.identity.privacy import service
from ceyuan.kernel.errors import Conflict, Forbidden, Invalid, NotFound, Unauthenticated
from ceyuan.kernel.pages import Page
from ceyuan.kernel.routes import Router
from ceyuan.kernel.web import Paging, ReadWork, WriteWork, problems

router = Router(prefix="/api/v1", tags=["privacy"])
_ORG = problems(Unauthenticated, Forbidden, OwnHandsOnly, OrganisationNotFound, Conflict, Invalid)


class DataRequestOut(BaseModel):
    """A request about data: what, and how far it is."""

    id: str
    kind: Literal["export_person", "erase_person", "export_organisation"]
    org_id: str | None
    state: Literal["waiting", "running", "done", "failed", "withdrawn"]
    created_at: datetime
    due_at: datetime
    done_at: datetime | None
    job_id: str | None
    size: int | None
    expires_at: datetime | None


@router.get("/me/data-requests", response_model=Page[DataRequestOut], responses=problems(Unauthenticated, Invalid))
async def list_my_data_requests(uow: ReadWork, paging: Paging) -> Any:
    """List one's requests for export or erasure."""
    return (await service.list_requests(uow, paging, None)).page(DataRequestOut)


@router.post(
    "/me/export",
    response_model=DataRequestOut,
    status_code=202,
    responses=problems(Unauthenticated, OwnHandsOnly, Conflict),
)
async def export_my_data(uow: WriteWork) -> Any:
    """Gather all data about oneself into an archive."""
    return await service.export_person(uow)


@router.post(
    "/me/erasure",
    response_model=DataRequestOut,
    status_code=202,
    responses=problems(Unauthenticated, OwnHandsOnly, LastOwner),
)
async def ask_my_erasure(uow: WriteWork) -> Any:
    """Ask to have one's account and data erased after the days of grace."""
    return await service.ask_erasure(uow)


@router.delete(
    "/me/erasure/{request_id}",
    response_model=DataRequestOut,
    responses=problems(Unauthenticated, OwnHandsOnly, NotFound, Conflict),
)
async def withdraw_my_erasure(request_id: str, uow: WriteWork) -> Any:
    """Keep one's account after all."""
    return await service.withdraw_erasure(uow, request_id)


@router.get("/organisations/{organisation}/exports", response_model=Page[DataRequestOut], responses=_ORG)
async def list_organisation_exports(organisation: str, uow: ReadWork, paging: Paging) -> Any:
    """List an organisation's exports (owners)."""
    return (await service.list_requests(uow, paging, organisation)).page(DataRequestOut)


@router.post("/organisations/{organisation}/exports", response_model=DataRequestOut, status_code=202, responses=_ORG)
async def export_organisation(organisation: str, uow: WriteWork) -> Any:
    """Gather all that an organisation has into an archive (owners)."""
    return await service.export_organisation(uow, organisation)


@router.get(
    "/me/data-requests/{request_id}/archive",
    response_class=StreamingResponse,
    responses={
        **problems(Unauthenticated, OwnHandsOnly, NotFound),
        200: {"content": {"application/zip": {}}, "description": "the archive"},
    },
)
async def fetch_archive(request_id: str, uow: WriteWork) -> Response:
    """Download a finished export."""
    row = await service.find_archive(uow, request_id)
    assert row.blob is not None
    headers = {"Content-Disposition": f'attachment; filename="{row.id}.zip"', "Content-Length": str(row.size)}
    return StreamingResponse(uow.platform.blobs.stream(row.blob), media_type="application/zip", headers=headers)
