"""Posting usage: rate, split over balances, write the journal, sum up, count quotas, in one transaction."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from ceyuan.kernel.ids import new_id
from ceyuan.kernel.work import UnitOfWork
from ceyuan.metering.errors import BadUsage
from ceyuan.metering.holds.held import Held, load, tell_exhausted
from ceyuan.metering.holds.service import close
from ceyuan.metering.ledger import Draft, post_entries, settled_account
from ceyuan.metering.periods import period_of
from ceyuan.metering.prices import PriceBook, Rate, book_for
from ceyuan.metering.quantities import exact
from ceyuan.metering.quotas import Counted, count_usage
from ceyuan.metering.settings import MeteringSettings
from ceyuan.metering.terms import terms_of
from ceyuan.metering.usage import repository, summing
from ceyuan.metering.usage.events import UsageEvent, checked
from ceyuan.metering.wallets import OrgFunds, Portion, Use, lock_funds, notify

logger = logging.getLogger(__name__)
_FREE = Rate(0)


@dataclass(frozen=True, slots=True)
class Posted:
    """What became of a batch: keys that were posted now, that had been posted before (`duplicates`), and that had
    been posted with other content (`conflicts`, not posted); `costs` in micro-yuan by key, of old and new."""

    posted: int
    duplicates: int
    conflicts: tuple[str, ...]
    costs: Mapping[str, int]

    @property
    def cost_micro(self) -> int:
        return sum(self.costs.values())


@dataclass(slots=True)
class _Batch:
    """What one call writes."""

    now: datetime
    zone: ZoneInfo
    book: PriceBook
    funds: dict[str, OrgFunds]
    held: dict[str, Held]
    closed: set[tuple[str, str]]
    payees: dict[str, str]
    drafts: dict[tuple[str, str | None], Draft] = field(default_factory=dict)
    charges: list[dict[str, Any]] = field(default_factory=list)

    def draft(self, event: UsageEvent) -> Draft:
        """The journal entry on which the event stands."""
        key = (event.org_id, event.group)
        if key not in self.drafts:
            self.drafts[key] = Draft("usage", event.org_id, note=event.group or "", data={"events": 0})
        return self.drafts[key]

    def drained(self) -> set[str]:
        """Wallets that this call may have spent to the end: paid out of now, and empty as far as is known."""
        paid = {charge["wallet_id"] for charge in self.charges if charge["wallet_id"] is not None}
        left = {purse.wallet_id for org in self.funds.values() for purse in org.purses if purse.balance_micro}
        return paid - left

    def period(self, event: UsageEvent) -> str:
        """The month on whose bill the event stands: its own, or the present one once that bill is issued."""
        own = period_of(event.occurred_at, self.zone)
        return own if (event.org_id, own) not in self.closed else period_of(self.now, self.zone)

    def row(self, event: UsageEvent) -> dict[str, Any]:
        """The event as it is stored, rated."""
        rate = event.rate or self.book.rate(event.org_id, event.resource, event.model, event.occurred_at) or _FREE
        quantity = exact(event.quantity)
        cost = rate.cost(quantity)
        return {
            "id": new_id("use"),
            "key": event.key,
            "org_id": event.org_id,
            "resource": event.resource,
            "model": event.model,
            "subject": event.subject,
            "token_id": event.token_id,
            "person_id": event.person_id,
            "project": event.project,
            "scenario": event.scenario,
            "quantity": quantity,
            "unit_micro": rate.unit_micro,
            "per": rate.per,
            "price_id": rate.price_id,
            "cost_micro": cost,
            "payee": event.payee,
            "entry_id": self.draft(event).id if cost else None,
            "hold_id": event.hold_id,
            "reverses_id": None,
            "evidence": dict(event.evidence),
            "occurred_at": event.occurred_at,
            "posted_at": self.now,
            "period": self.period(event),
        }

    def charge(self, event: UsageEvent, row: Mapping[str, Any]) -> None:
        """Let the hold, the wallets and the general account pay for one event."""
        cost, use = row["cost_micro"], Use(event.resource, event.model, event.occurred_at)
        draft, payee = self.draft(event), self.payees[event.payee]
        draft.data["events"] += 1
        held = self.held[event.hold_id] if event.hold_id else None
        portions = held.pay(cost, use, self.now) if held is not None else []
        for portion in portions:
            assert held is not None
            draft.move(held.row.account_id, payee, portion.amount_micro)
        rest = cost - sum(portion.amount_micro for portion in portions)
        if rest:
            paid = {portion.wallet_id: portion.amount_micro for portion in portions if portion.wallet_id}
            more = self.funds[event.org_id].pay(rest, use, self.now, whole_micro=cost, paid=paid)
            for portion in more:
                draft.move(portion.account_id, payee, portion.amount_micro)
            portions = [*portions, *more]
        self.charges += _charge_rows(row["id"], portions)


def _charge_rows(event_id: str, portions: Sequence[Portion]) -> list[dict[str, Any]]:
    sums: dict[str | None, int] = {}
    for portion in portions:
        sums[portion.wallet_id] = sums.get(portion.wallet_id, 0) + portion.amount_micro
    return [
        {"event_id": event_id, "position": position, "wallet_id": wallet_id, "amount_micro": amount}
        for position, (wallet_id, amount) in enumerate(sums.items())
    ]


async def post_usage(uow: UnitOfWork, events: Sequence[UsageEvent], *, release: Sequence[str] = ()) -> Posted:
    """Post measured use, in this transaction and once per key; then release the holds named in `release`.

    Usage is a fact, so it is never refused for want of money: what holds and wallets do not cover is owed by
    the general account, beyond its credit if need be (refusals happen before use, at `place_hold` or by
    `limits_for`). Each event's charge is split on its own, in the order of occurrence. A key that comes
    back with another organisation, resource or quantity is not posted and reported in `conflicts`.
    Raises `BadUsage` if any event is malformed; then nothing is posted.
    """
    now = uow.clock.now()
    ordered = checked(events, now)
    org_ids = {event.org_id for event in ordered}
    hold_ids = {event.hold_id for event in ordered if event.hold_id} | set(release)
    org_ids |= {held.row.org_id for held in (await load(uow, hold_ids)).values()}
    if not org_ids:
        return Posted(0, 0, (), {})
    terms = await terms_of(uow, org_ids)
    batch = _Batch(
        now,
        uow.platform.section(MeteringSettings).timezone,
        await book_for(uow, terms, {event.resource for event in ordered}),
        await lock_funds(uow, org_ids, terms),
        # Once more: only what is read after the organisations are locked is true until the commit.
        await load(uow, hold_ids),
        await _closed(uow, ordered, now),
        {},
    )
    for event in ordered:
        if event.hold_id and batch.held[event.hold_id].row.org_id != event.org_id:
            raise BadUsage(
                (f"用量 {event.key} 引用了其他组织的预扣", f"the event {event.key} names another organisation's hold")
            )
    before = {org_id: funds.general_micro for org_id, funds in batch.funds.items()}
    fresh, report = await _store(uow, batch, ordered)
    await _pay(uow, batch, fresh)
    await close(uow, [batch.held[hold_id] for hold_id in release], "released")
    await summing.add(uow.session, [row for _, row in fresh], batch.zone)
    await count_usage(uow, [_counted(event, row) for event, row in fresh if not event.admitted])
    await notify(uow, batch.funds, before)
    await tell_exhausted(uow, batch.drained())
    return report


async def _closed(uow: UnitOfWork, events: Sequence[UsageEvent], now: datetime) -> set[tuple[str, str]]:
    """The months among those of the events whose bills are issued; the present month's never is."""
    zone = uow.platform.section(MeteringSettings).timezone
    present = period_of(now, zone)
    earlier = {event.org_id for event in events if period_of(event.occurred_at, zone) != present}
    return await repository.closed_periods(uow.session, earlier) if earlier else set()


