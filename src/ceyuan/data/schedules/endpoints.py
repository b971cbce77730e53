"""Schedules over HTTP."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path, Query

from ceyuan.data.pipelines.schemas import JobStarted
from ceyuan.data.schedules import service
from ceyuan.data.schedules.errors import ScheduleGoesOn, ScheduleInvalid, ScheduleNotFound
from ceyuan.data.schedules.schemas import ScheduleChange, ScheduleIn, ScheduleOut
from ceyuan.data.schedules.tables import DataSchedule
from ceyuan.identity import OrganisationNotFound
from ceyuan.kernel.errors import Forbidden, Invalid, NotFound, Unauthenticated
from ceyuan.kernel.pages import Page, fetch_page
from ceyuan.kernel.routes import Router
from ceyuan.kernel.web import Paging, ReadWork, WriteWork, problems

router = Router(prefix="/api/v1/data/schedules", tags=["data"])
ScheduleId = Annotated[str, Path(max_length=40)]
_SORTS = {"created_at": DataSchedule.created_at, "name": DataSchedule.name, "next_at": DataSchedule.next_at}
_MAY_WRITE = (Unauthenticated, Forbidden, ScheduleNotFound, ScheduleInvalid, Invalid)


@router.get("", response_model=Page[ScheduleOut], responses=problems(Unauthenticated, Invalid))
async def list_schedules(
    uow: ReadWork,
    paging: Paging,
    org_id: Annotated[str | None, Query(max_length=40)] = None,
    source_id: Annotated[str | None, Query(max_length=40, description="only those that collect it")] = None,
) -> Any:
    """List the schedules of the caller's organisations."""
    uow.actor.require_known()
    query = service.visible(uow.actor, org_id, source_id)
    rows = await fetch_page(uow.session, query, paging, key=DataSchedule.id, sorts=_SORTS, default="-created_at")
    return rows.page(ScheduleOut)


@router.post(
    "",
    response_model=ScheduleOut,
    status_code=201,
    responses=problems(Unauthenticated, Forbidden, NotFound, OrganisationNotFound, ScheduleInvalid, Invalid),
)
async def create_schedule(body: ScheduleIn, uow: WriteWork) -> Any:
    """Let collecting or cleaning begin by itself, at the times that a crontab line names."""
    return await service.create_schedule(uow, body)


@router.get("/{schedule_id}", response_model=ScheduleOut, responses=problems(Unauthenticated, ScheduleNotFound))
async def get_schedule(schedule_id: ScheduleId, uow: ReadWork) -> Any:
    """Show one schedule."""
    return await service.get_schedule(uow, schedule_id)


@router.patch("/{schedule_id}", response_model=ScheduleOut, responses=problems(*_MAY_WRITE))
async def change_schedule(schedule_id: ScheduleId, body: ScheduleChange, uow: WriteWork) -> Any:
    """Change a schedule's name or times, pause it, or let it go on."""
    return await service.change_schedule(uow, schedule_id, body)


@router.post(
    "/{schedule_id}/run",
    response_model=JobStarted,
    status_code=202,
    responses=problems(Unauthenticated, Forbidden, ScheduleNotFound, ScheduleGoesOn, NotFound, Invalid),
)
async def run_schedule(schedule_id: ScheduleId, uow: WriteWork) -> Any:
    """Begin what a schedule holds at once; its times stay as they are."""
    job = await service.run_now(uow, schedule_id)
    return {"job_id": job.id, "kind": job.kind, "state": job.state}


@router.delete("/{schedule_id}", status_code=204, responses=problems(*_MAY_WRITE))
async def delete_schedule(schedule_id: ScheduleId, uow: WriteWork) -> None:
    """Delete a schedule; what it started stays."""
    await service.delete_schedule(uow, schedule_id)
