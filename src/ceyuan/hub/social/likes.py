"""Use cases of likes."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, select, update
from sqlalchemy.engine import CursorResult

from ceyuan.hub.repositories.access import require_read, visible_to
from ceyuan.hub.repositories.tables import HubRepository
from ceyuan.hub.social.tables import HubLike
from ceyuan.identity import PersonRef, people_by_id
from ceyuan.kernel.upserts import insert_missing
from ceyuan.kernel.work import UnitOfWork

_MOST = 1000


async def like(uow: UnitOfWork, row: HubRepository) -> None:
    """Like a repository; once is enough."""
    require_read(uow.actor, row)
    uow.actor.require_known()
    values = {"repository_id": row.id, "person_id": uow.actor.id, "created_at": uow.clock.now()}
    made = await uow.session.scalar(insert_missing(uow.session, HubLike, values).returning(HubLike.person_id))
    if made is not None:
        await _count(uow, row, 1)


async def unlike(uow: UnitOfWork, row: HubRepository) -> None:
    """Like it no longer."""
    require_read(uow.actor, row)
    uow.actor.require_known()
    gone = await uow.session.execute(
        delete(HubLike).where(HubLike.repository_id == row.id, HubLike.person_id == uow.actor.id)
    )
    assert isinstance(gone, CursorResult)
    if gone.rowcount:
        await _count(uow, row, -1)


async def _count(uow: UnitOfWork, row: HubRepository, by: int) -> None:
    await uow.session.execute(
        update(HubRepository)
        .where(HubRepository.id == row.id)
        .values(likes=HubRepository.likes + by)
        .execution_options(synchronize_session=False)
    )


async def is_liked(uow: UnitOfWork, row: HubRepository) -> bool:
    """Whether the actor likes the repository."""
    return uow.actor.is_known and await uow.session.get(HubLike, (row.id, uow.actor.id)) is not None


async def likers(uow: UnitOfWork, row: HubRepository) -> list[PersonRef]:
    """The people who like a repository, latest first."""
    require_read(uow.actor, row)
    ids = list(
        await uow.session.scalars(
            select(HubLike.person_id)
            .where(HubLike.repository_id == row.id)
            .order_by(HubLike.created_at.desc())
            .limit(_MOST)
        )
    )
    people = await people_by_id(uow, ids)
    return [people[key] for key in ids if key in people and people[key].state == "active"]


async def liked_by(uow: UnitOfWork, person_id: str) -> Sequence[tuple[HubLike, HubRepository]]:
    """What a person likes, as far as the actor may know of it, latest first."""
    rows = await uow.session.execute(
        select(HubLike, HubRepository)
        .join(HubRepository, HubRepository.id == HubLike.repository_id)
        .where(HubLike.person_id == person_id, HubRepository.deleted_at.is_(None), visible_to(uow.actor))
        .order_by(HubLike.created_at.desc())
        .limit(_MOST)
    )
    return [(liked, row) for liked, row in rows]
