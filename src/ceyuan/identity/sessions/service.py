"""Use cases of sessions: open, list, end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Select, select

from ceyuan.identity.credentials import SESSION_PREFIX, fingerprint, new_credential
from ceyuan.identity.people.tables import Person
from ceyuan.identity.sessions import repository
from ceyuan.identity.sessions.tables import Session
from ceyuan.identity.settings import IdentitySettings
from ceyuan.identity.telling import tell
from ceyuan.kernel.errors import NotFound
from ceyuan.kernel.ids import new_id
from ceyuan.kernel.pages import PageRequest, Rows, fetch_page
from ceyuan.kernel.work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Opened:
    """A session as its browser gets it: the secret that is never shown again, and how long it lasts."""

    session_id: str
    person_id: str
    secret: str
    seconds: int


async def open_session(
    uow: UnitOfWork,
    person: Person,
    *,
    method: str,
    address: str,
    client: str,
    lasts: timedelta | None = None,
    impersonator_id: str | None = None,
    reason: str = "",
) -> Opened:
    """Sign a browser in as this person."""
    lasts = lasts or timedelta(hours=uow.platform.section(IdentitySettings).session_hours)
    secret, now = new_credential(SESSION_PREFIX), uow.clock.now()
    row = Session(
        id=new_id("ses"),
        secret_hash=fingerprint(secret),
        person_id=person.id,
        method=method,
        address=address[:64],
        client=client[:200],
        created_at=now,
        seen_at=now,
        expires_at=now + lasts,
        impersonator_id=impersonator_id,
        reason=reason,
    )
    uow.session.add(row)
    await uow.session.flush()
    return Opened(row.id, person.id, secret, int(lasts.total_seconds()))


async def list_sessions(uow: UnitOfWork, paging: PageRequest, *, open_only: bool) -> Rows[Session]:
    """The actor's own sessions, those of impersonators among them."""
    uow.actor.require_known()
    query: Select[Session] = select(Session).where(Session.person_id == uow.actor.id)
    if open_only:
        query = query.where(Session.ended_at.is_(None), Session.expires_at > uow.clock.now())
    sorts = {"created_at": Session.created_at, "seen_at": Session.seen_at}
    return await fetch_page(uow.session, query, paging, key=Session.id, sorts=sorts, default="-seen_at")


async def end_session(uow: UnitOfWork, session_id: str) -> None:
    """Sign one of the actor's own browsers out."""
    uow.actor.require_known()
    if not await end_sessions(uow, uow.actor.id, only=session_id):
        raise NotFound(("未找到该会话", "no such session"))
    await uow.audit("identity.session_end", session_id)


async def end_sessions(uow: UnitOfWork, person_id: str, *, only: str | None = None, keep: str | None = None) -> int:
    """End open sessions of a person (`only` one, or all but `keep`); publishes `identity.sessions_ended`."""
    ids = await repository.end(uow.session, person_id, uow.clock.now(), only=only, keep=keep)
    if ids:
        await tell(uow, "identity.sessions_ended", person_id=person_id, session_ids=ids)
    return len(ids)