async def _store(
    uow: UnitOfWork, batch: _Batch, ordered: Sequence[UsageEvent]
) -> tuple[list[tuple[UsageEvent, dict[str, Any]]], Posted]:
    """Insert the events that are new; returns them with their rows, and what became of all."""
    old = await repository.known(uow.session, [event.key for event in ordered])
    costs = {key: row.cost_micro for key, row in old.items()}
    seen = {key: (row.org_id, row.resource, row.quantity) for key, row in old.items()}
    fresh: list[tuple[UsageEvent, dict[str, Any]]] = []
    duplicates, conflicts = 0, []
    for event in ordered:
        content = (event.org_id, event.resource, event.quantity)
        if event.key not in seen:
            seen[event.key] = content
            fresh.append((event, batch.row(event)))
            costs[event.key] = fresh[-1][1]["cost_micro"]
        elif seen[event.key] == content:
            duplicates += 1
        else:
            conflicts.append(event.key)
    lost = await repository.insert_events(uow.session, [row for _, row in fresh])
    if lost:
        fresh = [(event, row) for event, row in fresh if event.key not in lost]
        conflicts += sorted(lost)
    if conflicts:
        logger.warning("usage keys came back with other content and were not posted: %s", ", ".join(conflicts[:10]))
        await uow.publish("metering.usage_conflict", keys=conflicts[:50], count=len(conflicts))
    return fresh, Posted(len(fresh), duplicates, tuple(conflicts), costs)


async def _pay(uow: UnitOfWork, batch: _Batch, fresh: Sequence[tuple[UsageEvent, dict[str, Any]]]) -> None:
    charged = [(event, row) for event, row in fresh if row["cost_micro"]]
    for payee in sorted({event.payee for event, _ in charged}):
        batch.payees[payee] = await settled_account(uow, payee)
    for event, row in charged:
        batch.charge(event, row)
    await post_entries(uow, [draft for draft in batch.drafts.values() if draft.lines])
    await repository.insert_charges(uow.session, batch.charges)
    await uow.session.flush()


def _counted(event: UsageEvent, row: Mapping[str, Any]) -> Counted:
    return Counted(
        event.org_id,
        event.resource,
        event.model,
        event.occurred_at,
        row["quantity"],
        row["cost_micro"],
        event.token_id,
        event.person_id,
        event.project,
    )
