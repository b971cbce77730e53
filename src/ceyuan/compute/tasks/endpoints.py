"""Tasks over HTTP."""

from __future__ import annotations

import shutil
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import Header, Query, Response

from ceyuan.compute.catalogue.errors import AcceleratorUnknown
from ceyuan.compute.pools import LOCAL_NODE
from ceyuan.compute.tasks import explaining, repository, service
from ceyuan.compute.tasks.certificates import certificate, check_certificate
from ceyuan.compute.tasks.errors import (
    BudgetTooSmall,
    CertificateBroken,
    DeadlinePassed,
    ImageImpossible,
    InputsCycle,
    NotIsolated,
    TaskImpossible,
    TaskNotFound,
    TaskNotOpen,
)
from ceyuan.compute.tasks.paper import certificate_pdf
from ceyuan.compute.tasks.schemas import (
    CertificateCheckOut,
    CertificateOut,
    CheckOut,
    ExplainOut,
    PlaceOut,
    TaskIn,
    TaskLogOut,
    TaskOut,
)
from ceyuan.compute.tasks.seats import read_yard
from ceyuan.compute.tasks.tables import ComputeTask
from ceyuan.identity import OrganisationNotFound, org_by_name, organisations_by_id
from ceyuan.kernel.errors import Conflict, Forbidden, Invalid, NotFound, Unauthenticated
from ceyuan.kernel.pages import Page, fetch_page
from ceyuan.kernel.routes import Router
from ceyuan.kernel.web import Paging, ReadWork, WriteWork, problems
from ceyuan.kernel.work import UnitOfWork
from ceyuan.metering import InsufficientFunds

router = Router(prefix="/api/v1/compute/tasks", tags=["compute tasks"])
_REFUSALS = problems(
    Unauthenticated,
    Forbidden,
    NotIsolated,
    NotFound,
    TaskImpossible,
    ImageImpossible,
    InputsCycle,
    AcceleratorUnknown,
    DeadlinePassed,
    BudgetTooSmall,
    InsufficientFunds,
    Invalid,
)


async def _payer(uow: UnitOfWork, reference: str) -> str:
    """The id of the organisation that pays, named by id or name; raises `OrganisationNotFound`."""
    uow.actor.require_known()
    if await organisations_by_id(uow, [reference]):
        return reference
    if (found := await org_by_name(uow, reference)) is None:
        raise OrganisationNotFound()
    return found.id


@router.post("", response_model=TaskOut, status_code=201, responses=_REFUSALS)
async def create_compute_task(
    body: TaskIn, uow: WriteWork, idempotency_key: Annotated[str | None, Header(max_length=100)] = None
) -> Any:
    """Queue a task; what cannot work is refused by name before anything is queued."""
    org_id = await _payer(uow, body.org_id)
    return await service.show_task(uow, await service.create_task(uow, org_id, body.task, key=idempotency_key))


@router.post("/check", response_model=CheckOut, responses=_REFUSALS)
async def check_compute_task(body: TaskIn, uow: ReadWork) -> Any:
    """Say what would be taken and paid, or why it cannot work; nothing is queued."""
    org_id = await _payer(uow, body.org_id)
    checked = await service.check_task(uow, org_id, body.task)
    queue = await explaining.preview(uow, org_id, body.task, trusted=uow.actor.is_admin)
    return {**asdict(checked), **checked.charged, "placed": checked.placed.model_dump(), "queue": queue}


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
    """Say what this machine has and whether they are isolated there."""
    uow.actor.require_known()
    yard = await read_yard(uow)
    node = next(one for one in yard.nodes if one.id == LOCAL_NODE)
    space = shutil.disk_usage(uow.platform.data_dir).free / 2**30
    figures = {"cpus": node.cpus, "memory_gib": node.memory_mib / 1024, "disk_gib": space}
    return {"kind": "local", "isolated": yard.isolated(node), **figures}


@router.get("/{task_id}", response_model=TaskOut, responses=problems(Unauthenticated, TaskNotFound))
async def get_compute_task(task_id: str, uow: ReadWork) -> Any:
    """Show one task with its tries and its cost so far."""
    return await service.show_task(uow, await service.find_task(uow, task_id))


@router.get("/{task_id}/explain", response_model=ExplainOut, responses=problems(Unauthenticated, TaskNotFound))
async def explain_compute_task(task_id: str, uow: ReadWork) -> Any:
    """Say why a task waits, when it is expected to start, and what would make it start now."""
    return await explaining.explain(uow, await service.find_task(uow, task_id))


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


@router.post(
    "/{task_id}/move",
    response_model=TaskOut,
    responses=problems(Unauthenticated, Forbidden, TaskNotFound, TaskNotOpen),
)
async def move_compute_task(task_id: str, uow: WriteWork) -> Any:
    """Ask a running task to leave its node at its checkpoint; it goes on elsewhere."""
    return await service.show_task(uow, await service.move_task(uow, task_id))


async def _certificate(uow: UnitOfWork, task_id: str) -> dict[str, Any]:
    task = await service.find_task(uow, task_id)
    names = await organisations_by_id(uow, [task.org_id])
    return certificate(uow, task, names[task.org_id].name if task.org_id in names else "")


@router.get(
    "/{task_id}/certificate",
    response_model=CertificateOut,
    responses=problems(Unauthenticated, TaskNotFound, TaskNotOpen, CertificateBroken),
)
async def get_task_certificate(task_id: str, uow: ReadWork) -> Any:
    """Give the signed certificate of what an ended task used."""
    return await _certificate(uow, task_id)


@router.get(
    "/{task_id}/certificate.pdf",
    response_class=Response,
    responses={
        200: {"content": {"application/pdf": {}}, "description": "The certificate on paper"},
        **problems(Unauthenticated, TaskNotFound, TaskNotOpen, CertificateBroken),
    },
)
async def get_task_certificate_pdf(task_id: str, uow: ReadWork) -> Response:
    """Give the certificate as a PDF."""
    headers = {"Content-Disposition": f'attachment; filename="{task_id}.pdf"'}
    return Response(certificate_pdf(await _certificate(uow, task_id)), media_type="application/pdf", headers=headers)


@router.post("/certificates/check", response_model=CertificateCheckOut, responses=problems(Unauthenticated, Invalid))
async def check_task_certificate(body: dict[str, Any], uow: ReadWork) -> Any:
    """Say what of a certificate holds: its chain, its signature, and whether this platform made it."""
    uow.actor.require_known()
    return check_certificate(uow, body)
