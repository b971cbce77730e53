"""Usage, quotas and bills on the wire."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from ceyuan.metering.desk.schemas import Pattern, QuantityOut

Dimension = Annotated[str, Field(max_length=80)]


class UsageIn(BaseModel, extra="forbid"):
    """One measured use from a meter outside the platform."""

    key: str = Field(min_length=1, max_length=200, description="idempotency key: counts once")
    org_id: str = Field(min_length=1, max_length=80)
    resource: str = Field(max_length=80)
    quantity: Decimal = Field(ge=0, le=10**15)
    occurred_at: AwareDatetime
    model: str = Field("", max_length=200)
    subject: str = Field("", max_length=120)
    token_id: Dimension = ""
    person_id: Dimension = ""
    project: Dimension = ""
    scenario: Dimension = ""
    evidence: dict[str, Any] = Field(default_factory=dict)


class UsageBatchIn(BaseModel, extra="forbid"):
    """Measured uses that are posted together or not at all."""

    events: list[UsageIn] = Field(min_length=1, max_length=1000)


class PostedOut(BaseModel):
    """What became of a batch: new, known before, and known with other content (not posted)."""

    posted: int
    duplicates: int
    conflicts: list[str]
    cost_micro: int


class ChargeOut(BaseModel):
    """What one balance paid for an event; null = the general account."""

    wallet_id: str | None
    amount_micro: int


class UsageOut(BaseModel):
    """A usage event as it was rated and paid."""

    id: str
    key: str
    org_id: str
    resource: str
    model: str
    subject: str
    token_id: str
    person_id: str
    project: str
    scenario: str
    quantity: QuantityOut
    unit_micro: int
    per: int
    price_id: str | None
    cost_micro: int
    payee: str
    entry_id: str | None
    hold_id: str | None
    reverses_id: str | None
    evidence: dict[str, Any]
    occurred_at: datetime
    posted_at: datetime
    period: str
    charges: list[ChargeOut]


class ReversalOut(BaseModel):
    """The id of what took something back."""

    id: str


class StatPointOut(BaseModel):
    """Sums of one bucket and one combination of dimensions; `quantity` is null where units differ."""

    bucket: str
    dimensions: dict[str, str]
    quantity: QuantityOut | None
    cost_micro: int
    events: int


class QuotaIn(BaseModel, extra="forbid"):
    """A quota to set. `amount` counts units, or micro-yuan for money."""

    metric: Literal["requests", "tokens", "money", "quantity"]
    amount: Decimal = Field(ge=0, le=10**15)
    window: Literal["minute", "day", "month"]
    hard: bool = True
    subject_kind: Literal["org", "token", "person", "project"] = "org"
    subject_id: str = Field("", max_length=80, description="* = each one on its own; empty for the organisation")
    resource: str = Field("", max_length=80, description="pattern; empty = what the metric usually counts")
    model: Pattern = "*"
    note: str = Field("", max_length=200)


class QuotaChange(BaseModel, extra="forbid"):
    """What to change of a quota."""

    amount: Decimal | None = Field(None, ge=0, le=10**15)
    hard: bool | None = None


class QuotaOut(BaseModel):
    """A quota."""

    model_config = ConfigDict(from_attributes=True)
    id: str
    org_id: str
    subject_kind: str
    subject_id: str
    metric: str
    resource: str
    model: str
    window: str
    amount: QuantityOut
    hard: bool
    set_by: Literal["platform", "organisation"]
    note: str
    created_at: datetime


class QuotaStateOut(BaseModel):
    """A quota and its present window; `used` is null where it holds for each subject on its own."""

    quota: QuotaOut
    used: QuantityOut | None
    window_start: datetime
    window_end: datetime


class BillOut(BaseModel):
    """A bill as lists show it."""

    model_config = ConfigDict(from_attributes=True)
    id: str
    number: str
    org_id: str
    period: str
    cost_micro: int
    wallet_micro: int
    payable_micro: int
    lines: int
    digest: str
    issued_at: datetime


class BillLineOut(BaseModel):
    """One line of a bill; `late` = it happened in an earlier month."""

    resource: str
    model: str
    payee: str
    late: bool
    unit_micro: int
    per: int
    quantity: QuantityOut
    events: int
    cost_micro: int
    wallet_micro: int
    payable_micro: int


class BillDetail(BaseModel):
    """A bill with its lines; id, number, digest and time of issue are null in a preview."""

    id: str | None
    number: str | None
    org_id: str
    period: str
    cost_micro: int
    wallet_micro: int
    payable_micro: int
    digest: str | None
    issued_at: datetime | None
    lines: list[BillLineOut]


class BillIssueIn(BaseModel, extra="forbid"):
    """Which bill to issue."""

    org_id: str = Field(min_length=1, max_length=80)
    period: str = Field(pattern=r"^\d{4}-\d{2}$")


class JobStarted(BaseModel):
    """The job that does it."""

    job_id: str
