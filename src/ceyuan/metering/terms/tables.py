"""The terms on which an organisation is served."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, String
from sqlalchemy.orm import Mapped, mapped_column

from ceyuan.kernel.tables import Base, Micro


class OrgTerms(Base):
    """What differs from the platform's defaults for one organisation; null = the default holds."""

    __tablename__ = "org_terms"
    org_id: Mapped[str] = mapped_column(String(80), primary_key=True)
    contract: Mapped[str | None] = mapped_column(String(80))
    credit_limit_micro: Mapped[int | None] = mapped_column(Micro)
    low_balance_micro: Mapped[int | None] = mapped_column(Micro)
    updated_at: Mapped[datetime]
    __table_args__ = (CheckConstraint("credit_limit_micro >= 0", name="credit_not_negative"),)
