"""Reviewers' ballots and recusals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

from ceyuan.kernel.errors import Conflict
from ceyuan.kernel.workflow import independence, repository
from ceyuan.kernel.workflow.definition import Definition, Review
from ceyuan.kernel.workflow.engine import definition_of, find
from ceyuan.kernel.workflow.errors import ConflictOfInterest, FormInvalid, InstanceNotFound, NotYours
from ceyuan.kernel.workflow.independence import candidates, conflict_of, declared_against
from ceyuan.kernel.workflow.notices import settle, tell
from ceyuan.kernel.workflow.permissions import is_staff
from ceyuan.kernel.workflow.seats import appoint, draw, review_of
from ceyuan.kernel.workflow.tables import WorkflowConflict, WorkflowInstance, WorkflowReviewer

if TYPE_CHECKING:
    from ceyuan.kernel.work import UnitOfWork

Vote = Literal["approve", "reject", "abstain"]


class NoSeat(Conflict):
    """The actor has no seat in this round."""

    code = "workflow_no_seat"
    title = ("您不是本轮评审人", "You are no reviewer of this round")


async def seat_reviewers(uow: UnitOfWork, instance_id: str, people: Sequence[str]) -> list[WorkflowReviewer]:
    """Appoint reviewers, or draw the missing ones if `people` is empty; for staff only."""
    instance, definition = await _locked(uow, instance_id)
    if not is_staff(uow.actor, definition):
        raise NotYours()
    if people:
        return await appoint(uow, definition, instance, people)
    return await draw(uow, definition, instance)


async def cast(
    uow: UnitOfWork,
    instance_id: str,
    *,
    vote: Vote | None = None,
    scores: Mapping[str, float] | None = None,
    comment: str | None = None,
) -> WorkflowReviewer:
    """Cast the actor's ballot, or change it while the round lasts.

    A vote or scores for every criterion, as the review demands. Raises `NoSeat`, `ConflictOfInterest` if
    the actor is not independent (any more), `FormInvalid`, `WrongState` without a review.
    """
    instance, definition = await _locked(uow, instance_id)
    review = review_of(definition, instance)
    seat = await _own_seat(uow, instance)
    declared = await declared_against(uow, instance)
    # A token may be limited to one organisation; what its holder has a stake in is not.
    own = [one.org_ids for one in await candidates(uow, review.duty) if one.person_id == uow.actor.id]
    reason = conflict_of(instance, uow.actor.id, frozenset(uow.actor.roles).union(*own), declared)
    if reason is not None:
        raise ConflictOfInterest(reason)
    _check_ballot(review, vote, scores)
    seat.vote = vote
    seat.scores = dict(scores) if scores is not None else None
    seat.comment = comment
    seat.cast_at = uow.clock.now()
    await uow.audit(
        "workflow.reviewers.cast", instance.subject, instance.org_id, instance=instance.id, round=seat.round
    )
    await settle(uow, instance, uow.actor.id)
    return seat


async def recuse(uow: UnitOfWork, instance_id: str, reason: str) -> WorkflowReviewer:
    """Give the actor's seat up, because of a conflict; the ballot, if cast, no longer counts. Another is drawn."""
    instance, definition = await _locked(uow, instance_id)
    review_of(definition, instance)
    return await _leave(uow, instance, definition, await _own_seat(uow, instance), reason)


async def declare_conflict(uow: UnitOfWork, org_id: str, reason: str) -> WorkflowConflict:
    """Declare that the actor is not independent of an organisation, and give up the seats in its matters that are
    under review: a ballot that was cast no longer counts. Raises `NotFound` if there is no such organisation."""
    declared = await independence.declare(uow, org_id, reason)
    for instance, seat in await repository.seats_held(uow.session, uow.actor.id):
        if org_id in independence.parties(instance):
            await _leave(uow, instance, definition_of(uow.platform, instance), seat, reason)
    return declared


async def _leave(
    uow: UnitOfWork, instance: WorkflowInstance, definition: Definition, seat: WorkflowReviewer, reason: str
) -> WorkflowReviewer:
    review = review_of(definition, instance)
    seat.recused_at, seat.recusal = uow.clock.now(), reason
    await uow.audit("workflow.reviewers.recuse", instance.subject, instance.org_id, instance=instance.id)
    await settle(uow, instance, uow.actor.id)
    if review.drawn:
        await uow.session.flush()
        await draw(uow, definition, instance)
    else:
        words = [f"duty:{duty}" for duty in sorted(definition.duties)]
        await tell(uow, definition, instance, words, ("一名评审人回避,请补派", "a reviewer withdrew: appoint another"))
    return seat


async def list_ballots(uow: UnitOfWork, instance_id: str) -> tuple[list[WorkflowReviewer], bool]:
    """The seats of the present or last round that the actor may see (staff: all; a reviewer: the own), and if all."""
    instance, definition = await find(uow, instance_id)
    rows: Sequence[WorkflowReviewer] = await repository.last_round(uow.session, instance.id)
    if is_staff(uow.actor, definition):
        return list(rows), True
    return [row for row in rows if row.person_id == uow.actor.id], False


async def _locked(uow: UnitOfWork, instance_id: str) -> tuple[WorkflowInstance, Definition]:
    await find(uow, instance_id)
    instance = await repository.instance(uow.session, instance_id, lock=True)
    if instance is None:
        raise InstanceNotFound()
    return instance, definition_of(uow.platform, instance)


async def _own_seat(uow: UnitOfWork, instance: WorkflowInstance) -> WorkflowReviewer:
    seat = await uow.session.get(WorkflowReviewer, (instance.id, instance.revision, uow.actor.id))
    if seat is None or seat.recused_at is not None:
        raise NoSeat()
    return seat


def _check_ballot(review: Review, vote: Vote | None, scores: Mapping[str, float] | None) -> None:
    faults = []
    if review.ballot == "vote":
        if vote is None:
            faults.append(_fault("vote", "必填", "is required"))
        if scores is not None:
            faults.append(_fault("scores", "本轮评审只投票", "this review takes votes only"))
    else:
        given = dict(scores or {})
        for criterion in review.criteria:
            points = given.pop(criterion.name, None)
            if points is None:
                faults.append(_fault(f"scores.{criterion.name}", "必填", "is required"))
            elif not 0 <= points <= criterion.most:
                zh, en = f"应在 0 到 {criterion.most} 之间", f"must be between 0 and {criterion.most}"
                faults.append(_fault(f"scores.{criterion.name}", zh, en))
        faults += [_fault(f"scores.{name}", "没有该评分项", "is no criterion") for name in given]
        if vote is not None:
            faults.append(_fault("vote", "本轮评审只打分", "this review takes scores only"))
    if faults:
        raise FormInvalid(faults)


def _fault(field: str, zh: str, en: str) -> dict[str, str]:
    return {"field": field, "message_zh": zh, "message_en": en}
