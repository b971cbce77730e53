"""The table of sources."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from ceyuan.kernel.secrets import Sealed
from ceyuan.kernel.tables import Base, Id, Json


class DataSource(Base):
    """A source of an organisation.

    ``address`` (``org_id/key``) is unique and null once the source is deleted, so that its name is free; the row
    stays, because what was made from it leads back here. ``documents`` and ``collected_at`` tell of the last
    collection (0 and null before), ``assessment`` of what machines found in a sample before it was collected,
    ``evidence`` what the ``owner`` (whoever answers for the source; null: who registered it) keeps to prove the rights
    (contract, consent). ``grade`` is that of its data, as in the hub (null: not declared), and what is made of it is
    graded no lower. ``options`` say how a bucket, a hub, a database or a package is had, ``sealed_secret`` is its
    password or token; ``fetched`` tells of the last visit there: what was fetched, unchanged and gone, what was set
    aside, and the status of robots files with the rules that decided.
    """

    __tablename__ = "data_source"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    org_id: Mapped[str] = mapped_column(Id, index=True)
    key: Mapped[str] = mapped_column(String(64))
    address: Mapped[str | None] = mapped_column(String(120), unique=True)
    kind: Mapped[str] = mapped_column(String(12))
    location: Mapped[str] = mapped_column(String(1000))
    title: Mapped[str] = mapped_column(String(200))
    description: Mapped[str] = mapped_column(Text, default="")
    domain: Mapped[str] = mapped_column(String(30))
    licence: Mapped[str] = mapped_column(String(120))
    origin: Mapped[str] = mapped_column(String(500))
    evidence: Mapped[str] = mapped_column(Text, default="")
    owner: Mapped[str | None] = mapped_column(String(200))
    grade: Mapped[str | None] = mapped_column(String(10))
    reading: Mapped[dict[str, Any]]
    options: Mapped[dict[str, Any] | None] = mapped_column(Json, nullable=True)
    sealed_secret: Mapped[bytes | None] = mapped_column(Sealed)
    fetched: Mapped[dict[str, Any] | None] = mapped_column(Json, nullable=True)
    documents: Mapped[int] = mapped_column(BigInteger, default=0)
    rejected: Mapped[int] = mapped_column(Integer, default=0)
    assessment: Mapped[dict[str, Any] | None] = mapped_column(Json, nullable=True)
    created_by: Mapped[str] = mapped_column(Id)
    creator: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    collected_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]

    @property
    def responsible(self) -> str:
        """The person or office that answers for the source."""
        return self.owner or self.creator

    @property
    def read_as(self) -> dict[str, Any]:
        """How it is read. Records of sources from before one could choose are known by their place."""
        return self.reading | {"identity": self.reading.get("identity") or "place"}

    @property
    def declared_grade(self) -> str:
        """The grade of its data; empty where none was declared."""
        return self.grade or ""

    @property
    def has_secret(self) -> bool:
        """Whether a password or token is kept for it; what it is, nobody is told."""
        return self.sealed_secret is not None

    __table_args__ = (Index("ix_data_source_org_id_kind", "org_id", "kind"),)
