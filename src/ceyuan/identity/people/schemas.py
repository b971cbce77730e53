"""People on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from ceyuan.identity.names import NAME_MAX, NAME_PATTERN
from ceyuan.kernel.actor import Role

Name = Annotated[str, Field(min_length=2, max_length=NAME_MAX, pattern=NAME_PATTERN)]
Email = Annotated[str, Field(min_length=3, max_length=254)]
Password = Annotated[str, Field(min_length=1, max_length=256)]
Language = Literal["zh", "en"]


class PlaceOut(BaseModel):
    """An organisation that one belongs to, with one's role there."""

    model_config = ConfigDict(from_attributes=True)
    id: str
    name: str
    display_name: str
    kind: str
    role: Role


class ImpersonationOut(BaseModel):
    """The administrator who acts as this person: show it on every page."""

    model_config = ConfigDict(from_attributes=True)
    admin_id: str
    admin_name: str
    reason: str
    ends_at: datetime


class MeOut(BaseModel):
    """Who is signed in, and with what rights. `kind` `service` is a program with a token of an organisation."""

    kind: Literal["person", "service"]
    id: str
    name: str
    display_name: str
    email: str | None
    email_confirmed: bool
    affiliation: str
    bio: str
    language: Language
    wants_mail: bool
    org_id: str | None = Field(description="one's personal organisation; a service's organisation")
    is_admin: bool
    duties: list[str]
    organisations: list[PlaceOut]
    has_password: bool
    second_factor: bool
    scopes: list[str] | None = Field(description="limits of the token in use; null in a browser session")
    session_id: str | None
    expires_at: datetime | None = Field(description="when the session or token ends")
    csrf_token: str | None = Field(description="what changes must send in the header X-CSRF-Token")
    impersonation: ImpersonationOut | None


class ProfileChange(BaseModel, extra="forbid"):
    """What to change of one's own profile."""

    display_name: str | None = Field(None, min_length=1, max_length=80)
    affiliation: str | None = Field(None, max_length=120)
    bio: str | None = Field(None, max_length=1000)
    language: Language | None = None
    wants_mail: bool | None = Field(None, description="whether notices also come by e-mail")


class NewName(BaseModel, extra="forbid"):
    """Another name; the old one goes on leading here."""

    name: Name


class NewEmail(BaseModel, extra="forbid"):
    """Another e-mail address; the current password proves who asks."""

    email: Email | None
    password: Annotated[str, Field(max_length=256)] = ""


class PersonOut(BaseModel):
    """A person as others see them."""

    model_config = ConfigDict(from_attributes=True)
    id: str
    name: str
    display_name: str
    affiliation: str
    bio: str
    org_id: str
    created_at: datetime


class SignUpIn(BaseModel, extra="forbid"):
    """A new account."""

    name: Name
    display_name: str = Field("", max_length=80)
    email: Email | None = None
    password: Password
    language: Language = "zh"
    invitation: str | None = Field(None, max_length=80, description="the token of an invitation's link")
