"""Tables of holds: money set aside for use that is about to happen."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from ceyuan.kernel.tables import Base, Id, Micro


class HoldRow(Base):
    """Money of one organisation that waits in its hold account to be captured or released."""

    __tablename__ = "hold"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    org_id: Mapped[str] = mapped_column(String(80))
    reference: Mapped[str] = mapped_column(String(200), unique=True)
    subject: Mapped[str] = mapped_column(String(120), default="")
    account_id: Mapped[str] = mapped_column(ForeignKey("ledger_account.id"))
    amount_micro: Mapped[int] = mapped_column(Micro)
    captured_micro: Mapped[int] = mapped_column(Micro, default=0)
    released_micro: Mapped[int] = mapped_column(Micro, default=0)
    state: Mapped[str] = mapped_column(String(12))
    expires_at: Mapped[datetime]
    created_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    __table_args__ = (
        Index("ix_hold_state_expires_at", "state", "expires_at"),
        Index("ix_hold_org_id_state", "org_id", "state"),
        CheckConstraint("captured_micro >= 0 AND released_micro >= 0", name="not_negative"),
        CheckConstraint("captured_micro + released_micro <= amount_micro", name="never_more_than_held"),
    )


class HoldPart(Base):
    """What one balance gave to a hold: a wallet, or (without a wallet) the general account."""

    __tablename__ = "hold_part"
    hold_id: Mapped[str] = mapped_column(ForeignKey("hold.id"), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("ledger_account.id"), primary_key=True)
    position: Mapped[int]
    wallet_id: Mapped[str | None] = mapped_column(Id)
    amount_micro: Mapped[int] = mapped_column(Micro)
    captured_micro: Mapped[int] = mapped_column(Micro, default=0)
    released_micro: Mapped[int] = mapped_column(Micro, default=0)
    __table_args__ = (
        CheckConstraint("captured_micro >= 0 AND released_micro >= 0", name="not_negative"),
        CheckConstraint("captured_micro + released_micro <= amount_micro", name="never_more_than_held"),
    )
