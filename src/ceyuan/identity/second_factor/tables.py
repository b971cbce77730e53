"""Tables of the second factor."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from ceyuan.kernel.secrets import Sealed
from ceyuan.kernel.tables import Base, Id


class Totp(Base):
    """A person's authenticator app; in force once a first code confirmed it."""

    __tablename__ = "person_totp"
    person_id: Mapped[str] = mapped_column(Id, ForeignKey("person.id"), primary_key=True)
    secret: Mapped[bytes] = mapped_column(Sealed)
    confirmed_at: Mapped[datetime | None]
    last_step: Mapped[int] = mapped_column(BigInteger, default=0)


class RecoveryCode(Base):
    """A code that replaces the app once."""

    __tablename__ = "person_recovery_code"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    person_id: Mapped[str] = mapped_column(Id, ForeignKey("person.id"), index=True)
    code_hash: Mapped[str] = mapped_column(String(64))
    used_at: Mapped[datetime | None]
