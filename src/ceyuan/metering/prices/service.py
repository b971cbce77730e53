"""Use cases of prices: set, end, look up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from ceyuan.kernel.errors import Invalid
from ceyuan.kernel.ids import is_id, new_id
from ceyuan.kernel.work import UnitOfWork
from ceyuan.metering.errors import PriceOverlap
from ceyuan.metering.ledger import require_amount
from ceyuan.metering.patterns import is_resource, require_patterns
from ceyuan.metering.prices import repository
from ceyuan.metering.prices.book import DEFAULT_SCOPE, PriceBook
from ceyuan.metering.prices.tables import Price
from ceyuan.metering.terms import CONTRACT_PREFIX, Terms, terms_of

_PATIENCE = timedelta(minutes=1)
"""How far in the past "from now on" may lie when a price takes over from another."""


@dataclass(frozen=True, slots=True)
class NewPrice:
    """A price to be: see `Price`; `valid_from` null = now."""

    resource: str
    unit_micro: int
    per: int = 1
    model: str = "*"
    scope: str = DEFAULT_SCOPE
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    note: str = ""


def _check(new: NewPrice, start: datetime) -> None:
    if not is_resource(new.resource):
        raise Invalid((f"资源名“{new.resource}”无效", f"“{new.resource}” is no resource name"))
    require_patterns(["*"], [new.model])
    require_amount(new.unit_micro, zero=True)
    if not 1 <= new.per <= 10**15:
        raise Invalid(("计价单位数须为正整数", "`per` must be a positive whole number"))
    named = new.scope.startswith(CONTRACT_PREFIX) and len(new.scope) <= 80
    if new.scope != DEFAULT_SCOPE and not named and not is_id(new.scope):
        raise Invalid(
            (f"价格适用范围“{new.scope}”无效", f"“{new.scope}” is no scope of a price"),
            hint=("使用 *、组织编号或 contract:…", "use *, an organisation's id, or contract:…"),
        )
    if new.valid_to is not None and new.valid_to <= start:
        raise Invalid(("价格的失效时间须晚于生效时间", "a price must end after it begins"))


async def set_price(uow: UnitOfWork, new: NewPrice) -> Price:
    """Add a price; only operators may. Audited.

    A price in force without an end is ended where the new one begins, so "from the first of May it costs
    …" is one call. What is past stays: an earlier price is never shortened into the past, and usage that
    was already posted is not rated again. Raises `PriceOverlap` for any other overlap.
    """
    uow.actor.require_duty("operator")
    now = uow.clock.now()
    start = new.valid_from or now
    _check(new, start)
    await repository.lock_list(uow.session)
    for old in await repository.overlapping(uow.session, new.scope, new.resource, new.model, start, new.valid_to):
        if old.valid_to is not None or old.valid_from >= start or start < now - _PATIENCE:
            raise PriceOverlap(
                (
                    f"与 {old.valid_from:%Y-%m-%d %H:%M} 起生效的价格重叠",
                    f"it overlaps the price that holds from {old.valid_from:%Y-%m-%d %H:%M} UTC",
                ),
                hint=("请先结束原价格或改生效时间", "end that price first or change the validity"),
                price_id=old.id,
            )
        old.valid_to = start
    price = Price(
        id=new_id("price"),
        scope=new.scope,
        resource=new.resource,
        model=new.model,
        unit_micro=new.unit_micro,
        per=new.per,
        valid_from=start,
        valid_to=new.valid_to,
        note=new.note[:200],
        created_by=uow.actor.id,
        created_at=now,
    )
    uow.session.add(price)
    await uow.session.flush()
    await _changed(uow, "metering.price_set", price)
    return price


async def end_price(uow: UnitOfWork, price_id: str, at: datetime | None = None) -> Price:
    """Let a price hold no longer than `at` (default now, never earlier than now); only operators may. Audited."""
    uow.actor.require_duty("operator")
    await repository.lock_list(uow.session)
    price, now = await repository.get(uow.session, price_id, lock=True), uow.clock.now()
    end = at or now
    if end < now - _PATIENCE or (price.valid_to is not None and end > price.valid_to):
        raise Invalid(
            ("只能提前结束尚未失效的价格", "a price can only be ended early, not in the past and not prolonged"),
            hint=("要延长请新增一条价格", "to prolong it, add a price"),
        )
    if end <= price.valid_from:
        await uow.session.delete(price)
    else:
        price.valid_to = end
    await uow.session.flush()
    await _changed(uow, "metering.price_ended", price)
    return price


async def _changed(uow: UnitOfWork, action: str, price: Price) -> None:
    await uow.audit(
        action,
        price.id,
        price.scope if is_id(price.scope) else None,
        scope=price.scope,
        resource=price.resource,
        model=price.model,
        unit_micro=price.unit_micro,
        per=price.per,
        valid_from=price.valid_from.isoformat(),
        valid_to=price.valid_to and price.valid_to.isoformat(),
    )
    await uow.publish("metering.prices_changed", scope=price.scope, resource=price.resource)


async def price_book(uow: UnitOfWork, org_ids: Iterable[str], resources: Iterable[str] | None = None) -> PriceBook:
    """The prices of these organisations (and resources), for rating and for memory caches."""
    return await book_for(uow, await terms_of(uow, org_ids), resources)


async def book_for(uow: UnitOfWork, terms: Mapping[str, Terms], resources: Iterable[str] | None) -> PriceBook:
    """The prices of organisations whose terms are known."""
    contracts = {org_id: term.contract for org_id, term in terms.items()}
    scopes = {DEFAULT_SCOPE, *contracts, *(name for name in contracts.values() if name)}
    return PriceBook(await repository.lines(uow.session, sorted(scopes), resources), contracts)
