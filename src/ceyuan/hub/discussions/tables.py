"""Tables of discussions."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ceyuan.hub.history.tables import Oid
from ceyuan.kernel.tables import Base, Id


class HubDiscussion(Base):
    """A discussion or pull request; `number` counts up within its repository. `status` is open, closed, draft or
    merged; a pull request leads to the branch `base` from the commit `start`."""

    __tablename__ = "hub_discussion"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    repository_id: Mapped[str] = mapped_column(Id, ForeignKey("hub_repository.id", ondelete="CASCADE"))
    number: Mapped[int] = mapped_column(Integer)
    title: Mapped[str] = mapped_column(String(200))
    status: Mapped[str] = mapped_column(String(10))
    is_pull: Mapped[bool]
    author_id: Mapped[str] = mapped_column(Id, index=True)
    author: Mapped[str] = mapped_column(String(200))
    base: Mapped[str | None] = mapped_column(String(255))
    start: Mapped[str | None] = mapped_column(Oid)
    merge_commit: Mapped[str | None] = mapped_column(Oid)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    __table_args__ = (
        UniqueConstraint("repository_id", "number"),
        Index("ix_hub_discussion_repository_created", "repository_id", "created_at"),
    )


class HubDiscussionEvent(Base):
    """Something that happened in a discussion: comment, status-change, title-change or commit."""

    __tablename__ = "hub_discussion_event"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    discussion_id: Mapped[str] = mapped_column(Id, ForeignKey("hub_discussion.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    author_id: Mapped[str] = mapped_column(Id, index=True)
    author: Mapped[str] = mapped_column(String(200))
    data: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
