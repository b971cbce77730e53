"""Wallets and holds for people."""

from __future__ import annotations

from datetime import datetime

from ceyuan.kernel.pages import PageRequest, Rows
from ceyuan.kernel.work import UnitOfWork
from ceyuan.metering import holds, wallets
from ceyuan.metering.access import require_operator, require_overseer, require_reader
from ceyuan.metering.holds import Hold
from ceyuan.metering.ledger.statement import Statement
from ceyuan.metering.wallets import Restrictions, Wallet


async def list_wallets(uow: UnitOfWork, org_id: str | None, state: str | None, paging: PageRequest) -> Rows[Wallet]:
    """Wallets of one organisation for its members, of all for operators."""
    _require_reader(uow, org_id)
    return await wallets.list_wallets(uow, org_id, state, paging)


async def show_wallet(uow: UnitOfWork, wallet_id: str) -> Wallet:
    """One wallet, for members of its organisation and operators."""
    uow.actor.require_known()
    wallet = await wallets.get_wallet(uow, wallet_id)
    require_reader(uow, wallet.org_id)
    return wallet


async def show_statement(
    uow: UnitOfWork, wallet_id: str, start: datetime | None, end: datetime | None, paging: PageRequest
) -> Statement:
    """A wallet's movements, for members of its organisation and operators."""
    await show_wallet(uow, wallet_id)
    return await wallets.wallet_statement(uow, wallet_id, start, end, paging)


async def issue_wallet(
    uow: UnitOfWork,
    org_id: str,
    amount_micro: int,
    restrictions: Restrictions,
    valid_from: datetime | None,
    valid_to: datetime | None,
    source_account_id: str,
    reference: str,
    label: str,
) -> Wallet:
    """Issue a wallet by hand; only operators may. Schemes of vouchers issue theirs by their own rules."""
    require_operator(uow)
    begins = valid_from or uow.clock.now()
    return await wallets.issue_wallet(
        uow, org_id, amount_micro, restrictions, begins, valid_to, source_account_id, reference, label=label
    )


async def revoke_wallet(uow: UnitOfWork, wallet_id: str, reason: str) -> Wallet:
    """Revoke a wallet by hand; only operators may."""
    require_operator(uow)
    return await wallets.revoke_wallet(uow, wallet_id, reason[:500])


async def list_holds(uow: UnitOfWork, org_id: str | None, state: str | None, paging: PageRequest) -> Rows[Hold]:
    """Holds of one organisation for its members, of all for operators."""
    _require_reader(uow, org_id)
    return await holds.list_holds(uow, org_id, state, paging)


async def release_hold(uow: UnitOfWork, hold_id: str) -> Hold:
    """Release a hold that its owner forgot; only operators may. Audited."""
    require_operator(uow)
    hold = await holds.release_hold(uow, hold_id)
    await uow.audit("metering.hold_released", hold.id, hold.org_id, released_micro=hold.released_micro)
    return hold


def _require_reader(uow: UnitOfWork, org_id: str | None) -> None:
    if org_id is None:
        require_overseer(uow)
    else:
        require_reader(uow, org_id)
