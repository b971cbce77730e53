"""Sign-in and sessions on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from ceyuan.identity.people.schemas import Password


class SignInIn(BaseModel, extra="forbid"):
    """Name or e-mail address with the password, and the one-time code where one is used."""

    name: str = Field(min_length=1, max_length=254, description="user name or e-mail address")
    password: Password
    code: str | None = Field(None, max_length=20, description="one-time or recovery code, once asked for")


class SignedIn(BaseModel):
    """The session was opened; its cookie came with this answer."""

    person_id: str
    session_id: str
    csrf_token: str = Field(description="what changes must send in the header X-CSRF-Token")
    expires_in_s: int


class ProviderOption(BaseModel):
    """A single sign-on that the sign-in page offers."""

    name: str
    title_zh: str
    title_en: str


class SignInOptions(BaseModel):
    """What the sign-in page offers; public."""

    sign_up: Literal["open", "invite"]
    mail: bool = Field(description="whether forgotten passwords can be reset by mail")
    password_min_length: int
    providers: list[ProviderOption]


class SessionOut(BaseModel):
    """A browser that is, or was, signed in."""

    id: str
    method: str
    address: str
    client: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    impersonated: bool
    is_current: bool


class ForgottenIn(BaseModel, extra="forbid"):
    """Whose password is to be reset."""

    name: str = Field(min_length=1, max_length=254, description="user name or e-mail address")


class ResetIn(BaseModel, extra="forbid"):
    """A new password by the link of a mail."""

    token: str = Field(max_length=80)
    password: Password


class LinkIn(BaseModel, extra="forbid"):
    """The token of a mailed link."""

    token: str = Field(max_length=80)


class PasswordChange(BaseModel, extra="forbid"):
    """A new password; a person without one (single sign-on) leaves `current` empty."""

    current: str = Field("", max_length=256)
    new: Password


class Ended(BaseModel):
    """How many sessions ended."""

    ended: int
