"""Tasks over HTTP."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query

from ceyuan.compute.catalogue.errors import AcceleratorUnknown
from ceyuan.compute.tasks import repository, service
from ceyuan.compute.tasks.errors import (
    BudgetTooSmall,
    DeadlinePassed,
    NotIsolated,
    TaskImpossible,
    TaskNotFound,
    TaskNotOpen,
)
from ceyuan.compute.tasks.places import local_place
from ceyuan.compute.tasks.schemas import CheckOut, PlaceOut, TaskIn, TaskLogOut, TaskOut
from ceyuan.compute.tasks.tables import ComputeTask
from ceyuan.kernel.errors import Conflict, Forbidden, Invalid, NotFound, Unauthenticated
from ceyuan.kernel.pages import Page, fetch_page
from ceyuan.kernel.web import Paging, ReadWork, WriteWork, problems
from ceyuan.metering import InsufficientFunds

router = APIRouter(prefix="/api/v1/compute/tasks", tags=["compute tasks"])
_REFUSALS = problems(
    Unauthenticated,
    Forbidden,
    NotIsolated,
    NotFound,
    TaskImpossible,
    AcceleratorUnknown,
    DeadlinePassed,
    BudgetTooSmall,
    InsufficientFunds,
    Invalid,
)


@router.post("", response_model=TaskOut, status_code=201, responses=_REFUSALS)
async def create_compute_task(
    body: TaskIn, uow: WriteWork, idempotency_key: Annotated[str | None, Header(max_length=100)] = None
) -> Any:
    """Queue a task; what cannot work is refused by name before anything is queued."""
    uow.actor.require_known()
    return await service.show_task(uow, await service.create_task(uow, body.org_id, body.task, key=idempotency_key))


@router.post("/check", response_model=CheckOut, responses=_REFUSALS)
async def check_compute_task(body: TaskIn, uow: ReadWork) -> Any:
    """Say what would be taken and paid, or why it cannot work; nothing is queued."""
    uow.actor.require_known()
    checked = await service.check_task(uow, body.org_id, body.task)
    return {**asdict(checked), "placed": checked.placed.model_dump()}


@router.get("", response_model=Page[TaskOut], responses=problems(Unauthenticated, Invalid))
async def list_compute_tasks(
    uow: ReadWork,
    paging: Paging,
    state: Annotated[str | None, Query(max_length=20)] = None,
    org_id: Annotated[str | None, Query(max_length=40)] = None,
) -> Any:
    """List the tasks of the caller's organisations."""
    uow.actor.require_known()
    query = repository.visible_to(uow.actor)
    for column, value in ((ComputeTask.state, state), (ComputeTask.org_id, org_id)):
        if value:
            query = query.where(column == value)
    sorts = {"created_at": ComputeTask.created_at, "name": ComputeTask.name, "cost_micro": ComputeTask.cost_micro}
    rows = await fetch_page(uow.session, query, paging, key=ComputeTask.id, sorts=sorts, default="-created_at")
    items = [TaskOut.model_validate(await service.show_task(uow, row)) for row in rows.items]
    return Page[TaskOut](items=items, next=rows.next)


@router.get("/place", response_model=PlaceOut, responses=problems(Unauthenticated))
async def get_compute_place(uow: ReadWork) -> Any:
    """Say where tasks run and whether they are isolated there."""
    uow.actor.require_known()
    place = local_place(uow.platform)
    machine = await place.machine()
    figures = {name: getattr(machine, name) for name in ("cpus", "memory_gib", "disk_gib")}
    return {"kind": "local", "isolated": await place.isolated(), **figures}


@router.get("/{task_id}", response_model=TaskOut, responses=problems(Unauthenticated, TaskNotFound))
async def get_compute_task(task_id: str, uow: ReadWork) -> Any:
    """Show one task with its tries and its cost so far."""
    return await service.show_task(uow, await service.find_task(uow, task_id))


@router.get("/{task_id}/log", response_model=TaskLogOut, responses=problems(Unauthenticated, TaskNotFound))
async def read_compute_task_log(
    task_id: str,
    uow: ReadWork,
    attempt: Annotated[str | None, Query(max_length=120, description="a try's key; left out: the last")] = None,
    offset: Annotated[int, Query(ge=0, le=10**12)] = 0,
) -> Any:
    """Read the output of a try from an offset on, also while it runs."""
    return await service.read_log(uow, task_id, attempt, offset)


@router.post(
    "/{task_id}/stop",
    response_model=TaskOut,
    responses=problems(Unauthenticated, Forbidden, TaskNotFound, Conflict),
)
async def stop_compute_task(task_id: str, uow: WriteWork) -> Any:
    """Stop a task; what it used is metered and its checkpoint kept."""
    return await service.show_task(uow, await service.stop_task(uow, task_id))


@router.post(
    "/{task_id}/resume",
    response_model=TaskOut,
    responses=problems(
        Unauthenticated, Forbidden, TaskNotFound, TaskNotOpen, DeadlinePassed, BudgetTooSmall, InsufficientFunds
    ),
)
async def resume_compute_task(task_id: str, uow: WriteWork) -> Any:
    """Go on with a failed or stopped task from its checkpoint."""
    return await service.show_task(uow, await service.resume_task(uow, task_id))
