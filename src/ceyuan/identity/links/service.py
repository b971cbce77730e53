"""Issue and redeem mailed links."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Literal

from sqlalchemy import CursorResult, delete, select, update

from ceyuan.identity.credentials import LINK_PREFIX, fingerprint, is_credential, new_credential
from ceyuan.identity.errors import LinkInvalid
from ceyuan.identity.links.tables import MailedLink
from ceyuan.identity.settings import IdentitySettings
from ceyuan.kernel.ids import new_id
from ceyuan.kernel.work import UnitOfWork

Purpose = Literal["reset_password", "confirm_email"]


async def issue(uow: UnitOfWork, purpose: Purpose, person_id: str, **data: Any) -> str:
    """A fresh secret for the link; earlier unused ones of the same purpose stop working."""
    await void(uow, person_id, purpose)
    secret = new_credential(LINK_PREFIX)
    minutes = uow.platform.section(IdentitySettings).link_minutes
    uow.session.add(
        MailedLink(
            id=new_id("lnk"),
            purpose=purpose,
            secret_hash=fingerprint(secret),
            person_id=person_id,
            data=data,
            expires_at=uow.clock.now() + timedelta(minutes=minutes),
        )
    )
    await uow.session.flush()
    return secret


async def redeem(uow: UnitOfWork, purpose: Purpose, secret: str) -> MailedLink:
    """Use up the link; raises `LinkInvalid` if it is unknown, used or expired."""
    if not is_credential(secret, LINK_PREFIX):
        raise LinkInvalid()
    now = uow.clock.now()
    row: MailedLink | None = await uow.session.scalar(
        select(MailedLink).where(MailedLink.secret_hash == fingerprint(secret), MailedLink.purpose == purpose)
    )
    if row is None or row.expires_at <= now:
        raise LinkInvalid()
    used: CursorResult[Any] = await uow.session.execute(  # type: ignore[assignment]
        update(MailedLink).where(MailedLink.id == row.id, MailedLink.used_at.is_(None)).values(used_at=now)
    )
    if used.rowcount != 1:
        raise LinkInvalid()
    return row


async def void(uow: UnitOfWork, person_id: str, purpose: Purpose | None = None) -> None:
    """Delete the person's links (of one purpose)."""
    statement = delete(MailedLink).where(MailedLink.person_id == person_id)
    if purpose is not None:
        statement = statement.where(MailedLink.purpose == purpose)
    await uow.session.execute(statement)
