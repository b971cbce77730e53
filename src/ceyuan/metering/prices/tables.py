"""The price list."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ceyuan.kernel.tables import Base, Id, Micro


class Price(Base):
    """`unit_micro` micro-yuan per `per` units of a resource from `valid_from` until `valid_to` (exclusive; null =
    until further notice). `scope` is `*` for the default list, an organisation's id, or `contract:…`."""

    __tablename__ = "price"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    scope: Mapped[str] = mapped_column(String(80))
    resource: Mapped[str] = mapped_column(String(80))
    model: Mapped[str] = mapped_column(String(200))
    unit_micro: Mapped[int] = mapped_column(Micro)
    per: Mapped[int] = mapped_column(BigInteger)
    valid_from: Mapped[datetime]
    valid_to: Mapped[datetime | None]
    note: Mapped[str] = mapped_column(String(200), default="")
    created_by: Mapped[str] = mapped_column(String(80))
    created_at: Mapped[datetime]
    __table_args__ = (
        UniqueConstraint("scope", "resource", "model", "valid_from"),
        Index("ix_price_resource", "resource", "scope"),
        CheckConstraint("unit_micro >= 0", name="not_negative"),
        CheckConstraint("per > 0", name="per_positive"),
        CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name="interval"),
    )
