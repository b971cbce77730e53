"""Tables of notices, deliveries, webhooks and announcements."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from ceyuan.kernel.secrets import Sealed
from ceyuan.kernel.tables import Base, Id


class Notice(Base):
    """A line in a person's inbox; a to-do stays open until its cause is settled."""

    __tablename__ = "notice"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    person_id: Mapped[str] = mapped_column(Id, ForeignKey("person.id"))
    org_id: Mapped[str | None] = mapped_column(Id, ForeignKey("organisation.id"))
    kind: Mapped[str] = mapped_column(String(60))
    level: Mapped[str] = mapped_column(String(10))
    title_zh: Mapped[str] = mapped_column(String(200))
    title_en: Mapped[str] = mapped_column(String(200))
    body_zh: Mapped[str] = mapped_column(String(2000))
    body_en: Mapped[str] = mapped_column(String(2000))
    link: Mapped[str] = mapped_column(String(300))
    is_todo: Mapped[bool]
    key: Mapped[str | None] = mapped_column(String(120), index=True)
    created_at: Mapped[datetime]
    read_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]
    __table_args__ = (Index("ix_notice_inbox", "person_id", "created_at"),)


class Delivery(Base):
    """A mail or webhook call on its way, or its record. A mail's address and text are sealed and, once it is sent,
    deleted."""

    __tablename__ = "delivery"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    channel: Mapped[str] = mapped_column(String(10))
    recipient: Mapped[str] = mapped_column(Id, index=True)
    topic: Mapped[str] = mapped_column(String(80))
    payload: Mapped[dict[str, Any]]
    sealed: Mapped[bytes | None] = mapped_column(Sealed)
    state: Mapped[str] = mapped_column(String(10))
    attempts: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime]
    last_error: Mapped[str | None] = mapped_column(String(300))
    created_at: Mapped[datetime] = mapped_column(index=True)
    done_at: Mapped[datetime | None]
    __table_args__ = (Index("ix_delivery_due", "state", "next_at"),)


class Webhook(Base):
    """An address that an organisation wants called; `secret` signs the calls."""

    __tablename__ = "webhook"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    org_id: Mapped[str] = mapped_column(Id, ForeignKey("organisation.id"), index=True)
    url: Mapped[str] = mapped_column(String(500))
    secret: Mapped[bytes] = mapped_column(Sealed)
    topics: Mapped[list[str]]
    is_on: Mapped[bool] = mapped_column(default=True)
    failures: Mapped[int] = mapped_column(default=0)
    created_by: Mapped[str] = mapped_column(Id)
    created_at: Mapped[datetime]


class Announcement(Base):
    """A text that the operators show to an audience for a while."""

    __tablename__ = "announcement"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    title_zh: Mapped[str] = mapped_column(String(200))
    title_en: Mapped[str] = mapped_column(String(200))
    body_zh: Mapped[str] = mapped_column(String(4000))
    body_en: Mapped[str] = mapped_column(String(4000))
    level: Mapped[str] = mapped_column(String(10))
    audience: Mapped[str] = mapped_column(String(60), index=True)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]
    created_by: Mapped[str] = mapped_column(Id)
    created_at: Mapped[datetime]
