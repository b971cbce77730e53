"""Tables of usage: the events, who paid for them, and their sums by hour."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from ceyuan.kernel.tables import Base, Id, Micro
from ceyuan.metering.guards import guard
from ceyuan.metering.quantities import Quantity


class UsageRow(Base):
    """One measured use, rated when it was posted; never changed. A reversal is an event of its own with the
    opposite quantity and cost. `period` is the month on whose bill it stands."""

    __tablename__ = "usage_event"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    key: Mapped[str] = mapped_column(String(200), unique=True)
    org_id: Mapped[str] = mapped_column(String(80))
    resource: Mapped[str] = mapped_column(String(80))
    model: Mapped[str] = mapped_column(String(200))
    subject: Mapped[str] = mapped_column(String(120))
    token_id: Mapped[str] = mapped_column(String(80))
    person_id: Mapped[str] = mapped_column(String(80))
    project: Mapped[str] = mapped_column(String(80))
    scenario: Mapped[str] = mapped_column(String(80))
    quantity: Mapped[Decimal] = mapped_column(Quantity())
    unit_micro: Mapped[int] = mapped_column(Micro)
    per: Mapped[int] = mapped_column(BigInteger)
    price_id: Mapped[str | None] = mapped_column(Id)
    cost_micro: Mapped[int] = mapped_column(Micro)
    payee: Mapped[str] = mapped_column(String(80))
    entry_id: Mapped[str | None] = mapped_column(
        ForeignKey("ledger_entry.id", deferrable=True, initially="DEFERRED"), index=True
    )
    hold_id: Mapped[str | None] = mapped_column(Id)
    reverses_id: Mapped[str | None] = mapped_column(ForeignKey("usage_event.id"), unique=True)
    evidence: Mapped[dict[str, Any]]
    occurred_at: Mapped[datetime]
    posted_at: Mapped[datetime]
    period: Mapped[str] = mapped_column(String(7))
    __table_args__ = (
        Index("ix_usage_event_org_id_occurred_at", "org_id", "occurred_at"),
        Index("ix_usage_event_org_id_period", "org_id", "period"),
    )


class UsageCharge(Base):
    """What one balance paid for one event: a wallet, or (without a wallet) the general account."""

    __tablename__ = "usage_charge"
    event_id: Mapped[str] = mapped_column(ForeignKey("usage_event.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    wallet_id: Mapped[str | None] = mapped_column(Id, index=True)
    amount_micro: Mapped[int] = mapped_column(Micro)


class UsageHour(Base):
    """Sums by hour (UTC), local day and dimension, for charts; kept in the transaction that posts the events."""

    __tablename__ = "usage_hour"
    org_id: Mapped[str] = mapped_column(String(80), primary_key=True)
    hour: Mapped[datetime] = mapped_column(primary_key=True)
    day: Mapped[str] = mapped_column(String(10), primary_key=True)
    resource: Mapped[str] = mapped_column(String(80), primary_key=True)
    model: Mapped[str] = mapped_column(String(200), primary_key=True)
    token_id: Mapped[str] = mapped_column(String(80), primary_key=True)
    person_id: Mapped[str] = mapped_column(String(80), primary_key=True)
    project: Mapped[str] = mapped_column(String(80), primary_key=True)
    scenario: Mapped[str] = mapped_column(String(80), primary_key=True)
    quantity: Mapped[Decimal] = mapped_column(Quantity())
    cost_micro: Mapped[int] = mapped_column(Micro)
    events: Mapped[int] = mapped_column(BigInteger)


class ClosedPeriod(Base):
    """A month of an organisation whose bill is issued: what is posted later stands on a later bill."""

    __tablename__ = "closed_period"
    org_id: Mapped[str] = mapped_column(String(80), primary_key=True)
    period: Mapped[str] = mapped_column(String(7), primary_key=True)
    closed_at: Mapped[datetime]


guard(UsageRow, UsageCharge)
