"""Releases on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field


class Criteria(BaseModel):
    """What the gates ask for; null = the gate's own default."""

    max_perplexity: Annotated[
        float | None, Field(gt=1, description="held-out perplexity, upper end of its interval")
    ] = None
    min_accuracy: Annotated[float | None, Field(ge=0, le=1, description="accuracy on generated items")] = None


class ReleaseIn(BaseModel, extra="forbid"):
    """A release to open."""

    model: Annotated[str, Field(max_length=300, description="reference of a model's revision")]
    served: Annotated[str | None, Field(max_length=200, description="name under which it is served")] = None
    criteria: Criteria = Criteria()
    note: Annotated[str, Field(max_length=1000)] = ""


class DecisionIn(BaseModel, extra="forbid"):
    """A decision on a release."""

    decision: Literal["approve", "reject", "withdraw"]
    note: Annotated[str, Field(max_length=1000)] = ""


class GateOut(BaseModel):
    """What a gate says."""

    gate: str
    title: list[str]
    passed: bool
    reason: list[str]
    evidence: str | None
    link: str | None


class ReleaseOut(BaseModel):
    """A release; `gates` are those of the decision, or of now while it is a candidate."""

    id: str
    org_id: str
    model: str
    model_node: str
    served: str | None
    criteria: dict[str, Any]
    note: str
    workflow_id: str
    state: str
    gates: list[GateOut]
    created_by: str
    created_at: datetime
    decided_at: datetime | None
