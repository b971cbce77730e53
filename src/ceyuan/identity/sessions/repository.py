"""All SQL of sessions."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from ceyuan.identity.sessions.tables import Session


async def by_hash(session: AsyncSession, secret_hash: str) -> Session | None:
    found: Session | None = await session.scalar(select(Session).where(Session.secret_hash == secret_hash))
    return found


async def end(
    session: AsyncSession, person_id: str, now: datetime, *, only: str | None = None, keep: str | None = None
) -> list[str]:
    """End the person's open sessions (`only` one, or all but `keep`); returns the ids of those that ended."""
    which = [Session.person_id == person_id, Session.ended_at.is_(None)]
    if only is not None:
        which.append(Session.id == only)
    if keep is not None:
        which.append(Session.id != keep)
    ids = list(await session.scalars(select(Session.id).where(*which)))
    await session.execute(
        update(Session).where(Session.id.in_(ids)).values(ended_at=now).execution_options(synchronize_session=False)
    )
    return ids
