"""Conflicts of interest: who cannot review a subject, and why."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from sqlalchemy import delete

from ceyuan.kernel.errors import NotFound, Text
from ceyuan.kernel.upserts import upsert
from ceyuan.kernel.workflow import repository
from ceyuan.kernel.workflow.tables import WorkflowConflict, WorkflowInstance

if TYPE_CHECKING:
    from ceyuan.kernel.work import UnitOfWork

PARTIES = "parties"
"""The member of an instance's data that lists the ids of further organisations with a stake in the subject."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who holds a duty, with the organisations that they belong to."""

    person_id: str
    label: str
    org_ids: frozenset[str]


class ReviewerPool(Protocol):
    """The hook by which the identity room tells who holds a duty."""

    def candidates(self, uow: UnitOfWork, duty: str) -> AsyncIterator[Candidate]:
        """All active people who hold `duty`."""
        ...


class KnownOrganisations(Protocol):
    """The hook by which the identity room tells which organisations there are."""

    async def known(self, uow: UnitOfWork, org_id: str) -> bool:
        """Whether there is, or was, an organisation with this id."""
        ...


async def candidates(uow: UnitOfWork, duty: str) -> list[Candidate]:
    """All holders of `duty`, by id."""
    found: dict[str, Candidate] = {}
    for pool in uow.platform.find(ReviewerPool):  # type: ignore[type-abstract]
        async for candidate in pool.candidates(uow, duty):
            found[candidate.person_id] = candidate
    return [found[person_id] for person_id in sorted(found)]


def parties(instance: WorkflowInstance) -> list[str]:
    """The ids of all organisations with a stake in the subject."""
    more = instance.data.get(PARTIES, [])
    return sorted({org_id for org_id in [instance.org_id, *more] if org_id})


async def declared_against(uow: UnitOfWork, instance: WorkflowInstance) -> set[str]:
    """The people who declared that they are not independent of one of the parties."""
    found: set[str] = set()
    for org_id in parties(instance):
        found |= await repository.conflicted(uow.session, org_id)
    return found


def conflict_of(
    instance: WorkflowInstance, person_id: str, org_ids: Sequence[str] | frozenset[str], declared: set[str]
) -> Text | None:
    """Why this person cannot review the subject, None if nothing is known against it."""
    if person_id == instance.owner_id:
        return "评审人是申报人本人", "the reviewer is the applicant"
    if set(org_ids) & set(parties(instance)):
        return "评审人与申报单位属于同一组织", "the reviewer belongs to an organisation with a stake in it"
    if person_id in declared:
        return "评审人已声明与申报单位存在利益关系", "the reviewer has declared a conflict with the organisation"
    return None


async def declare(uow: UnitOfWork, org_id: str, reason: str) -> WorkflowConflict:
    """Declare that the actor is not independent of an organisation; again, to change the reason.

    Raises `NotFound` if there is no such organisation.
    """
    uow.actor.require_known()
    registers = uow.platform.find(KnownOrganisations)  # type: ignore[type-abstract]
    if registers and not any([await register.known(uow, org_id) for register in registers]):
        raise NotFound(("没有这个组织", "there is no such organisation"))
    row = {"person_id": uow.actor.id, "org_id": org_id, "reason": reason, "declared_at": uow.clock.now()}
    await uow.session.execute(
        upsert(uow.session, WorkflowConflict, row, key=["person_id", "org_id"], update=["reason", "declared_at"])
    )
    await uow.audit("workflow.conflict.declare", uow.actor.id, org_id)
    return await uow.session.get_one(WorkflowConflict, (uow.actor.id, org_id), populate_existing=True)


async def withdraw(uow: UnitOfWork, org_id: str) -> None:
    """Take the actor's declaration back."""
    uow.actor.require_known()
    mine = (WorkflowConflict.person_id == uow.actor.id, WorkflowConflict.org_id == org_id)
    await uow.session.execute(delete(WorkflowConflict).where(*mine))
    await uow.audit("workflow.conflict.withdraw", uow.actor.id, org_id)
