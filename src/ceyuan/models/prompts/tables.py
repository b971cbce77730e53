"""Tables of prompt templates."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from ceyuan.kernel.tables import Base, Id


class PromptTemplate(Base):
    """A template by its name. `newest` is its last version's number, `production` the one that calls get who name
    none (null = there is none yet). What is archived answers no call any more."""

    __tablename__ = "prompt_template"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    org_id: Mapped[str] = mapped_column(Id, index=True)
    name: Mapped[str] = mapped_column(String(80))
    title: Mapped[str] = mapped_column(String(200))
    newest: Mapped[int]
    production: Mapped[int | None]
    archived: Mapped[bool] = mapped_column(server_default=false())
    created_by: Mapped[str] = mapped_column(Id)
    created_at: Mapped[datetime] = mapped_column(index=True)
    updated_at: Mapped[datetime]
    __table_args__ = (UniqueConstraint("org_id", "name"),)


class PromptVersion(Base):
    """One version, which never changes: messages, variables (`name`, `description`, `default`), and what a call takes
    that does not say otherwise (`parameters`: model, temperature, …)."""

    __tablename__ = "prompt_version"
    template_id: Mapped[str] = mapped_column(Id, ForeignKey("prompt_template.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    messages: Mapped[list[Any]]
    variables: Mapped[list[Any]]
    parameters: Mapped[dict[str, Any]]
    note: Mapped[str] = mapped_column(String(500))
    created_by: Mapped[str] = mapped_column(Id)
    created_at: Mapped[datetime]
