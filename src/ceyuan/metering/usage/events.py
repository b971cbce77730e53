"""The usage event: what a room says about one measured use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from ceyuan.kernel.errors import Invalid
from ceyuan.metering.errors import BadUsage
from ceyuan.metering.ledger import PLATFORM, require_amount
from ceyuan.metering.patterns import is_model, is_resource
from ceyuan.metering.prices import Rate
from ceyuan.metering.quantities import exact

MAX_BATCH = 5_000
"""The most events of one call."""
AHEAD = timedelta(minutes=5)
"""How far a meter's clock may run ahead of ours."""


@dataclass(frozen=True, slots=True)
class UsageEvent:
    """One measured use.

    `key` is the idempotency key: the same key counts once, whoever repeats it. `quantity` is in the
    resource's base unit with at most three decimals (tokens, CPU-seconds, byte-days). `model` is what was
    used, `subject` what it was for (a job, a request); `token_id`, `person_id`, `project`, `scenario` are
    the dimensions of charts and quotas. `payee` is who provided it (an organisation, or the platform).
    `rate` is a price agreed elsewhere (an offer); without it the price list decides. `hold_id` names the
    hold that pays first. Events of one `group` share a journal entry; those without one share one per
    organisation and call. `admitted`: its quantity was granted out of a quota before.
    """

    key: str
    org_id: str
    resource: str
    quantity: int | Decimal
    occurred_at: datetime
    model: str = ""
    subject: str = ""
    evidence: Mapping[str, Any] = field(default_factory=dict)
    token_id: str = ""
    person_id: str = ""
    project: str = ""
    scenario: str = ""
    payee: str = PLATFORM
    rate: Rate | None = None
    hold_id: str | None = None
    group: str | None = None
    admitted: bool = False

    def fault(self, now: datetime) -> str | None:
        """Why the event cannot be, in English; `None` if it is well-formed."""
        if not 0 < len(self.key) <= 200:
            return "the key must have 1 to 200 characters"
        if not 0 < len(self.org_id) <= 80 or not 0 < len(self.payee) <= 80:
            return "the organisation or payee is missing or too long"
        if not is_resource(self.resource):
            return f"“{self.resource}” is no resource name"
        if not is_model(self.model):
            return "the model's name is malformed"
        if max(map(len, (self.token_id, self.person_id, self.project, self.scenario))) > 80 or len(self.subject) > 120:
            return "a dimension is too long"
        if self.occurred_at.tzinfo is None:
            return "occurred_at has no time zone"
        if self.occurred_at > now + AHEAD:
            return "it happened in the future"
        try:
            exact(self.quantity)
            if self.rate is not None:
                require_amount(self.rate.unit_micro, zero=True)
                require_amount(self.rate.per)
        except Invalid as error:
            return error.message[1]
        return None


def checked(events: Sequence[UsageEvent], now: datetime) -> list[UsageEvent]:
    """The events in the order in which they are posted; raises `BadUsage` that names every malformed one."""
    if len(events) > MAX_BATCH:
        raise BadUsage(
            (f"一次最多 {MAX_BATCH} 条用量", f"at most {MAX_BATCH} events at once"),
            hint=("请分批提交", "post them in several calls"),
        )
    faults = [(event.key, fault) for event in events if (fault := event.fault(now)) is not None]
    if faults:
        raise BadUsage(
            (f"{len(faults)} 条用量事件无效", f"{len(faults)} of {len(events)} events are invalid: {faults[0][1]}"),
            errors=[{"key": key[:200], "fault": fault} for key, fault in faults[:50]],
        )
    return sorted(events, key=lambda event: (event.org_id, event.occurred_at, event.key))
