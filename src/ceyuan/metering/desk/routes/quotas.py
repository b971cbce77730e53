"""Routes of quotas."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query

from ceyuan.kernel.routes import Router
from ceyuan.kernel.web import ReadWork, WriteWork
from ceyuan.metering.access import org_id_of, require_writer
from ceyuan.metering.desk import quotas
from ceyuan.metering.desk.routes.common import READ, READ_ORG, OrgRef
from ceyuan.metering.desk.usage_schemas import QuotaChange, QuotaIn, QuotaOut, QuotaStateOut
from ceyuan.metering.quotas import NewQuota, add_quota, change_quota, remove_quota

router = Router(prefix="/api/v1/metering", tags=["metering"])


@router.get("/organisations/{organisation}/quotas", response_model=list[QuotaStateOut], responses=READ_ORG)
async def list_quotas(organisation: OrgRef, uow: ReadWork) -> Any:
    """List an organisation's quotas with what is used now."""
    return await quotas.list_quotas(uow, await org_id_of(uow, organisation))


@router.get("/organisations/{organisation}/quotas/mine", response_model=list[QuotaStateOut], responses=READ_ORG)
async def list_own_quotas(
    organisation: OrgRef, uow: ReadWork, token_id: Annotated[str, Query(max_length=80)] = ""
) -> Any:
    """List the quotas that concern oneself (and one token), with what is used now."""
    return await quotas.show_own_quotas(uow, await org_id_of(uow, organisation), token_id)


@router.post("/organisations/{organisation}/quotas", response_model=QuotaOut, status_code=201, responses=READ_ORG)
async def create_quota(organisation: OrgRef, body: QuotaIn, uow: WriteWork) -> Any:
    """Set a quota."""
    org_id = await org_id_of(uow, organisation)
    require_writer(uow, org_id)
    return await add_quota(uow, org_id, NewQuota(**body.model_dump()))


@router.patch("/quotas/{quota_id}", response_model=QuotaOut, responses=READ)
async def update_quota(quota_id: str, body: QuotaChange, uow: WriteWork) -> Any:
    """Change a quota."""
    return await change_quota(uow, quota_id, amount=body.amount, hard=body.hard)


@router.delete("/quotas/{quota_id}", status_code=204, responses=READ)
async def delete_quota(quota_id: str, uow: WriteWork) -> None:
    """Remove a quota."""
    await remove_quota(uow, quota_id)
