"""The table of tasks."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from ceyuan.kernel.tables import Base, Id, Json, Micro


class ComputeTask(Base):
    """A task. `placed` are the resources that were chosen; `attempt` is the key of the try at work, `attempts` what
    became of the earlier ones; `closing` is the state to take once the try at work has been ended and metered.
    `pool_id` is set while it holds seats, which `admission` names; `notice` is why it was asked to leave; `avoid` are
    nodes that failed it. A `trusted` one may run where nothing isolates it."""

    __tablename__ = "compute_task"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    org_id: Mapped[str] = mapped_column(Id, index=True)
    job_id: Mapped[str] = mapped_column(Id, unique=True)
    name: Mapped[str] = mapped_column(String(120))
    spec: Mapped[dict[str, Any]]
    placed: Mapped[dict[str, Any]]
    inputs: Mapped[dict[str, Any]]
    outputs: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(String(20), index=True)
    closing: Mapped[str | None] = mapped_column(String(20), index=True)
    reason: Mapped[str] = mapped_column(String(40))
    attempt: Mapped[str | None] = mapped_column(String(120))
    attempts: Mapped[list[Any]] = mapped_column(Json)
    hold_id: Mapped[str | None] = mapped_column(Id)
    seconds: Mapped[float]
    cost_micro: Mapped[int] = mapped_column(Micro)
    pool_id: Mapped[str | None] = mapped_column(Id, index=True)
    admission: Mapped[dict[str, Any] | None]
    notice: Mapped[str | None] = mapped_column(String(20))
    avoid: Mapped[list[Any] | None] = mapped_column(Json)
    trusted: Mapped[bool | None]
    queued_at: Mapped[datetime | None]
    created_by: Mapped[str] = mapped_column(Id)
    created_at: Mapped[datetime] = mapped_column(index=True)
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
