"""Routes of teams."""

from __future__ import annotations

from typing import Any

from ceyuan.identity.errors import NameTaken, OrganisationNotFound, PersonalOrganisation, PersonNotFound
from ceyuan.identity.organisations import teams
from ceyuan.identity.organisations.schemas import MemberOut, TeamChange, TeamIn, TeamOut
from ceyuan.kernel.errors import Conflict, Forbidden, Invalid, NotFound, Unauthenticated
from ceyuan.kernel.pages import Page
from ceyuan.kernel.routes import Router
from ceyuan.kernel.web import Paging, ReadWork, WriteWork, problems

router = Router(prefix="/api/v1/organisations/{organisation}/teams", tags=["teams"])
_FAULTS = problems(Unauthenticated, Forbidden, NotFound, OrganisationNotFound, Invalid)
_MEMBER_FAULTS = problems(Unauthenticated, Forbidden, NotFound, OrganisationNotFound, PersonNotFound, Conflict)


@router.get("", response_model=Page[TeamOut], responses=_FAULTS)
async def list_teams(organisation: str, uow: ReadWork, paging: Paging) -> Any:
    """List an organisation's teams."""
    return (await teams.list_teams(uow, organisation, paging)).page(TeamOut)


@router.post(
    "",
    response_model=TeamOut,
    status_code=201,
    responses=problems(Unauthenticated, Forbidden, OrganisationNotFound, PersonalOrganisation, NameTaken, Invalid),
)
async def create_team(organisation: str, body: TeamIn, uow: WriteWork) -> Any:
    """Make a team."""
    return await teams.create_team(uow, organisation, body.name, body.description)


@router.get("/{team}", response_model=TeamOut, responses=_FAULTS)
async def get_team(organisation: str, team: str, uow: ReadWork) -> Any:
    """Show a team, by id or name."""
    return await teams.get_team(uow, organisation, team)


@router.patch("/{team}", response_model=TeamOut, responses=_FAULTS)
async def change_team(organisation: str, team: str, body: TeamChange, uow: WriteWork) -> Any:
    """Describe a team anew."""
    return await teams.change_team(uow, organisation, team, body.description)


@router.delete("/{team}", status_code=204, responses=_FAULTS)
async def delete_team(organisation: str, team: str, uow: WriteWork) -> None:
    """Dissolve a team; its people stay members of the organisation."""
    await teams.delete_team(uow, organisation, team)


@router.get("/{team}/members", response_model=Page[MemberOut], responses=_FAULTS)
async def list_team_members(organisation: str, team: str, uow: ReadWork, paging: Paging) -> Any:
    """List the people of a team."""
    return (await teams.list_team_members(uow, organisation, team, paging)).page(MemberOut)


@router.put("/{team}/members/{person}", status_code=204, responses=_MEMBER_FAULTS)
async def add_team_member(organisation: str, team: str, person: str, uow: WriteWork) -> None:
    """Put a member of the organisation into the team."""
    await teams.add_team_member(uow, organisation, team, person)


@router.delete("/{team}/members/{person}", status_code=204, responses=_MEMBER_FAULTS)
async def remove_team_member(organisation: str, team: str, person: str, uow: WriteWork) -> None:
    """Take a person out of the team."""
    await teams.remove_team_member(uow, organisation, team, person)
