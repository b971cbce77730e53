"""Links on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field


class LinkIn(BaseModel, extra="forbid"):
    """A link, in both directions unless `one_way`; 10^9 bits per second, micro-yuan per GB, milliseconds there and
    back, and where the figures are from."""

    gbps: Annotated[float, Field(gt=0, le=1e5)]
    price_micro: Annotated[int, Field(ge=0, le=10**10)] = 0
    latency_ms: Annotated[float | None, Field(gt=0, le=10_000)] = None
    kind: Literal["direct", "public"] = "public"
    evidence: Annotated[str, Field(max_length=300)] = ""
    one_way: bool = False


class LinkOut(BaseModel):
    """One direction between two regions."""

    source: str
    target: str
    gbps: float
    price_micro: int
    latency_ms: float | None
    kind: str
    evidence: str
    updated_at: datetime


class HoleOut(BaseModel):
    """Two regions with capacity between which no way leads, also not with one stop."""

    source: str
    target: str


class MatrixOut(BaseModel):
    """All links, and the holes between regions that have pools."""

    links: list[LinkOut]
    holes: list[HoleOut]
