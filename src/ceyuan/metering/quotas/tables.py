"""Tables of quotas and their counters."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from ceyuan.kernel.tables import Base, Id
from ceyuan.metering.quantities import Quantity


class Quota(Base):
    """At most `amount` of `metric` per window, for an organisation or one of its tokens, persons or projects
    (`subject_id` = `*`: for each of them on its own). Money is counted in micro-yuan."""

    __tablename__ = "quota"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    org_id: Mapped[str] = mapped_column(String(80), index=True)
    subject_kind: Mapped[str] = mapped_column(String(12))
    subject_id: Mapped[str] = mapped_column(String(80))
    metric: Mapped[str] = mapped_column(String(12))
    resource: Mapped[str] = mapped_column(String(80))
    model: Mapped[str] = mapped_column(String(200))
    window: Mapped[str] = mapped_column(String(8))
    amount: Mapped[Decimal] = mapped_column(Quantity())
    hard: Mapped[bool]
    set_by: Mapped[str] = mapped_column(String(12))
    note: Mapped[str] = mapped_column(String(200), default="")
    created_at: Mapped[datetime]
    __table_args__ = (CheckConstraint("amount >= 0", name="not_negative"),)


class QuotaCounter(Base):
    """How much of a quota one subject has used in one window."""

    __tablename__ = "quota_counter"
    quota_id: Mapped[str] = mapped_column(ForeignKey("quota.id", ondelete="CASCADE"), primary_key=True)
    subject: Mapped[str] = mapped_column(String(80), primary_key=True)
    window_start: Mapped[datetime] = mapped_column(primary_key=True)
    used: Mapped[Decimal] = mapped_column(Quantity())
    noticed_at: Mapped[datetime | None]
    __table_args__ = (Index("ix_quota_counter_window_start", "window_start"),)
