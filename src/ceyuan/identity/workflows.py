"""What the kernel's workflows and audit log need of this room: reviewers, officers, inbox messages, personal data."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from ceyuan.identity.notices.inbox import notify, settle
from ceyuan.identity.organisations import repository as organisations
from ceyuan.identity.people import repository as people
from ceyuan.identity.privacy.hooks import ExportFile, OrganisationData, PersonalData, json_file
from ceyuan.kernel.actor import ROLE_ORDER
from ceyuan.kernel.audit import entries_of
from ceyuan.kernel.events import Event
from ceyuan.kernel.platform import Platform
from ceyuan.kernel.work import UnitOfWork
from ceyuan.kernel.workflow import Candidate, Entitled, KnownOrganisations, ReviewerPool, notices, privacy


class Reviewers:
    """Fills `ReviewerPool`: the active holders of a duty, with all their organisations."""

    async def candidates(self, uow: UnitOfWork, duty: str) -> AsyncIterator[Candidate]:
        """All who may be drawn or appointed."""
        found = await people.many(uow.session, await people.ids_with_duty(uow.session, duty))
        for person in sorted(found.values(), key=lambda row: row.id):
            orgs = await _organisation_ids(uow.session, person.id)
            yield Candidate(person.id, person.display_name, orgs)


class Officers:
    """Fills `Entitled`: who holds a duty or a role, and the administrators, who stand in for all of them."""

    async def entitled(self, uow: UnitOfWork, words: Sequence[str], org_id: str | None) -> AsyncIterator[Candidate]:
        """All active people who could take the step, each with all their organisations."""
        session = uow.session
        ids = set(await people.admin_ids(session))
        for word in words:
            place, _, name = word.partition(":")
            if place == "duty":
                ids.update(await people.ids_with_duty(session, name))
            elif place == "org" and org_id is not None:
                roles = ROLE_ORDER[next(n for n, role in enumerate(ROLE_ORDER) if role == name) :]
                ids.update(await organisations.person_ids_with(session, org_id, roles))
        for person in sorted((await people.many(session, ids)).values(), key=lambda row: row.id):
            if person.state == "active":
                yield Candidate(person.id, person.display_name, await _organisation_ids(session, person.id))


class Register:
    """Fills `KnownOrganisations`."""

    async def known(self, uow: UnitOfWork, org_id: str) -> bool:
        """Whether there is such an organisation, closed ones too."""
        return bool(await organisations.many(uow.session, [org_id]))


async def _organisation_ids(session: AsyncSession, person_id: str) -> frozenset[str]:
    return frozenset(org.id for _, org in await organisations.memberships_of(session, person_id))


async def deliver_notice(uow: UnitOfWork, event: Event) -> None:
    """Turn a workflow's notice into inbox messages."""
    data = event.data
    await notify(
        uow,
        data["kind"],
        (data["title"][0], data["title"][1]),
        body=(data["body"][0], data["body"][1]),
        link=data["link"],
        to=data["to"],
        org_id=data["org_id"],
        roles=data["roles"],
        duty=data["duty"],
        level=data["level"],
        todo=data["todo"],
        key=data["key"],
    )


async def settle_notice(uow: UnitOfWork, event: Event) -> None:
    """Close the to-dos of a step that was taken."""
    await settle(uow, event.data["key"], person_id=event.data["person_id"])


class WorkflowPapers:
    """Fills `PersonalData` and `OrganisationData` for the kernel's workflows."""

    room = "workflow"

    async def export(self, uow: UnitOfWork, reference: str) -> AsyncIterator[ExportFile]:
        """A file for each kind of record."""
        person = reference.startswith("per_")
        papers = await (privacy.papers_of_person if person else privacy.papers_of_organisation)(uow, reference)
        for kind, rows in papers.items():
            yield json_file(f"{kind}.json", rows)

    async def erase(self, uow: UnitOfWork, person_id: str) -> None:
        """Names go; steps and ballots stay under the id."""
        await privacy.forget_person(uow, person_id)


class AuditTrail:
    """Fills `PersonalData` for the audit log, which names people only by their ids and keeps its entries."""

    room = "audit"

    async def export(self, uow: UnitOfWork, person_id: str) -> AsyncIterator[ExportFile]:
        """The person's own deeds."""
        bodies = [orjson.loads(entry.body) for entry in await entries_of(uow.session, person_id)]
        yield json_file("deeds.json", bodies)

    async def erase(self, uow: UnitOfWork, person_id: str) -> None:
        """Nothing to cut: an entry holds the bare id."""


def wire(platform: Platform) -> None:
    """Fill the hooks and hear the events."""
    platform.provide(ReviewerPool, Reviewers())  # type: ignore[type-abstract]
    platform.provide(KnownOrganisations, Register())  # type: ignore[type-abstract]
    platform.provide(Entitled, Officers())  # type: ignore[type-abstract]
    platform.subscriptions.on(notices.NOTICE, deliver_notice)
    platform.subscriptions.on(notices.SETTLED, settle_notice)
    papers = WorkflowPapers()
    platform.provide(PersonalData, papers)  # type: ignore[type-abstract]
    platform.provide(OrganisationData, papers)  # type: ignore[type-abstract]
    platform.provide(PersonalData, AuditTrail())  # type: ignore[type-abstract]
