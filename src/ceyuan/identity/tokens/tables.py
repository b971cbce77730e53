"""Table of access tokens."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from ceyuan.kernel.tables import Base, Id


class Token(Base):
    """An access token, known by its hash.

    A personal token acts as `person_id` (and with `org_id` set only within that organisation); a service
    token acts as itself with `role` in `org_id`.
    """

    __tablename__ = "access_token"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    name: Mapped[str] = mapped_column(String(80))
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    ending: Mapped[str] = mapped_column(String(4))
    person_id: Mapped[str | None] = mapped_column(Id, ForeignKey("person.id"), index=True)
    org_id: Mapped[str | None] = mapped_column(Id, ForeignKey("organisation.id"), index=True)
    role: Mapped[str | None] = mapped_column(String(12))
    scopes: Mapped[list[str]]
    created_by: Mapped[str] = mapped_column(Id)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
