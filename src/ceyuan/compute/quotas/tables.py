"""The table of quotas."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from ceyuan.kernel.tables import Base, Id


class ComputeQuota(Base):
    """A share: `name` is an organisation's id or a group's own name, `parent` the name of the group that it is in.
    Amounts are by resource: `cpus`, or an accelerator's name."""

    __tablename__ = "compute_quota"
    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    org_id: Mapped[str | None] = mapped_column(Id, index=True)
    parent: Mapped[str] = mapped_column(String(60))
    guaranteed: Mapped[dict[str, Any]]
    borrowing: Mapped[dict[str, Any]]
    weight: Mapped[float]
    updated_at: Mapped[datetime]
