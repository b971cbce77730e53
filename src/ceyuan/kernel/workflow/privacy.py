"""What workflows keep of a person or an organisation: handing it out, and cutting what identifies a person."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from ceyuan.kernel.work import UnitOfWork
from ceyuan.kernel.workflow.tables import (
    WorkflowConflict,
    WorkflowInstance,
    WorkflowMove,
    WorkflowObjection,
    WorkflowReviewer,
)

ERASED = "—"
"""Stands where the name of an erased person stood."""
_ROWS = 100_000
"""The most rows of one kind in an export."""


async def papers_of_person(uow: UnitOfWork, person_id: str) -> dict[str, list[dict[str, Any]]]:
    """Everything that workflows keep of a person, by kind: own matters, steps taken, reviews, objections, conflicts."""
    session = uow.session
    return {
        "instances": await _rows(session, WorkflowInstance, WorkflowInstance.owner_id == person_id),
        "steps": await _rows(session, WorkflowMove, WorkflowMove.actor_id == person_id),
        "reviews": await _rows(session, WorkflowReviewer, WorkflowReviewer.person_id == person_id),
        "objections": await _rows(session, WorkflowObjection, WorkflowObjection.person_id == person_id),
        "conflicts": await _rows(session, WorkflowConflict, WorkflowConflict.person_id == person_id),
    }


async def papers_of_organisation(uow: UnitOfWork, org_id: str) -> dict[str, list[dict[str, Any]]]:
    """The organisation's matters and the steps that they took."""
    instances = await _rows(uow.session, WorkflowInstance, WorkflowInstance.org_id == org_id)
    owned = select(WorkflowInstance.id).where(WorkflowInstance.org_id == org_id)
    return {
        "instances": instances,
        "steps": await _rows(uow.session, WorkflowMove, WorkflowMove.instance_id.in_(owned)),
    }


async def forget_person(uow: UnitOfWork, person_id: str) -> None:
    """Cut the person's name wherever workflows wrote it down; steps and ballots stay, under the bare id."""
    for statement in (
        update(WorkflowMove).where(WorkflowMove.actor_id == person_id).values(actor_label=ERASED),
        update(WorkflowReviewer).where(WorkflowReviewer.person_id == person_id).values(label=ERASED),
        update(WorkflowObjection).where(WorkflowObjection.person_id == person_id).values(label=ERASED),
        delete(WorkflowConflict).where(WorkflowConflict.person_id == person_id),
    ):
        await uow.session.execute(statement.execution_options(synchronize_session=False))


async def _rows(session: AsyncSession, entity: type[Any], condition: Any) -> list[dict[str, Any]]:
    columns = list(entity.__table__.columns)
    found = await session.execute(select(*columns).where(condition).limit(_ROWS))
    return [dict(row._mapping) for row in found]
