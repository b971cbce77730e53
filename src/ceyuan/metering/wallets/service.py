"""Use cases of wallets: issue, add to, revoke, expire, look at.

These are the facade for the rooms above: who may issue a wallet, and for what, is decided there.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from ceyuan.kernel.errors import Invalid
from ceyuan.kernel.ids import new_id
from ceyuan.kernel.pages import PageRequest, Rows, fetch_page
from ceyuan.kernel.work import UnitOfWork
from ceyuan.metering.errors import ReferenceReused, WalletClosed
from ceyuan.metering.ledger import Draft, get_account, open_account, post_entries, require_amount, transfer
from ceyuan.metering.ledger.statement import Statement, statement
from ceyuan.metering.patterns import require_patterns
from ceyuan.metering.settings import MeteringSettings
from ceyuan.metering.wallets import repository
from ceyuan.metering.wallets.choice import WHOLE_BP, Restrictions
from ceyuan.metering.wallets.funds import lock_org
from ceyuan.metering.wallets.tables import WalletRow


@dataclass(frozen=True, slots=True)
class Wallet:
    """A restricted balance of an organisation. `state` is `active`, `expired` or `revoked`; `returned_micro` went
    back to the source when it was closed."""

    id: str
    org_id: str
    label: str
    reference: str
    account_id: str
    source_account_id: str
    resources: tuple[str, ...]
    models: tuple[str, ...]
    share_bp: int
    valid_from: datetime
    valid_to: datetime | None
    state: str
    issued_micro: int
    balance_micro: int
    returned_micro: int
    created_at: datetime
    closed_at: datetime | None


def _view(row: WalletRow, balance_micro: int) -> Wallet:
    return Wallet(
        id=row.id,
        org_id=row.org_id,
        label=row.label,
        reference=row.reference,
        account_id=row.account_id,
        source_account_id=row.source_account_id,
        resources=tuple(row.resources),
        models=tuple(row.models),
        share_bp=row.share_bp,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        state=row.state,
        issued_micro=row.issued_micro,
        balance_micro=balance_micro,
        returned_micro=row.returned_micro,
        created_at=row.created_at,
        closed_at=row.closed_at,
    )


async def _views(uow: UnitOfWork, rows: Iterable[WalletRow]) -> list[Wallet]:
    rows = list(rows)
    balances = await repository.balances(uow.session, [row.account_id for row in rows])
    return [_view(row, balances[row.account_id]) for row in rows]


async def get_wallet(uow: UnitOfWork, wallet_id: str) -> Wallet:
    """The wallet as it stands; raises `NotFound`."""
    return (await _views(uow, [await repository.get(uow.session, wallet_id)]))[0]


async def find_wallet(uow: UnitOfWork, reference: str) -> Wallet | None:
    """The wallet that was issued under this reference."""
    row = await repository.by_reference(uow.session, reference)
    return None if row is None else (await _views(uow, [row]))[0]


async def list_wallets(uow: UnitOfWork, org_id: str | None, state: str | None, paging: PageRequest) -> Rows[Wallet]:
    """Wallets of one organisation or of all, newest first unless sorted otherwise."""
    sorts = {"created_at": WalletRow.created_at, "issued_micro": WalletRow.issued_micro, "label": WalletRow.label}
    query = repository.listing(org_id, state)
    rows = await fetch_page(uow.session, query, paging, key=WalletRow.id, sorts=sorts, default="-created_at")
    return Rows(await _views(uow, rows.items), rows.next)


async def wallet_statement(
    uow: UnitOfWork, wallet_id: str, start: datetime | None, end: datetime | None, paging: PageRequest
) -> Statement:
    """The movements of a wallet in [start, end)."""
    row = await repository.get(uow.session, wallet_id)
    return await statement(uow, row.account_id, start, end, paging)


async def issue_wallet(
    uow: UnitOfWork,
    owner_org: str,
    amount_micro: int,
    restrictions: Restrictions,
    valid_from: datetime,
    valid_to: datetime | None,
    source_account: str,
    reference: str,
    *,
    label: str = "",
) -> Wallet:
    """Give an organisation money that only some use may spend, out of `source_account` (a ledger account's id).

    `reference` is unique: the same issue again returns the first wallet, another content raises
    `ReferenceReused`. Raises `InsufficientFunds` if the source does not hold the amount. Audited.
    """
    require_amount(amount_micro)
    require_patterns(restrictions.resources, restrictions.models)
    if not 1 <= restrictions.share_bp <= WHOLE_BP or not 0 < len(reference) <= 150 or not 0 < len(owner_org) <= 80:
        raise Invalid(("抵扣比例、引用号或组织无效", "the share, the reference or the organisation is not valid"))
    if valid_to is not None and valid_to <= valid_from:
        raise Invalid(("钱包的失效时间须晚于生效时间", "a wallet must end after it begins"))
    await lock_org(uow, owner_org)
    known = await find_wallet(uow, reference)
    if known is not None:
        wanted = (owner_org, amount_micro, restrictions.resources, restrictions.models, restrictions.share_bp)
        if (known.org_id, known.issued_micro, known.resources, known.models, known.share_bp) != wanted:
            raise ReferenceReused(reference=reference)
        return known
    wallet_id = new_id("wallet")
    account = await open_account(uow, owner_org, "wallet", wallet_id)
    row = WalletRow(
        id=wallet_id,
        org_id=owner_org,
        account_id=account.id,
        source_account_id=source_account,
        reference=reference,
        label=label[:120],
        resources=list(restrictions.resources),
        models=list(restrictions.models),
        share_bp=restrictions.share_bp,
        issued_micro=amount_micro,
        valid_from=valid_from,
        valid_to=valid_to,
        state="active",
        created_at=uow.clock.now(),
    )
    await transfer(
        uow,
        source_account,
        account.id,
        amount_micro,
        kind="issue",
        org_id=owner_org,
        note=row.label,
        reference=f"issue:{reference}",
        data={"wallet_id": wallet_id},
    )
    uow.session.add(row)
    await uow.session.flush()
    await uow.audit("metering.wallet_issue", wallet_id, owner_org, amount_micro=amount_micro, reference=reference)
    await uow.publish("metering.wallet_issued", org_id=owner_org, wallet_id=wallet_id, reference=reference)
    await uow.publish("metering.limits_changed", org_id=owner_org)
    return _view(row, amount_micro)


async def add_to_wallet(uow: UnitOfWork, wallet_id: str, amount_micro: int, reference: str) -> Wallet:
    """Move more money from the wallet's source into it, once per `reference`; raises `WalletClosed`."""
    if not 0 < len(reference) <= 150:
        raise Invalid(("引用号无效", "the reference is not valid"))
    row = await repository.get(uow.session, wallet_id)
    await lock_org(uow, row.org_id)
    row = await repository.get(uow.session, wallet_id)
    if row.state != "active":
        raise WalletClosed()
    before = (await get_account(uow, row.account_id)).balance_micro
    await transfer(
        uow,
        row.source_account_id,
        row.account_id,
        amount_micro,
        kind="issue",
        org_id=row.org_id,
        reference=f"add:{wallet_id}:{reference}",
        data={"wallet_id": wallet_id},
    )
    balance = (await get_account(uow, row.account_id)).balance_micro
    if balance == before:
        return _view(row, balance)
    row.issued_micro += amount_micro
    await uow.session.flush()
    await uow.audit("metering.wallet_add", wallet_id, row.org_id, amount_micro=amount_micro, reference=reference)
    await uow.publish("metering.limits_changed", org_id=row.org_id)
    return _view(row, balance)


async def revoke_wallet(uow: UnitOfWork, wallet_id: str, reason: str) -> Wallet:
    """Close a wallet; what is left goes back to its source. Money in open holds follows when they are released.
    Revoking it again changes nothing. Audited."""
    return await _close(uow, wallet_id, "revoked", reason)


async def expire_wallets(uow: UnitOfWork, *, limit: int = 100) -> list[str]:
    """Close wallets whose validity, and the grace for usage that is posted late, are over; returns their ids."""
    grace = timedelta(seconds=uow.platform.section(MeteringSettings).wallet_grace_s)
    due = await repository.over(uow.session, uow.clock.now() - grace, limit)
    rows = sorted([await repository.get(uow.session, wallet_id) for wallet_id in due], key=lambda row: row.org_id)
    for row in rows:
        await _close(uow, row.id, "expired", "")
    return [row.id for row in rows]


async def _close(uow: UnitOfWork, wallet_id: str, state: str, reason: str) -> Wallet:
    row = await repository.get(uow.session, wallet_id)
    await lock_org(uow, row.org_id)
    row = await repository.get(uow.session, wallet_id)
    account = await get_account(uow, row.account_id)
    if row.state != "active":
        return _view(row, account.balance_micro)
    draft = Draft("expire" if state == "expired" else "revoke", row.org_id, note=reason, data={"wallet_id": row.id})
    draft.move(row.account_id, row.source_account_id, account.balance_micro)
    await post_entries(uow, [draft])
    row.state, row.closed_at, row.returned_micro = state, uow.clock.now(), account.balance_micro
    await uow.session.flush()
    await uow.audit(f"metering.wallet_{state}", row.id, row.org_id, returned_micro=row.returned_micro, reason=reason)
    await uow.publish(
        f"metering.wallet_{state}",
        org_id=row.org_id,
        wallet_id=row.id,
        reference=row.reference,
        returned_micro=row.returned_micro,
    )
    await uow.publish("metering.limits_changed", org_id=row.org_id)
    return _view(row, 0)
