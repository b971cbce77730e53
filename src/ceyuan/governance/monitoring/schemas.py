"""Monitoring on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

Metric = Literal["calls", "refused", "blocked", "flagged", "failed", "tokens", "cost_micro", "slowest_ms"]
Severity = Literal["notice", "warning", "serious"]


class RuleIn(BaseModel, extra="forbid"):
    """A rule to set up."""

    org_id: Annotated[str, Field(max_length=40)]
    name_zh: Annotated[str, Field(min_length=1, max_length=120)]
    name_en: Annotated[str, Field(min_length=1, max_length=120)]
    metric: Metric
    threshold: Annotated[float, Field(ge=0, le=1e15)]
    window_s: Annotated[int, Field(ge=10, le=86_400)] = 300
    severity: Severity = "warning"


class RuleChange(BaseModel, extra="forbid"):
    """What may change of a rule."""

    threshold: Annotated[float | None, Field(ge=0, le=1e15)] = None
    window_s: Annotated[int | None, Field(ge=10, le=86_400)] = None
    severity: Severity | None = None
    is_enabled: bool | None = None


class RuleOut(BaseModel):
    """A rule."""

    id: str
    org_id: str
    name_zh: str
    name_en: str
    metric: str
    threshold: float
    window_s: int
    severity: str
    is_enabled: bool
    fired_at: datetime | None
    created_at: datetime


class IncidentOut(BaseModel):
    """An incident."""

    id: str
    rule_id: str
    org_id: str
    title_zh: str
    title_en: str
    severity: str
    metric: str
    value: float
    highest: float
    threshold: float
    evidence: dict[str, Any]
    workflow_id: str
    state: str
    opened_at: datetime
    closed_at: datetime | None


class IncidentStep(BaseModel, extra="forbid"):
    """A step of an incident's workflow; closing says what it was."""

    step: Literal["take", "resolve", "dismiss"]
    note: Annotated[str, Field(max_length=1000)] = ""
