"""What a request was sent with, as memory keeps it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from fastapi import Request

from ceyuan.identity.errors import OwnHandsOnly
from ceyuan.kernel.actor import Actor, Role
from ceyuan.kernel.errors import Forbidden


@dataclass(frozen=True, slots=True)
class Place:
    """An organisation that a person belongs to."""

    id: str
    name: str
    display_name: str
    kind: str
    role: Role


@dataclass(frozen=True, slots=True)
class Profile:
    """What `/me` says of the person behind a credential."""

    id: str
    name: str
    display_name: str
    email: str | None
    email_confirmed: bool
    affiliation: str
    bio: str
    language: str
    wants_mail: bool
    org_id: str
    has_password: bool
    second_factor: bool
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Impersonation:
    """Who acts as the person, why, and until when."""

    admin_id: str
    admin_name: str
    reason: str
    ends_at: datetime


@dataclass(slots=True)
class Credential:
    """A session or token that was looked up, with whom it stands for."""

    kind: Literal["session", "token"]
    id: str
    actor: Actor
    profile: Profile | None
    expires_at: datetime | None
    idle: timedelta | None
    seen_at: datetime
    loaded_at: float
    impersonation: Impersonation | None = None
    org_id: str | None = None
    """The one organisation that a token is bound to."""

    def is_over(self, now: datetime) -> bool:
        """Whether it expired, or lay idle too long."""
        if self.expires_at is not None and self.expires_at <= now:
            return True
        return self.idle is not None and self.seen_at + self.idle <= now


def credential_of(request: Request) -> Credential | None:
    """What the request was sent with; known after its actor was resolved."""
    found: Credential | None = getattr(request.state, "credential", None)
    return found


def require_own_hands(actor: Actor) -> None:
    """Raise `OwnHandsOnly` unless a person is signed in as themselves: no token (they all have scopes), no
    impersonator.

    What could lock the person out or outlive the impersonation (passwords, second factor, tokens, erasure)
    asks for this.
    """
    actor.require_known()
    if actor.kind != "person" or actor.scopes is not None or actor.impersonator is not None:
        raise OwnHandsOnly()


def require_admin(actor: Actor) -> None:
    """Raise `Forbidden` unless an administrator (or the platform itself) acts."""
    actor.require_known()
    if not actor.is_admin and actor.kind != "system":
        raise Forbidden(
            ("需要平台管理员", "this needs a platform administrator"),
            hint=("有范围限制的令牌不带管理员权限", "a token with limited scopes carries no administrator's power"),
        )


def limited(actor: Actor, scopes: frozenset[str], org_id: str | None) -> Actor:
    """The actor within the limits of a token: an administrator's power needs `*`, and one organisation excludes all
    others together with platform duties."""
    everything = "*" in scopes
    roles = actor.roles if org_id is None else {k: v for k, v in actor.roles.items() if k == org_id}
    return replace(
        actor,
        scopes=scopes,
        roles=roles,
        is_admin=actor.is_admin and everything and org_id is None,
        duties=actor.duties if org_id is None else frozenset(),
    )
