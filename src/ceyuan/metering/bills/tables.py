"""Tables of bills: what an organisation used in a month, as it was issued."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import BigInteger, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ceyuan.kernel.tables import Base, Id, Micro
from ceyuan.metering.guards import guard
from ceyuan.metering.quantities import Quantity


class Bill(Base):
    """An issued bill; never changed. What is corrected later stands on a later bill as a line of its own.

    `cost_micro` = `wallet_micro` (paid by restricted wallets) + `payable_micro` (paid by the general account).
    `digest` is the SHA-256 of its canonical JSON form without the digest itself.
    """

    __tablename__ = "bill"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    number: Mapped[str] = mapped_column(String(40), unique=True)
    org_id: Mapped[str] = mapped_column(String(80))
    period: Mapped[str] = mapped_column(String(7), index=True)
    cost_micro: Mapped[int] = mapped_column(Micro)
    wallet_micro: Mapped[int] = mapped_column(Micro)
    payable_micro: Mapped[int] = mapped_column(Micro)
    lines: Mapped[int]
    digest: Mapped[str] = mapped_column(String(64))
    issued_at: Mapped[datetime]
    issued_by: Mapped[str] = mapped_column(String(80))
    __table_args__ = (UniqueConstraint("org_id", "period"),)


class BillLine(Base):
    """The sum of the events of one resource, model, provider and price; `late` = they happened in an earlier month."""

    __tablename__ = "bill_line"
    bill_id: Mapped[str] = mapped_column(ForeignKey("bill.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    resource: Mapped[str] = mapped_column(String(80))
    model: Mapped[str] = mapped_column(String(200))
    payee: Mapped[str] = mapped_column(String(80))
    late: Mapped[bool]
    unit_micro: Mapped[int] = mapped_column(Micro)
    per: Mapped[int] = mapped_column(BigInteger)
    quantity: Mapped[Decimal] = mapped_column(Quantity())
    events: Mapped[int] = mapped_column(BigInteger)
    cost_micro: Mapped[int] = mapped_column(Micro)
    wallet_micro: Mapped[int] = mapped_column(Micro)


guard(Bill, BillLine)
