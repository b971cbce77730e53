"""Evaluation runs on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, Field


class PerplexityPlan(BaseModel):
    """Held-out perplexity of a trained model: the model's revision, and the dataset whose held-out split is read."""

    model: Annotated[str, Field(min_length=3, max_length=300, examples=["models/demo/mini-zh@main"])]
    dataset: Annotated[str, Field(min_length=3, max_length=300, examples=["datasets/demo/corpus-zh@main"])]
    documents: Annotated[int, Field(ge=2, le=20_000, description="at most so many held-out documents")] = 400


class EvaluationPlan(BaseModel):
    """What is measured: which served models, over which families of items, with which seed."""

    models: Annotated[list[str], Field(max_length=20, description="names of served models")] = []
    families: Annotated[list[str] | None, Field(description="families of items; null = all")] = None
    per_family: Annotated[int, Field(ge=1, le=500)] = 8
    seed: Annotated[int, Field(ge=0, le=2**31)] = 20260101
    max_tokens: Annotated[int, Field(ge=1, le=2048)] = 48
    perplexity: list[PerplexityPlan] = []


class RunIn(BaseModel, extra="forbid"):
    """A run to start."""

    org_id: Annotated[str, Field(max_length=40)]
    name: Annotated[str, Field(min_length=1, max_length=120)]
    repository: Annotated[str, Field(max_length=200, description="owner/name of the report's repository")]
    plan: EvaluationPlan


class RunOut(BaseModel):
    """A run as lists show it."""

    id: str
    org_id: str
    name: str
    plan: dict[str, Any]
    job_id: str
    state: str
    summary: dict[str, Any] | None
    report: str | None
    created_by: str
    created_at: datetime
    finished_at: datetime | None


class AnswerOut(BaseModel):
    """One answer of one model."""

    model: str
    item_id: str
    family: str
    position: int
    prompt: str
    expected: list[str]
    answer: str
    is_right: bool
    fault: str | None
    call_id: str | None
    latency_ms: float
    tokens: int


class FamilyOut(BaseModel):
    """A family of generated items."""

    name: str
    label_zh: str
    label_en: str
    example: str
    expected: str
