"""Metering on the wire. Money is in integer micro-yuan; quantities are decimals written as strings."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, PlainSerializer

from ceyuan.metering.ledger import LARGEST_MICRO
from ceyuan.metering.quantities import plain

Amount = Annotated[int, Field(gt=0, le=LARGEST_MICRO, description="micro-yuan")]
AmountOrZero = Annotated[int, Field(ge=0, le=LARGEST_MICRO, description="micro-yuan")]
QuantityOut = Annotated[Decimal, PlainSerializer(plain, return_type=str)]
Reference = Annotated[str, Field(min_length=1, max_length=150, description="idempotency: a repeat changes nothing")]
Pattern = Annotated[str, Field(min_length=1, max_length=200, description="a name, with * for any run of characters")]
Reason = Annotated[str, Field(min_length=1, max_length=500)]


class ResourceOut(BaseModel):
    """Something that is metered."""

    name: str
    unit_zh: str
    unit_en: str
    title_zh: str
    title_en: str


class PriceIn(BaseModel, extra="forbid"):
    """A price to set; it takes over from the one in force that has no end."""

    resource: str = Field(max_length=80)
    unit_micro: AmountOrZero
    per: int = Field(1, ge=1, le=10**15, description="units that the price is for")
    model: Pattern = "*"
    scope: str = Field("*", max_length=80, description="*, an organisation's id, or contract:…")
    valid_from: AwareDatetime | None = Field(None, description="now if left out")
    valid_to: AwareDatetime | None = None
    note: str = Field("", max_length=200)


class PriceEnd(BaseModel, extra="forbid"):
    """When a price ends; now if left out."""

    at: AwareDatetime | None = None


class PriceOut(BaseModel):
    """A price with its validity, `valid_to` excluded."""

    id: str
    scope: str
    resource: str
    model: str
    unit_micro: int
    per: int
    valid_from: datetime
    valid_to: datetime | None
    note: str
    created_by: str
    created_at: datetime


class WantIn(BaseModel, extra="forbid"):
    """A use to quote: a quantity by the price list."""

    resource: str = Field(max_length=80)
    quantity: Decimal = Field(ge=0, le=10**15)
    model: str = Field("", max_length=200)


class QuoteIn(BaseModel, extra="forbid"):
    """Uses to quote together."""

    wants: list[WantIn] = Field(min_length=1, max_length=100)


class PortionOut(BaseModel):
    """What one wallet would pay."""

    wallet_id: str
    amount_micro: int


class QuoteOut(BaseModel):
    """List price, own price, and who would pay; `missing_micro` is not covered."""

    list_micro: int
    cost_micro: int
    by_wallet: list[PortionOut]
    general_micro: int
    missing_micro: int


class BalanceOut(BaseModel):
    """What an organisation has."""

    org_id: str
    contract: str | None
    general_micro: int
    held_micro: int
    wallets_micro: int
    wallets: int
    credit_limit_micro: int
    low_balance_micro: int
    available_micro: int


class TermsIn(BaseModel, extra="forbid"):
    """An organisation's terms; null = the platform's default."""

    contract: str | None = Field(None, max_length=80)
    credit_limit_micro: AmountOrZero | None = None
    low_balance_micro: AmountOrZero | None = None


class TermsOut(BaseModel):
    """The terms in force."""

    org_id: str
    contract: str | None
    credit_limit_micro: int
    low_balance_micro: int


class MoneyIn(BaseModel, extra="forbid"):
    """Money that came in or goes out."""

    amount_micro: Amount
    reference: Reference
    note: str = Field("", max_length=500)


class ReasonIn(BaseModel, extra="forbid"):
    """Why something is taken back."""

    reason: Reason


class AccountOut(BaseModel):
    """A ledger account."""

    model_config = ConfigDict(from_attributes=True)
    id: str
    owner: str
    kind: str
    ref: str
    floor_micro: int | None
    balance_micro: int


class KindSumOut(BaseModel):
    """All accounts of one kind."""

    kind: str
    accounts: int
    balance_micro: int


class PostingOut(BaseModel):
    """One side of an entry."""

    account_id: str
    owner: str
    kind: str
    ref: str
    amount_micro: int
    balance_after_micro: int


class EntryOut(BaseModel):
    """A journal entry."""

    id: str
    kind: str
    org_id: str | None
    reference: str | None
    reverses_id: str | None
    reversed_by: str | None
    note: str
    data: dict[str, Any]
    actor_id: str
    at: datetime
    postings: list[PostingOut]


class MovementOut(BaseModel):
    """One line of a statement."""

    seq: int
    entry_id: str
    kind: str
    at: datetime
    amount_micro: int
    balance_after_micro: int
    reference: str | None
    note: str


class StatementOut(BaseModel):
    """Movements of an account with the balances at both ends; `next` is the cursor of the following page."""

    account_id: str
    opening_micro: int
    closing_micro: int
    inflow_micro: int
    outflow_micro: int
    movements: list[MovementOut]
    next: str | None


class WalletIn(BaseModel, extra="forbid"):
    """A wallet to issue by hand."""

    amount_micro: Amount
    source_account_id: str = Field(max_length=40)
    reference: Reference
    label: str = Field("", max_length=120)
    resources: list[Pattern] = Field(default=["*"], min_length=1, max_length=50)
    models: list[Pattern] = Field(default=["*"], min_length=1, max_length=50)
    share_bp: int = Field(10_000, ge=1, le=10_000, description="at most this share of each charge, in basis points")
    valid_from: AwareDatetime | None = Field(None, description="now if left out")
    valid_to: AwareDatetime | None = None


class WalletOut(BaseModel):
    """A wallet as it stands."""

    id: str
    org_id: str
    label: str
    reference: str
    account_id: str
    source_account_id: str
    resources: list[str]
    models: list[str]
    share_bp: int
    valid_from: datetime
    valid_to: datetime | None
    state: Literal["active", "expired", "revoked"]
    issued_micro: int
    balance_micro: int
    returned_micro: int
    created_at: datetime
    closed_at: datetime | None


class HoldOut(BaseModel):
    """A hold as it stands."""

    id: str
    org_id: str
    reference: str
    subject: str
    amount_micro: int
    captured_micro: int
    released_micro: int
    rest_micro: int
    state: Literal["open", "released", "expired"]
    expires_at: datetime
    created_at: datetime
    closed_at: datetime | None
