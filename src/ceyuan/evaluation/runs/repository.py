"""All SQL of evaluation runs."""

from __future__ import annotations

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from ceyuan.evaluation.runs.errors import RunNotFound
from ceyuan.evaluation.runs.tables import EvaluationAnswer, EvaluationRun
from ceyuan.kernel.actor import Actor


async def get(session: AsyncSession, run_id: str) -> EvaluationRun:
    """The run; raises `RunNotFound`."""
    run = await session.get(EvaluationRun, run_id)
    if run is None:
        raise RunNotFound()
    return run


def visible_to(actor: Actor) -> Select[EvaluationRun]:
    """The runs of the actor's organisations."""
    query = select(EvaluationRun)
    if actor.kind == "system" or actor.is_admin:
        return query
    return query.where(EvaluationRun.org_id.in_(list(actor.roles)))


def answers(
    run_id: str, model: str | None = None, family: str | None = None, right: bool | None = None
) -> Select[EvaluationAnswer]:
    """The answers of a run, filtered."""
    query = select(EvaluationAnswer).where(EvaluationAnswer.run_id == run_id)
    if model is not None:
        query = query.where(EvaluationAnswer.model == model)
    if family is not None:
        query = query.where(EvaluationAnswer.family == family)
    if right is not None:
        query = query.where(EvaluationAnswer.is_right == right)
    return query


async def answered(session: AsyncSession, run_id: str, model: str) -> set[str]:
    """The ids of the items that the model has answered."""
    query = select(EvaluationAnswer.item_id).where(EvaluationAnswer.run_id == run_id, EvaluationAnswer.model == model)
    return set(await session.scalars(query))


async def all_answers(session: AsyncSession, run_id: str) -> list[EvaluationAnswer]:
    """Every answer, by model and the items' order."""
    query = answers(run_id).order_by(EvaluationAnswer.model, EvaluationAnswer.position)
    return list(await session.scalars(query))
