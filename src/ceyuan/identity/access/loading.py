"""The queries behind a credential: run once per credential and cache period, never on the hot path."""

from __future__ import annotations

import time
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from ceyuan.identity.access.credential import Credential, Impersonation, Place, Profile, limited
from ceyuan.identity.organisations import repository as organisations
from ceyuan.identity.people import repository as people
from ceyuan.identity.people.tables import Person
from ceyuan.identity.second_factor import service as second_factor
from ceyuan.identity.sessions import repository as sessions
from ceyuan.identity.tokens.tables import Token
from ceyuan.kernel.actor import Actor


async def load_person(session: AsyncSession, person: Person) -> tuple[Actor, Profile]:
    """The person as an actor with today's roles and duties, and the profile that `/me` shows."""
    rows = await organisations.memberships_of(session, person.id)
    places = tuple(Place(o.id, o.name, o.display_name, o.kind, m.role) for m, o in rows)  # type: ignore[arg-type]
    actor = Actor(
        kind="person",
        id=person.id,
        label=person.name,
        roles={place.id: place.role for place in places},
        duties=await people.duties_of(session, person.id),
        is_admin=person.is_admin,
    )
    profile = Profile(
        id=person.id,
        name=person.name,
        display_name=person.display_name,
        email=person.email,
        email_confirmed=person.email_confirmed_at is not None,
        affiliation=person.affiliation,
        bio=person.bio,
        language=person.language,
        wants_mail=person.wants_mail,
        org_id=person.org_id,
        has_password=person.password_hash is not None,
        second_factor=await second_factor.is_on(session, person.id),
        places=places,
    )
    return actor, profile


async def load_session(session: AsyncSession, secret_hash: str, idle: timedelta) -> Credential | None:
    """The open session with this hash, of an active person."""
    row = await sessions.by_hash(session, secret_hash)
    if row is None or row.ended_at is not None:
        return None
    person = await people.get(session, row.person_id)
    if person.state != "active":
        return None
    actor, profile = await load_person(session, person)
    impersonation = None
    if row.impersonator_id is not None:
        admin = await people.get(session, row.impersonator_id)
        if not admin.is_admin or admin.state != "active":
            return None
        impersonation = Impersonation(admin.id, admin.name, row.reason, row.expires_at)
        actor = Actor(
            kind="person",
            id=actor.id,
            label=actor.label,
            roles=actor.roles,
            duties=actor.duties,
            is_admin=False,
            impersonator=admin.id,
        )
    return Credential(
        kind="session",
        id=row.id,
        actor=actor,
        profile=profile,
        expires_at=row.expires_at,
        idle=idle,
        seen_at=row.seen_at,
        loaded_at=time.monotonic(),
        impersonation=impersonation,
    )


async def load_token(session: AsyncSession, secret_hash: str) -> Credential | None:
    """The token with this hash, unless it was revoked or its person or organisation is gone."""
    row: Token | None = await session.scalar(select(Token).where(Token.secret_hash == secret_hash))
    return await credential_of_token(session, row) if row is not None else None


async def credential_of_token(session: AsyncSession, row: Token) -> Credential | None:
    """What the token stands for today; None if it was revoked or its person or organisation is gone."""
    if row.revoked_at is not None:
        return None
    scopes = frozenset(row.scopes)
    profile: Profile | None = None
    if row.person_id is not None:
        person = await people.get(session, row.person_id)
        if person.state != "active":
            return None
        actor, profile = await load_person(session, person)
        actor = limited(actor, scopes, row.org_id)
    else:
        assert row.org_id is not None
        org = await organisations.get(session, row.org_id)
        if org.closed_at is not None:
            return None
        actor = Actor(
            kind="service",
            id=row.id,
            label=f"{org.name}/{row.name}",
            roles={row.org_id: row.role},  # type: ignore[dict-item]
            scopes=scopes,
        )
    return Credential(
        kind="token",
        id=row.id,
        actor=actor,
        profile=profile,
        expires_at=row.expires_at,
        idle=None,
        seen_at=row.used_at or row.created_at,
        loaded_at=time.monotonic(),
        org_id=row.org_id,
    )
