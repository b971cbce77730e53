"""Tables of mirrors and of what they have taken."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Boolean, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from ceyuan.hub.history.tables import Oid, repository_key
from ceyuan.kernel.secrets import Sealed
from ceyuan.kernel.tables import Base, Id


class HubMirror(Base):
    """What is mirrored: `source` is a repository (`owner/name`) or all of an owner's of one kind (`owner`) at the hub
    `upstream`, into the owner here; `revisions` are branches, tags or commits, `include` and `exclude` patterns over
    paths. `token` is sealed. It runs every `every_hours` (0: when somebody asks)."""

    __tablename__ = "hub_mirror"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    org_id: Mapped[str] = mapped_column(Id, index=True)
    owner: Mapped[str] = mapped_column(String(96))
    upstream: Mapped[str] = mapped_column(String(300))
    token: Mapped[bytes | None] = mapped_column(Sealed)
    kind: Mapped[str] = mapped_column(String(10))
    source: Mapped[str] = mapped_column(String(200))
    revisions: Mapped[list[str]]
    include: Mapped[list[str]]
    exclude: Mapped[list[str]]
    visibility: Mapped[str] = mapped_column(String(10))
    every_hours: Mapped[int] = mapped_column(Integer)
    enabled: Mapped[bool] = mapped_column(Boolean)
    next_at: Mapped[datetime | None]
    job_id: Mapped[str | None] = mapped_column(Id)
    checked_at: Mapped[datetime | None]
    error: Mapped[str] = mapped_column(Text)
    created_by: Mapped[str] = mapped_column(Id)
    creator: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime]
    __table_args__ = (Index("ix_hub_mirror_next_at", "next_at"),)


class HubMirrored(Base):
    """What a mirror took: the commit there, the commit here that holds it, and the licence that the card there named.
    `wanted` sums up the patterns that were asked for then."""

    __tablename__ = "hub_mirrored"
    repository_id: Mapped[str] = repository_key()
    revision: Mapped[str] = mapped_column(String(200), primary_key=True)
    mirror_id: Mapped[str] = mapped_column(Id, ForeignKey("hub_mirror.id", ondelete="CASCADE"), index=True)
    source: Mapped[str] = mapped_column(String(200))
    upstream_commit: Mapped[str] = mapped_column(Oid)
    commit_id: Mapped[str] = mapped_column(Oid)
    licence: Mapped[str] = mapped_column(String(200))
    wanted: Mapped[str] = mapped_column(String(64))
    files: Mapped[int] = mapped_column(Integer)
    taken_at: Mapped[datetime]
