"""Filling the seats of a review: drawn by lot among the independent, or appointed by staff."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ceyuan.kernel.workflow import repository
from ceyuan.kernel.workflow.definition import Definition, Review
from ceyuan.kernel.workflow.errors import ConflictOfInterest, WrongState
from ceyuan.kernel.workflow.independence import Candidate, candidates, conflict_of, declared_against
from ceyuan.kernel.workflow.notices import tell
from ceyuan.kernel.workflow.tables import WorkflowInstance, WorkflowReviewer

if TYPE_CHECKING:
    from ceyuan.kernel.work import UnitOfWork


def review_of(definition: Definition, instance: WorkflowInstance) -> Review:
    """The review that is under way; raises `WrongState` if there is none."""
    review = definition.by_name[instance.state].review
    if review is None:
        raise WrongState(("当前状态没有评审", "no review is under way"), state=instance.state)
    return review


async def draw(uow: UnitOfWork, definition: Definition, instance: WorkflowInstance) -> list[WorkflowReviewer]:
    """Fill the free seats with independent holders of the duty: those who owe the fewest ballots first, then by lot.

    The lot is a hash of instance, round and person, so that anybody can draw it again. Staff are told when
    seats stay free.
    """
    review = review_of(definition, instance)
    seated = await repository.reviewers(uow.session, instance.id, instance.revision)
    free = review.seats - sum(row.recused_at is None for row in seated)
    taken = {row.person_id for row in seated}
    eligible = [c for c in await _independent(uow, review, instance) if c.person_id not in taken]
    owed = await repository.open_seats(uow.session, [c.person_id for c in eligible])
    eligible.sort(key=lambda c: (owed.get(c.person_id, 0), _lot(instance, c.person_id)))
    rows = await _seat(uow, definition, instance, eligible[: max(free, 0)])
    if len(rows) < free:
        missing = free - len(rows)
        body = f"评审席位还缺 {missing} 人,请指派", f"{missing} review seats are free: please appoint reviewers"
        words = [f"duty:{duty}" for duty in sorted(definition.duties)]
        await tell(uow, definition, instance, words, body, level="warning", todo=True)
    return rows


async def appoint(
    uow: UnitOfWork, definition: Definition, instance: WorkflowInstance, people: Sequence[str]
) -> list[WorkflowReviewer]:
    """Seat these holders of the duty; raises `ConflictOfInterest` for the first who is not independent."""
    review = review_of(definition, instance)
    pool = {c.person_id: c for c in await candidates(uow, review.duty)}
    declared = await declared_against(uow, instance)
    chosen = []
    for person_id in dict.fromkeys(people):
        candidate = pool.get(person_id)
        if candidate is None:
            raise ConflictOfInterest(
                ("该人员没有评审职责", "this person does not hold the reviewers' duty"), person_id=person_id
            )
        reason = conflict_of(instance, person_id, candidate.org_ids, declared)
        if reason is not None:
            raise ConflictOfInterest(reason, person_id=person_id)
        chosen.append(candidate)
    seated = {row.person_id for row in await repository.reviewers(uow.session, instance.id, instance.revision)}
    return await _seat(uow, definition, instance, [c for c in chosen if c.person_id not in seated])


async def _independent(uow: UnitOfWork, review: Review, instance: WorkflowInstance) -> list[Candidate]:
    declared = await declared_against(uow, instance)
    pool = await candidates(uow, review.duty)
    return [c for c in pool if conflict_of(instance, c.person_id, c.org_ids, declared) is None]


def _lot(instance: WorkflowInstance, person_id: str) -> bytes:
    return hashlib.sha256(f"{instance.id}:{instance.revision}:{person_id}".encode()).digest()


async def _seat(
    uow: UnitOfWork, definition: Definition, instance: WorkflowInstance, chosen: Sequence[Candidate]
) -> list[WorkflowReviewer]:
    rows = [
        WorkflowReviewer(
            instance_id=instance.id,
            round=instance.revision,
            person_id=candidate.person_id,
            label=candidate.label[:120],
            assigned_by=uow.actor.id,
            assigned_at=uow.clock.now(),
        )
        for candidate in chosen
    ]
    uow.session.add_all(rows)
    if rows:
        people = [row.person_id for row in rows]
        await uow.audit(
            "workflow.reviewers.seat", instance.subject, instance.org_id, instance=instance.id, people=people
        )
        body = "请评审并投票", "please review it and cast your ballot"
        await tell(uow, definition, instance, (), body, to=people, todo=True)
    return rows
