"""Organisations, members and teams on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

from ceyuan.identity.organisations.kinds import FoundedKind, Kind
from ceyuan.identity.people.schemas import Name
from ceyuan.kernel.actor import Role

Website = Annotated[str, Field(max_length=300, pattern=r"^(?:https?://\S+)?$")]
CreditCode = Annotated[str, Field(max_length=18, description="unified social credit code (GB 32100-2015)")]


class OrganisationIn(BaseModel, extra="forbid"):
    """An organisation to be founded."""

    name: Name
    display_name: str = Field(min_length=1, max_length=120)
    kind: FoundedKind
    description: str = Field("", max_length=2000)
    website: Website = ""
    credit_code: CreditCode | None = None
    is_listed: bool = Field(True, description="whether everybody may see its profile")


class OrganisationChange(BaseModel, extra="forbid"):
    """What to change of an organisation."""

    display_name: str | None = Field(None, min_length=1, max_length=120)
    kind: FoundedKind | None = None
    description: str | None = Field(None, max_length=2000)
    website: Website | None = None
    credit_code: CreditCode | None = Field(None, description="empty = remove")
    is_listed: bool | None = None


class OrganisationOut(BaseModel):
    """An organisation; what is null is for its members only."""

    id: str
    name: str
    display_name: str
    kind: Kind
    description: str
    website: str
    is_listed: bool
    verified_at: datetime | None
    created_at: datetime
    credit_code: str | None
    member_count: int | None
    role: Role | None = Field(description="one's own role")


class MemberIn(BaseModel, extra="forbid"):
    """A person to be put in by an administrator."""

    person: str = Field(max_length=40, description="id or name")
    role: Role


class RoleIn(BaseModel, extra="forbid"):
    """A role."""

    role: Role


class MemberOut(BaseModel):
    """A member."""

    person_id: str
    name: str
    display_name: str
    role: Role
    created_at: datetime


class TeamIn(BaseModel, extra="forbid"):
    """A team to be made."""

    name: Name
    description: str = Field("", max_length=500)


class TeamChange(BaseModel, extra="forbid"):
    """Another description."""

    description: str = Field(max_length=500)


class TeamOut(BaseModel):
    """A team."""

    id: str
    org_id: str
    name: str
    description: str
    created_at: datetime
