"""The gateway's management on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

LabelMode = Literal["off", "header", "field", "text"]


class CallOut(BaseModel):
    """One call. `status`: ok, refused, blocked, failed, cancelled, interrupted; `upstream_words`: what
    the upstream itself said of a failure; `units`: pictures, characters spoken or seconds heard; `in_doubt`: nobody
    could confirm the token counts of its charge."""

    id: str
    at: datetime
    org_id: str
    key_id: str
    actor_id: str
    endpoint: str
    model: str
    served_id: str
    revision: str | None
    upstream: str
    stream: bool
    status: str
    http_status: int
    code: str
    upstream_words: str
    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int
    units: int
    usage_from: str
    in_doubt: bool
    cost_micro: int
    prompt_sha256: str
    answer_sha256: str
    first_ms: float | None
    total_ms: float
    verdicts: list[Any]
    flagged: bool
    project: str
    scenario: str
    tags: dict[str, Any]


class BodyOut(BaseModel):
    """The request as JSON and the text of the answer, where the organisation keeps them."""

    prompt: dict[str, Any]
    answer: str


class CallDetail(CallOut):
    """One call with what was kept of its content."""

    body: BodyOut | None


class LatencyOut(BaseModel):
    """Percentiles in milliseconds; null without calls."""

    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None


class SumsOut(BaseModel):
    """Sums over calls, the latency of whole answers and that of their first byte."""

    calls: int
    failed: int
    refused: int
    blocked: int
    flagged: int
    prompt_tokens: int
    completion_tokens: int
    cost_micro: int
    total: LatencyOut
    first: LatencyOut


class PointOut(SumsOut):
    """Sums over the span of time that begins at `at`."""

    at: datetime


class ModelSumsOut(SumsOut):
    """Sums over the calls of one model."""

    model: str


class StatsOut(BaseModel):
    """What went through the gateway in a span of time; `codes` counts refusals and failures by code."""

    since: datetime
    until: datetime
    step_s: int
    sums: SumsOut
    points: list[PointOut]
    models: list[ModelSumsOut]
    codes: dict[str, int]


class LiveCallOut(BaseModel):
    """A call as the live page shows it; `at` in seconds since 1970."""

    id: str
    at: float
    org_id: str
    model: str
    endpoint: str
    status: str
    code: str
    prompt_tokens: int
    completion_tokens: int
    cost_micro: int
    total_ms: float
    first_ms: float | None
    actions: list[str]
    clauses: list[str]
    scenario: str


class LiveOut(BaseModel):
    """What happens just now in this process: the last calls, calls in flight, calls that wait for the ledger, and
    what is wrong, if anything."""

    in_flight: int
    unposted: int
    faults: list[str]
    latency: dict[str, float | None]
    calls: list[LiveCallOut]


class PolicyIn(BaseModel, extra="forbid"):
    """What an organisation wants of its own calls."""

    store_bodies: Annotated[bool, Field(description="keep prompts and answers")] = False
    label: Annotated[LabelMode | None, Field(description="how generated content is marked; null = as the platform")] = (
        None
    )
    inside: Annotated[bool, Field(description="calls go to the platform's own servers only")] = False
    mask_outside: Annotated[
        bool, Field(description="personal information is taken out of what goes to other servers")
    ] = False
    cache_s: Annotated[
        int, Field(ge=0, le=604_800, description="seconds for which an equal request gets the same answer; 0 = never")
    ] = 0
    keep_bodies_days: Annotated[
        int, Field(ge=0, le=3650, description="days for which prompts and answers are kept; 0 = as the platform does")
    ] = 0
    redact_bodies: Annotated[
        bool, Field(description="personal information is taken out of prompts and answers before they are kept")
    ] = False
    semantic_model: Annotated[
        str, Field(max_length=200, description="served embedding model that finds like questions; empty = equal only")
    ] = ""
    semantic_likeness: Annotated[
        float, Field(ge=0.5, le=1, description="cosine from which a question is taken for an earlier one")
    ] = 0.95


class PolicyOut(BaseModel):
    """What an organisation wants of its own calls; `label` null = as the platform says (`platform_label`)."""

    org_id: str
    store_bodies: bool
    label: str | None
    inside: bool
    mask_outside: bool
    cache_s: int
    keep_bodies_days: int
    redact_bodies: bool
    semantic_model: str
    semantic_likeness: float
    platform_label: str
    platform_bodies_days: int
    keep_calls_days: int


class StandingOut(BaseModel):
    """A server of a model as this process knows it. `breaker`: closed (calls pass), open (left alone for
    `left_alone_s`), trying (one call tries it). `share` by weight within its tier; `address` for operators."""

    id: str
    upstream: str
    model: str
    address: str | None
    weight: int
    tier: int
    share: float
    outside: bool
    price: float
    breaker: str
    left_alone_s: float
    pending: int
    calls: int
    failed: int
    failures: int
    latency_ms: float | None


class RouteOut(BaseModel):
    """A model and how its servers stand; `waiting` calls stand in line for their turn."""

    served_id: str
    name: str
    title: str
    capabilities: list[str]
    released: bool
    strategy: str
    retries: int
    hedge_ms: int
    max_concurrency: int
    waiting: int
    embedded: bool
    replicas: list[StandingOut]


class ForgiveIn(BaseModel, extra="forbid"):
    """Whose breaker is to be closed: the id of a server as a route shows it."""

    replica: Annotated[str, Field(min_length=1, max_length=300)]


class SettlementIn(BaseModel, extra="forbid"):
    """What a call in doubt used by the upstream's own account; without counts its charge stands as it is."""

    prompt_tokens: Annotated[int | None, Field(ge=0, le=1_000_000_000)] = None
    completion_tokens: Annotated[int | None, Field(ge=0, le=1_000_000_000)] = None
    note: Annotated[str, Field(max_length=500, description="where the counts come from")] = ""


class KeyLimitsIn(BaseModel, extra="forbid"):
    """Bounds of a key; zero = none, no models = all. Budgets per day or month are quotas of the metering room."""

    requests_per_minute: Annotated[int, Field(ge=0, le=10_000_000)] = 0
    tokens_per_minute: Annotated[int, Field(ge=0, le=1_000_000_000)] = 0
    concurrent: Annotated[int, Field(ge=0, le=100_000)] = 0
    models: Annotated[list[Annotated[str, Field(max_length=200)]], Field(max_length=200)] = []


class KeyLimitsOut(BaseModel):
    """Bounds of a key."""

    key_id: str
    org_id: str
    requests_per_minute: int
    tokens_per_minute: int
    concurrent: int
    models: list[str]
    updated_at: datetime
