"""Tables of wallets: money that only some use may spend."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from ceyuan.kernel.tables import Base, Id, Micro


class WalletRow(Base):
    """A balance with restrictions. Its money is in a ledger account of its own; what is left when it expires or
    is revoked goes back to `source_account_id`."""

    __tablename__ = "wallet"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    org_id: Mapped[str] = mapped_column(String(80))
    account_id: Mapped[str] = mapped_column(ForeignKey("ledger_account.id"), unique=True)
    source_account_id: Mapped[str] = mapped_column(ForeignKey("ledger_account.id"))
    reference: Mapped[str] = mapped_column(String(200), unique=True)
    label: Mapped[str] = mapped_column(String(120))
    resources: Mapped[list[str]]
    models: Mapped[list[str]]
    share_bp: Mapped[int]
    issued_micro: Mapped[int] = mapped_column(Micro)
    valid_from: Mapped[datetime]
    valid_to: Mapped[datetime | None]
    state: Mapped[str] = mapped_column(String(12))
    closed_at: Mapped[datetime | None]
    returned_micro: Mapped[int] = mapped_column(Micro, default=0)
    created_at: Mapped[datetime]
    __table_args__ = (
        Index("ix_wallet_org_id_state", "org_id", "state"),
        Index("ix_wallet_state_valid_to", "state", "valid_to"),
        CheckConstraint("share_bp BETWEEN 1 AND 10000", name="share"),
        CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name="interval"),
    )
