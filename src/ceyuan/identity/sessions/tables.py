"""Tables of sessions and of sign-in pauses."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from ceyuan.kernel.tables import Base, Id


class Session(Base):
    """One browser that is signed in. `impersonator_id` is the administrator who uses it in the person's stead."""

    __tablename__ = "person_session"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    person_id: Mapped[str] = mapped_column(Id, ForeignKey("person.id"), index=True)
    method: Mapped[str] = mapped_column(String(20))
    address: Mapped[str] = mapped_column(String(64))
    client: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    ended_at: Mapped[datetime | None]
    impersonator_id: Mapped[str | None] = mapped_column(Id, ForeignKey("person.id"))
    reason: Mapped[str] = mapped_column(String(300), default="")


class SignInPause(Base):
    """Wrong passwords lately for one account, address or device; the key is a hash and names nobody."""

    __tablename__ = "sign_in_pause"
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    failures: Mapped[int]
    last_at: Mapped[datetime] = mapped_column(index=True)
    until: Mapped[datetime]
