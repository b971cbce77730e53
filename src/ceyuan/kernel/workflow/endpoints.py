"""Workflows over HTTP: definitions, instances, steps, history, the to-do list."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Header, Query

from ceyuan.kernel.errors import Invalid, Unauthenticated
from ceyuan.kernel.pages import Page, Rows
from ceyuan.kernel.routes import Router
from ceyuan.kernel.web import Paging, ReadWork, WriteWork, problems
from ceyuan.kernel.work import UnitOfWork
from ceyuan.kernel.workflow import engine, lists, views
from ceyuan.kernel.workflow.errors import (
    DefinitionNotFound,
    FormInvalid,
    GuardRefused,
    InstanceNotFound,
    KeyReused,
    Moved,
    NotYours,
    WrongState,
)
from ceyuan.kernel.workflow.notices import link_of
from ceyuan.kernel.workflow.permissions import is_staff
from ceyuan.kernel.workflow.registry import workflows
from ceyuan.kernel.workflow.schemas import (
    DefinitionOut,
    DefinitionRow,
    InstanceDetail,
    InstanceOut,
    MoveOut,
    OutcomeOut,
    StepIn,
    WayOut,
    Wording,
)
from ceyuan.kernel.workflow.tables import WorkflowInstance
from ceyuan.kernel.workflow.views import InstanceView, Way

router = Router(prefix="/api/v1/workflows", tags=["workflows"])
_Key = Annotated[str | None, Header(alias="Idempotency-Key", min_length=1, max_length=120)]


@router.get("/definitions", response_model=list[DefinitionRow], responses=problems(Unauthenticated))
async def list_workflow_definitions(uow: ReadWork) -> list[DefinitionRow]:
    """List the workflows of this platform in their newest versions."""
    uow.actor.require_known()
    return [
        DefinitionRow(name=d.name, version=d.version, title_zh=d.title[0], title_en=d.title[1])
        for d in workflows(uow.platform).newest()
    ]


@router.get(
    "/definitions/{name}", response_model=DefinitionOut, responses=problems(Unauthenticated, DefinitionNotFound)
)
async def get_workflow_definition(
    name: str, uow: ReadWork, version: Annotated[int | None, Query(ge=1, le=1_000_000)] = None
) -> Any:
    """A workflow as a diagram of states and edges."""
    uow.actor.require_known()
    definition = workflows(uow.platform).get(name, version)
    return views.describe(definition, staff=is_staff(uow.actor, definition))


@router.get("/instances", response_model=Page[InstanceOut], responses=problems(Unauthenticated, Invalid))
async def list_workflow_instances(
    uow: ReadWork,
    paging: Paging,
    definition: Annotated[str | None, Query(max_length=40)] = None,
    state: Annotated[str | None, Query(max_length=40)] = None,
    org_id: Annotated[str | None, Query(max_length=40)] = None,
    subject: Annotated[str | None, Query(max_length=120)] = None,
    parent_id: Annotated[str | None, Query(max_length=40)] = None,
    ended: Annotated[bool | None, Query(description="only ended ones, or only open ones")] = None,
) -> Page[InstanceOut]:
    """List the instances that the caller may see."""
    rows = await lists.list_instances(
        uow,
        paging,
        definition=definition,
        state=state,
        org_id=org_id,
        subject=subject,
        parent_id=parent_id,
        ended=ended,
    )
    return _page(uow, rows)


@router.get("/tasks", response_model=Page[InstanceOut], responses=problems(Unauthenticated, Invalid))
async def list_workflow_tasks(uow: ReadWork, paging: Paging) -> Page[InstanceOut]:
    """List what waits for a step or a ballot of the caller."""
    return _page(uow, await lists.list_tasks(uow, paging))


@router.get(
    "/instances/{instance_id}", response_model=InstanceDetail, responses=problems(Unauthenticated, InstanceNotFound)
)
async def get_workflow_instance(instance_id: str, uow: ReadWork) -> InstanceDetail:
    """Show an instance and what the caller may do next, or why not."""
    return _detail(uow, await views.view_instance(uow, instance_id))


@router.get(
    "/instances/{instance_id}/diagram",
    response_model=DefinitionOut,
    responses=problems(Unauthenticated, InstanceNotFound),
)
async def get_workflow_diagram(instance_id: str, uow: ReadWork) -> Any:
    """The diagram of the version with which the instance started."""
    _, definition = await engine.find(uow, instance_id)
    return views.describe(definition, staff=is_staff(uow.actor, definition))


@router.get(
    "/instances/{instance_id}/history",
    response_model=list[MoveOut],
    responses=problems(Unauthenticated, InstanceNotFound),
)
async def get_workflow_history(instance_id: str, uow: ReadWork) -> Any:
    """The moves of an instance, oldest first."""
    return await views.history(uow, instance_id)


@router.post(
    "/instances/{instance_id}/transitions/{name}",
    response_model=InstanceDetail,
    responses=problems(
        Unauthenticated, InstanceNotFound, NotYours, WrongState, GuardRefused, Moved, KeyReused, FormInvalid
    ),
)
async def take_workflow_step(
    instance_id: str, name: str, body: StepIn, uow: WriteWork, idempotency_key: _Key = None
) -> InstanceDetail:
    """Take a step. Repeated with the same Idempotency-Key it happens once."""
    await engine.transit(uow, instance_id, name, form=body.form, key=idempotency_key, revision=body.revision)
    return _detail(uow, await views.view_instance(uow, instance_id))


def _page(uow: UnitOfWork, rows: Rows[WorkflowInstance]) -> Page[InstanceOut]:
    items = [InstanceOut.model_validate(_fields(uow, row)) for row in rows.items]
    return Page[InstanceOut](items=items, next=rows.next)


def _fields(uow: UnitOfWork, row: WorkflowInstance) -> dict[str, Any]:
    definition = engine.definition_of(uow.platform, row)
    state = definition.by_name[row.state]
    label = views.label_of(state, is_staff(uow.actor, definition))
    names = ("id", "definition", "version", "subject", "title_zh", "title_en", "org_id", "owner_id", "parent_id")
    times = ("created_at", "entered_at", "due_at", "ended_at")
    return {
        **{name: getattr(row, name) for name in (*names, *times, "state", "revision")},
        "definition_zh": definition.title[0],
        "definition_en": definition.title[1],
        "label_zh": label[0],
        "label_en": label[1],
        "kind": state.kind,
        "link": link_of(definition, row),
    }


def _detail(uow: UnitOfWork, view: InstanceView) -> InstanceDetail:
    return InstanceDetail(
        **_fields(uow, view.instance),
        is_staff=view.staff,
        ways=[_way(way) for way in view.ways],
        outcome=OutcomeOut.model_validate(view.outcome, from_attributes=True) if view.outcome else None,
        owes_ballot=view.owes_ballot,
        may_object=view.may_object,
    )


def _way(way: Way) -> WayOut:
    transition = way.transition
    return WayOut(
        name=transition.name,
        label_zh=transition.label[0],
        label_en=transition.label[1],
        target=transition.target,
        optional=transition.optional,
        allowed=not way.reasons,
        reasons=[Wording(zh=reason[0], en=reason[1]) for reason in way.reasons],
        form=dict(transition.form) if transition.form is not None else None,
    )
