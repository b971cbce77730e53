"""What the identity room itself keeps of people and organisations: how it is exported and erased."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from sqlalchemy import delete, inspect, or_, select, update

from ceyuan.identity.invitations.tables import Invitation
from ceyuan.identity.links import service as links
from ceyuan.identity.names import name_key
from ceyuan.identity.notices.tables import Delivery, Notice, Webhook
from ceyuan.identity.organisations import repository as organisations
from ceyuan.identity.organisations.members import end_membership
from ceyuan.identity.organisations.tables import FormerName, Membership, Team
from ceyuan.identity.people import repository as people
from ceyuan.identity.people.tables import PersonDuty
from ceyuan.identity.privacy.hooks import ExportFile, json_file
from ceyuan.identity.second_factor import service as second_factor
from ceyuan.identity.sessions.service import end_sessions
from ceyuan.identity.sessions.tables import Session
from ceyuan.identity.sign_on import repository as sign_on
from ceyuan.identity.sign_on.tables import ExternalAccount
from ceyuan.identity.telling import tell
from ceyuan.identity.tokens.service import revoke_all
from ceyuan.identity.tokens.tables import Token
from ceyuan.kernel.tables import Base
from ceyuan.kernel.work import UnitOfWork

_SECRET = frozenset({"password_hash", "secret_hash", "secret", "sealed", "client_secret", "code_hash"})


def _plain(row: Base) -> dict[str, Any]:
    """The row's columns without what is secret."""
    columns = inspect(type(row)).columns
    return {column.key: getattr(row, column.key) for column in columns if column.key not in _SECRET}


async def _all(uow: UnitOfWork, table: type[Base], condition: Any) -> list[dict[str, Any]]:
    return [_plain(row) for row in await uow.session.scalars(select(table).where(condition))]


class IdentityPersonalData:
    """Fills `PersonalData` for this room."""

    room = "identity"

    async def export(self, uow: UnitOfWork, person_id: str) -> AsyncIterator[ExportFile]:
        """Account, memberships, duties, tokens, sessions, linked accounts and the inbox."""
        yield json_file("account.json", _plain(await people.get(uow.session, person_id)))
        places = [
            {"organisation": org.name, "role": member.role, "since": member.created_at}
            for member, org in await organisations.memberships_of(uow.session, person_id)
        ]
        yield json_file("memberships.json", places)
        yield json_file("duties.json", await _all(uow, PersonDuty, PersonDuty.person_id == person_id))
        yield json_file("tokens.json", await _all(uow, Token, Token.person_id == person_id))
        yield json_file("sessions.json", await _all(uow, Session, Session.person_id == person_id))
        yield json_file(
            "linked_accounts.json", await _all(uow, ExternalAccount, ExternalAccount.person_id == person_id)
        )
        yield json_file("notices.json", await _all(uow, Notice, Notice.person_id == person_id))

    async def erase(self, uow: UnitOfWork, person_id: str) -> None:
        """Everything goes but the id, which stays in logs and records as a pseudonym."""
        person = await people.get(uow.session, person_id, lock=True)
        for member, org in await organisations.memberships_of(uow.session, person_id):
            if org.kind == "personal" or await organisations.count_members(uow.session, org.id) == 1:
                org.closed_at = org.closed_at or uow.clock.now()
                await tell(uow, "identity.organisation_closed", org_id=org.id)
            await end_membership(uow, member)
        await revoke_all(uow, person_id=person_id)
        await uow.session.execute(
            update(Token).where(Token.person_id == person_id).values(name="erased", secret_hash=Token.id)
        )
        await end_sessions(uow, person_id)
        await uow.session.execute(delete(Session).where(Session.person_id == person_id))
        await uow.session.execute(update(Session).where(Session.impersonator_id == person_id).values(reason=""))
        await second_factor.switch_off(uow, person_id)
        await links.void(uow, person_id)
        await sign_on.forget_person(uow.session, person_id)
        await people.drop_duties(uow.session, person_id)
        await uow.session.execute(delete(Notice).where(Notice.person_id == person_id))
        await uow.session.execute(delete(Delivery).where(Delivery.recipient == person_id))
        await self._forget_invitations(uow, person_id, person.email)
        await self._forget_names(uow, person.org_id, person_id)
        person.is_admin, person.state = False, "erased"
        person.name = person.name_key = f"erased-{person_id[-26:]}"
        person.display_name, person.affiliation, person.bio = "—", "", ""
        person.email = person.email_key = person.email_confirmed_at = None
        person.password_hash = person.password_changed_at = None
        person.wants_mail = False
        await uow.session.flush()
        await tell(uow, "identity.person_changed", person_id=person_id)

    async def _forget_invitations(self, uow: UnitOfWork, person_id: str, email: str | None) -> None:
        addressed = [Invitation.person_id == person_id, Invitation.accepted_by == person_id]
        if email is not None:
            addressed.append(Invitation.email == email)
        await uow.session.execute(
            update(Invitation)
            .where(or_(*addressed))
            .values(email=None, revoked_at=uow.clock.now())
            .execution_options(synchronize_session=False)
        )

    async def _forget_names(self, uow: UnitOfWork, org_id: str, person_id: str) -> None:
        org = await organisations.get(uow.session, org_id, lock=True)
        await uow.session.execute(delete(FormerName).where(FormerName.org_id == org_id))
        org.name = f"erased-{person_id[-26:]}"
        org.name_key, org.display_name, org.description, org.website = name_key(org.name), "—", "", ""


class IdentityOrganisationData:
    """Fills `OrganisationData` for this room."""

    room = "identity"

    async def export(self, uow: UnitOfWork, org_id: str) -> AsyncIterator[ExportFile]:
        """Profile, members, teams, tokens, webhooks and invitations."""
        yield json_file("organisation.json", _plain(await organisations.get(uow.session, org_id)))
        rows = list(await uow.session.scalars(select(Membership).where(Membership.org_id == org_id)))
        known = await people.many(uow.session, [m.person_id for m in rows])
        members = [{"name": known[m.person_id].name, "role": m.role, "since": m.created_at} for m in rows]
        yield json_file("members.json", members)
        yield json_file("teams.json", await _all(uow, Team, Team.org_id == org_id))
        yield json_file("tokens.json", await _all(uow, Token, Token.org_id == org_id))
        yield json_file("webhooks.json", await _all(uow, Webhook, Webhook.org_id == org_id))
        yield json_file("invitations.json", await _all(uow, Invitation, Invitation.org_id == org_id))
