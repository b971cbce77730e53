"""Tables of content on its way into commits."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from ceyuan.hub.history.tables import Oid, Sha256, repository_key
from ceyuan.kernel.tables import Base, Id


class HubContent(Base):
    """Content that the hub has seen: its size and, unless it is large, the id that git gives it."""

    __tablename__ = "hub_content"
    sha256: Mapped[str] = mapped_column(Sha256, primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger)
    git_oid: Mapped[str | None] = mapped_column(Oid)


class HubUpload(Base):
    """Content that somebody brought to a repository and may commit there; kept from the collection meanwhile."""

    __tablename__ = "hub_upload"
    repository_id: Mapped[str] = repository_key()
    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    by: Mapped[str] = mapped_column(Id)
    created_at: Mapped[datetime]
    __table_args__ = (Index("ix_hub_upload_created_at", "created_at"),)
