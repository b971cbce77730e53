"""Routes of invitations."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query

from ceyuan.identity.errors import (
    InvitationInvalid,
    OrganisationNotFound,
    OwnHandsOnly,
    PersonalOrganisation,
    PersonNotFound,
)
from ceyuan.identity.invitations import service
from ceyuan.identity.invitations.schemas import (
    InvitationIn,
    InvitationOut,
    InvitationToken,
    InvitedOut,
    PlatformInvitationIn,
)
from ceyuan.kernel.errors import Conflict, Forbidden, Invalid, NotFound, Unauthenticated
from ceyuan.kernel.pages import Page
from ceyuan.kernel.routes import Router
from ceyuan.kernel.web import Paging, ReadWork, WriteWork, problems

router = Router(prefix="/api/v1", tags=["invitations"])
_FAULTS = problems(Unauthenticated, Forbidden, NotFound, OrganisationNotFound, Invalid)
_INVITE_FAULTS = problems(
    Unauthenticated, Forbidden, OrganisationNotFound, PersonNotFound, PersonalOrganisation, Conflict, Invalid
)
OpenOnly = Annotated[bool, Query(description="leave out settled and expired ones")]


@router.get("/organisations/{organisation}/invitations", response_model=Page[InvitationOut], responses=_FAULTS)
async def list_organisation_invitations(
    organisation: str, uow: ReadWork, paging: Paging, open_only: OpenOnly = True
) -> Any:
    """List an organisation's invitations."""
    return (await service.list_invitations(uow, organisation, paging, open_only=open_only)).page(InvitationOut)


@router.post(
    "/organisations/{organisation}/invitations",
    response_model=InvitedOut,
    status_code=201,
    responses=_INVITE_FAULTS,
)
async def invite_to_organisation(organisation: str, body: InvitationIn, uow: WriteWork) -> Any:
    """Invite somebody; the link is in this answer and nowhere else."""
    return await service.invite(uow, organisation, **body.model_dump())


@router.delete("/organisations/{organisation}/invitations/{invitation_id}", status_code=204, responses=_FAULTS)
async def revoke_organisation_invitation(organisation: str, invitation_id: str, uow: WriteWork) -> None:
    """Take an invitation back."""
    await service.revoke(uow, organisation, invitation_id)


@router.get("/admin/invitations", response_model=Page[InvitationOut], responses=_FAULTS)
async def list_platform_invitations(uow: ReadWork, paging: Paging, open_only: OpenOnly = True) -> Any:
    """List invitations onto the platform (operators)."""
    return (await service.list_invitations(uow, None, paging, open_only=open_only)).page(InvitationOut)


@router.post("/admin/invitations", response_model=InvitedOut, status_code=201, responses=_FAULTS)
async def invite_to_platform(body: PlatformInvitationIn, uow: WriteWork) -> Any:
    """Invite somebody to make an account (operators)."""
    return await service.invite(uow, None, role="viewer", email=body.email)


@router.delete("/admin/invitations/{invitation_id}", status_code=204, responses=_FAULTS)
async def revoke_platform_invitation(invitation_id: str, uow: WriteWork) -> None:
    """Take an invitation onto the platform back (operators)."""
    await service.revoke(uow, None, invitation_id)


@router.get("/invitations", response_model=Page[InvitationOut], responses=problems(Unauthenticated, Invalid))
async def list_my_invitations(uow: ReadWork, paging: Paging) -> Any:
    """List the invitations that wait for oneself."""
    return (await service.list_mine(uow, paging)).page(InvitationOut)


@router.post("/invitations/look-up", response_model=InvitationOut, responses=problems(InvitationInvalid))
async def look_up_invitation(body: InvitationToken, uow: WriteWork) -> Any:
    """Show what a link invites to; public."""
    return await service.look_at(uow, body.token)


@router.post(
    "/invitations/accept",
    response_model=InvitationOut,
    responses=problems(Unauthenticated, OwnHandsOnly, InvitationInvalid, Conflict),
)
async def accept_invitation(body: InvitationToken, uow: WriteWork) -> Any:
    """Accept the invitation of a link."""
    return await service.accept(uow, body.token)


@router.post(
    "/invitations/{invitation_id}/accept",
    response_model=InvitationOut,
    responses=problems(Unauthenticated, OwnHandsOnly, InvitationInvalid, Conflict),
)
async def accept_my_invitation(invitation_id: str, uow: WriteWork) -> Any:
    """Accept an invitation that waits for oneself."""
    return await service.accept_mine(uow, invitation_id)


@router.post(
    "/invitations/{invitation_id}/decline", status_code=204, responses=problems(Unauthenticated, InvitationInvalid)
)
async def decline_my_invitation(invitation_id: str, uow: WriteWork) -> None:
    """Decline an invitation that waits for oneself."""
    await service.decline(uow, invitation_id)
