"""Reviews, objections and declarations of conflicts over HTTP."""

from __future__ import annotations

from typing import Any

from fastapi import Response

from ceyuan.kernel.errors import NotFound, Unauthenticated
from ceyuan.kernel.routes import Router
from ceyuan.kernel.web import ReadWork, WriteWork, problems
from ceyuan.kernel.workflow import independence, objections, repository, reviews
from ceyuan.kernel.workflow.errors import ConflictOfInterest, FormInvalid, InstanceNotFound, NotYours, WrongState
from ceyuan.kernel.workflow.objections import AlreadyAnswered
from ceyuan.kernel.workflow.reviews import NoSeat
from ceyuan.kernel.workflow.schemas import (
    AnswerIn,
    BallotIn,
    ConflictIn,
    ConflictOut,
    ObjectionIn,
    ObjectionOut,
    ReasonIn,
    SeatOut,
    SeatsIn,
    SeatsOut,
)

router = Router(prefix="/api/v1/workflows", tags=["workflows"])


@router.get(
    "/instances/{instance_id}/reviewers", response_model=SeatsOut, responses=problems(Unauthenticated, InstanceNotFound)
)
async def list_workflow_reviewers(instance_id: str, uow: ReadWork) -> SeatsOut:
    """The seats and ballots of the newest round: all for staff, a reviewer's own otherwise."""
    rows, complete = await reviews.list_ballots(uow, instance_id)
    return SeatsOut(seats=[SeatOut.model_validate(row, from_attributes=True) for row in rows], complete=complete)


@router.post(
    "/instances/{instance_id}/reviewers",
    response_model=list[SeatOut],
    responses=problems(Unauthenticated, InstanceNotFound, NotYours, WrongState, ConflictOfInterest),
)
async def seat_workflow_reviewers(instance_id: str, body: SeatsIn, uow: WriteWork) -> Any:
    """Appoint reviewers, or draw the missing ones by lot. Those with a conflict of interest are refused."""
    return await reviews.seat_reviewers(uow, instance_id, body.people)


@router.put(
    "/instances/{instance_id}/ballot",
    response_model=SeatOut,
    responses=problems(Unauthenticated, InstanceNotFound, WrongState, NoSeat, ConflictOfInterest, FormInvalid),
)
async def cast_workflow_ballot(instance_id: str, body: BallotIn, uow: WriteWork) -> Any:
    """Cast the caller's ballot, or change it while the round lasts."""
    return await reviews.cast(uow, instance_id, vote=body.vote, scores=body.scores, comment=body.comment)


@router.post(
    "/instances/{instance_id}/recusal",
    response_model=SeatOut,
    responses=problems(Unauthenticated, InstanceNotFound, WrongState, NoSeat),
)
async def recuse_from_workflow(instance_id: str, body: ReasonIn, uow: WriteWork) -> Any:
    """Give up the caller's seat because of a conflict of interest."""
    return await reviews.recuse(uow, instance_id, body.reason)


@router.get(
    "/instances/{instance_id}/objections",
    response_model=list[ObjectionOut],
    responses=problems(Unauthenticated, InstanceNotFound),
)
async def list_workflow_objections(instance_id: str, uow: ReadWork) -> Any:
    """List objections: all for staff, the caller's own otherwise."""
    return await objections.list_objections(uow, instance_id)


@router.post(
    "/instances/{instance_id}/objections",
    response_model=ObjectionOut,
    status_code=201,
    responses=problems(Unauthenticated, InstanceNotFound, WrongState),
)
async def object_to_workflow(instance_id: str, body: ObjectionIn, uow: WriteWork) -> Any:
    """Object while the subject is publicised."""
    return await objections.make(uow, instance_id, body.text)


@router.post(
    "/objections/{objection_id}/answer",
    response_model=ObjectionOut,
    responses=problems(Unauthenticated, NotFound, NotYours, AlreadyAnswered),
)
async def answer_workflow_objection(objection_id: str, body: AnswerIn, uow: WriteWork) -> Any:
    """Uphold or dismiss an objection."""
    return await objections.answer(uow, objection_id, upheld=body.upheld, text=body.text)


@router.get("/conflicts", response_model=list[ConflictOut], responses=problems(Unauthenticated))
async def list_my_conflicts(uow: ReadWork) -> Any:
    """The caller's declared conflicts of interest."""
    uow.actor.require_known()
    return await repository.conflicts_of(uow.session, uow.actor.id)


@router.post("/conflicts", response_model=ConflictOut, status_code=201, responses=problems(Unauthenticated, NotFound))
async def declare_my_conflict(body: ConflictIn, uow: WriteWork) -> Any:
    """Declare that the caller is not independent of an organisation; seats in its matters under review are given up."""
    return await reviews.declare_conflict(uow, body.org_id, body.reason)


@router.delete("/conflicts/{org_id}", status_code=204, responses=problems(Unauthenticated))
async def withdraw_my_conflict(org_id: str, uow: WriteWork) -> Response:
    """Take a declaration back."""
    await independence.withdraw(uow, org_id)
    return Response(status_code=204)
