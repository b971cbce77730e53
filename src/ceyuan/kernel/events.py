"""Events: what a lower room says for the rooms above to hear, through a transactional outbox.

`UnitOfWork.publish` writes the event into the outbox in the same transaction as the change itself.
After the commit a dispatcher hands each event to its handlers. A durable handler runs in its own unit
of work that also records the delivery, so it takes effect exactly once, also across a crash; a
volatile handler (cache invalidation) runs in every process, at least once while that process lives.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, Index, Integer, String, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from ceyuan.kernel.actor import SYSTEM
from ceyuan.kernel.tables import Base
from ceyuan.kernel.waiting import wait_at_most

if TYPE_CHECKING:
    from ceyuan.kernel.platform import Platform
    from ceyuan.kernel.work import UnitOfWork

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened: `topic` such as `identity.token_revoked`, and JSON-able `data`."""

    topic: str
    data: dict[str, Any]


DurableHandler = Callable[["UnitOfWork", Event], Awaitable[None]]
VolatileHandler = Callable[["Platform", Event], Awaitable[None]]


class OutboxEvent(Base):
    """An event that waits for, or has had, its delivery."""

    __tablename__ = "outbox_event"
    # SQLite counts up only an INTEGER primary key.
    seq: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True)
    topic: Mapped[str] = mapped_column(String(80))
    data: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(index=True)


class EventDelivery(Base):
    """A durable handler that still owes, or has done, its part for one event."""

    __tablename__ = "event_delivery"
    event_seq: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    handler: Mapped[str] = mapped_column(String(160), primary_key=True)
    done_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime]
    last_error: Mapped[str | None] = mapped_column(String(500))
    __table_args__ = (Index("ix_event_delivery_pending", "done_at", "next_at"),)


class Subscriptions:
    """Which handlers hear which topic; filled while the application is put together."""

    def __init__(self) -> None:
        self.durable: dict[str, dict[str, DurableHandler]] = {}
        self.volatile: dict[str, list[VolatileHandler]] = {}

    def on(self, topic: str, handler: DurableHandler) -> None:
        """Run `handler(uow, event)` exactly once for each event of `topic`."""
        name = f"{handler.__module__}.{handler.__qualname__}"
        self.durable.setdefault(topic, {})[name] = handler

    def on_volatile(self, topic: str, handler: VolatileHandler) -> None:
        """Run `handler(platform, event)` in this process soon after each event of `topic`."""
        self.volatile.setdefault(topic, []).append(handler)


async def write_event(uow: UnitOfWork, event: Event) -> None:
    """Put the event and the deliveries that it owes into the outbox of this unit of work."""
    now = uow.clock.now()
    row = OutboxEvent(topic=event.topic, data=event.data, created_at=now)
    uow.session.add(row)
    await uow.session.flush()
    for name in uow.platform.subscriptions.durable.get(event.topic, {}):
        uow.session.add(EventDelivery(event_seq=row.seq, handler=name, next_at=now))


class Dispatcher:
    """Delivers events after their commit and, by polling, those of other or earlier processes."""

    POLL_S = 1.0
    KEEP = timedelta(days=7)
    LONGEST_TRANSACTION = timedelta(seconds=60)
    """PostgreSQL gives out numbers before the commit: a lower one may appear this much after a higher one."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._wake = asyncio.Event()
        self._floor = 0  # everything up to here was heard, and nothing below it can still be committed
        self._heard: dict[int, datetime] = {}
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        before = self._platform.clock.now() - self.LONGEST_TRANSACTION
        query = select(OutboxEvent.seq).where(OutboxEvent.created_at < before).order_by(OutboxEvent.seq.desc()).limit(1)
        async with self._platform.database.session(write=False) as session:
            self._floor = await session.scalar(query) or 0
        self._task = asyncio.create_task(self._run(), name="event-dispatcher")

    def wake(self) -> None:
        self._wake.set()

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def drain(self) -> None:
        """Deliver everything that is due now; tests and shutdown use it."""
        await self._deliver_volatile()
        while await self._deliver_durable():
            pass

    async def _run(self) -> None:
        while True:
            try:
                await self.drain()
            except Exception:
                logger.exception("event delivery failed; it will be tried again")
            await wait_at_most(self._wake, self.POLL_S)
            self._wake.clear()

    async def _deliver_volatile(self) -> None:
        query = select(OutboxEvent).where(OutboxEvent.seq > self._floor).order_by(OutboxEvent.seq)
        if self._heard:
            query = query.where(OutboxEvent.seq.not_in(list(self._heard)))
        async with self._platform.database.session(write=False) as session:
            rows = list(await session.scalars(query.limit(500)))
        now = self._platform.clock.now()
        for row in rows:
            self._heard[row.seq] = now
            for handler in self._platform.subscriptions.volatile.get(row.topic, ()):
                try:
                    await handler(self._platform, Event(row.topic, row.data))
                except Exception:
                    logger.exception("volatile handler of %s failed", row.topic)
        self._raise_floor(now)

    def _raise_floor(self, now: datetime) -> None:
        patience = timedelta(0) if self._platform.database.is_sqlite else self.LONGEST_TRANSACTION
        settled = [seq for seq, at in self._heard.items() if now - at >= patience]
        self._floor = max([self._floor, *settled])
        self._heard = {seq: at for seq, at in self._heard.items() if seq > self._floor}

    async def _deliver_durable(self) -> bool:
        now = self._platform.clock.now()
        async with self._platform.database.session(write=False) as session:
            due = list(
                await session.scalars(
                    select(EventDelivery)
                    .where(EventDelivery.done_at.is_(None), EventDelivery.next_at <= now)
                    .order_by(EventDelivery.event_seq)
                    .limit(50)
                )
            )
        for delivery in due:
            await self._deliver_one(delivery.event_seq, delivery.handler)
        return len(due) == 50

    async def _deliver_one(self, seq: int, name: str) -> None:
        try:
            async with self._platform.work(SYSTEM) as uow:
                row = await uow.session.get(EventDelivery, (seq, name), with_for_update=True)
                event = await uow.session.get(OutboxEvent, seq)
                if row is None or row.done_at is not None or event is None:
                    return
                handler = self._platform.subscriptions.durable.get(event.topic, {}).get(name)
                if handler is not None:
                    await handler(uow, Event(event.topic, event.data))
                row.done_at = uow.clock.now()
        except Exception as error:
            logger.exception("handler %s failed for event %s", name, seq)
            async with self._platform.work(SYSTEM) as uow:
                row = await uow.session.get(EventDelivery, (seq, name), with_for_update=True)
                if row is not None and row.done_at is None:
                    row.attempts += 1
                    row.last_error = repr(error)[:500]
                    row.next_at = uow.clock.now() + timedelta(seconds=min(2**row.attempts, 600))

    async def sweep(self) -> None:
        """Forget events whose deliveries were all done a week ago."""
        horizon = self._platform.clock.now() - self.KEEP
        async with self._platform.work(SYSTEM) as uow:
            await uow.session.execute(delete(EventDelivery).where(EventDelivery.done_at < horizon))
            owed = select(EventDelivery.event_seq)
            await uow.session.execute(
                delete(OutboxEvent).where(OutboxEvent.created_at < horizon, OutboxEvent.seq.not_in(owed))
            )
