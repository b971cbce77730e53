"""Tables of the gateway: what was called, what it said where that is kept, sums per minute, and bounds."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Float, ForeignKey, Index, Integer, String, Text, false
from sqlalchemy.orm import Mapped, mapped_column

from ceyuan.kernel.tables import Base, Id, Micro


class GatewayCall(Base):
    """One call: see `Call`. `cost_micro` is what the ledger charged."""

    __tablename__ = "gateway_call"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    at: Mapped[datetime]
    org_id: Mapped[str] = mapped_column(Id)
    key_id: Mapped[str] = mapped_column(Id)
    actor_id: Mapped[str] = mapped_column(Id)
    endpoint: Mapped[str] = mapped_column(String(16))
    model: Mapped[str] = mapped_column(String(200))
    served_id: Mapped[str] = mapped_column(Id)
    revision: Mapped[str | None] = mapped_column(String(300))
    upstream: Mapped[str] = mapped_column(String(120))
    stream: Mapped[bool]
    status: Mapped[str] = mapped_column(String(16))
    http_status: Mapped[int]
    code: Mapped[str] = mapped_column(String(60))
    upstream_words: Mapped[str] = mapped_column(String(500), server_default="")
    prompt_tokens: Mapped[int] = mapped_column(BigInteger)
    completion_tokens: Mapped[int] = mapped_column(BigInteger)
    cached_tokens: Mapped[int] = mapped_column(BigInteger)
    units: Mapped[int] = mapped_column(BigInteger, server_default="0")
    usage_from: Mapped[str] = mapped_column(String(10))
    in_doubt: Mapped[bool]
    cost_micro: Mapped[int] = mapped_column(Micro)
    prompt_sha256: Mapped[str] = mapped_column(String(64))
    answer_sha256: Mapped[str] = mapped_column(String(64))
    first_ms: Mapped[float | None] = mapped_column(Float)
    total_ms: Mapped[float] = mapped_column(Float)
    verdicts: Mapped[list[Any]]
    flagged: Mapped[bool]
    project: Mapped[str] = mapped_column(String(80))
    scenario: Mapped[str] = mapped_column(String(80))
    tags: Mapped[dict[str, Any]]
    __table_args__ = (
        Index("ix_gateway_call_org_id_at", "org_id", "at"),
        Index("ix_gateway_call_at", "at"),
        Index("ix_gateway_call_in_doubt_at", "in_doubt", "at"),
        Index("ix_gateway_call_flagged_at", "flagged", "at"),
        Index("ix_gateway_call_scenario_at", "scenario", "at"),
    )


class GatewayBody(Base):
    """The prompt (the request as JSON) and the answer's text of a call, kept where the organisation wants that."""

    __tablename__ = "gateway_body"
    call_id: Mapped[str] = mapped_column(Id, ForeignKey("gateway_call.id", ondelete="CASCADE"), primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    prompt: Mapped[dict[str, Any]]
    answer: Mapped[str] = mapped_column(Text)


class GatewayRepeat(Base):
    """An answer under an idempotency key: the whole body as the client got it, given again to an equal request."""

    __tablename__ = "gateway_repeat"
    org_id: Mapped[str] = mapped_column(Id, primary_key=True)
    repeat_key: Mapped[str] = mapped_column(String(200), primary_key=True)
    request_sha256: Mapped[str] = mapped_column(String(64))
    call_id: Mapped[str] = mapped_column(Id)
    at: Mapped[datetime] = mapped_column(index=True)
    body: Mapped[str] = mapped_column(Text)


class GatewayMinute(Base):
    """Sums of one minute, organisation and model. Latencies are histograms: counts by bucket (`histogram`);
    `codes` counts refusals and failures by code."""

    __tablename__ = "gateway_minute"
    minute: Mapped[datetime] = mapped_column(primary_key=True)
    org_id: Mapped[str] = mapped_column(Id, primary_key=True)
    model: Mapped[str] = mapped_column(String(200), primary_key=True)
    calls: Mapped[int] = mapped_column(Integer)
    failed: Mapped[int] = mapped_column(Integer)
    refused: Mapped[int] = mapped_column(Integer)
    blocked: Mapped[int] = mapped_column(Integer)
    flagged: Mapped[int] = mapped_column(Integer)
    prompt_tokens: Mapped[int] = mapped_column(BigInteger)
    completion_tokens: Mapped[int] = mapped_column(BigInteger)
    cost_micro: Mapped[int] = mapped_column(Micro)
    total_ms: Mapped[dict[str, Any]]
    first_ms: Mapped[dict[str, Any]]
    codes: Mapped[dict[str, Any]]


class GatewayPolicy(Base):
    """What an organisation wants of its own calls: `store_bodies` keeps prompts and answers, `label` is how
    generated content is marked (null = the platform's default), `inside` keeps calls from servers that are not the
    platform's own, `mask_outside` takes personal information out of what goes there, `cache_s` is for how long an
    equal request gets the same answer (0 = never). `keep_bodies_days` is for how long bodies are kept (0 = as long as
    the platform does), `redact_bodies` takes personal information out of them first. `semantic_model` embeds questions
    so that one as like an earlier one as `semantic_likeness` (cosine) gets its answer; empty = equal ones only."""

    __tablename__ = "gateway_policy"
    org_id: Mapped[str] = mapped_column(Id, primary_key=True)
    store_bodies: Mapped[bool]
    label: Mapped[str | None] = mapped_column(String(10))
    inside: Mapped[bool] = mapped_column(server_default=false())
    mask_outside: Mapped[bool] = mapped_column(server_default=false())
    cache_s: Mapped[int] = mapped_column(server_default="0")
    keep_bodies_days: Mapped[int] = mapped_column(server_default="0")
    redact_bodies: Mapped[bool] = mapped_column(server_default=false())
    semantic_model: Mapped[str] = mapped_column(String(200), server_default="")
    semantic_likeness: Mapped[float] = mapped_column(Float, server_default="0.95")
    updated_by: Mapped[str] = mapped_column(Id)
    updated_at: Mapped[datetime]


class GatewayKeyLimit(Base):
    """Bounds of one key; zero = none, an empty list of models = all."""

    __tablename__ = "gateway_key_limit"
    key_id: Mapped[str] = mapped_column(Id, primary_key=True)
    org_id: Mapped[str] = mapped_column(Id, index=True)
    requests_per_minute: Mapped[int]
    tokens_per_minute: Mapped[int]
    concurrent: Mapped[int]
    models: Mapped[list[str]]
    updated_by: Mapped[str] = mapped_column(Id)
    updated_at: Mapped[datetime]


class GatewayLease(Base):
    """What a process may use up by its own count of something that all processes share: `name` says of what (an
    organisation's money, a quota's window, a key's calls at once), `amount` how much, until when. The row without a
    `worker` is there to be locked; of a rate it holds what is left (thousandths) and when that was so."""

    __tablename__ = "gateway_lease"
    name: Mapped[str] = mapped_column(String(200), primary_key=True)
    worker: Mapped[str] = mapped_column(Id, primary_key=True)
    amount: Mapped[int] = mapped_column(BigInteger)
    until: Mapped[datetime]
