"""Tables of voucher schemes and vouchers."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ceyuan.kernel.tables import Base, Id, Json, Micro


class VoucherScheme(Base):
    """A scheme: its pool (a ledger account), what one organisation may have, and what it may be spent on."""

    __tablename__ = "voucher_scheme"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    org_id: Mapped[str] = mapped_column(Id, index=True)
    name_zh: Mapped[str] = mapped_column(String(120))
    name_en: Mapped[str] = mapped_column(String(120))
    pool_account: Mapped[str] = mapped_column(String(80))
    cap_micro: Mapped[int] = mapped_column(Micro)
    resources: Mapped[list[str]] = mapped_column(Json)
    models: Mapped[list[str]] = mapped_column(Json)
    share_bp: Mapped[int]
    valid_days: Mapped[int]
    opens_at: Mapped[datetime]
    closes_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(index=True)


class Voucher(Base):
    """An application for a voucher and, once it is granted, the wallet it became. `state` mirrors the workflow's."""

    __tablename__ = "voucher"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    scheme_id: Mapped[str] = mapped_column(ForeignKey("voucher_scheme.id"), index=True)
    org_id: Mapped[str] = mapped_column(Id, index=True)
    purpose: Mapped[str] = mapped_column(String(1000))
    asked_micro: Mapped[int] = mapped_column(Micro)
    granted_micro: Mapped[int | None] = mapped_column(Micro)
    wallet_id: Mapped[str | None] = mapped_column(String(80))
    workflow_id: Mapped[str] = mapped_column(Id)
    state: Mapped[str] = mapped_column(String(20), index=True)
    applied_by: Mapped[str] = mapped_column(Id)
    created_at: Mapped[datetime] = mapped_column(index=True)
    decided_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    key: Mapped[str | None] = mapped_column(String(120))
    """The applicant's idempotency key."""
    __table_args__ = (UniqueConstraint("applied_by", "key"),)
