"""Quotas of compute over HTTP."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path

from ceyuan.compute.catalogue.errors import AcceleratorUnknown
from ceyuan.compute.quotas import service
from ceyuan.compute.quotas.schemas import QuotaIn, QuotaOut
from ceyuan.compute.quotas.service import QuotaNotFound
from ceyuan.compute.quotas.tables import ComputeQuota
from ceyuan.kernel.errors import Forbidden, Invalid, Unauthenticated
from ceyuan.kernel.pages import Page, fetch_page
from ceyuan.kernel.routes import Router
from ceyuan.kernel.web import Paging, ReadWork, WriteWork, problems

router = Router(prefix="/api/v1/compute/quotas", tags=["compute quotas"])
Name = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9._-]{0,59}$", description="an organisation's id or a group")]


@router.get("", response_model=Page[QuotaOut], responses=problems(Unauthenticated, Invalid))
async def list_compute_quotas(uow: ReadWork, paging: Paging) -> Any:
    """List groups and the quotas of the caller's organisations."""
    rows = await fetch_page(
        uow.session,
        service.visible(uow),
        paging,
        key=ComputeQuota.name,
        sorts={"name": ComputeQuota.name},
        default="name",
    )
    return rows.page(QuotaOut)


@router.put(
    "/{name}", response_model=QuotaOut, responses=problems(Unauthenticated, Forbidden, AcceleratorUnknown, Invalid)
)
async def set_compute_quota(name: Name, body: QuotaIn, uow: WriteWork) -> Any:
    """Set what an organisation or a group is guaranteed and may borrow."""
    return await service.set_quota(uow, name, body.model_dump())


@router.delete("/{name}", status_code=204, responses=problems(Unauthenticated, Forbidden, QuotaNotFound, Invalid))
async def remove_compute_quota(name: Name, uow: WriteWork) -> None:
    """Remove a quota."""
    await service.remove_quota(uow, name)
