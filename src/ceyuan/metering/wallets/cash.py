"""Money that comes in and goes out by an operator's hand, and what an organisation has."""

from __future__ import annotations

from dataclasses import dataclass

from ceyuan.kernel.errors import Invalid
from ceyuan.kernel.work import UnitOfWork
from ceyuan.metering.access import require_operator
from ceyuan.metering.ledger import Account, external_account, get_account, reverse, transfer_once
from ceyuan.metering.wallets.funds import lock_org, read_funds
from ceyuan.metering.wallets.repository import held_by

BY_HAND = frozenset({"topup", "payout", "transfer"})
"""Entries that an operator may reverse by themselves; all others belong to a hold, a wallet or an event."""


@dataclass(frozen=True, slots=True)
class Balance:
    """What an organisation has: its general account, what is held, what its open wallets hold, and what may still
    be authorised from the general account (`available_micro`, credit included)."""

    org_id: str
    contract: str | None
    general_micro: int
    held_micro: int
    wallets_micro: int
    wallets: int
    credit_limit_micro: int
    low_balance_micro: int
    available_micro: int


async def balance_of(uow: UnitOfWork, org_id: str) -> Balance:
    """The organisation's money at this moment."""
    funds = await read_funds(uow, org_id)
    return Balance(
        org_id,
        funds.terms.contract,
        funds.general_micro,
        await held_by(uow.session, org_id),
        sum(purse.balance_micro for purse in funds.purses),
        len(funds.purses),
        funds.terms.credit_limit_micro,
        funds.terms.low_balance_micro,
        max(0, funds.usable_general_micro),
    )


def _require_reference(reference: str) -> None:
    if not 0 < len(reference) <= 150:
        raise Invalid(
            ("缺少凭证号", "the reference is missing or too long"),
            hint=(
                "填写付款凭证号,重复提交不会重复入账",
                "give the voucher number of the payment: a repeat is not booked twice",
            ),
        )


async def top_up(uow: UnitOfWork, org_id: str, amount_micro: int, *, reference: str, note: str = "") -> Balance:
    """Book money that an organisation paid in, once per `reference`; only operators may. Audited."""
    require_operator(uow)
    _require_reference(reference)
    account = await lock_org(uow, org_id)
    source = await external_account(uow)
    await _book(uow, "topup", source, account, amount_micro, org_id, reference, note)
    return await balance_of(uow, org_id)


async def pay_out(uow: UnitOfWork, account_id: str, amount_micro: int, *, reference: str, note: str = "") -> Account:
    """Book money that was paid out of an account (a refund to a customer, a settlement to a supplier), once per
    `reference`; only operators may. Raises `InsufficientFunds` beyond the balance. Audited."""
    require_operator(uow)
    _require_reference(reference)
    account = await get_account(uow, account_id)
    if account.kind not in ("general", "settled"):
        raise Invalid(("只能从通用账户或结算账户付款", "money is paid out of general and settled accounts only"))
    await _book(uow, "payout", account.id, await external_account(uow), amount_micro, account.owner, reference, note)
    return await get_account(uow, account_id)


async def fund_account(
    uow: UnitOfWork, account_id: str, amount_micro: int, *, reference: str, note: str = ""
) -> Account:
    """Book money that came in for an account that is no organisation's general one (a pool), once per `reference`;
    only operators may. Audited."""
    require_operator(uow)
    _require_reference(reference)
    account = await get_account(uow, account_id)
    if account.kind in ("general", "wallet", "hold", "external", "settled"):
        raise Invalid(("该类账户不能直接注资", "an account of this kind is not funded by hand"))
    await _book(uow, "topup", await external_account(uow), account.id, amount_micro, account.owner, reference, note)
    return await get_account(uow, account_id)


async def _book(
    uow: UnitOfWork, kind: str, source: str, target: str, amount_micro: int, org_id: str, reference: str, note: str
) -> None:
    entry_id, is_new = await transfer_once(
        uow, source, target, amount_micro, kind=kind, reference=f"{kind}:{reference}", note=note, org_id=org_id
    )
    if not is_new:
        return
    await uow.audit(f"metering.{kind}", entry_id, org_id, amount_micro=amount_micro, reference=reference, note=note)
    await uow.publish("metering.limits_changed", org_id=org_id)


async def reverse_entry(uow: UnitOfWork, entry_id: str, reason: str) -> str:
    """Take back a top-up, pay-out or transfer by its mirror image; only operators may. Audited."""
    require_operator(uow)
    reversal = await reverse(uow, entry_id, reason[:500], kinds=BY_HAND)
    await uow.audit("metering.entry_reversed", entry_id, None, reversal=reversal, reason=reason[:500])
    await uow.publish("metering.limits_changed", org_id=None)
    return reversal
