"""Tables of the catalogue."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Date, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from ceyuan.hub.history.tables import Oid, repository_key
from ceyuan.kernel.tables import Base, Id


class HubRepository(Base):
    """A dataset, model or report with its history.

    `path_key` is the address in the form that is unique (null once deleted, so that the name is free);
    `declared` is what its settings say of it, `card` what the front matter of its README says, which wins.
    `gated` is no, auto or manual: who is no member must ask before files are handed out.
    `protected` holds patterns of branches that only maintainers may move, and nobody may rewrite or remove.
    `head_*` describe the default branch; `held_bytes` counts all content of all revisions once.
    """

    __tablename__ = "hub_repository"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    org_id: Mapped[str] = mapped_column(Id, index=True)
    owner: Mapped[str] = mapped_column(String(96))
    name: Mapped[str] = mapped_column(String(96))
    path_key: Mapped[str | None] = mapped_column(String(220), unique=True)
    visibility: Mapped[str] = mapped_column(String(10))
    title: Mapped[str] = mapped_column(String(200), default="")
    description: Mapped[str] = mapped_column(Text, default="")
    default_branch: Mapped[str] = mapped_column(String(200), default="main")
    declared: Mapped[dict[str, Any]]
    card: Mapped[dict[str, Any]]
    search_text: Mapped[str] = mapped_column(Text, default="")
    created_by: Mapped[str] = mapped_column(Id)
    creator: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    deleted_at: Mapped[datetime | None]
    head_commit: Mapped[str] = mapped_column(Oid)
    head_files: Mapped[int] = mapped_column(Integer, default=0)
    head_bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    held_bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    downloads: Mapped[int] = mapped_column(BigInteger, default=0)
    likes: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    gated: Mapped[str] = mapped_column(String(10), default="no", server_default="no")
    protected: Mapped[list[str]] = mapped_column(default=list, server_default="[]")
    __table_args__ = (Index("ix_hub_repository_kind_updated", "kind", "updated_at"),)


class HubRedirect(Base):
    """An address that a repository had before it was moved."""

    __tablename__ = "hub_redirect"
    path_key: Mapped[str] = mapped_column(String(220), primary_key=True)
    repository_id: Mapped[str] = mapped_column(Id, ForeignKey("hub_repository.id", ondelete="CASCADE"), index=True)


class HubLabel(Base):
    """One value by which a repository is found: `facet` is licence, language, task or tag."""

    __tablename__ = "hub_label"
    repository_id: Mapped[str] = repository_key()
    facet: Mapped[str] = mapped_column(String(10), primary_key=True)
    value: Mapped[str] = mapped_column(String(100), primary_key=True)
    __table_args__ = (Index("ix_hub_label_facet_value", "facet", "value"),)


class HubDownloads(Base):
    """How many downloads a repository had on a day (UTC), and how many bytes they asked for."""

    __tablename__ = "hub_downloads"
    repository_id: Mapped[str] = repository_key()
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    count: Mapped[int] = mapped_column(BigInteger)
    bytes: Mapped[int] = mapped_column(BigInteger)
