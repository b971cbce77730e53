"""Jobs on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel


class JobOut(BaseModel):
    """A job as lists show it."""

    id: str
    kind: str
    title_zh: str
    title_en: str
    org_id: str | None
    created_by: str
    created_by_label: str
    parent_id: str | None
    state: str
    progress: float
    message_zh: str
    message_en: str
    run: int
    cancel_requested: bool
    cost_micro: int
    cpu_seconds: float
    wall_seconds: float
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class JobStepOut(BaseModel):
    """A step of a job."""

    name: str
    position: int
    state: str
    started_at: datetime
    finished_at: datetime | None


class JobDetail(JobOut):
    """A job with all that its page shows."""

    params: dict[str, Any]
    result: dict[str, Any] | None
    error: dict[str, Any] | None
    inputs: list[str]
    outputs: list[str]
    code_version: str
    steps: list[JobStepOut]
    children: list[JobOut]


class JobLogOut(BaseModel):
    """A line of a job's log."""

    seq: int
    at: datetime
    level: str
    message: str
    data: dict[str, Any] | None
