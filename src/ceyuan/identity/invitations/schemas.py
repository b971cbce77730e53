"""Invitations on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ceyuan.identity.people.schemas import Email
from ceyuan.kernel.actor import Role


class InvitationIn(BaseModel):
    """Whom to invite: an e-mail address, a person who has an account, or neither, for a link to hand over."""

    model_config = ConfigDict(extra="forbid")  # a misspelt `person` would make a link that lets in anybody

    role: Role = "member"
    email: Email | None = None
    person: str | None = Field(None, max_length=40, description="id or name")

    @model_validator(mode="after")
    def _one_way(self) -> InvitationIn:
        if self.email is not None and self.person is not None:
            raise ValueError("give an e-mail address or a person, not both")
        return self


class PlatformInvitationIn(BaseModel, extra="forbid"):
    """An invitation to make an account."""

    email: Email | None = None


class InvitationOut(BaseModel):
    """An invitation."""

    id: str
    org_id: str | None
    organisation: str | None = Field(description="name of the organisation; null = the platform")
    organisation_title: str | None
    role: Role
    email: str | None
    person: str | None
    invited_by: str
    created_at: datetime
    expires_at: datetime
    state: Literal["open", "accepted", "revoked", "expired"]


class InvitedOut(BaseModel):
    """A new invitation with its link, which is shown this once."""

    invitation: InvitationOut
    link: str
    mailed: bool = Field(description="whether it was also sent by mail or into the person's inbox")


class InvitationToken(BaseModel, extra="forbid"):
    """The token of an invitation's link."""

    token: str = Field(max_length=80)
