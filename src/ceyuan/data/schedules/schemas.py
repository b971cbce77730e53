"""Schedules on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, StringConstraints

ScheduleKind = Literal["collect", "pipeline", "corpus"]
"""What begins: collecting sources, making a corpus of raw datasets, or both."""
Name = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120, pattern=r"^[^\x00-\x1f]*$")
]
Cron = Annotated[
    str, Field(max_length=120, description="minute hour day month weekday, or @hourly, @daily, @weekly, @monthly")
]
Zone = Annotated[str, Field(max_length=60, description="IANA time zone")]


class ScheduleIn(BaseModel, extra="forbid"):
    """A schedule to be made. `params` are what starting `kind` by hand takes."""

    org_id: Annotated[str, Field(max_length=40)]
    name: Name
    kind: ScheduleKind
    params: Annotated[dict[str, Any], Field(max_length=20)]
    cron: Cron
    zone: Zone = "Asia/Shanghai"


class ScheduleChange(BaseModel, extra="forbid"):
    """What to change of a schedule; what is left out stays."""

    name: Name | None = None
    cron: Cron | None = None
    zone: Zone | None = None
    paused: bool | None = None


class ScheduleOut(BaseModel):
    """A schedule; `next_at` is null while it is paused."""

    id: str
    org_id: str
    name: str
    kind: ScheduleKind
    params: dict[str, Any]
    cron: str
    zone: str
    next_at: datetime | None
    last_at: datetime | None
    last_job: str | None
    last_error: str | None
    creator: str
    created_at: datetime
