"""Tables of likes and collections."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ceyuan.hub.history.tables import repository_key
from ceyuan.kernel.tables import Base, Id


class HubLike(Base):
    """That a person likes a repository."""

    __tablename__ = "hub_like"
    repository_id: Mapped[str] = repository_key()
    person_id: Mapped[str] = mapped_column(Id, primary_key=True, index=True)
    created_at: Mapped[datetime]


class HubCollection(Base):
    """A named list of repositories and other collections; `token` ends its address and never changes."""

    __tablename__ = "hub_collection"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    token: Mapped[str] = mapped_column(String(24), unique=True)
    org_id: Mapped[str] = mapped_column(Id, index=True)
    owner: Mapped[str] = mapped_column(String(96))
    title: Mapped[str] = mapped_column(String(120))
    description: Mapped[str] = mapped_column(String(500), default="")
    private: Mapped[bool]
    theme: Mapped[str] = mapped_column(String(20))
    position: Mapped[int] = mapped_column(Integer)
    created_by: Mapped[str] = mapped_column(Id)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class HubCollectionItem(Base):
    """An item of a collection: a repository or another collection, by its id."""

    __tablename__ = "hub_collection_item"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    collection_id: Mapped[str] = mapped_column(Id, ForeignKey("hub_collection.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(10))
    item_id: Mapped[str] = mapped_column(Id, index=True)
    note: Mapped[str] = mapped_column(String(500), default="")
    position: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[datetime]
    __table_args__ = (
        UniqueConstraint("collection_id", "kind", "item_id"),
        Index("ix_hub_collection_item_position", "collection_id", "position"),
    )
