"""Tables of signing keys and signatures."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from ceyuan.hub.history.tables import Oid, repository_key
from ceyuan.kernel.tables import Base, Id


class HubSigningKey(Base):
    """A person's public Ed25519 key (32 bytes); its id is the beginning of its SHA-256. A revoked key signs no more,
    what it signed is shown as signed by a revoked key."""

    __tablename__ = "hub_signing_key"
    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    person_id: Mapped[str] = mapped_column(Id, index=True)
    person: Mapped[str] = mapped_column(String(200))
    name: Mapped[str] = mapped_column(String(100))
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class HubSignature(Base):
    """That a key's owner vouches for a revision."""

    __tablename__ = "hub_signature"
    repository_id: Mapped[str] = repository_key()
    commit_id: Mapped[str] = mapped_column(Oid, primary_key=True)
    key_id: Mapped[str] = mapped_column(String(16), ForeignKey("hub_signing_key.id"), primary_key=True)
    signature: Mapped[bytes] = mapped_column(LargeBinary)
    signed_at: Mapped[datetime]
