"""All SQL of the law assistant."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import ColumnElement, Select, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from ceyuan.kernel.actor import Actor
from ceyuan.scenarios.law.errors import AnswerNotFound, AssistantNotFound
from ceyuan.scenarios.law.tables import LawAnswer, LawAssistant, LawRating


async def get_assistant(session: AsyncSession, assistant_id: str) -> LawAssistant:
    """The assistant; raises `AssistantNotFound`."""
    row = await session.get(LawAssistant, assistant_id)
    if row is None:
        raise AssistantNotFound()
    return row


def visible_to(actor: Actor) -> Select[LawAssistant]:
    """The public assistants and those of the actor's organisations."""
    query = select(LawAssistant)
    if actor.kind == "system" or actor.is_admin:
        return query
    return query.where(or_(LawAssistant.is_public, LawAssistant.org_id.in_(list(actor.roles))))


async def get_answer(session: AsyncSession, answer_id: str) -> LawAnswer:
    """The answer; raises `AnswerNotFound`."""
    row = await peek_answer(session, answer_id)
    if row is None:
        raise AnswerNotFound()
    return row


async def peek_answer(session: AsyncSession, answer_id: str) -> LawAnswer | None:
    """The answer, if it was kept."""
    return await session.get(LawAnswer, answer_id)


async def rating_of(session: AsyncSession, answer_id: str, person_id: str) -> LawRating | None:
    """This person's rating of the answer."""
    query = select(LawRating).where(LawRating.answer_id == answer_id, LawRating.person_id == person_id)
    return await session.scalar(query.execution_options(populate_existing=True))


async def ratings_of(session: AsyncSession, answer_ids: Iterable[str]) -> dict[str, list[LawRating]]:
    """All ratings of these answers, by answer."""
    found: dict[str, list[LawRating]] = {}
    for row in await session.scalars(select(LawRating).where(LawRating.answer_id.in_(list(answer_ids)))):
        found.setdefault(row.answer_id, []).append(row)
    return found


def rated(value: int) -> ColumnElement[bool]:
    """The condition that somebody gave the answer this rating."""
    return exists().where(LawRating.answer_id == LawAnswer.id, LawRating.rating == value)


def answers_of(assistant_id: str, actor: Actor, org_id: str) -> Select[LawAnswer]:
    """The answers of an assistant that the actor may see: its organisation's members all, others their own."""
    query = select(LawAnswer).where(LawAnswer.assistant_id == assistant_id)
    return query if actor.may(org_id, "member") else query.where(LawAnswer.asked_by == actor.id)
