"""Use cases of invitations: invite, list, look at, accept, revoke."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import CursorResult, Select, select, update

from ceyuan.identity.access.credential import require_own_hands
from ceyuan.identity.credentials import INVITATION_PREFIX, fingerprint, is_credential, new_credential
from ceyuan.identity.errors import InvitationInvalid, PersonalOrganisation
from ceyuan.identity.invitations.tables import Invitation
from ceyuan.identity.notices.inbox import notify, settle
from ceyuan.identity.notices.outbox import queue_mail
from ceyuan.identity.organisations import repository as organisations
from ceyuan.identity.organisations.founding import add_membership
from ceyuan.identity.organisations.members import require_may_grant
from ceyuan.identity.organisations.tables import Organisation
from ceyuan.identity.origin import link as absolute
from ceyuan.identity.people import repository as people
from ceyuan.identity.people.accounts import check_email
from ceyuan.identity.settings import IdentitySettings
from ceyuan.kernel.actor import ROLE_ORDER, Role
from ceyuan.kernel.errors import Conflict, Invalid, NotFound
from ceyuan.kernel.ids import new_id
from ceyuan.kernel.pages import PageRequest, Rows, fetch_page
from ceyuan.kernel.work import UnitOfWork

State = Literal["open", "accepted", "revoked", "expired"]


@dataclass(frozen=True, slots=True)
class InvitationView:
    """An invitation as those see it who may."""

    id: str
    org_id: str | None
    organisation: str | None
    organisation_title: str | None
    role: str
    email: str | None
    person: str | None
    invited_by: str
    created_at: datetime
    expires_at: datetime
    state: State


@dataclass(frozen=True, slots=True)
class Invited:
    """A new invitation and its link, which is shown this once; `mailed` says whether it was also sent."""

    invitation: InvitationView
    link: str
    secret: str
    mailed: bool


async def invite(
    uow: UnitOfWork, organisation: str | None, *, role: Role, email: str | None = None, person: str | None = None
) -> Invited:
    """Invite by e-mail address, by name of a person, or by a link to hand over oneself.

    Without `organisation` an administrator invites onto the platform. Raises `Conflict` for members.
    """
    org = None
    if organisation is None:
        uow.actor.require_duty("operator")
        if person is not None:
            raise Invalid(("该用户已有账号", "that person has an account already"))
    else:
        org = await organisations.find(uow.session, organisation)
        require_may_grant(uow, org.id, role)
        if org.kind == "personal":
            raise PersonalOrganisation()
    invitee = await people.find(uow.session, person) if person else None
    if org is not None and invitee and await organisations.membership(uow.session, org.id, invitee.id):
        raise Conflict(("该用户已是成员", "the person is already a member"))
    secret, now = new_credential(INVITATION_PREFIX), uow.clock.now()
    row = Invitation(
        id=new_id("inv"),
        org_id=org.id if org else None,
        role=role,
        email=check_email(email) if email else None,
        person_id=invitee.id if invitee else None,
        secret_hash=fingerprint(secret),
        invited_by=uow.actor.id,
        created_at=now,
        expires_at=now + timedelta(days=uow.platform.section(IdentitySettings).invitation_days),
    )
    uow.session.add(row)
    await uow.session.flush()
    await uow.audit("identity.invite", row.id, row.org_id, role=role)
    path = f"/console/invitation?token={secret}"
    mailed = await _send(uow, row, org, path)
    return Invited((await _views(uow, [row]))[0], absolute(uow.platform, path), secret, mailed)


async def _send(uow: UnitOfWork, row: Invitation, org: Organisation | None, path: str) -> bool:
    where = (org.display_name, org.display_name) if org else ("策源平台", "the Ceyuan platform")
    title = (f"邀请您加入{where[0]}", f"You are invited to join {where[1]}")
    if row.person_id is not None:
        await notify(
            uow,
            "identity.invitation",
            title,
            link="/console/invitations",
            to=[row.person_id],
            todo=True,
            key=f"invitation:{row.id}",
        )
        return True
    if row.email is None:
        return False
    text = (
        f"{title[0]}。请打开以下链接接受邀请:\n{title[1]}. Open this link to accept:\n\n{absolute(uow.platform, path)}"
    )
    return await queue_mail(uow, row.id, row.email, "identity.invitation", f"{title[0]} · {title[1]}", text)


def state_of(row: Invitation, now: datetime) -> State:
    """Where the invitation stands."""
    if row.accepted_at is not None:
        return "accepted"
    if row.revoked_at is not None:
        return "revoked"
    return "expired" if row.expires_at <= now else "open"


async def _views(uow: UnitOfWork, rows: list[Invitation]) -> list[InvitationView]:
    orgs = await organisations.many(uow.session, {r.org_id for r in rows if r.org_id})
    known = await people.many(uow.session, {i for r in rows for i in (r.person_id, r.invited_by) if i})
    now, out = uow.clock.now(), []
    for row in rows:
        org = orgs.get(row.org_id or "")
        inviter = known.get(row.invited_by)
        out.append(
            InvitationView(
                id=row.id,
                org_id=row.org_id,
                organisation=org.name if org else None,
                organisation_title=org.display_name if org else None,
                role=row.role,
                email=row.email,
                person=known[row.person_id].name if row.person_id in known else None,
                invited_by=inviter.name if inviter else row.invited_by,
                created_at=row.created_at,
                expires_at=row.expires_at,
                state=state_of(row, now),
            )
        )
    return out


def _open(query: Select[Invitation], now: datetime) -> Select[Invitation]:
    return query.where(Invitation.accepted_at.is_(None), Invitation.revoked_at.is_(None), Invitation.expires_at > now)


async def list_invitations(
    uow: UnitOfWork, organisation: str | None, paging: PageRequest, *, open_only: bool
) -> Rows[InvitationView]:
    """An organisation's invitations for its maintainers, or the platform's for operators."""
    if organisation is None:
        uow.actor.require_duty("operator")
        query = select(Invitation).where(Invitation.org_id.is_(None))
    else:
        org = await organisations.find(uow.session, organisation)
        uow.actor.require_role(org.id, "maintainer")
        query = select(Invitation).where(Invitation.org_id == org.id)
    return await _page(uow, query, paging, open_only)


async def list_mine(uow: UnitOfWork, paging: PageRequest) -> Rows[InvitationView]:
    """Open invitations that wait for the actor."""
    uow.actor.require_known()
    return await _page(uow, select(Invitation).where(Invitation.person_id == uow.actor.id), paging, True)


async def _page(
    uow: UnitOfWork, query: Select[Invitation], paging: PageRequest, open_only: bool
) -> Rows[InvitationView]:
    if open_only:
        query = _open(query, uow.clock.now())
    sorts = {"created_at": Invitation.created_at, "expires_at": Invitation.expires_at}
    rows = await fetch_page(uow.session, query, paging, key=Invitation.id, sorts=sorts, default="-created_at")
    return Rows(await _views(uow, list(rows.items)), rows.next)


async def _by_secret(uow: UnitOfWork, secret: str) -> Invitation:
    row = None
    if is_credential(secret, INVITATION_PREFIX):
        row = await uow.session.scalar(select(Invitation).where(Invitation.secret_hash == fingerprint(secret)))
    if row is None or state_of(row, uow.clock.now()) != "open":
        raise InvitationInvalid(hint=("请向邀请人索取新的邀请", "ask whoever invited you for a new one"))
    return row


async def look_at(uow: UnitOfWork, secret: str) -> InvitationView:
    """What the bearer of a link is invited to; raises `InvitationInvalid`."""
    return (await _views(uow, [await _by_secret(uow, secret)]))[0]


async def accept(uow: UnitOfWork, secret: str) -> InvitationView:
    """The actor accepts the invitation of a link."""
    require_own_hands(uow.actor)
    row = await _by_secret(uow, secret)
    if row.person_id is not None and row.person_id != uow.actor.id:
        raise InvitationInvalid(("该邀请发给了另一个账号", "this invitation is for another account"))
    return await settle_acceptance(uow, row, uow.actor.id)


async def accept_mine(uow: UnitOfWork, invitation_id: str) -> InvitationView:
    """The actor accepts an invitation out of the inbox."""
    require_own_hands(uow.actor)
    row = await uow.session.get(Invitation, invitation_id)
    if row is None or row.person_id != uow.actor.id or state_of(row, uow.clock.now()) != "open":
        raise InvitationInvalid()
    return await settle_acceptance(uow, row, uow.actor.id)


async def for_sign_up(uow: UnitOfWork, secret: str) -> Invitation:
    """The open invitation that lets its bearer sign up."""
    row = await _by_secret(uow, secret)
    if row.person_id is not None:
        raise InvitationInvalid(("该邀请发给了已有账号", "this invitation is for an account that exists"))
    return row


async def settle_acceptance(uow: UnitOfWork, row: Invitation, person_id: str) -> InvitationView:
    """Use the invitation up for this person; a member only ever gains by it."""
    used: CursorResult[Any] = await uow.session.execute(  # type: ignore[assignment]
        update(Invitation)
        .where(Invitation.id == row.id, Invitation.accepted_at.is_(None), Invitation.revoked_at.is_(None))
        .values(accepted_at=uow.clock.now(), accepted_by=person_id)
    )
    if used.rowcount != 1:
        raise InvitationInvalid()
    if row.org_id is not None:
        await organisations.find(uow.session, row.org_id)
        member = await organisations.membership(uow.session, row.org_id, person_id)
        if member is None:
            await add_membership(uow, row.org_id, person_id, row.role)  # type: ignore[arg-type]
        elif ROLE_ORDER.index(member.role) < ROLE_ORDER.index(row.role):
            raise Conflict(("您已是成员,请由所有者调整角色", "you are a member already; an owner can change your role"))
    await uow.audit("identity.invitation_accept", row.id, row.org_id, person_id=person_id, role=row.role)
    await settle(uow, f"invitation:{row.id}")
    await uow.session.refresh(row)
    return (await _views(uow, [row]))[0]


async def revoke(uow: UnitOfWork, organisation: str | None, invitation_id: str) -> None:
    """Take an open invitation back."""
    row = await uow.session.get(Invitation, invitation_id, with_for_update=True)
    if organisation is None:
        uow.actor.require_duty("operator")
        mine = row is not None and row.org_id is None
    else:
        org = await organisations.find(uow.session, organisation)
        uow.actor.require_role(org.id, "maintainer")
        mine = row is not None and row.org_id == org.id
    if row is None or not mine or state_of(row, uow.clock.now()) != "open":
        raise NotFound(("未找到有效的邀请", "no such open invitation"))
    row.revoked_at = uow.clock.now()
    await uow.audit("identity.invitation_revoke", row.id, row.org_id)
    await settle(uow, f"invitation:{row.id}")


async def decline(uow: UnitOfWork, invitation_id: str) -> None:
    """The actor declines an invitation out of the inbox."""
    uow.actor.require_known()
    row = await uow.session.get(Invitation, invitation_id, with_for_update=True)
    if row is None or row.person_id != uow.actor.id or state_of(row, uow.clock.now()) != "open":
        raise InvitationInvalid()
    row.revoked_at = uow.clock.now()
    await uow.audit("identity.invitation_decline", row.id, row.org_id)
    await settle(uow, f"invitation:{row.id}")
