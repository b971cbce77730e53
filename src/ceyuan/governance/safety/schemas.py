"""Safety checks on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, Field


class SafetyPlan(BaseModel):
    """What is sampled. The standard asks for 4,000 texts by hand and a tenth by machine (GB/T 45654-2025); the
    pass rates are its: 98 % of the corpus by machine, 90 % of the answers."""

    dataset: Annotated[str | None, Field(max_length=300, description="reference of a dataset revision")] = None
    texts: Annotated[int, Field(ge=1, le=200_000, description="how many texts of the dataset are drawn")] = 2000
    models: Annotated[list[str], Field(max_length=10, description="names of served models")] = []
    answers: Annotated[int, Field(ge=1, le=5000, description="how many prompts each model answers")] = 24
    seed: Annotated[int, Field(ge=0, le=2**31)] = 20260101
    corpus_pass: Annotated[float, Field(ge=0, le=1)] = 0.98
    answer_pass: Annotated[float, Field(ge=0, le=1)] = 0.90


class CheckIn(BaseModel, extra="forbid"):
    """A check to start."""

    org_id: Annotated[str, Field(max_length=40)]
    name: Annotated[str, Field(min_length=1, max_length=120)]
    repository: Annotated[str, Field(max_length=200, description="owner/name of the report's repository")]
    plan: SafetyPlan


class CheckOut(BaseModel):
    """A check."""

    id: str
    org_id: str
    name: str
    plan: dict[str, Any]
    job_id: str
    state: str
    passed: bool | None
    summary: dict[str, Any] | None
    report: str | None
    signature: str | None
    key_id: str | None
    created_by: str
    created_at: datetime
    finished_at: datetime | None


class FindingOut(BaseModel):
    """A finding."""

    id: str
    part: str
    item: str
    clause: str
    detector: str
    action: str
    confidence: float
    detail: str
    excerpt: str


class RiskOut(BaseModel):
    """A clause of the taxonomy."""

    id: str
    zh: str
    en: str
    keywords: int


class InspectIn(BaseModel, extra="forbid"):
    """A text to look at."""

    text: Annotated[str, Field(min_length=1, max_length=20_000)]


class InspectedFinding(BaseModel):
    """What a detector found in the text."""

    detector: str
    clause: str
    start: int
    end: int
    confidence: float
    action: str
    detail: str


class InspectOut(BaseModel):
    """The verdict on a text, and the text with identifiers masked."""

    action: str
    findings: list[InspectedFinding]
    masked: str
