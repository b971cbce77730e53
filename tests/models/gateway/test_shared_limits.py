"""Two workers on one PostgreSQL: together they let through what one would, never more, and hardly less."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import text, update

from ceyuan import metering
from ceyuan.models.gateway import service
from ceyuan.models.gateway.leases import LASTS, Leases
from ceyuan.models.gateway.settings import GatewaySettings
from ceyuan.models.gateway.tables import GatewayLease
from ceyuan.server.assembly import build_platform
from ceyuan.server.settings import ServerSettings
from tests.models.conftest import _needed_rooms
from tests.models.fake_upstream import FakeUpstream
from tests.models.gateway.house import CHAT, House, app_of, serve_http, started

PRICE = 11 * 2 + 6 * 8
"""What an answer of the fake upstream costs, in micro-yuan."""
SMALL = {**CHAT, "max_tokens": 6}


@pytest.fixture
async def workers(
    postgres_copy: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, upstream: FakeUpstream
) -> AsyncIterator[tuple[House, House]]:
    """Two gateways, each in its own memory, over one database; the same organisation, key and model."""
    monkeypatch.setattr("ceyuan.server.rooms.ROOMS", _needed_rooms())
    houses: list[House] = []
    async with AsyncExitStack() as stack:
        for _ in range(2):
            platform = build_platform(ServerSettings(data_dir=tmp_path / "data", database_url=postgres_copy))
            platform.sections[GatewaySettings] = GatewaySettings()
            stack.push_async_callback(platform.database.close)
            await stack.enter_async_context(started(platform))
            url = await stack.enter_async_context(serve_http(app_of(platform)))
            houses.append(House(platform, upstream, url))
        first, second = houses
        await first.furnish()
        second.org, second.key, second.last_key_id = first.org, first.key, first.last_key_id
        for house in houses:
            await house.gateway.directory.reload()
        yield first, second


async def _ask(workers: tuple[House, House], count: int) -> list[int]:
    """The statuses of so many calls, all at once, shared between the workers."""
    answers = await asyncio.gather(*(workers[number % 2].post(SMALL) for number in range(count)))
    return [status for status, _, _ in answers]


async def _limit(workers: tuple[House, House], **bounds: int) -> None:
    given = {"requests_per_minute": 0, "tokens_per_minute": 0, "concurrent": 0, "models": [], **bounds}
    first = workers[0]
    await first.do(lambda uow: service.set_key_limits(uow, first.last_key_id, **given))  # type: ignore[arg-type]
    for house in workers:
        await house.service.reload_policies()


async def test_two_workers_never_spend_more_than_there_is_and_spend_nearly_all_of_it(
    workers: tuple[House, House],
) -> None:
    first, _ = workers
    poor = await first.people.organisation("poor", li="owner")
    await first.top_up(20 * PRICE, poor)
    await first.settle()
    key = await first.new_key(org=poor)
    for house in workers:
        house.key = key
    statuses = []
    for _ in range(8):
        statuses += await _ask(workers, 12)
        for house in workers:
            await house.settle()
            assert house.gateway.leases is not None
            await house.gateway.leases.trim()
    assert set(statuses) == {200, 402}
    left = await first.balance(poor)
    assert left >= 0
    # What is left is less than a call may cost by the estimate that is held.
    assert 15 <= statuses.count(200) <= 20
    assert left == (20 - statuses.count(200)) * PRICE


async def test_a_hard_budget_of_a_key_holds_across_workers(workers: tuple[House, House]) -> None:
    first, _ = workers
    quota = metering.NewQuota("requests", Decimal(10), "month", True, "token", first.last_key_id)
    await first.do(lambda uow: metering.add_quota(uow, first.org, quota))
    for house in workers:
        await house.settle()
    statuses = []
    for _ in range(3):
        statuses += await _ask(workers, 12)
        for house in workers:
            await house.settle()
            assert house.gateway.leases is not None
            await house.gateway.leases.trim()
    assert statuses.count(200) == 10
    assert set(statuses) == {200, 429}


@pytest.mark.slow
async def test_a_rate_is_shared(workers: tuple[House, House]) -> None:
    await _limit(workers, requests_per_minute=24)
    statuses = [status for _ in range(5) for status in await _ask(workers, 10)]
    # A little is refilled while the test runs.
    assert 20 <= statuses.count(200) <= 30
    assert set(statuses) == {200, 429}


@pytest.mark.slow
async def test_calls_at_once_are_shared_and_a_place_that_is_free_goes_to_the_other(
    workers: tuple[House, House],
) -> None:
    first, second = workers
    await _limit(workers, concurrent=3)
    first.upstream.script = "slow"
    statuses = await _ask(workers, 10)
    assert statuses.count(200) == 3 == first.upstream.peak
    for house in workers:
        assert house.gateway.leases is not None
        await house.gateway.leases.trim()
    alone = [status for status, _, _ in await asyncio.gather(*(second.post(SMALL) for _ in range(5)))]
    assert alone.count(200) == 3


async def test_leases_may_be_given_back_twice_at_once(workers: tuple[House, House]) -> None:
    leases = Leases(workers[0].platform)

    async def ten(_uow: object) -> int:
        return 10

    for name in ("calls:a", "calls:b"):
        assert await leases.cover(name, 1, ten)
        leases.release(name, 1)
    await asyncio.gather(leases.trim(), leases.trim())
    assert await leases.cover("calls:b", 10, ten)


async def test_the_leases_of_a_worker_that_is_gone_end(workers: tuple[House, House]) -> None:
    first, second = workers
    gone = Leases(first.platform)

    async def available(_uow: object) -> int:
        return 10

    assert await gone.cover("calls:x", 10, available)
    other = Leases(second.platform)
    assert not await other.cover("calls:x", 1, available)
    await gone.close()
    assert await other.cover("calls:x", 1, available)


async def test_a_lease_that_could_not_be_renewed_is_used_no_longer(workers: tuple[House, House]) -> None:
    first, second = workers
    now = 1000.0
    cut_off, other = Leases(first.platform, monotonic=lambda: now), Leases(second.platform)

    async def ten(_uow: object) -> int:
        return 10

    assert await cut_off.cover("calls:z", 2, ten)
    assert await cut_off.cover("calls:z", 1, ten)
    now += LASTS.total_seconds()
    past = second.platform.clock.now() - LASTS
    await second.do(lambda uow: uow.session.execute(update(GatewayLease).values(until=past)))
    assert await other.cover("calls:z", 10, ten)
    assert not await cut_off.cover("calls:z", 1, ten)


async def test_two_workers_who_borrow_at_the_same_moment_are_not_lent_the_same(workers: tuple[House, House]) -> None:
    first, second = workers
    before, quick, late = Leases(first.platform), Leases(first.platform), Leases(second.platform)
    asked, answered = asyncio.Event(), asyncio.Event()

    async def ten(_uow: object) -> int:
        return 10

    async def ten_after_a_while(_uow: object) -> int:
        asked.set()
        await answered.wait()
        return 10

    assert await before.cover("calls:y", 1, ten)  # so that there is a row to wait for
    await before.close()
    async with asyncio.TaskGroup() as group:
        borrowing = group.create_task(quick.cover("calls:y", 10, ten_after_a_while))
        await asked.wait()
        waiting = group.create_task(late.cover("calls:y", 1, ten))
        await _somebody_waits_for_a_lock(second)
        answered.set()
    assert borrowing.result()
    assert not waiting.result()


async def _somebody_waits_for_a_lock(house: House) -> None:
    query = text(
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    )
    async with asyncio.timeout(20):
        while not await house.do(lambda uow: uow.session.scalar(query)):
            await asyncio.sleep(0.02)
