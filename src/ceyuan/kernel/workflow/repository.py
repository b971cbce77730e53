"""All SQL of workflows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, false, func, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from ceyuan.kernel.workflow.tables import (
    WorkflowConflict,
    WorkflowInstance,
    WorkflowMove,
    WorkflowObjection,
    WorkflowReviewer,
)


async def instance(session: AsyncSession, instance_id: str, *, lock: bool = False) -> WorkflowInstance | None:
    """An instance; with `lock`, nobody else moves it until the transaction ends."""
    query = select(WorkflowInstance).where(WorkflowInstance.id == instance_id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return (await session.scalars(query)).one_or_none()


async def by_subject(session: AsyncSession, definition: str, subject: str) -> WorkflowInstance | None:
    query = select(WorkflowInstance).where(
        WorkflowInstance.definition == definition, WorkflowInstance.subject == subject
    )
    return (await session.scalars(query)).one_or_none()


async def children(session: AsyncSession, parent_id: str, definition: str) -> Sequence[WorkflowInstance]:
    query = select(WorkflowInstance).where(
        WorkflowInstance.parent_id == parent_id, WorkflowInstance.definition == definition
    )
    return (await session.scalars(query.order_by(WorkflowInstance.id))).all()


async def move_guarded(session: AsyncSession, moving: WorkflowInstance, target: str) -> bool:
    """Set the state if nobody has moved the instance since it was read; whether that was so."""
    statement = (
        update(WorkflowInstance)
        .where(
            WorkflowInstance.id == moving.id,
            WorkflowInstance.state == moving.state,
            WorkflowInstance.revision == moving.revision,
        )
        .values(state=target, revision=moving.revision + 1)
        .returning(WorkflowInstance.id)
        .execution_options(synchronize_session=False)
    )
    return (await session.scalars(statement)).one_or_none() is not None


async def move_by_key(session: AsyncSession, instance_id: str, key: str) -> WorkflowMove | None:
    query = select(WorkflowMove).where(WorkflowMove.instance_id == instance_id, WorkflowMove.key == key)
    return (await session.scalars(query)).one_or_none()


async def moves(session: AsyncSession, instance_id: str) -> Sequence[WorkflowMove]:
    """The history, oldest first."""
    query = select(WorkflowMove).where(WorkflowMove.instance_id == instance_id).order_by(WorkflowMove.number)
    return (await session.scalars(query)).all()


async def reviewers(session: AsyncSession, instance_id: str, round: int) -> Sequence[WorkflowReviewer]:
    query = select(WorkflowReviewer).where(WorkflowReviewer.instance_id == instance_id, WorkflowReviewer.round == round)
    return (await session.scalars(query.order_by(WorkflowReviewer.person_id))).all()


async def last_round(session: AsyncSession, instance_id: str) -> Sequence[WorkflowReviewer]:
    """The seats of the newest round."""
    newest = (
        select(func.max(WorkflowReviewer.round)).where(WorkflowReviewer.instance_id == instance_id).scalar_subquery()
    )
    query = select(WorkflowReviewer).where(
        WorkflowReviewer.instance_id == instance_id, WorkflowReviewer.round == newest
    )
    return (await session.scalars(query.order_by(WorkflowReviewer.person_id))).all()


async def open_seats(session: AsyncSession, people: Iterable[str]) -> dict[str, int]:
    """How many ballots each of these people owes in rounds that are under way."""
    query = (
        select(WorkflowReviewer.person_id, func.count())
        .join(WorkflowInstance, WorkflowInstance.id == WorkflowReviewer.instance_id)
        .where(
            WorkflowReviewer.person_id.in_(list(people)),
            WorkflowReviewer.round == WorkflowInstance.revision,
            WorkflowReviewer.cast_at.is_(None),
            WorkflowReviewer.recused_at.is_(None),
        )
        .group_by(WorkflowReviewer.person_id)
    )
    return {row[0]: row[1] for row in await session.execute(query)}


async def seats_held(session: AsyncSession, person_id: str) -> Sequence[tuple[WorkflowInstance, WorkflowReviewer]]:
    """The person's seats in rounds that are under way, with their instances, which stay so until the commit."""
    query = (
        select(WorkflowInstance, WorkflowReviewer)
        .join(WorkflowReviewer, WorkflowInstance.id == WorkflowReviewer.instance_id)
        .where(
            WorkflowReviewer.person_id == person_id,
            WorkflowReviewer.round == WorkflowInstance.revision,
            WorkflowReviewer.recused_at.is_(None),
        )
        .order_by(WorkflowInstance.id)
        .with_for_update(of=WorkflowInstance)
    )
    return [(row[0], row[1]) for row in await session.execute(query)]


