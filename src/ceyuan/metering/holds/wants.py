"""What is wanted, what it would cost, and which balances would pay for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from ceyuan.kernel.errors import Invalid
from ceyuan.kernel.work import UnitOfWork
from ceyuan.metering.ledger import require_amount
from ceyuan.metering.patterns import is_model, is_resource
from ceyuan.metering.prices import PriceBook, Rate, price_book
from ceyuan.metering.quantities import exact
from ceyuan.metering.wallets import OrgFunds, Portion, Use, read_funds


@dataclass(frozen=True, slots=True)
class Want:
    """A use that is about to happen: an estimated `quantity`, rated by the price list or an agreed `rate`, or an
    `amount_micro` that is known already."""

    resource: str
    quantity: int | Decimal = 0
    model: str = ""
    rate: Rate | None = None
    amount_micro: int | None = None


async def rated(uow: UnitOfWork, org_id: str, wants: Sequence[Want]) -> list[tuple[Want, int]]:
    """Each wanted use with its cost in micro-yuan by the prices of now; raises `Invalid` for a malformed one."""
    now, costs = uow.clock.now(), []
    book = await price_book(uow, [org_id], {want.resource for want in wants})
    for want in wants:
        if not is_resource(want.resource) or not is_model(want.model):
            raise Invalid((f"资源或模型名无效:{want.resource}", f"malformed resource or model: {want.resource}"))
        if want.amount_micro is not None:
            require_amount(want.amount_micro, zero=True)
            costs.append((want, want.amount_micro))
            continue
        rate = want.rate or book.rate(org_id, want.resource, want.model, now)
        cost = rate.cost(exact(want.quantity)) if rate else 0
        require_amount(cost, zero=True)
        costs.append((want, cost))
    return costs


def allocate(funds: OrgFunds, costs: Sequence[tuple[Want, int]], now: datetime) -> list[Portion]:
    """Split the costs over an organisation's balances, one portion per balance; the general account is not limited."""
    merged: dict[str, Portion] = {}
    for want, cost in costs:
        for portion in funds.pay(cost, Use(want.resource, want.model, now), now):
            before = merged[portion.account_id].amount_micro if portion.account_id in merged else 0
            merged[portion.account_id] = Portion(portion.account_id, before + portion.amount_micro, portion.wallet_id)
    return list(merged.values())


@dataclass(frozen=True, slots=True)
class Quote:
    """What a use would cost now: by the default list, by the prices that hold for the organisation, and how its
    balances would share it. `missing_micro` is what neither they nor the credit cover."""

    list_micro: int
    cost_micro: int
    by_wallet: tuple[Portion, ...]
    general_micro: int
    missing_micro: int


async def quote(uow: UnitOfWork, org_id: str, wants: Sequence[Want]) -> Quote:
    """Say beforehand what a use would cost and who would pay; changes nothing."""
    now = uow.clock.now()
    costs = await rated(uow, org_id, wants)
    book = await price_book(uow, [org_id], {want.resource for want in wants})
    listed = sum(_list_cost(book, want, cost, now) for want, cost in costs)
    funds = await read_funds(uow, org_id)
    portions = allocate(funds, costs, now)
    general = sum(portion.amount_micro for portion in portions if portion.wallet_id is None)
    missing = min(general, max(0, -funds.usable_general_micro))
    cost = sum(amount for _, amount in costs)
    return Quote(listed, cost, tuple(p for p in portions if p.wallet_id is not None), general, missing)


def _list_cost(book: PriceBook, want: Want, cost: int, now: datetime) -> int:
    if want.amount_micro is not None or want.rate is not None:
        return cost
    rate = book.list_rate(want.resource, want.model, now)
    return rate.cost(exact(want.quantity)) if rate else cost
