"""Taking a posted use back: by an event of the opposite quantity and an entry of the opposite amounts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select

from ceyuan.kernel.ids import new_id
from ceyuan.kernel.work import UnitOfWork
from ceyuan.metering.errors import EntryReversed
from ceyuan.metering.ledger import Draft, post_entries, settled_account
from ceyuan.metering.periods import period_of
from ceyuan.metering.settings import MeteringSettings
from ceyuan.metering.usage import repository, summing
from ceyuan.metering.usage.tables import UsageRow
from ceyuan.metering.wallets import lock_org
from ceyuan.metering.wallets import repository as wallets

_KEPT = ("org_id", "resource", "model", "subject", "token_id", "person_id", "project", "scenario", "unit_micro", "per",
         "price_id", "payee", "occurred_at")  # fmt: skip


async def usage_ids(uow: UnitOfWork, keys: Sequence[str]) -> dict[str, str]:
    """The ids of the events that were posted under these keys."""
    return {key: row.id for key, row in (await repository.known(uow.session, keys)).items()}


async def reverse_usage(uow: UnitOfWork, event_id: str, reason: str) -> str:
    """Give back what an event cost, to the balances that paid; returns the id of the reversing event.

    Only operators may; audited. A closed wallet's part goes to the wallet's source. Quotas stay as counted.
    Raises `EntryReversed` for an event that was reversed before or is a reversal.
    """
    uow.actor.require_duty("operator")
    event = await repository.get(uow.session, event_id)
    general = await lock_org(uow, event.org_id)
    again = select(func.count()).select_from(UsageRow).where(UsageRow.reverses_id == event.id)
    if event.reverses_id is not None or await uow.session.scalar(again):
        raise EntryReversed()
    now, zone = uow.clock.now(), uow.platform.section(MeteringSettings).timezone
    own = period_of(event.occurred_at, zone)
    closed = await repository.closed_periods(uow.session, [event.org_id])
    draft = Draft("refund", event.org_id, note=reason, data={"event_id": event.id})
    row: dict[str, Any] = {name: getattr(event, name) for name in _KEPT} | {
        "id": new_id("use"),
        "key": f"reversal:{event.id}",
        "quantity": -event.quantity,
        "cost_micro": -event.cost_micro,
        "entry_id": draft.id if event.cost_micro else None,
        "hold_id": None,
        "reverses_id": event.id,
        "evidence": {"reason": reason[:500]},
        "posted_at": now,
        "period": period_of(now, zone) if (event.org_id, own) in closed else own,
    }
    await repository.insert_events(uow.session, [row])
    await _give_back(uow, event, row["id"], draft, general)
    await summing.add(uow.session, [row], zone)
    await uow.audit("metering.usage_reversed", event.id, event.org_id, cost_micro=event.cost_micro, reason=reason[:500])
    await uow.publish("metering.limits_changed", org_id=event.org_id)
    return str(row["id"])


async def _give_back(uow: UnitOfWork, event: UsageRow, reversing_id: str, draft: Draft, general: str) -> None:
    charges = (await repository.charges_of(uow.session, [event.id])).get(event.id, [])
    if not charges:
        return
    payee = await settled_account(uow, event.payee)
    rows = []
    for charge in charges:
        target = general
        if charge.wallet_id is not None:
            wallet = await wallets.get(uow.session, charge.wallet_id)
            target = wallet.account_id if wallet.state == "active" else wallet.source_account_id
        draft.move(payee, target, charge.amount_micro)
        back = {"wallet_id": charge.wallet_id, "amount_micro": -charge.amount_micro}
        rows.append({"event_id": reversing_id, "position": charge.position, **back})
    await post_entries(uow, [draft])
    await repository.insert_charges(uow.session, rows)
