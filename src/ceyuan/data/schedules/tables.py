"""The table of schedules."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from ceyuan.kernel.tables import Base, Id


class DataSchedule(Base):
    """What begins by itself: ``kind`` and ``params`` are what a person starts by hand, ``cron`` and ``zone`` when;
    ``next_at`` is null while it is paused, ``last_job`` the job that was started last, ``last_error`` why none was."""

    __tablename__ = "data_schedule"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    org_id: Mapped[str] = mapped_column(Id, index=True)
    name: Mapped[str] = mapped_column(String(120))
    kind: Mapped[str] = mapped_column(String(12))
    params: Mapped[dict[str, Any]]
    cron: Mapped[str] = mapped_column(String(120))
    zone: Mapped[str] = mapped_column(String(60))
    next_at: Mapped[datetime | None] = mapped_column(index=True)
    last_at: Mapped[datetime | None]
    last_job: Mapped[str | None] = mapped_column(Id)
    last_error: Mapped[str | None] = mapped_column(String(300))
    created_by: Mapped[str] = mapped_column(Id)
    creator: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime]