async def was_reviewer(session: AsyncSession, instance_id: str, person_id: str) -> bool:
    query = select(func.count()).where(
        WorkflowReviewer.instance_id == instance_id, WorkflowReviewer.person_id == person_id
    )
    return bool(await session.scalar(query))


async def conflicted(session: AsyncSession, org_id: str) -> set[str]:
    """The people who declared that they are not independent of the organisation."""
    return set(await session.scalars(select(WorkflowConflict.person_id).where(WorkflowConflict.org_id == org_id)))


async def conflicts_of(session: AsyncSession, person_id: str) -> Sequence[WorkflowConflict]:
    query = select(WorkflowConflict).where(WorkflowConflict.person_id == person_id)
    return (await session.scalars(query.order_by(WorkflowConflict.org_id))).all()


async def objections(session: AsyncSession, instance_id: str, round: int | None = None) -> Sequence[WorkflowObjection]:
    """Objections, oldest first; of one publicity if `round` is given."""
    query = select(WorkflowObjection).where(WorkflowObjection.instance_id == instance_id)
    if round is not None:
        query = query.where(WorkflowObjection.round == round)
    return (await session.scalars(query.order_by(WorkflowObjection.id))).all()


async def due(session: AsyncSession, now: datetime, limit: int) -> list[str]:
    """The ids of instances that the sweeper shall look at, longest due first."""
    query = select(WorkflowInstance.id).where(WorkflowInstance.wake_at <= now).order_by(WorkflowInstance.wake_at)
    return list(await session.scalars(query.limit(limit)))


Place = tuple[str, int, str]
"""A state of one version: definition, version, state."""


def at_places(places: Iterable[Place]) -> ColumnElement[bool]:
    """The condition that an instance is in one of these states."""
    wanted = list(places)
    columns = tuple_(WorkflowInstance.definition, WorkflowInstance.version, WorkflowInstance.state)
    return columns.in_(wanted) if wanted else false()


def owes_ballot(person_id: str) -> ColumnElement[bool]:
    """The condition that the person owes a ballot in the instance's present round."""
    return (
        select(WorkflowReviewer.instance_id)
        .where(
            WorkflowReviewer.instance_id == WorkflowInstance.id,
            WorkflowReviewer.round == WorkflowInstance.revision,
            WorkflowReviewer.person_id == person_id,
            WorkflowReviewer.cast_at.is_(None),
            WorkflowReviewer.recused_at.is_(None),
        )
        .exists()
    )


def reviewed_by(person_id: str) -> ColumnElement[bool]:
    """The condition that the person has or had a seat."""
    return (
        select(WorkflowReviewer.instance_id)
        .where(WorkflowReviewer.instance_id == WorkflowInstance.id, WorkflowReviewer.person_id == person_id)
        .exists()
    )


def select_instances(*conditions: ColumnElement[bool]) -> Select[WorkflowInstance]:
    """Instances that meet all conditions."""
    return select(WorkflowInstance).where(and_(True, *conditions))


def any_of(conditions: Sequence[ColumnElement[bool]]) -> ColumnElement[bool]:
    """The condition that at least one holds."""
    return or_(false(), *conditions)
