"""Monitoring over HTTP."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query
from sqlalchemy import select

from ceyuan.governance.monitoring import service
from ceyuan.governance.monitoring.errors import IncidentNotFound, RuleNotFound
from ceyuan.governance.monitoring.schemas import IncidentOut, IncidentStep, RuleChange, RuleIn, RuleOut
from ceyuan.governance.monitoring.tables import Incident, MonitorRule
from ceyuan.kernel.errors import Conflict, Forbidden, Invalid, NotFound, Unauthenticated
from ceyuan.kernel.pages import Page, fetch_page
from ceyuan.kernel.routes import Router
from ceyuan.kernel.web import Paging, ReadWork, WriteWork, problems

router = Router(prefix="/api/v1/monitoring", tags=["monitoring"])


@router.get("/rules", response_model=Page[RuleOut], responses=problems(Unauthenticated, Invalid))
async def list_monitor_rules(uow: ReadWork, paging: Paging) -> Any:
    """List the rules of the caller's organisations."""
    uow.actor.require_known()
    query = select(MonitorRule)
    if not uow.actor.has_duty("regulator"):
        query = query.where(MonitorRule.org_id.in_(list(uow.actor.roles)))
    sorts = {"created_at": MonitorRule.created_at, "metric": MonitorRule.metric}
    rows = await fetch_page(uow.session, query, paging, key=MonitorRule.id, sorts=sorts, default="-created_at")
    return rows.page(RuleOut)


@router.post(
    "/rules", response_model=RuleOut, status_code=201, responses=problems(Unauthenticated, Forbidden, NotFound, Invalid)
)
async def create_monitor_rule(body: RuleIn, uow: WriteWork) -> Any:
    """Set up a rule that opens an incident when a figure exceeds its threshold."""
    return await service.create_rule(uow, body)


@router.patch(
    "/rules/{rule_id}", response_model=RuleOut, responses=problems(Unauthenticated, Forbidden, RuleNotFound, Invalid)
)
async def change_monitor_rule(rule_id: str, body: RuleChange, uow: WriteWork) -> Any:
    """Change or switch a rule."""
    return await service.change_rule(uow, rule_id, body)


@router.get("/incidents", response_model=Page[IncidentOut], responses=problems(Unauthenticated, Invalid))
async def list_incidents(
    uow: ReadWork,
    paging: Paging,
    state: Annotated[str | None, Query(max_length=20)] = None,
    severity: Annotated[str | None, Query(max_length=10)] = None,
) -> Any:
    """List incidents, newest first."""
    uow.actor.require_known()
    query = select(Incident)
    if not uow.actor.has_duty("regulator"):
        query = query.where(Incident.org_id.in_(list(uow.actor.roles)))
    if state:
        query = query.where(Incident.state == state)
    if severity:
        query = query.where(Incident.severity == severity)
    sorts = {"opened_at": Incident.opened_at, "severity": Incident.severity}
    rows = await fetch_page(uow.session, query, paging, key=Incident.id, sorts=sorts, default="-opened_at")
    return rows.page(IncidentOut)


@router.get(
    "/incidents/{incident_id}", response_model=IncidentOut, responses=problems(Unauthenticated, IncidentNotFound)
)
async def get_incident(incident_id: str, uow: ReadWork) -> Any:
    """Show one incident."""
    return await service.find_incident(uow, incident_id)


@router.post(
    "/incidents/{incident_id}/step",
    response_model=IncidentOut,
    responses=problems(Unauthenticated, Forbidden, IncidentNotFound, Conflict, Invalid),
)
async def step_incident(incident_id: str, body: IncidentStep, uow: WriteWork) -> Any:
    """Take an incident, resolve it or dismiss it with a reason."""
    uow.actor.require_known()
    return await service.step_incident(uow, incident_id, body.step, body.note)
