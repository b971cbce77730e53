"""All SQL of organisations, memberships and teams."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from ceyuan.identity.errors import OrganisationNotFound
from ceyuan.identity.names import name_key
from ceyuan.identity.organisations.tables import FormerName, Membership, Organisation, Team, TeamMember
from ceyuan.kernel.errors import NotFound
from ceyuan.kernel.ids import is_id


async def get(session: AsyncSession, org_id: str, *, lock: bool = False) -> Organisation:
    """The organisation with this id; raises `OrganisationNotFound`."""
    found = await session.get(Organisation, org_id, with_for_update=lock or None)
    if found is None:
        raise OrganisationNotFound()
    return found


async def by_name(session: AsyncSession, name: str) -> Organisation | None:
    """The organisation that bears, or gave up, this name."""
    key = name_key(name)
    found: Organisation | None = await session.scalar(select(Organisation).where(Organisation.name_key == key))
    if found is None:
        found = await session.scalar(
            select(Organisation)
            .join(FormerName, FormerName.org_id == Organisation.id)
            .where(FormerName.name_key == key)
        )
    return found


async def find(session: AsyncSession, reference: str, *, lock: bool = False) -> Organisation:
    """The open organisation that `reference` (id or name) means; raises `OrganisationNotFound`."""
    found = await session.get(Organisation, reference) if is_id(reference, "org") else await by_name(session, reference)
    if found is None or found.closed_at is not None:
        raise OrganisationNotFound()
    if lock:
        await session.refresh(found, with_for_update=True)
    return found


async def many(session: AsyncSession, ids: Iterable[str]) -> dict[str, Organisation]:
    """The organisations with these ids."""
    rows = await session.scalars(select(Organisation).where(Organisation.id.in_(list(ids))))
    return {row.id: row for row in rows}


async def name_holder(session: AsyncSession, name: str) -> str | None:
    """The id of the organisation that bears or bore this name, closed ones too."""
    found = await by_name(session, name)
    return found.id if found else None


async def membership(session: AsyncSession, org_id: str, person_id: str) -> Membership | None:
    found: Membership | None = await session.scalar(
        select(Membership).where(Membership.org_id == org_id, Membership.person_id == person_id)
    )
    return found


async def memberships_of(session: AsyncSession, person_id: str) -> Sequence[tuple[Membership, Organisation]]:
    """A person's memberships in open organisations, oldest first (the personal one leads)."""
    rows = await session.execute(
        select(Membership, Organisation)
        .join(Organisation, Organisation.id == Membership.org_id)
        .where(Membership.person_id == person_id, Organisation.closed_at.is_(None))
        .order_by(Membership.id)
    )
    return [(m, o) for m, o in rows]


async def count_owners(session: AsyncSession, org_id: str) -> int:
    return (
        await session.scalar(
            select(func.count()).select_from(Membership).where(Membership.org_id == org_id, Membership.role == "owner")
        )
        or 0
    )


async def count_members(session: AsyncSession, org_id: str) -> int:
    return await session.scalar(select(func.count()).select_from(Membership).where(Membership.org_id == org_id)) or 0


async def person_ids_with(session: AsyncSession, org_id: str, roles: Sequence[str]) -> list[str]:
    """The ids of the members who hold one of these roles."""
    rows = await session.scalars(
        select(Membership.person_id).where(Membership.org_id == org_id, Membership.role.in_(roles))
    )
    return list(rows)


async def leave_teams(session: AsyncSession, org_id: str, person_id: str) -> None:
    """Take a person out of all teams of an organisation."""
    teams = select(Team.id).where(Team.org_id == org_id)
    await session.execute(delete(TeamMember).where(TeamMember.person_id == person_id, TeamMember.team_id.in_(teams)))


async def team(session: AsyncSession, org_id: str, reference: str) -> Team:
    """The team that `reference` (id or name) means within the organisation; raises `NotFound`."""
    which = Team.id == reference if is_id(reference, "team") else Team.name_key == name_key(reference)
    found: Team | None = await session.scalar(select(Team).where(Team.org_id == org_id, which))
    if found is None:
        raise NotFound(("未找到该团队", "no such team"))
    return found


async def team_member(session: AsyncSession, team_id: str, person_id: str) -> TeamMember | None:
    found: TeamMember | None = await session.scalar(
        select(TeamMember).where(TeamMember.team_id == team_id, TeamMember.person_id == person_id)
    )
    return found


async def team_ids_of(session: AsyncSession, person_id: str) -> list[str]:
    """The ids of all teams a person is in."""
    return list(await session.scalars(select(TeamMember.team_id).where(TeamMember.person_id == person_id)))


async def remove_team(session: AsyncSession, found: Team) -> None:
    await session.execute(delete(TeamMember).where(TeamMember.team_id == found.id))
    await session.delete(found)
