"""Vouchers on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, Field

Amount = Annotated[int, Field(ge=1, le=10**17, description="micro-yuan")]


class SchemeIn(BaseModel, extra="forbid"):
    """A scheme to set up."""

    org_id: Annotated[str, Field(max_length=40, description="the authority that runs it")]
    name_zh: Annotated[str, Field(min_length=1, max_length=120)]
    name_en: Annotated[str, Field(min_length=1, max_length=120)]
    cap_micro: Amount
    resources: Annotated[list[str], Field(min_length=1, max_length=20)] = ["gateway.*"]
    models: Annotated[list[str], Field(min_length=1, max_length=50)] = ["*"]
    share_bp: Annotated[int, Field(ge=1, le=10_000, description="part of each charge it pays, in basis points")] = (
        10_000
    )
    valid_days: Annotated[int, Field(ge=1, le=3650)] = 365
    closes_at: AwareDatetime | None = None


class FundIn(BaseModel, extra="forbid"):
    """Money for a pool; the same reference is booked once."""

    amount_micro: Amount
    reference: Annotated[str, Field(min_length=1, max_length=100)]


class SchemeOut(BaseModel):
    """A scheme with its pool."""

    id: str
    org_id: str
    name_zh: str
    name_en: str
    cap_micro: int
    pool_micro: int
    resources: list[str]
    models: list[str]
    share_bp: int
    valid_days: int
    opens_at: datetime
    closes_at: datetime | None
    created_at: datetime


class ApplyIn(BaseModel, extra="forbid"):
    """An application."""

    scheme_id: Annotated[str, Field(max_length=40)]
    org_id: Annotated[str, Field(max_length=40)]
    asked_micro: Amount
    purpose: Annotated[str, Field(min_length=1, max_length=1000)]


class VoucherDecision(BaseModel, extra="forbid"):
    """A step of a voucher's workflow; `amount_micro` goes with `grant`, `reason` with `refuse` and `revoke`."""

    decision: Literal["grant", "refuse", "revoke", "withdraw"]
    amount_micro: Amount | None = None
    reason: Annotated[str | None, Field(max_length=500)] = None


class VoucherOut(BaseModel):
    """A voucher; `left_micro` is what its wallet still holds."""

    id: str
    scheme_id: str
    scheme_zh: str
    scheme_en: str
    org_id: str
    purpose: str
    asked_micro: int
    granted_micro: int | None
    left_micro: int | None
    wallet_id: str | None
    workflow_id: str
    state: str
    applied_by: str
    created_at: datetime
    decided_at: datetime | None
    expires_at: datetime | None
