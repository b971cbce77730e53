"""Actors for tests of the kernel, which stands below the identity room: a header names who sends a request."""

from __future__ import annotations

from fastapi import Request

from ceyuan.kernel.actor import ANONYMOUS, SYSTEM, Actor
from ceyuan.kernel.platform import Platform

OWNER = Actor("person", "per_owner", "Owner", roles={"org_a": "owner"})
MEMBER = Actor("person", "per_member", "Member", roles={"org_a": "member"})
OUTSIDER = Actor("person", "per_outsider", "Outsider", roles={"org_b": "owner"})
REGULATOR = Actor("person", "per_regulator", "Regulator", duties=frozenset({"regulator"}))
ADMIN = Actor("person", "per_admin", "Admin", is_admin=True)
EVERYBODY = {
    actor.id.removeprefix("per_"): actor for actor in (OWNER, MEMBER, OUTSIDER, REGULATOR, ADMIN, ANONYMOUS, SYSTEM)
}


def let_headers_name_actors(platform: Platform, *more: Actor) -> None:
    """Believe the header `X-Actor`: `owner`, `member`, `outsider`, `regulator`, `admin`, or one of `more`."""
    known = EVERYBODY | {actor.id.removeprefix("per_"): actor for actor in more}

    async def authenticate(_platform: Platform, request: Request) -> Actor:
        return known[request.headers.get("x-actor", "anonymous")]

    platform.authenticate = authenticate


def acting(name: str) -> dict[str, str]:
    """The header of a request by the actor of this name."""
    return {"X-Actor": name}
