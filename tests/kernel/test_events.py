from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from ceyuan.kernel.actor import SYSTEM
from ceyuan.kernel.audit.tables import AuditEntry
from ceyuan.kernel.clock import ManualClock
from ceyuan.kernel.events import Dispatcher, Event
from ceyuan.kernel.platform import Platform
from ceyuan.kernel.work import UnitOfWork


class Listener:
    """Notes what it hears, here and in the database."""

    def __init__(self) -> None:
        self.heard: list[int] = []
        self.faults = 0

    async def note(self, platform: Platform, event: Event) -> None:
        self.heard.append(event.data["number"])

    async def effect(self, uow: UnitOfWork, event: Event) -> None:
        await uow.audit("test.heard", str(event.data["number"]))
        if self.faults:
            self.faults -= 1
            raise RuntimeError("not now")
        self.heard.append(event.data["number"])


@pytest.fixture
def listener() -> Listener:
    return Listener()


async def say(platform: Platform, number: int) -> None:
    async with platform.work(SYSTEM) as uow:
        await uow.publish("test.said", number=number)


async def test_a_durable_handler_takes_effect_once_although_it_failed_first(
    built: Platform, listener: Listener
) -> None:
    clock = built.clock = ManualClock()
    built.subscriptions.on("test.said", listener.effect)
    listener.faults = 2
    await say(built, 1)
    dispatcher = Dispatcher(built)
    for _ in range(5):
        await dispatcher.drain()
        clock.advance(timedelta(minutes=11))
    assert listener.heard == [1]
    async with built.database.session(write=False) as session:
        kept = await session.scalar(
            select(func.count()).select_from(AuditEntry).where(AuditEntry.action == "test.heard")
        )
    assert kept == 1, "what a failed handler wrote is gone with it"


async def test_what_was_rolled_back_is_not_heard(built: Platform, listener: Listener) -> None:
    built.subscriptions.on_volatile("test.said", listener.note)

    async def say_and_fail() -> None:
        async with built.work(SYSTEM) as uow:
            await uow.publish("test.said", number=1)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await say_and_fail()
    await Dispatcher(built).drain()
    assert listener.heard == []


async def test_a_volatile_handler_hears_each_event_once_in_a_process(built: Platform, listener: Listener) -> None:
    built.subscriptions.on_volatile("test.said", listener.note)
    dispatcher = Dispatcher(built)
    for number in range(3):
        await say(built, number)
        await dispatcher.drain()
        await dispatcher.drain()
    assert listener.heard == [0, 1, 2]


async def test_an_event_that_is_committed_after_a_later_one_is_heard_too(built: Platform, listener: Listener) -> None:
    if built.database.is_sqlite:
        pytest.skip("SQLite has one writer: numbers are given out in the order of the commits")
    built.subscriptions.on_volatile("test.said", listener.note)
    dispatcher = Dispatcher(built)
    said, go_on = asyncio.Event(), asyncio.Event()

    async def slow() -> None:
        async with built.work(SYSTEM) as uow:
            await uow.publish("test.said", number=1)
            said.set()
            await go_on.wait()

    first = asyncio.create_task(slow())
    await said.wait()
    await say(built, 2)
    await dispatcher.drain()
    go_on.set()
    await first
    await dispatcher.drain()
    assert listener.heard == [2, 1]
