"""The law assistant over HTTP."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Header, Query

from ceyuan.kernel.errors import (
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    PaymentRequired,
    TooManyRequests,
    Unauthenticated,
)
from ceyuan.kernel.pages import Page, fetch_page
from ceyuan.kernel.routes import Router
from ceyuan.kernel.web import CurrentActor, CurrentPlatform, Paging, ReadWork, WriteWork, problems
from ceyuan.scenarios.law import repository, service
from ceyuan.scenarios.law.errors import AnswerNotFound, ArticleNotFound, AssistantNotFound, AssistantNotReady
from ceyuan.scenarios.law.schemas import ArticleOut, AssistantIn, AssistantOut, LawAnswerOut, QuestionIn, RatingIn
from ceyuan.scenarios.law.tables import LawAnswer, LawAssistant

router = Router(prefix="/api/v1/law", tags=["law assistant"])


@router.get("/assistants", response_model=Page[AssistantOut], responses=problems(Unauthenticated, Invalid))
async def list_law_assistants(uow: ReadWork, paging: Paging) -> Any:
    """List the law assistants that the caller may ask."""
    uow.actor.require_known()
    sorts = {"created_at": LawAssistant.created_at, "name": LawAssistant.name}
    query = repository.visible_to(uow.actor)
    rows = await fetch_page(uow.session, query, paging, key=LawAssistant.id, sorts=sorts, default="-created_at")
    return Page[AssistantOut](items=await service.show_assistants(uow, rows.items), next=rows.next)


@router.post(
    "/assistants",
    response_model=AssistantOut,
    status_code=201,
    responses=problems(Unauthenticated, Forbidden, NotFound, Invalid),
)
async def open_law_assistant(
    body: AssistantIn,
    uow: WriteWork,
    idempotency_key: Annotated[str | None, Header(max_length=120)] = None,
) -> Any:
    """Set up an assistant over a dataset of articles; a job builds its index."""
    uow.actor.require_known()
    key = f"law/{uow.actor.id}/{idempotency_key}" if idempotency_key else None
    assistant, _ = await service.open_assistant(uow, body, key=key)
    return assistant


@router.get(
    "/assistants/{assistant_id}", response_model=AssistantOut, responses=problems(Unauthenticated, AssistantNotFound)
)
async def get_law_assistant(assistant_id: str, uow: ReadWork) -> Any:
    """Show one assistant with the measured recall of its index."""
    return (await service.show_assistants(uow, [await service.find_assistant(uow, assistant_id)]))[0]


@router.post(
    "/assistants/{assistant_id}/ask",
    response_model=LawAnswerOut,
    responses=problems(
        Unauthenticated, Forbidden, AssistantNotFound, AssistantNotReady, PaymentRequired, TooManyRequests, Invalid
    ),
)
async def ask_law_assistant(assistant_id: str, body: QuestionIn, platform: CurrentPlatform, actor: CurrentActor) -> Any:
    """Ask a question; the answer cites articles, and every citation was looked up."""
    actor.require_known()
    row = await service.ask_law(platform, actor, assistant_id, body.question, historical=body.historical)
    async with platform.work(actor, write=False) as uow:
        return (await service.show_answers(uow, [row]))[0]


@router.get(
    "/assistants/{assistant_id}/article",
    response_model=ArticleOut,
    responses=problems(Unauthenticated, AssistantNotFound, AssistantNotReady, ArticleNotFound, Conflict),
)
async def look_up_law_article(
    assistant_id: str,
    platform: CurrentPlatform,
    actor: CurrentActor,
    reference: Annotated[
        str | None, Query(max_length=200, description="as people write it: 《劳动法》第三十八条")
    ] = None,
    article_id: Annotated[str | None, Query(max_length=200)] = None,
) -> Any:
    """Show one article of law."""
    return await service.look_up_article(platform, actor, assistant_id, article_id=article_id, reference=reference)


@router.get(
    "/answers", response_model=Page[LawAnswerOut], responses=problems(Unauthenticated, AssistantNotFound, Invalid)
)
async def list_law_answers(
    uow: ReadWork,
    paging: Paging,
    assistant_id: Annotated[str, Query(max_length=40)],
    rating: Annotated[int | None, Query(ge=-1, le=1, description="that somebody gave it")] = None,
) -> Any:
    """List an assistant's answers: members of its organisation see all, others their own."""
    assistant = await service.find_assistant(uow, assistant_id)
    query = repository.answers_of(assistant.id, uow.actor, assistant.org_id)
    if rating is not None:
        query = query.where(repository.rated(rating))
    sorts = {"created_at": LawAnswer.created_at}
    rows = await fetch_page(uow.session, query, paging, key=LawAnswer.id, sorts=sorts, default="-created_at")
    return Page[LawAnswerOut](items=await service.show_answers(uow, rows.items), next=rows.next)


@router.get("/answers/{answer_id}", response_model=LawAnswerOut, responses=problems(Unauthenticated, AnswerNotFound))
async def get_law_answer(answer_id: str, uow: ReadWork) -> Any:
    """Show one answer with its sources."""
    return (await service.show_answers(uow, [await service.find_answer(uow, answer_id)]))[0]


@router.put(
    "/answers/{answer_id}/rating",
    response_model=LawAnswerOut,
    responses=problems(Unauthenticated, Forbidden, AnswerNotFound, Invalid),
)
async def rate_law_answer(answer_id: str, body: RatingIn, uow: WriteWork) -> Any:
    """Rate an answer, or change one's rating; it becomes a row of the assistant's feedback dataset."""
    await service.rate_answer(uow, answer_id, body.rating, body.comment)
    return (await service.show_answers(uow, [await service.find_answer(uow, answer_id)]))[0]
