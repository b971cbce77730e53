"""The table of studies."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from ceyuan.kernel.tables import Base, Id, Json


class TwinStudy(Base):
    """A study: `plan` is what was asked, `world` the capacity it was asked of, as declared when it was made (with what
    was assumed), `results` what came of each scenario, in their order, once all are
    replayed."""

    __tablename__ = "compute_twin_study"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    org_id: Mapped[str] = mapped_column(Id, index=True)
    name: Mapped[str] = mapped_column(String(120))
    plan: Mapped[dict[str, Any]]
    world: Mapped[dict[str, Any]]
    results: Mapped[list[Any]] = mapped_column(Json)
    tasks: Mapped[int]
    job_id: Mapped[str] = mapped_column(Id, index=True)
    state: Mapped[str] = mapped_column(String(20), index=True)
    created_by: Mapped[str] = mapped_column(Id)
    created_at: Mapped[datetime] = mapped_column(index=True)
    finished_at: Mapped[datetime | None]
