"""The table of how capacity changed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from ceyuan.kernel.tables import Base, Id


class CapacityChange(Base):
    """From a moment on a pool had so much of a resource (`cpus`, or an accelerator), of which so much took tasks."""

    __tablename__ = "compute_capacity_change"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    pool_id: Mapped[str] = mapped_column(Id, index=True)
    org_id: Mapped[str | None] = mapped_column(Id, index=True)
    resource: Mapped[str] = mapped_column(String(30))
    capacity: Mapped[int]
    usable: Mapped[int]
    at: Mapped[datetime] = mapped_column(index=True)
