"""Tables of durable jobs: the job, its steps with their results, and its log."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from ceyuan.kernel.tables import Base, Id, Json, Micro


class Job(Base):
    """One piece of long work. `run` counts how often it was started anew (by resume or retry)."""

    __tablename__ = "job"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    kind: Mapped[str] = mapped_column(String(80), index=True)
    title_zh: Mapped[str] = mapped_column(String(200))
    title_en: Mapped[str] = mapped_column(String(200))
    org_id: Mapped[str | None] = mapped_column(Id, index=True)
    created_by: Mapped[str] = mapped_column(Id, index=True)
    created_by_label: Mapped[str] = mapped_column(String(120))
    parent_id: Mapped[str | None] = mapped_column(Id, index=True)
    idempotency_key: Mapped[str | None] = mapped_column(String(200), unique=True)
    queue: Mapped[str] = mapped_column(String(40))
    state: Mapped[str] = mapped_column(String(20), index=True)
    params: Mapped[dict[str, Any]]
    result: Mapped[dict[str, Any] | None]
    error: Mapped[dict[str, Any] | None]
    progress: Mapped[float] = mapped_column(default=0.0)
    message_zh: Mapped[str] = mapped_column(String(300), default="")
    message_en: Mapped[str] = mapped_column(String(300), default="")
    run: Mapped[int] = mapped_column(default=1)
    handed_run: Mapped[int] = mapped_column(default=0)
    attempts: Mapped[int] = mapped_column(default=0)
    not_before: Mapped[datetime | None]
    lease_owner: Mapped[str | None] = mapped_column(String(80))
    lease_until: Mapped[datetime | None]
    cancel_requested: Mapped[bool] = mapped_column(default=False)
    cost_micro: Mapped[int] = mapped_column(Micro, default=0)
    cpu_seconds: Mapped[float] = mapped_column(default=0.0)
    wall_seconds: Mapped[float] = mapped_column(default=0.0)
    inputs: Mapped[list[str]] = mapped_column(Json, default=list)
    outputs: Mapped[list[str]] = mapped_column(Json, default=list)
    code_version: Mapped[str] = mapped_column(String(60))
    created_at: Mapped[datetime] = mapped_column(index=True)
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    __table_args__ = (Index("ix_job_state_handed", "state", "handed_run"),)


class JobStep(Base):
    """A named step of a job and, once it is done, its remembered result."""

    __tablename__ = "job_step"
    job_id: Mapped[str] = mapped_column(ForeignKey("job.id", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str] = mapped_column(String(120), primary_key=True)
    position: Mapped[int]
    state: Mapped[str] = mapped_column(String(20))
    result: Mapped[Any] = mapped_column(Json, nullable=True)
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class JobLog(Base):
    """One line of a job's log; `seq` counts up over all jobs."""

    __tablename__ = "job_log"
    seq: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True)
    job_id: Mapped[str] = mapped_column(ForeignKey("job.id", ondelete="CASCADE"))
    at: Mapped[datetime]
    level: Mapped[str] = mapped_column(String(10))
    message: Mapped[str] = mapped_column(Text)
    data: Mapped[dict[str, Any] | None]
    __table_args__ = (Index("ix_job_log_job_id_seq", "job_id", "seq"),)
