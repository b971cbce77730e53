"""Quotas on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

Amounts = dict[Annotated[str, Field(max_length=30)], Annotated[float, Field(ge=0, le=1e7)]]


class QuotaIn(BaseModel, extra="forbid"):
    """A share. `guaranteed` comes before anybody's borrowing; `borrowing` is how much more may be held while others
    leave it idle (a resource that is not named there: without limit)."""

    parent: Annotated[str, Field(max_length=60)] = ""
    guaranteed: Amounts = {}
    borrowing: Amounts = {}
    weight: Annotated[float, Field(gt=0, le=1000)] = 1.0


class QuotaOut(BaseModel):
    """A share as it is kept."""

    name: str
    org_id: str | None
    parent: str
    guaranteed: dict[str, float]
    borrowing: dict[str, float]
    weight: float
    updated_at: datetime
