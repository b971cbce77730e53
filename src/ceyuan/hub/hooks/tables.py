"""Tables of webhooks and of the calls that they still get."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from ceyuan.kernel.secrets import Sealed
from ceyuan.kernel.tables import Base, Id


class HubHook(Base):
    """A person's webhook: `watched` names people, organisations and repositories; the secret is sealed."""

    __tablename__ = "hub_hook"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    person_id: Mapped[str] = mapped_column(Id, index=True)
    url: Mapped[str] = mapped_column(String(2000))
    secret: Mapped[bytes | None] = mapped_column(Sealed)
    watched: Mapped[list[Any]]
    domains: Mapped[list[str]]
    disabled: Mapped[bool]
    created_at: Mapped[datetime]


class HubHookCall(Base):
    """A call that a webhook is to get, or got, or failed to get."""

    __tablename__ = "hub_hook_call"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    hook_id: Mapped[str] = mapped_column(Id, ForeignKey("hub_hook.id", ondelete="CASCADE"), index=True)
    payload: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(String(10))
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    next_at: Mapped[datetime]
    error: Mapped[str] = mapped_column(String(300), default="")
    created_at: Mapped[datetime]
    __table_args__ = (Index("ix_hub_hook_call_due", "state", "next_at"),)
