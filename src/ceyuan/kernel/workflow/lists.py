"""Lists of instances: those that an actor may see, and those that wait for the actor."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, true

from ceyuan.kernel.actor import Actor
from ceyuan.kernel.pages import PageRequest, Rows, fetch_page
from ceyuan.kernel.workflow import repository
from ceyuan.kernel.workflow.definition import Definition
from ceyuan.kernel.workflow.permissions import is_staff, roles_up_to
from ceyuan.kernel.workflow.registry import workflows
from ceyuan.kernel.workflow.repository import Place, at_places
from ceyuan.kernel.workflow.tables import WorkflowInstance

if TYPE_CHECKING:
    from ceyuan.kernel.work import UnitOfWork

_SORTS = {"created_at": WorkflowInstance.created_at, "entered_at": WorkflowInstance.entered_at}


async def list_instances(
    uow: UnitOfWork,
    paging: PageRequest,
    *,
    definition: str | None = None,
    state: str | None = None,
    org_id: str | None = None,
    subject: str | None = None,
    parent_id: str | None = None,
    ended: bool | None = None,
) -> Rows[WorkflowInstance]:
    """A page of the instances that the actor may see and that meet the conditions."""
    uow.actor.require_known()
    conditions = [_visible(uow)]
    given = {"definition": definition, "state": state, "org_id": org_id, "subject": subject, "parent_id": parent_id}
    conditions += [getattr(WorkflowInstance, name) == value for name, value in given.items() if value is not None]
    if ended is not None:
        conditions.append(WorkflowInstance.ended_at.is_not(None) if ended else WorkflowInstance.ended_at.is_(None))
    return await _page(uow, paging, conditions)


async def list_tasks(uow: UnitOfWork, paging: PageRequest) -> Rows[WorkflowInstance]:
    """A page of the instances that wait for a step or a ballot of the actor: the to-do list.

    Duties count where they are held in person; administrators do not find everybody's work here.
    """
    uow.actor.require_known()
    return await _page(uow, paging, [WorkflowInstance.ended_at.is_(None), _waits_for(uow)])


async def _page(
    uow: UnitOfWork, paging: PageRequest, conditions: Iterable[ColumnElement[bool]]
) -> Rows[WorkflowInstance]:
    query = repository.select_instances(*conditions)
    return await fetch_page(uow.session, query, paging, key=WorkflowInstance.id, sorts=_SORTS, default="-entered_at")


def _visible(uow: UnitOfWork) -> ColumnElement[bool]:
    actor = uow.actor
    if actor.kind == "system" or actor.is_admin or actor.has_duty("regulator"):
        return true()
    definitions = workflows(uow.platform).all()
    staffed = sorted({d.name for d in definitions if is_staff(actor, d)})
    public = [(d.name, d.version, state.name) for d in definitions for state in d.states if state.publicity]
    return repository.any_of(
        [
            WorkflowInstance.owner_id == actor.id,
            WorkflowInstance.org_id.in_(list(actor.roles)),
            WorkflowInstance.definition.in_(staffed),
            at_places(public),
            repository.reviewed_by(actor.id),
        ]
    )


def _waits_for(uow: UnitOfWork) -> ColumnElement[bool]:
    actor = uow.actor
    definitions = workflows(uow.platform).all()
    reviews = [(d.name, d.version, state.name) for d in definitions for state in d.states if state.review]
    return repository.any_of(
        [
            at_places(_places(definitions, {f"duty:{duty}" for duty in actor.duties})),
            (WorkflowInstance.owner_id == actor.id) & at_places(_places(definitions, {"owner"})),
            at_places(reviews) & repository.owes_ballot(actor.id),
            *_of_organisations(actor, definitions),
        ]
    )


def _of_organisations(actor: Actor, definitions: Iterable[Definition]) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    for role in sorted(set(actor.roles.values())):
        orgs = [org_id for org_id, held in actor.roles.items() if held == role]
        places = _places(definitions, set(roles_up_to(role)))
        conditions.append(WorkflowInstance.org_id.in_(orgs) & at_places(places))
    return conditions


def _places(definitions: Iterable[Definition], words: set[str]) -> list[Place]:
    """The states out of which somebody whom one of `words` names is expected to take a step."""
    return [
        (definition.name, definition.version, state.name)
        for definition in definitions
        for state in definition.states
        if any(words & set(t.by) for t in definition.leaving(state.name) if not t.optional)
    ]
