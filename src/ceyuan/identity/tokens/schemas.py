"""Tokens on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, Field

from ceyuan.kernel.actor import Role

ScopeList = Annotated[list[Annotated[str, Field(max_length=60)]], Field(min_length=1, max_length=40)]


class TokenIn(BaseModel, extra="forbid"):
    """A personal token to be made."""

    name: str = Field(min_length=1, max_length=80, description="what it is for")
    scopes: ScopeList = Field(description="such as hub:read, gateway:call, or *")
    expires_at: AwareDatetime | None = Field(None, description="when it stops working; null = never")
    organisation: str | None = Field(None, max_length=40, description="id or name: the token acts only there")


class ServiceTokenIn(BaseModel, extra="forbid"):
    """A token for a program of an organisation."""

    name: str = Field(min_length=1, max_length=80, description="what it is for")
    role: Role = Field(description="role in the organisation")
    scopes: ScopeList = Field(description="such as hub:read, gateway:call, or *")
    expires_at: AwareDatetime | None = Field(None, description="when it stops working; null = never")


class TokenOut(BaseModel):
    """A token as lists show it: never its secret."""

    id: str
    kind: Literal["personal", "service"]
    name: str
    ending: str = Field(description="last four characters, to recognise it by")
    scopes: list[str]
    org_id: str | None
    role: Role | None
    created_by: str
    created_at: datetime
    expires_at: datetime | None
    used_at: datetime | None = Field(description="last use, to half a minute")
    revoked_at: datetime | None


class TokenIssued(BaseModel):
    """A new token with its secret, which is shown this once."""

    token: TokenOut
    secret: str


class ScopeOut(BaseModel):
    """A scope that a token can have."""

    name: str
    title_zh: str
    title_en: str
