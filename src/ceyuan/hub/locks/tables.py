"""Table of locks."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ceyuan.kernel.tables import Base, Id


class HubLock(Base):
    """That a person works on the file at `path`, on whatever branch."""

    __tablename__ = "hub_lock"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    repository_id: Mapped[str] = mapped_column(Id, ForeignKey("hub_repository.id", ondelete="CASCADE"))
    path: Mapped[str] = mapped_column(String(1024))
    owner_id: Mapped[str] = mapped_column(Id, index=True)
    owner: Mapped[str] = mapped_column(String(200))
    locked_at: Mapped[datetime]
    __table_args__ = (UniqueConstraint("repository_id", "path"),)
