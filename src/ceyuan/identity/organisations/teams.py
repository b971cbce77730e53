"""Use cases of teams: named groups of members."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from ceyuan.identity.errors import NameTaken, PersonalOrganisation, PersonNotFound
from ceyuan.identity.names import check_name, clean_text, name_key
from ceyuan.identity.organisations import repository
from ceyuan.identity.organisations.founding import flush_named
from ceyuan.identity.organisations.members import MemberView
from ceyuan.identity.organisations.tables import Membership, Organisation, Team, TeamMember
from ceyuan.identity.people import repository as people
from ceyuan.identity.telling import tell
from ceyuan.kernel.actor import Role
from ceyuan.kernel.errors import Conflict
from ceyuan.kernel.ids import new_id
from ceyuan.kernel.pages import PageRequest, Rows, fetch_page
from ceyuan.kernel.work import UnitOfWork


async def _org(uow: UnitOfWork, reference: str, role: Role) -> Organisation:
    org = await repository.find(uow.session, reference)
    uow.actor.require_role(org.id, role)
    return org


async def list_teams(uow: UnitOfWork, reference: str, paging: PageRequest) -> Rows[Team]:
    """The teams, for members."""
    org = await _org(uow, reference, "viewer")
    query = select(Team).where(Team.org_id == org.id)
    sorts = {"name": Team.name_key, "created_at": Team.created_at}
    return await fetch_page(uow.session, query, paging, key=Team.id, sorts=sorts, default="name")


async def create_team(uow: UnitOfWork, reference: str, name: str, description: str) -> Team:
    """Make a team; maintainers do."""
    org = await _org(uow, reference, "maintainer")
    if org.kind == "personal":
        raise PersonalOrganisation()
    check_name(uow.platform, name, official=True)
    taken = await uow.session.scalar(select(Team.id).where(Team.org_id == org.id, Team.name_key == name_key(name)))
    if taken is not None:
        raise NameTaken((f"团队“{name}”已存在", f"there is a team “{name}” already"))
    row = Team(
        id=new_id("team"),
        org_id=org.id,
        name=name,
        name_key=name_key(name),
        description=clean_text(description, lines=True),
        created_at=uow.clock.now(),
    )
    uow.session.add(row)
    await flush_named(uow, name)
    await uow.audit("identity.team_create", row.id, org.id, name=name)
    return row


async def get_team(uow: UnitOfWork, reference: str, team: str) -> Team:
    """A team by id or name, for members of its organisation."""
    org = await _org(uow, reference, "viewer")
    return await repository.team(uow.session, org.id, team)


async def change_team(uow: UnitOfWork, reference: str, team: str, description: str) -> Team:
    """Describe a team anew."""
    org = await _org(uow, reference, "maintainer")
    row = await repository.team(uow.session, org.id, team)
    row.description = clean_text(description, lines=True)
    await uow.audit("identity.team_change", row.id, org.id)
    return row


async def delete_team(uow: UnitOfWork, reference: str, team: str) -> None:
    """Dissolve a team; its people stay members. Publishes `identity.team_deleted`."""
    org = await _org(uow, reference, "maintainer")
    row = await repository.team(uow.session, org.id, team)
    await repository.remove_team(uow.session, row)
    await uow.audit("identity.team_delete", row.id, org.id, name=row.name)
    await tell(uow, "identity.team_deleted", org_id=org.id, team_id=row.id)


async def list_team_members(uow: UnitOfWork, reference: str, team: str, paging: PageRequest) -> Rows[MemberView]:
    """The people of a team with their roles in the organisation."""
    org = await _org(uow, reference, "viewer")
    row = await repository.team(uow.session, org.id, team)
    rows = await fetch_page(
        uow.session,
        select(TeamMember).where(TeamMember.team_id == row.id),
        paging,
        key=TeamMember.id,
        sorts={"created_at": TeamMember.created_at},
        default="created_at",
    )
    ids = [m.person_id for m in rows.items]
    known = await people.many(uow.session, ids)
    roles = await uow.session.execute(
        select(Membership.person_id, Membership.role).where(Membership.org_id == org.id, Membership.person_id.in_(ids))
    )
    role_of: dict[str, Any] = dict(roles.all())
    views = [
        MemberView(
            m.person_id, known[m.person_id].name, known[m.person_id].display_name, role_of[m.person_id], m.created_at
        )
        for m in rows.items
    ]
    return Rows(views, rows.next)


async def add_team_member(uow: UnitOfWork, reference: str, team: str, person: str) -> None:
    """Put a member of the organisation into the team."""
    org = await _org(uow, reference, "maintainer")
    row = await repository.team(uow.session, org.id, team)
    found = await people.find(uow.session, person)
    if await repository.membership(uow.session, org.id, found.id) is None:
        raise PersonNotFound(("该用户不是组织成员", "the person is not a member of the organisation"))
    if await repository.team_member(uow.session, row.id, found.id) is not None:
        raise Conflict(("该用户已在团队中", "the person is already in the team"))
    uow.session.add(TeamMember(id=new_id("tmm"), team_id=row.id, person_id=found.id, created_at=uow.clock.now()))
    await uow.audit("identity.team_member_add", found.id, org.id, team_id=row.id)
    await tell(uow, "identity.team_changed", org_id=org.id, team_id=row.id, person_id=found.id)


async def remove_team_member(uow: UnitOfWork, reference: str, team: str, person: str) -> None:
    """Take a person out of the team."""
    org = await _org(uow, reference, "maintainer")
    row = await repository.team(uow.session, org.id, team)
    found = await people.find(uow.session, person)
    member = await repository.team_member(uow.session, row.id, found.id)
    if member is None:
        raise PersonNotFound(("该用户不在团队中", "the person is not in the team"))
    await uow.session.delete(member)
    await uow.audit("identity.team_member_remove", found.id, org.id, team_id=row.id)
    await tell(uow, "identity.team_changed", org_id=org.id, team_id=row.id, person_id=found.id)
