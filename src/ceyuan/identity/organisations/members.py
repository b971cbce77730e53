"""Use cases of members: list, add, change a role, remove, leave."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from ceyuan.identity.errors import LastOwner, PersonalOrganisation, PersonNotFound
from ceyuan.identity.organisations import repository
from ceyuan.identity.organisations.founding import add_membership
from ceyuan.identity.organisations.tables import Membership, Organisation
from ceyuan.identity.people import repository as people
from ceyuan.identity.telling import tell
from ceyuan.kernel.actor import ROLE_ORDER, Role
from ceyuan.kernel.errors import Conflict, Forbidden
from ceyuan.kernel.pages import PageRequest, Rows, fetch_page
from ceyuan.kernel.work import UnitOfWork


@dataclass(frozen=True, slots=True)
class MemberView:
    """A member: who, and with which role since when."""

    person_id: str
    name: str
    display_name: str
    role: Role
    created_at: datetime


def require_may_grant(uow: UnitOfWork, org_id: str, role: Role) -> None:
    """Maintainers may let in viewers and members; maintainers and owners are made by owners."""
    uow.actor.require_role(org_id, "maintainer")
    if ROLE_ORDER.index(role) >= ROLE_ORDER.index("maintainer"):
        uow.actor.require_role(org_id, "owner")


async def _org(uow: UnitOfWork, reference: str) -> Organisation:
    """The organisation, locked: two owners must not step down past each other."""
    org = await repository.find(uow.session, reference, lock=True)
    uow.actor.require_role(org.id)
    if org.kind == "personal":
        raise PersonalOrganisation()
    return org


async def list_members(uow: UnitOfWork, reference: str, paging: PageRequest, *, role: str | None) -> Rows[MemberView]:
    """The members, for members."""
    org = await repository.find(uow.session, reference)
    uow.actor.require_role(org.id)
    query = select(Membership).where(Membership.org_id == org.id)
    if role:
        query = query.where(Membership.role == role)
    rows = await fetch_page(
        uow.session,
        query,
        paging,
        key=Membership.id,
        sorts={"created_at": Membership.created_at, "role": Membership.role},
        default="created_at",
    )
    known = await people.many(uow.session, [m.person_id for m in rows.items])
    return Rows([_view(m, known[m.person_id].name, known[m.person_id].display_name) for m in rows.items], rows.next)


def _view(row: Membership, name: str, display_name: str) -> MemberView:
    return MemberView(row.person_id, name, display_name, row.role, row.created_at)  # type: ignore[arg-type]


async def add_member(uow: UnitOfWork, reference: str, person: str, role: Role) -> MemberView:
    """An administrator puts a person in without an invitation."""
    if not uow.actor.is_admin:
        uow.actor.require_known()
        raise Forbidden(
            ("只有平台管理员可以直接添加成员", "only a platform administrator adds members directly"),
            hint=("请发送邀请", "send an invitation instead"),
        )
    org = await _org(uow, reference)
    found = await people.find(uow.session, person)
    if await repository.membership(uow.session, org.id, found.id) is not None:
        raise Conflict(("该用户已是成员", "the person is already a member"))
    row = await add_membership(uow, org.id, found.id, role)
    await uow.audit("identity.member_add", found.id, org.id, role=role)
    return _view(row, found.name, found.display_name)


async def change_role(uow: UnitOfWork, reference: str, person: str, role: Role) -> MemberView:
    """Give a member another role; only owners do. Raises `LastOwner`."""
    org = await _org(uow, reference)
    uow.actor.require_role(org.id, "owner")
    found = await people.find(uow.session, person)
    row = await _member(uow, org.id, found.id)
    if row.role == "owner" and role != "owner":
        await _require_another_owner(uow, org.id)
    former, row.role = row.role, role
    await uow.audit("identity.member_role", found.id, org.id, role=role, former=former)
    await tell(uow, "identity.membership_changed", org_id=org.id, person_id=found.id, role=role)
    return _view(row, found.name, found.display_name)


async def remove_member(uow: UnitOfWork, reference: str, person: str) -> None:
    """Take a member out, or leave oneself. Raises `LastOwner`."""
    org = await _org(uow, reference)
    found = await people.find(uow.session, person)
    row = await _member(uow, org.id, found.id)
    if found.id != uow.actor.id:
        require_may_grant(uow, org.id, row.role)  # type: ignore[arg-type]
    if row.role == "owner":
        await _require_another_owner(uow, org.id)
    await end_membership(uow, row)
    await uow.audit("identity.member_remove", found.id, org.id)


async def end_membership(uow: UnitOfWork, row: Membership) -> None:
    """Delete the membership with its places in teams; publishes `identity.membership_changed` with role null."""
    await repository.leave_teams(uow.session, row.org_id, row.person_id)
    await uow.session.delete(row)
    await tell(uow, "identity.membership_changed", org_id=row.org_id, person_id=row.person_id, role=None)


async def _member(uow: UnitOfWork, org_id: str, person_id: str) -> Membership:
    row = await repository.membership(uow.session, org_id, person_id)
    if row is None:
        raise PersonNotFound(("该用户不是组织成员", "the person is not a member of the organisation"))
    return row


async def _require_another_owner(uow: UnitOfWork, org_id: str) -> None:
    if await repository.count_owners(uow.session, org_id) < 2:
        raise LastOwner(hint=("请先指定另一名所有者", "make somebody else an owner first"))
