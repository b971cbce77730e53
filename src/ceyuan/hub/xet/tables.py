"""Tables of the content store."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from ceyuan.hub.history.tables import Sha256
from ceyuan.kernel.tables import Base

XetHash = String(64)
"""A hash of the Xet protocol in its text form."""


class HubXorb(Base):
    """A xorb: the blob that holds it, and its chunks (encoded: hash, bytes of content, end in the blob)."""

    __tablename__ = "hub_xorb"
    hash: Mapped[str] = mapped_column(XetHash, primary_key=True)
    sha256: Mapped[str] = mapped_column(Sha256, index=True)
    stored: Mapped[int] = mapped_column(BigInteger)
    size: Mapped[int] = mapped_column(BigInteger)
    chunks: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(index=True)


class HubChunk(Base):
    """A chunk by which an upload finds content that is stored already."""

    __tablename__ = "hub_chunk"
    hash: Mapped[str] = mapped_column(XetHash, primary_key=True)
    xorb: Mapped[str] = mapped_column(XetHash, ForeignKey("hub_xorb.hash", ondelete="CASCADE"), index=True)


class HubXetFile(Base):
    """A file whose content lies in xorbs: `runs` names them in order (encoded), `flat_at` is when its flat form was
    last made, null if there is none."""

    __tablename__ = "hub_xet_file"
    sha256: Mapped[str] = mapped_column(Sha256, primary_key=True)
    hash: Mapped[str] = mapped_column(XetHash, index=True)
    size: Mapped[int] = mapped_column(BigInteger)
    runs: Mapped[bytes] = mapped_column(LargeBinary)
    flat_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(index=True)


class HubXetUse(Base):
    """That a file needs a xorb."""

    __tablename__ = "hub_xet_use"
    sha256: Mapped[str] = mapped_column(Sha256, ForeignKey("hub_xet_file.sha256", ondelete="CASCADE"), primary_key=True)
    xorb: Mapped[str] = mapped_column(XetHash, ForeignKey("hub_xorb.hash"), primary_key=True, index=True)
