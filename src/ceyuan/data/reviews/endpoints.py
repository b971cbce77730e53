"""Reviews over HTTP."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path, Query

from ceyuan.data.pipelines.errors import NotACorpus
from ceyuan.data.reviews import repository, service, tasks
from ceyuan.data.reviews.errors import ReviewIncomplete, ReviewInvalid, ReviewNotFound, ReviewNotOpen, VoteRefused
from ceyuan.data.reviews.schemas import FindingsOut, QueueOut, ReplayOut, ReviewIn, ReviewOut, State, VotesIn, VotesOut
from ceyuan.data.reviews.tables import DataReview
from ceyuan.hub.errors import RepositoryNotFound, RevisionNotFound
from ceyuan.identity import OrganisationNotFound
from ceyuan.kernel.errors import Forbidden, Invalid, NotFound, Unauthenticated
from ceyuan.kernel.pages import Page, fetch_page
from ceyuan.kernel.routes import Router
from ceyuan.kernel.web import CurrentActor, CurrentPlatform, Paging, ReadWork, WriteWork, problems

router = Router(prefix="/api/v1/data/reviews", tags=["data"])
ReviewId = Annotated[str, Path(max_length=40)]
_SORTS = {"created_at": DataReview.created_at, "state": DataReview.state, "title": DataReview.title}
_OPEN = (Unauthenticated, Forbidden, ReviewNotFound, ReviewNotOpen)


@router.get("", response_model=Page[ReviewOut], responses=problems(Unauthenticated, Invalid))
async def list_reviews(
    uow: ReadWork,
    paging: Paging,
    org_id: Annotated[str | None, Query(max_length=40)] = None,
    state: State | None = None,
) -> Any:
    """List the reviews of the caller's organisations."""
    uow.actor.require_known()
    query = repository.visible(uow.actor, org_id, state)
    rows = await fetch_page(uow.session, query, paging, key=DataReview.id, sorts=_SORTS, default="-created_at")
    return {"items": await service.shown(uow, list(rows.items)), "next": rows.next}


@router.post(
    "",
    response_model=ReviewOut,
    status_code=202,
    responses=problems(
        *(Unauthenticated, Forbidden, NotFound, OrganisationNotFound, RepositoryNotFound, RevisionNotFound),
        *(NotACorpus, ReviewInvalid, Invalid),
    ),
)
async def begin_review(body: ReviewIn, uow: WriteWork) -> Any:
    """Begin a review: its sample is drawn and everything inspected by machine, as a job."""
    return (await service.shown(uow, [await service.begin_review(uow, body)]))[0]


@router.get("/{review_id}", response_model=ReviewOut, responses=problems(Unauthenticated, ReviewNotFound))
async def get_review(review_id: ReviewId, uow: ReadWork) -> Any:
    """Show one review with what machines found, and in the end its result."""
    return (await service.shown(uow, [await service.find_review(uow, review_id)]))[0]


@router.get("/{review_id}/queue", response_model=QueueOut, responses=problems(*_OPEN, Invalid))
async def read_queue(review_id: ReviewId, uow: ReadWork, limit: Annotated[int, Query(ge=1, le=50)] = 10) -> Any:
    """Show the next documents that wait for the caller's judgement."""
    return await service.queue(uow, review_id, limit)


@router.get(
    "/{review_id}/findings", response_model=FindingsOut, responses=problems(Unauthenticated, ReviewNotFound, Invalid)
)
async def list_findings(
    review_id: ReviewId,
    uow: ReadWork,
    fails: bool | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 20,
    offset: Annotated[int, Query(ge=0, le=20_000)] = 0,
) -> Any:
    """List what the machine check found, the first 20,000: what fails a document, and what is for people to look at."""
    return await service.findings(uow, review_id, fails, limit, offset)


@router.post(
    "/{review_id}/votes", response_model=VotesOut, responses=problems(*_OPEN, VoteRefused, ReviewInvalid, Invalid)
)
async def judge_documents(review_id: ReviewId, body: VotesIn, uow: WriteWork) -> Any:
    """Judge documents; a judgement never changes."""
    return await service.judge(uow, review_id, body.votes)


@router.post(
    "/{review_id}/close", response_model=ReviewOut, status_code=202, responses=problems(*_OPEN, ReviewIncomplete)
)
async def close_review(review_id: ReviewId, uow: WriteWork) -> Any:
    """Write and sign the report once every document has its verdict, as a job."""
    return (await service.shown(uow, [await service.close_review(uow, review_id)]))[0]


@router.post("/{review_id}/replay", response_model=ReplayOut, responses=problems(*_OPEN))
async def replay_review(review_id: ReviewId, platform: CurrentPlatform, actor: CurrentActor) -> Any:
    """Draw the sample and compute the result again from what is kept, and check the signature."""
    return await tasks.replay(platform, actor, review_id)
