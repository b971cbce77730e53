"""Routes of organisations and their members."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query

from ceyuan.identity.errors import (
    LastOwner,
    NameInvalid,
    NameReserved,
    NameTaken,
    OrganisationNotFound,
    PersonalOrganisation,
    PersonNotFound,
)
from ceyuan.identity.organisations import members, service
from ceyuan.identity.organisations.kinds import FoundedKind
from ceyuan.identity.organisations.schemas import (
    MemberIn,
    MemberOut,
    OrganisationChange,
    OrganisationIn,
    OrganisationOut,
    RoleIn,
)
from ceyuan.identity.people.schemas import NewName
from ceyuan.kernel.actor import Role
from ceyuan.kernel.errors import Conflict, Forbidden, Invalid, NotFound, Unauthenticated
from ceyuan.kernel.pages import Page
from ceyuan.kernel.routes import Router
from ceyuan.kernel.web import Paging, ReadWork, WriteWork, problems

router = Router(prefix="/api/v1/organisations", tags=["organisations"])
_ROLE_FAULTS = problems(Unauthenticated, Forbidden, NotFound, OrganisationNotFound, PersonalOrganisation, Invalid)


@router.get("", response_model=Page[OrganisationOut], responses=problems(Unauthenticated, Invalid))
async def list_organisations(
    uow: ReadWork,
    paging: Paging,
    kind: Annotated[FoundedKind | None, Query()] = None,
    q: Annotated[str | None, Query(max_length=80, description="part of the name or display name")] = None,
    mine: Annotated[bool, Query(description="only those one belongs to, the personal one too")] = False,
) -> Any:
    """List organisations: those that are public, or one's own."""
    return (await service.list_organisations(uow, paging, kind=kind, q=q, mine=mine)).page(OrganisationOut)


@router.post(
    "",
    response_model=OrganisationOut,
    status_code=201,
    responses=problems(Unauthenticated, Forbidden, NameTaken, NameReserved, NameInvalid, Invalid),
)
async def create_organisation(body: OrganisationIn, uow: WriteWork) -> Any:
    """Found an organisation; who does becomes its owner."""
    org = await service.found_organisation(uow, **body.model_dump())
    view = await service.view(uow, org)
    # The actor was made before the organisation: today's role is not in it yet.
    return {**OrganisationOut.model_validate(view, from_attributes=True).model_dump(), "role": "owner"}


@router.get("/{organisation}", response_model=OrganisationOut, responses=problems(OrganisationNotFound))
async def get_organisation(organisation: str, uow: ReadWork) -> Any:
    """Show an organisation, by id or name."""
    return await service.view(uow, await service.find_visible(uow, organisation))


@router.patch("/{organisation}", response_model=OrganisationOut, responses=_ROLE_FAULTS)
async def change_organisation(organisation: str, body: OrganisationChange, uow: WriteWork) -> Any:
    """Change an organisation's profile."""
    changes = body.model_dump(exclude_none=True)
    return await service.view(uow, await service.change_organisation(uow, organisation, changes))


@router.put(
    "/{organisation}/name",
    response_model=OrganisationOut,
    responses=problems(
        Unauthenticated, Forbidden, OrganisationNotFound, PersonalOrganisation, NameTaken, NameReserved, NameInvalid
    ),
)
async def rename_organisation(organisation: str, body: NewName, uow: WriteWork) -> Any:
    """Rename an organisation; the old name goes on leading to it."""
    return await service.view(uow, await service.rename_organisation(uow, organisation, body.name))


@router.delete("/{organisation}", status_code=204, responses=_ROLE_FAULTS)
async def close_organisation(organisation: str, uow: WriteWork) -> None:
    """Close an organisation; its records stay, its name stays taken."""
    await service.close_organisation(uow, organisation)


@router.put("/{organisation}/verification", response_model=OrganisationOut, responses=_ROLE_FAULTS)
async def verify_organisation(organisation: str, uow: WriteWork) -> Any:
    """Confirm that an organisation is who it says (operators)."""
    return await service.view(uow, await service.verify_organisation(uow, organisation, verified=True))


@router.delete("/{organisation}/verification", response_model=OrganisationOut, responses=_ROLE_FAULTS)
async def withdraw_verification(organisation: str, uow: WriteWork) -> Any:
    """Withdraw the confirmation (operators)."""
    return await service.view(uow, await service.verify_organisation(uow, organisation, verified=False))


@router.get("/{organisation}/members", response_model=Page[MemberOut], responses=_ROLE_FAULTS)
async def list_members(
    organisation: str, uow: ReadWork, paging: Paging, role: Annotated[Role | None, Query()] = None
) -> Any:
    """List an organisation's members."""
    return (await members.list_members(uow, organisation, paging, role=role)).page(MemberOut)


@router.post(
    "/{organisation}/members",
    response_model=MemberOut,
    status_code=201,
    responses=problems(
        Unauthenticated, Forbidden, OrganisationNotFound, PersonNotFound, PersonalOrganisation, Conflict, Invalid
    ),
)
async def add_member(organisation: str, body: MemberIn, uow: WriteWork) -> Any:
    """Put a person in without an invitation (administrators)."""
    return await members.add_member(uow, organisation, body.person, body.role)


@router.put(
    "/{organisation}/members/{person}",
    response_model=MemberOut,
    responses=problems(
        Unauthenticated, Forbidden, OrganisationNotFound, PersonNotFound, PersonalOrganisation, LastOwner
    ),
)
async def change_member_role(organisation: str, person: str, body: RoleIn, uow: WriteWork) -> Any:
    """Give a member another role."""
    return await members.change_role(uow, organisation, person, body.role)


@router.delete(
    "/{organisation}/members/{person}",
    status_code=204,
    responses=problems(
        Unauthenticated, Forbidden, OrganisationNotFound, PersonNotFound, PersonalOrganisation, LastOwner
    ),
)
async def remove_member(organisation: str, person: str, uow: WriteWork) -> None:
    """Take a member out, or leave."""
    await members.remove_member(uow, organisation, person)
