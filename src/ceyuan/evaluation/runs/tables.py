"""Tables of evaluation runs and their answers."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ceyuan.kernel.tables import Base, Id, Json


class EvaluationRun(Base):
    """One evaluation: its plan, its job, and when done its summary and report."""

    __tablename__ = "evaluation_run"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    org_id: Mapped[str] = mapped_column(Id, index=True)
    name: Mapped[str] = mapped_column(String(120))
    plan: Mapped[dict[str, Any]]
    job_id: Mapped[str] = mapped_column(Id, index=True)
    state: Mapped[str] = mapped_column(String(20), index=True)
    summary: Mapped[dict[str, Any] | None] = mapped_column(Json, nullable=True)
    report: Mapped[str | None] = mapped_column(String(300))
    created_by: Mapped[str] = mapped_column(Id)
    created_at: Mapped[datetime] = mapped_column(index=True)
    finished_at: Mapped[datetime | None]


class EvaluationAnswer(Base):
    """What one model answered to one item of a run, and whether it was right."""

    __tablename__ = "evaluation_answer"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    run_id: Mapped[str] = mapped_column(ForeignKey("evaluation_run.id", ondelete="CASCADE"))
    model: Mapped[str] = mapped_column(String(200))
    item_id: Mapped[str] = mapped_column(String(80))
    family: Mapped[str] = mapped_column(String(60))
    position: Mapped[int]
    prompt: Mapped[str] = mapped_column(Text)
    expected: Mapped[list[str]] = mapped_column(Json)
    answer: Mapped[str] = mapped_column(Text)
    is_right: Mapped[bool]
    fault: Mapped[str | None] = mapped_column(String(300))
    call_id: Mapped[str | None] = mapped_column(String(60))
    latency_ms: Mapped[float]
    tokens: Mapped[int]
    __table_args__ = (UniqueConstraint("run_id", "model", "item_id"),)
