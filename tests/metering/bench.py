"""Short words for what metering's tests do again and again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar

from sqlalchemy import select

from ceyuan import metering
from ceyuan.kernel.actor import Actor
from ceyuan.kernel.clock import ManualClock
from ceyuan.kernel.events import OutboxEvent
from ceyuan.kernel.ids import new_id
from ceyuan.kernel.platform import Platform
from ceyuan.kernel.work import UnitOfWork
from ceyuan.metering.tasks import sweep

T = TypeVar("T")
YUAN = 1_000_000
OPERATOR = Actor("person", "per_operator", "Operator", duties=frozenset({"operator"}))


@dataclass
class Bench:
    """A platform, an organisation, and a resource at 1,000 micro-yuan a unit."""

    platform: Platform
    clock: ManualClock
    org: str
    resource: str

    async def do(self, use_case: Callable[[UnitOfWork], Awaitable[T]], actor: Actor = OPERATOR) -> T:
        """Run a use case in a unit of work of its own, again after a collision."""
        return await metering.transact(self.platform, use_case, actor=actor)

    async def price(self, unit_micro: int, **fields: Any) -> Any:
        new = metering.NewPrice(**({"resource": self.resource, "unit_micro": unit_micro} | fields))
        return await self.do(lambda uow: metering.set_price(uow, new))

    async def top_up(self, amount_micro: int, org: str | None = None) -> metering.Balance:
        return await self.do(lambda uow: metering.top_up(uow, org or self.org, amount_micro, reference=new_id("pay")))

    async def terms(self, **fields: Any) -> metering.Terms:
        wanted: dict[str, Any] = {"contract": None, "credit_limit_micro": None, "low_balance_micro": None} | fields
        return await self.do(lambda uow: metering.set_terms(uow, self.org, **wanted))

    async def pool(self, amount_micro: int = 1000 * YUAN) -> str:
        """A funded account that wallets are issued from."""

        async def make(uow: UnitOfWork) -> str:
            account = await metering.open_account(uow, "platform", "pool", new_id("pool"))
            await metering.fund_account(uow, account.id, amount_micro, reference=account.id)
            return account.id

        return await self.do(make)

    async def wallet(
        self,
        amount_micro: int,
        *,
        days: float | None = 100,
        source: str | None = None,
        start: datetime | None = None,
        **restrictions: Any,
    ) -> metering.Wallet:
        source = source or await self.pool()
        now = start or self.clock.now()
        end = None if days is None else now + timedelta(days=days)
        limits = metering.Restrictions(**restrictions)
        reference = new_id("grant")
        return await self.do(
            lambda uow: metering.issue_wallet(uow, self.org, amount_micro, limits, now, end, source, reference)
        )

    def use(self, quantity: int | Decimal, **fields: Any) -> metering.UsageEvent:
        base: dict[str, Any] = {"key": new_id("key"), "org_id": self.org, "resource": self.resource}
        return metering.UsageEvent(**(base | {"quantity": quantity, "occurred_at": self.clock.now()} | fields))

    async def post(self, *events: metering.UsageEvent, release: tuple[str, ...] = ()) -> metering.Posted:
        return await self.do(lambda uow: metering.post_usage(uow, events, release=release))

    async def hold(self, quantity: int, **fields: Any) -> metering.Hold:
        wants = [metering.Want(self.resource, quantity, model=fields.pop("model", ""))]
        fields = {"reference": new_id("ref")} | fields
        return await self.do(lambda uow: metering.place_hold(uow, self.org, wants, **fields))

    async def balance(self) -> metering.Balance:
        return await self.do(lambda uow: metering.balance_of(uow, self.org))

    async def left(self, wallet: metering.Wallet) -> int:
        return (await self.do(lambda uow: metering.get_wallet(uow, wallet.id))).balance_micro

    async def account(self, account_id: str) -> int:
        return (await self.do(lambda uow: metering.get_account(uow, account_id))).balance_micro

    async def told(self, topic: str) -> list[dict[str, Any]]:
        """The data of this organisation's events of one topic, in order."""
        async with self.platform.work(write=False) as uow:
            query = select(OutboxEvent.data).where(OutboxEvent.topic == topic).order_by(OutboxEvent.seq)
            return [data for data in await uow.session.scalars(query) if data.get("org_id") in (None, self.org)]

    async def books(self) -> metering.BooksReport:
        """Sweep, then check the books."""
        await sweep(self.platform)
        return await metering.check_books(self.platform)
