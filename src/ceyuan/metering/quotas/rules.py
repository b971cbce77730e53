"""Which quotas count which use: pure rules."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal, cast
from zoneinfo import ZoneInfo

from ceyuan.metering.patterns import matches
from ceyuan.metering.periods import Window, window_start
from ceyuan.metering.quotas.tables import Quota

Metric = Literal["requests", "tokens", "money", "quantity"]
SubjectKind = Literal["org", "token", "person", "project"]
DEFAULT_RESOURCE: dict[str, str] = {"requests": "*.requests", "tokens": "*.tokens.*", "money": "*"}
"""What a metric counts where the quota names no resource: requests are posted as `….requests`, one each."""
EACH = "*"


@dataclass(frozen=True, slots=True)
class Counted:
    """A use as quotas see it."""

    org_id: str
    resource: str
    model: str
    at: datetime
    quantity: Decimal
    cost_micro: int
    token_id: str = ""
    person_id: str = ""
    project: str = ""


CounterKey = tuple[str, str, datetime]
"""(quota id, subject, start of the window)."""


def subject_of(quota: Quota, use: Counted) -> str | None:
    """Whose counter this use falls on, `None` if the quota does not concern it."""
    if not matches(quota.resource, use.resource) or not matches(quota.model, use.model):
        return None
    if quota.subject_kind == "org":
        return use.org_id
    held = {"token": use.token_id, "person": use.person_id, "project": use.project}[quota.subject_kind]
    return held if held and quota.subject_id in (EACH, held) else None


def counted_amount(quota: Quota, use: Counted) -> Decimal:
    """How much of the quota this use takes: units, or micro-yuan for money."""
    return Decimal(use.cost_micro) if quota.metric == "money" else use.quantity


def tally(quotas: Iterable[Quota], uses: Iterable[Counted], zone: ZoneInfo) -> dict[CounterKey, Decimal]:
    """What these uses add to which counters."""
    by_org: dict[str, list[Quota]] = {}
    for quota in quotas:
        by_org.setdefault(quota.org_id, []).append(quota)
    sums: dict[CounterKey, Decimal] = {}
    for use in uses:
        for quota in by_org.get(use.org_id, ()):
            subject = subject_of(quota, use)
            if subject is None:
                continue
            key = (quota.id, subject, window_start(cast(Window, quota.window), use.at, zone))
            sums[key] = sums.get(key, Decimal(0)) + counted_amount(quota, use)
    return {key: amount for key, amount in sums.items() if amount}
