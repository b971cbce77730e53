"""The table of links."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from ceyuan.kernel.tables import Base, Micro


class RegionLink(Base):
    """One direction between two regions: 10^9 bits per second, micro-yuan per GB (10^9 bytes), milliseconds there and
    back (none: not known), of which `kind` (direct: an optical line of its own; public), and where the figures are
    from."""

    __tablename__ = "compute_region_link"
    source: Mapped[str] = mapped_column(String(20), primary_key=True)
    target: Mapped[str] = mapped_column(String(20), primary_key=True)
    gbps: Mapped[float]
    price_micro: Mapped[int] = mapped_column(Micro)
    latency_ms: Mapped[float | None]
    kind: Mapped[str] = mapped_column(String(10))
    evidence: Mapped[str] = mapped_column(String(300))
    updated_at: Mapped[datetime]
