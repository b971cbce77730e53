"""All SQL of reviews."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Select, case, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from ceyuan.data.reviews.errors import ReviewNotFound
from ceyuan.data.reviews.tables import DataReview, DataReviewItem, DataReviewVote
from ceyuan.kernel.actor import Actor


async def get(session: AsyncSession, review_id: str, *, lock: bool = False) -> DataReview:
    """The review; raises `ReviewNotFound`."""
    query = select(DataReview).where(DataReview.id == review_id)
    row = await session.scalar(query.with_for_update() if lock else query)
    if row is None:
        raise ReviewNotFound()
    return row


def visible(actor: Actor, org_id: str | None, state: str | None) -> Select[DataReview]:
    """The reviews that the actor may see."""
    query = select(DataReview)
    if not (actor.kind == "system" or actor.is_admin):
        query = query.where(DataReview.org_id.in_(list(actor.roles)))
    if org_id:
        query = query.where(DataReview.org_id == org_id)
    if state:
        query = query.where(DataReview.state == state)
    return query


async def settled(session: AsyncSession, review_ids: Sequence[str]) -> dict[str, int]:
    """How many documents of each review have their verdict."""
    query = (
        select(DataReviewItem.review_id, func.count())
        .where(DataReviewItem.review_id.in_(review_ids), DataReviewItem.verdict.is_not(None))
        .group_by(DataReviewItem.review_id)
    )
    rows = await session.execute(query)
    return {row[0]: row[1] for row in rows}


def waiting(review_id: str, reviewer: str) -> Select[DataReviewItem]:
    """Documents that need a judgement and have none of this reviewer's."""
    own = exists().where(
        DataReviewVote.review_id == DataReviewItem.review_id,
        DataReviewVote.number == DataReviewItem.number,
        DataReviewVote.reviewer == reviewer,
    )
    return select(DataReviewItem).where(DataReviewItem.review_id == review_id, DataReviewItem.open > 0, ~own)


async def next_for(
    session: AsyncSession, review_id: str, reviewer: str, start: int, limit: int
) -> list[DataReviewItem]:
    """The next documents for a reviewer, from the place `start` of the queue on and round again."""
    query = waiting(review_id, reviewer).order_by(
        DataReviewItem.open, case((DataReviewItem.number < start, 1), else_=0), DataReviewItem.number
    )
    return list(await session.scalars(query.limit(limit)))


async def count(session: AsyncSession, query: Select[DataReviewItem]) -> int:
    """How many rows a query has."""
    return await session.scalar(select(func.count()).select_from(query.subquery())) or 0


async def votes_of(session: AsyncSession, review_id: str, numbers: Sequence[int] | None = None) -> list[DataReviewVote]:
    """Votes in the order in which they were given."""
    query = select(DataReviewVote).where(DataReviewVote.review_id == review_id)
    if numbers is not None:
        query = query.where(DataReviewVote.number.in_(numbers))
    return list(await session.scalars(query.order_by(DataReviewVote.at, DataReviewVote.id)))


async def items_of(session: AsyncSession, review_id: str, numbers: Sequence[int] | None = None) -> list[DataReviewItem]:
    """Documents of the sample in the order of the queue."""
    query = select(DataReviewItem).where(DataReviewItem.review_id == review_id)
    if numbers is not None:
        query = query.where(DataReviewItem.number.in_(numbers)).with_for_update()
    return list(await session.scalars(query.order_by(DataReviewItem.number)))
