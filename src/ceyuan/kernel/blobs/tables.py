"""What the database knows about blobs: only when each was last referred to."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Boolean, String
from sqlalchemy.orm import Mapped, mapped_column

from ceyuan.kernel.tables import Base


class BlobRow(Base):
    """A blob that something referred to at `touched_at`, or that the garbage collection is about to delete.

    The row is the meeting point of the two: whoever refers to a blob touches its row in the same
    transaction as the reference, and the collection deletes only what it could lock untouched.
    """

    __tablename__ = "blob"
    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger)
    touched_at: Mapped[datetime] = mapped_column(index=True)
    condemned: Mapped[bool] = mapped_column(Boolean, default=False)
