"""Writing the journal: entries whose postings sum to zero, balances kept in the same transaction."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ceyuan.kernel.errors import Invalid
from ceyuan.kernel.ids import new_id
from ceyuan.kernel.money import to_yuan
from ceyuan.kernel.work import UnitOfWork
from ceyuan.metering.errors import EntryReversed, InsufficientFunds, ReferenceReused, Unbalanced
from ceyuan.metering.ledger import repository

PLATFORM = "platform"
"""The owner of accounts that belong to no organisation."""
LARGEST_MICRO = 10**17
"""The largest amount of one operation, 100 billion yuan: keeps every sum far inside 64 bits."""
_KIND = re.compile(r"^[a-z][a-z_]{1,23}\Z")


@dataclass(slots=True)
class Draft:
    """An entry to be: what flows into (+) and out of (−) which account, in micro-yuan."""

    kind: str
    org_id: str | None
    lines: dict[str, int] = field(default_factory=dict)
    reference: str | None = None
    note: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    reverses_id: str | None = None
    id: str = field(default_factory=lambda: new_id("entry"))

    def move(self, source_id: str, target_id: str, amount_micro: int) -> None:
        """Let `amount_micro` flow from one account to another."""
        self.lines[source_id] = self.lines.get(source_id, 0) - amount_micro
        self.lines[target_id] = self.lines.get(target_id, 0) + amount_micro


@dataclass(frozen=True, slots=True)
class Account:
    """A ledger account as it stands."""

    id: str
    owner: str
    kind: str
    ref: str
    floor_micro: int | None
    balance_micro: int


def require_amount(amount_micro: int, *, zero: bool = False) -> None:
    """Raise `Invalid` unless the amount is a whole, positive and plausible number of micro-yuan."""
    if isinstance(amount_micro, bool) or not isinstance(amount_micro, int):
        raise Invalid(("金额必须是整数微元", "an amount is a whole number of micro-yuan"))
    if amount_micro < 0 or (amount_micro == 0 and not zero) or amount_micro > LARGEST_MICRO:
        raise Invalid((f"金额 {amount_micro} 微元超出范围", f"an amount of {amount_micro} micro-yuan is out of range"))


async def open_account(
    uow: UnitOfWork, owner: str, kind: str, ref: str = "", *, floor_micro: int | None = 0
) -> Account:
    """The account of this owner, kind and ref, opened if need be. `floor_micro` is the balance that the database
    itself will not let it fall below (`None` = none); it counts when the account is opened."""
    if not _KIND.match(kind) or not owner or len(owner) > 80 or len(ref) > 80:
        raise Invalid(("账户名称无效", "malformed owner, kind or ref of an account"))
    account_id = await repository.ensure_account(uow.session, owner, kind, ref, floor=floor_micro, now=uow.clock.now())
    return await get_account(uow, account_id)


async def get_account(uow: UnitOfWork, account_id: str) -> Account:
    """The account as it stands; raises `NotFound`."""
    row = await repository.get_account(uow.session, account_id)
    return Account(row.id, row.owner, row.kind, row.ref, row.floor_micro, row.balance_micro)


async def external_account(uow: UnitOfWork) -> str:
    """The world outside: money comes from it and goes back to it, its balance is minus what is inside."""
    return await repository.ensure_account(uow.session, PLATFORM, "external", "", floor=None, now=uow.clock.now())


async def settled_account(uow: UnitOfWork, payee: str) -> str:
    """Where the money of those who provide something arrives: an organisation, or the platform."""
    return await repository.ensure_account(uow.session, payee, "settled", "", floor=None, now=uow.clock.now())


async def post_entries(uow: UnitOfWork, drafts: Sequence[Draft]) -> dict[str, int]:
    """Write entries in this transaction; returns the new balances of the accounts they touch.

    Locks the accounts first, in one order. Raises `Unbalanced` (a fault of the caller) and
    `InsufficientFunds` where an account would fall below its floor; then nothing is written.
    """
    drafts = [draft for draft in drafts if any(draft.lines.values())]
    for draft in drafts:
        if sum(draft.lines.values()) != 0:
            raise Unbalanced()
    if not drafts:
        return {}
    known = await repository.lock_balances(uow.session, {key for draft in drafts for key in draft.lines})
    balances = {key: balance for key, (balance, _) in known.items()}
    now, entries, postings = uow.clock.now(), [], []
    for draft in drafts:
        for account_id, amount in draft.lines.items():
            if amount == 0:
                continue
            balances[account_id] += amount
            postings.append(
                {
                    "entry_id": draft.id,
                    "account_id": account_id,
                    "amount_micro": amount,
                    "balance_after_micro": balances[account_id],
                }
            )
        entries.append(
            {
                "id": draft.id,
                "kind": draft.kind,
                "org_id": draft.org_id,
                "reference": draft.reference,
                "reverses_id": draft.reverses_id,
                "note": draft.note[:500],
                "data": draft.data,
                "actor_id": uow.actor.id,
                "at": now,
            }
        )
    for account_id, (before, floor) in known.items():
        if floor is not None and balances[account_id] < floor:
            raise InsufficientFunds(
                (
                    f"账户余额 {to_yuan(before)} 元不足以支付 {to_yuan(before - balances[account_id])} 元",
                    f"the account holds ¥{to_yuan(before)}, not ¥{to_yuan(before - balances[account_id])}",
                ),
                account_id=account_id,
                available_micro=before - floor,
                required_micro=before - balances[account_id],
            )
    await repository.write(uow.session, entries, postings, balances)
    return balances


async def find_entry(uow: UnitOfWork, reference: str) -> str | None:
    """The id of the entry with this reference."""
    entry = await repository.find_reference(uow.session, reference)
    return None if entry is None else entry.id


async def replayed(uow: UnitOfWork, draft: Draft) -> str | None:
    """The id of the entry that this draft's reference already made, `None` if there is none.

    Raises `ReferenceReused` if that entry moved other amounts. Call it with the accounts locked.
    """
    if draft.reference is None:
        return None
    known = await repository.find_reference(uow.session, draft.reference)
    if known is None:
        return None
    lines = {row.account_id: row.amount_micro for row in await repository.postings_of(uow.session, [known.id])}
    if known.kind != draft.kind or lines != {key: amount for key, amount in draft.lines.items() if amount}:
        raise ReferenceReused(reference=draft.reference)
    return known.id


async def transfer(
    uow: UnitOfWork,
    source_id: str,
    target_id: str,
    amount_micro: int,
    *,
    kind: str = "transfer",
    reference: str | None = None,
    note: str = "",
    org_id: str | None = None,
    data: dict[str, Any] | None = None,
) -> str:
    """Move money between two accounts; returns the entry's id. See `transfer_once`."""
    entry_id, _ = await transfer_once(
        *(uow, source_id, target_id, amount_micro), kind=kind, reference=reference, note=note, org_id=org_id, data=data
    )
    return entry_id


