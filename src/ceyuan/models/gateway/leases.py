"""Limits that several processes share: each counts in its own memory what it was lent.

A lease lets a process use up a part of an organisation's money, of a quota's window, or of a key's calls at once. It
is granted under a lock, so that all leases together never exceed what the ledger has; when use is posted, the ledger
and the lease go down by the same amount in the same transaction. What is not needed is given back within seconds, and
the leases of a process that is gone end by themselves. Rates are a token bucket in the database from which each
process takes a few seconds' worth at a time.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import case, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from ceyuan.kernel.ids import new_id
from ceyuan.kernel.platform import Platform
from ceyuan.kernel.upserts import insert_missing
from ceyuan.kernel.work import UnitOfWork
from ceyuan.models.gateway.tables import GatewayLease

logger = logging.getLogger(__name__)
LASTS = timedelta(seconds=30)
"""How long a lease holds without being renewed."""
_EARLY_S = 5.0
"""A process trusts its lease for so much shorter, as clocks differ and a renewal takes its time."""
_SPARE = 8
"""A lease takes at most this part of what is left beyond what is needed now."""
_SLICE = 12
"""A process takes this part of a minute's rate at a time."""
_STOCK_S = 10.0
"""What was taken of a rate and not used for so long is forgotten."""

Share = tuple[str, str, int | None]
"""A lease's name, its process, and by how much posting a call lowers it (`None` = by the call's cost)."""


def lower_many(shares: Sequence[tuple[Share, int]]) -> dict[tuple[str, str], int]:
    """By how much which lease goes down when these shares are posted, each with its call's cost."""
    sums: dict[tuple[str, str], int] = {}
    for (name, worker, amount), cost in shares:
        sums[name, worker] = sums.get((name, worker), 0) + (cost if amount is None else amount)
    return sums


async def lower(session: AsyncSession, sums: dict[tuple[str, str], int]) -> None:
    """Lower leases by what was posted; in the transaction that posts it."""
    for (name, worker), amount in sorted(sums.items()):
        if amount:
            left = case((GatewayLease.amount > amount, GatewayLease.amount - amount), else_=0)
            await session.execute(
                update(GatewayLease)
                .where(GatewayLease.name == name, GatewayLease.worker == worker)
                .values(amount=left)
                .execution_options(synchronize_session=False)
            )


async def _locked(session: AsyncSession, name: str, now: datetime, first: int = 0) -> list[GatewayLease]:
    """All leases of a name, locked, with the row that is there to be locked."""
    await session.execute(
        insert_missing(session, GatewayLease, {"name": name, "worker": "", "amount": first, "until": now})
    )
    rows = select(GatewayLease).where(GatewayLease.name == name).with_for_update()
    # A statement that had to wait for the lock does not see the rows that came in meanwhile; the next one does.
    await session.execute(rows.where(GatewayLease.worker == ""))
    query = rows.order_by(GatewayLease.worker)
    return list(await session.scalars(query.execution_options(populate_existing=True)))


