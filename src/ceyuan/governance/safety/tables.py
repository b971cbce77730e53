"""Tables of safety checks."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from ceyuan.kernel.tables import Base, Id, Json


class SafetyCheck(Base):
    """One check: what was looked at, how, and what came out."""

    __tablename__ = "safety_check"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    org_id: Mapped[str] = mapped_column(Id, index=True)
    name: Mapped[str] = mapped_column(String(120))
    plan: Mapped[dict[str, Any]]
    job_id: Mapped[str] = mapped_column(Id, index=True)
    state: Mapped[str] = mapped_column(String(20), index=True)
    passed: Mapped[bool | None]
    summary: Mapped[dict[str, Any] | None] = mapped_column(Json, nullable=True)
    report: Mapped[str | None] = mapped_column(String(300))
    signature: Mapped[str | None] = mapped_column(String(200))
    key_id: Mapped[str | None] = mapped_column(String(40))
    created_by: Mapped[str] = mapped_column(Id)
    created_at: Mapped[datetime] = mapped_column(index=True)
    finished_at: Mapped[datetime | None]


class SafetyFinding(Base):
    """Something that a check found in one sampled text."""

    __tablename__ = "safety_finding"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    check_id: Mapped[str] = mapped_column(ForeignKey("safety_check.id", ondelete="CASCADE"), index=True)
    part: Mapped[str] = mapped_column(String(20))
    item: Mapped[str] = mapped_column(String(300))
    clause: Mapped[str] = mapped_column(String(10))
    detector: Mapped[str] = mapped_column(String(20))
    action: Mapped[str] = mapped_column(String(10))
    confidence: Mapped[float]
    detail: Mapped[str] = mapped_column(String(120))
    excerpt: Mapped[str] = mapped_column(Text)
