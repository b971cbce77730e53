"""Evaluation runs over HTTP."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Header, Query

from ceyuan.evaluation.runs import repository, service
from ceyuan.evaluation.runs.errors import PlanInvalid, RunNotFound
from ceyuan.evaluation.runs.schemas import AnswerOut, FamilyOut, RunIn, RunOut
from ceyuan.evaluation.runs.tables import EvaluationAnswer, EvaluationRun
from ceyuan.kernel.errors import Forbidden, Invalid, NotFound, Unauthenticated
from ceyuan.kernel.pages import Page, fetch_page
from ceyuan.kernel.routes import Router
from ceyuan.kernel.web import Paging, ReadWork, WriteWork, problems

router = Router(prefix="/api/v1/evaluation", tags=["evaluation"])


@router.get("/families", response_model=list[FamilyOut])
async def list_item_families() -> Any:
    """List the families of generated items with an example of each."""
    return service.list_families()


@router.post(
    "/runs",
    response_model=RunOut,
    status_code=201,
    responses=problems(Unauthenticated, Forbidden, NotFound, Invalid, PlanInvalid),
)
async def start_evaluation(
    body: RunIn,
    uow: WriteWork,
    idempotency_key: Annotated[str | None, Header(max_length=120)] = None,
) -> Any:
    """Start an evaluation as a job."""
    uow.actor.require_known()
    key = f"evaluation/{uow.actor.id}/{idempotency_key}" if idempotency_key else None
    return await service.create_run(
        uow, org_id=body.org_id, name=body.name, plan=body.plan, repository_name=body.repository, key=key
    )


@router.get("/runs", response_model=Page[RunOut], responses=problems(Unauthenticated, Invalid))
async def list_evaluations(
    uow: ReadWork,
    paging: Paging,
    state: Annotated[str | None, Query(max_length=20)] = None,
    org_id: Annotated[str | None, Query(max_length=40)] = None,
    text: Annotated[str | None, Query(max_length=100, description="part of the name")] = None,
) -> Any:
    """List the evaluation runs of the caller's organisations."""
    uow.actor.require_known()
    query = repository.visible_to(uow.actor)
    if state:
        query = query.where(EvaluationRun.state == state)
    if org_id:
        query = query.where(EvaluationRun.org_id == org_id)
    if text:
        query = query.where(EvaluationRun.name.contains(text, autoescape=True))
    sorts = {"created_at": EvaluationRun.created_at, "name": EvaluationRun.name}
    rows = await fetch_page(uow.session, query, paging, key=EvaluationRun.id, sorts=sorts, default="-created_at")
    return rows.page(RunOut)


@router.get("/runs/{run_id}", response_model=RunOut, responses=problems(Unauthenticated, RunNotFound))
async def get_evaluation(run_id: str, uow: ReadWork) -> Any:
    """Show one evaluation run with its figures."""
    return await service.find_run(uow, run_id)


@router.get(
    "/runs/{run_id}/answers", response_model=Page[AnswerOut], responses=problems(Unauthenticated, RunNotFound, Invalid)
)
async def list_evaluation_answers(
    run_id: str,
    uow: ReadWork,
    paging: Paging,
    model: Annotated[str | None, Query(max_length=200)] = None,
    family: Annotated[str | None, Query(max_length=60)] = None,
    right: bool | None = None,
) -> Any:
    """List the answers of a run; by model, family and whether they were right."""
    run = await service.find_run(uow, run_id)
    query = repository.answers(run.id, model, family, right)
    sorts = {"position": EvaluationAnswer.position, "model": EvaluationAnswer.model}
    rows = await fetch_page(uow.session, query, paging, key=EvaluationAnswer.id, sorts=sorts, default="position")
    return rows.page(AnswerOut)
