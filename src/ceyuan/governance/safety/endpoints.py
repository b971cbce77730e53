"""Safety checks over HTTP."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import Header, Query

from ceyuan.governance.safety import repository, service
from ceyuan.governance.safety.errors import CheckNotFound, CheckPlanInvalid
from ceyuan.governance.safety.schemas import CheckIn, CheckOut, FindingOut, InspectIn, InspectOut, RiskOut
from ceyuan.governance.safety.tables import SafetyCheck, SafetyFinding
from ceyuan.kernel.errors import Forbidden, Invalid, NotFound, Unauthenticated
from ceyuan.kernel.pages import Page, fetch_page
from ceyuan.kernel.routes import Router
from ceyuan.kernel.web import CurrentActor, Paging, ReadWork, WriteWork, problems

router = Router(prefix="/api/v1/safety", tags=["safety"])


@router.get("/risks", response_model=list[RiskOut])
async def list_safety_risks() -> Any:
    """List the 31 risks of the national standard and how many built-in keywords point at each."""
    return await asyncio.to_thread(service.list_risks)


@router.post("/inspect", response_model=InspectOut, responses=problems(Unauthenticated, Invalid))
async def inspect_text(body: InspectIn, actor: CurrentActor) -> Any:
    """Run a text through keywords, personal information and classifier; nothing is kept."""
    actor.require_known()
    return await asyncio.to_thread(service.inspect, body.text)


@router.post(
    "/checks",
    response_model=CheckOut,
    status_code=201,
    responses=problems(Unauthenticated, Forbidden, NotFound, Invalid, CheckPlanInvalid),
)
async def start_safety_check(
    body: CheckIn,
    uow: WriteWork,
    idempotency_key: Annotated[str | None, Header(max_length=120)] = None,
) -> Any:
    """Start a safety check as a job."""
    uow.actor.require_known()
    key = f"safety/{uow.actor.id}/{idempotency_key}" if idempotency_key else None
    return await service.create_check(
        uow, org_id=body.org_id, name=body.name, plan=body.plan, repository_name=body.repository, key=key
    )


@router.get("/checks", response_model=Page[CheckOut], responses=problems(Unauthenticated, Invalid))
async def list_safety_checks(
    uow: ReadWork,
    paging: Paging,
    passed: bool | None = None,
    state: Annotated[str | None, Query(max_length=20)] = None,
) -> Any:
    """List the safety checks of the caller's organisations."""
    uow.actor.require_known()
    query = repository.visible_to(uow.actor)
    if passed is not None:
        query = query.where(SafetyCheck.passed == passed)
    if state:
        query = query.where(SafetyCheck.state == state)
    sorts = {"created_at": SafetyCheck.created_at, "name": SafetyCheck.name}
    rows = await fetch_page(uow.session, query, paging, key=SafetyCheck.id, sorts=sorts, default="-created_at")
    return rows.page(CheckOut)


@router.get("/checks/{check_id}", response_model=CheckOut, responses=problems(Unauthenticated, CheckNotFound))
async def get_safety_check(check_id: str, uow: ReadWork) -> Any:
    """Show one safety check with its result by clause and its signature."""
    return await service.find_check(uow, check_id)


@router.get(
    "/checks/{check_id}/findings",
    response_model=Page[FindingOut],
    responses=problems(Unauthenticated, CheckNotFound, Invalid),
)
async def list_safety_findings(
    check_id: str,
    uow: ReadWork,
    paging: Paging,
    part: Annotated[str | None, Query(max_length=20)] = None,
    clause: Annotated[str | None, Query(max_length=10)] = None,
    action: Annotated[str | None, Query(max_length=10)] = None,
) -> Any:
    """List what a check found; identifiers in the excerpts are masked."""
    check = await service.find_check(uow, check_id)
    query = repository.findings(check.id, part, clause, action)
    sorts = {"clause": SafetyFinding.clause, "action": SafetyFinding.action, "confidence": SafetyFinding.confidence}
    rows = await fetch_page(uow.session, query, paging, key=SafetyFinding.id, sorts=sorts, default="clause")
    return rows.page(FindingOut)