async def transfer_once(
    uow: UnitOfWork,
    source_id: str,
    target_id: str,
    amount_micro: int,
    *,
    kind: str = "transfer",
    reference: str | None = None,
    note: str = "",
    org_id: str | None = None,
    data: dict[str, Any] | None = None,
) -> tuple[str, bool]:
    """Move money between two accounts; returns the entry's id and whether it is new. The calling room has decided
    who may.

    The same `reference` again returns the first entry. Raises `InsufficientFunds` if the source does not
    hold the amount: a transfer uses no credit (only the account `external` may go below zero).
    """
    require_amount(amount_micro)
    if source_id == target_id:
        raise Invalid(("转出与转入账户相同", "source and target are the same account"))
    draft = Draft(kind, org_id, reference=reference, note=note, data=data or {})
    draft.move(source_id, target_id, amount_micro)
    locked = await repository.lock_balances(uow.session, (source_id, target_id))
    if (known := await replayed(uow, draft)) is not None:
        return known, False
    source = await repository.get_account(uow.session, source_id)
    if source.kind != "external" and locked[source_id][0] < amount_micro:
        raise InsufficientFunds(
            (
                f"转出账户余额 {to_yuan(locked[source_id][0])} 元,不足 {to_yuan(amount_micro)} 元",
                f"the source account holds ¥{to_yuan(locked[source_id][0])}, less than ¥{to_yuan(amount_micro)}",
            ),
            hint=("请先充值或减少金额", "fund the account first or move less"),
            available_micro=locked[source_id][0],
            required_micro=amount_micro,
        )
    await post_entries(uow, [draft])
    return draft.id, True


async def reverse(uow: UnitOfWork, entry_id: str, reason: str, *, kinds: frozenset[str] | None = None) -> str:
    """Write the mirror image of an entry, so that both stay; returns the new entry's id.

    `kinds` limits what may be reversed this way. Raises `EntryReversed` the second time, and
    `InsufficientFunds` if the money has been spent since.
    """
    entry = await repository.get_entry(uow.session, entry_id)
    if kinds is not None and entry.kind not in kinds:
        raise Invalid(
            (f"“{entry.kind}”类分录不能直接冲正", f"an entry of kind “{entry.kind}” cannot be reversed by itself"),
            hint=("请撤销产生它的业务操作", "undo the operation that made it"),
        )
    rows = await repository.postings_of(uow.session, [entry.id])
    await repository.lock_balances(uow.session, [row.account_id for row in rows])
    if entry.reverses_id is not None or await repository.is_reversed(uow.session, entry.id):
        raise EntryReversed()
    draft = Draft("reversal", entry.org_id, note=reason, reverses_id=entry.id)
    for row in rows:
        draft.lines[row.account_id] = -row.amount_micro
    await post_entries(uow, [draft])
    return draft.id