class Leases:
    """The leases of one process."""

    def __init__(self, platform: Platform, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._platform = platform
        self._monotonic = monotonic
        self.worker = new_id("worker")
        self._granted: dict[str, int] = {}
        self._until: dict[str, float] = {}
        self._used: dict[str, int] = {}
        self._posted: dict[str, int] = {}
        self._locks: dict[str, asyncio.Lock] = {}
        self._stock: dict[str, tuple[float, float]] = {}

    async def cover(self, name: str, amount: int, available: Callable[[UnitOfWork], Awaitable[int]]) -> bool:
        """Use up `amount` of what is lent; borrows more where that is not enough. False if that cannot be had.
        `available` is what the ledger has left, in the transaction that it is given."""
        if self._use(name, amount):
            return True
        async with self._locks.setdefault(name, asyncio.Lock()):
            if self._use(name, amount):
                return True
            need = self._used.get(name, 0) + amount
            posted, until = self._posted.get(name, 0), self._trusted_until()
            async with self._platform.work() as uow:
                now = uow.clock.now()
                rows = await _locked(uow.session, name, now)
                own = next((row for row in rows if row.worker == self.worker), None)
                others = sum(row.amount for row in rows if row.worker not in ("", self.worker) and row.until > now)
                free = await available(uow) - others
                wanted = need + max(free - need, 0) // _SPARE
                held = own.amount if own is not None and own.until > now else 0
                lent = max(held, min(wanted, free))
                if own is None:
                    own = GatewayLease(name=name, worker=self.worker, amount=lent, until=now + LASTS)
                    uow.session.add(own)
                own.amount, own.until = lent, now + LASTS
                await uow.session.flush()
            # What was posted meanwhile may have lowered the lease after it was read.
            self._granted[name] = max(lent - (self._posted.get(name, 0) - posted), 0)
            self._until[name] = until
            return self._use(name, amount)

    def _use(self, name: str, amount: int) -> bool:
        used = self._used.get(name, 0) + amount
        if used > self._granted.get(name, 0) or (amount and self._monotonic() > self._until[name]):
            return False
        self._used[name] = used
        return True

    def _trusted_until(self) -> float:
        """Until when a lease may be used that is written from now on."""
        return self._monotonic() + LASTS.total_seconds() - _EARLY_S

    def release(self, name: str, amount: int) -> None:
        """So much is not used after all; negative = it was more."""
        self._used[name] = max(self._used.get(name, 0) - amount, 0)

    def posted(self, name: str, used: int, amount: int) -> None:
        """What was counted as `used` is posted, as `amount`."""
        self.release(name, used)
        self._posted[name] = self._posted.get(name, 0) + amount
        if name in self._granted:
            self._granted[name] = max(self._granted[name] - amount, 0)

    async def take(self, name: str, per_minute: int, amount: int) -> float:
        """Take `amount` out of a rate that all processes share; returns 0, or the seconds until it will be there."""
        if self._use_stock(name, amount):
            return 0.0
        async with self._locks.setdefault(name, asyncio.Lock()):
            if self._use_stock(name, amount):
                return 0.0
            async with self._platform.work() as uow:
                now = uow.clock.now()
                (row,) = await _locked(uow.session, name, now, per_minute * 1000)
                passed = max((now - row.until).total_seconds(), 0.0)
                level = min(row.amount / 1000 + passed * per_minute / 60, float(per_minute))
                least = min(amount, per_minute)
                taken = max(float(amount), min(level, per_minute / _SLICE)) if level >= least else 0.0
                row.amount, row.until = int((level - taken) * 1000), now
            if not taken:
                return (least - level) * 60 / per_minute
            self._stock[name] = (taken - amount, self._monotonic())
        return 0.0

    def give(self, name: str, amount: float) -> None:
        """Give back what was taken of a rate and not used; negative = it was more."""
        left, at = self._stock.get(name, (0.0, self._monotonic()))
        self._stock[name] = (left + amount, at)

    def _use_stock(self, name: str, amount: int) -> bool:
        left, at = self._stock.get(name, (0.0, 0.0))
        if left < amount or self._monotonic() - at > _STOCK_S:
            return False
        self._stock[name] = (left - amount, at)
        return True

    async def trim(self) -> None:
        """Give back what is not in use, and renew the rest."""
        for name in list(self._granted):
            async with self._locks.setdefault(name, asyncio.Lock()):
                if name not in self._granted:
                    continue  # somebody else gave it back meanwhile
                kept = self._granted[name] = min(self._granted[name], self._used.get(name, 0))
                until = self._trusted_until()
                async with self._platform.work() as uow:
                    mine = (GatewayLease.name == name, GatewayLease.worker == self.worker)
                    if kept:
                        lowered = case((GatewayLease.amount > kept, kept), else_=GatewayLease.amount)
                        values = {"amount": lowered, "until": uow.clock.now() + LASTS}
                        query = update(GatewayLease).where(*mine).values(**values)
                        renewed = await uow.session.execute(query.execution_options(synchronize_session=False))
                        if renewed.rowcount:  # type: ignore[attr-defined]
                            self._until[name] = until
                    else:
                        await uow.session.execute(delete(GatewayLease).where(*mine))
                if not self._granted.get(name) and not self._used.get(name):
                    for book in (self._granted, self._used, self._posted, self._until):
                        book.pop(name, None)
        oldest = self._monotonic() - _STOCK_S
        for name in [name for name, (_, at) in self._stock.items() if at < oldest]:
            del self._stock[name]

    async def close(self) -> None:
        """Give everything back."""
        async with self._platform.work() as uow:
            await uow.session.execute(delete(GatewayLease).where(GatewayLease.worker == self.worker))
        self._granted.clear()


async def forget_leases(session: AsyncSession, before: datetime) -> None:
    """Delete what ended long ago."""
    await session.execute(delete(GatewayLease).where(GatewayLease.until < before))
