"""Tables of monitoring."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from ceyuan.kernel.tables import Base, Id


class MonitorRule(Base):
    """A rule: when `metric` over the last `window_s` seconds exceeds `threshold`, an incident is opened."""

    __tablename__ = "monitor_rule"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    org_id: Mapped[str] = mapped_column(Id, index=True)
    name_zh: Mapped[str] = mapped_column(String(120))
    name_en: Mapped[str] = mapped_column(String(120))
    metric: Mapped[str] = mapped_column(String(30))
    threshold: Mapped[float]
    window_s: Mapped[int]
    severity: Mapped[str] = mapped_column(String(10))
    is_enabled: Mapped[bool]
    fired_at: Mapped[datetime | None]
    created_by: Mapped[str] = mapped_column(Id)
    created_at: Mapped[datetime] = mapped_column(index=True)


class Incident(Base):
    """Something that a rule saw. `state` mirrors the workflow's."""

    __tablename__ = "incident"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    rule_id: Mapped[str] = mapped_column(ForeignKey("monitor_rule.id"), index=True)
    org_id: Mapped[str] = mapped_column(Id, index=True)
    title_zh: Mapped[str] = mapped_column(String(200))
    title_en: Mapped[str] = mapped_column(String(200))
    severity: Mapped[str] = mapped_column(String(10))
    metric: Mapped[str] = mapped_column(String(30))
    value: Mapped[float]
    highest: Mapped[float]
    threshold: Mapped[float]
    evidence: Mapped[dict[str, Any]]
    workflow_id: Mapped[str] = mapped_column(Id)
    state: Mapped[str] = mapped_column(String(20), index=True)
    opened_at: Mapped[datetime] = mapped_column(index=True)
    closed_at: Mapped[datetime | None]
