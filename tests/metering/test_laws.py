"""The laws of the books, in whatever order things happen: nothing appears, nothing is lost, nothing counts twice."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ceyuan import metering
from ceyuan.kernel.errors import Conflict, PaymentRequired
from ceyuan.kernel.ids import new_id
from ceyuan.kernel.work import UnitOfWork
from ceyuan.metering.tasks import sweep
from tests.metering.bench import YUAN, Bench

MODELS = ("", "m/a", "m/b")
_AMOUNT = st.integers(1, 200_000)
_ACTION = st.one_of(
    st.tuples(st.just("top_up"), _AMOUNT),
    st.tuples(st.just("wallet"), _AMOUNT, st.sampled_from(["*", "m/*", "m/a"]), st.sampled_from([1, 5, 20, None]),
              st.sampled_from([10_000, 3_333])),
    st.tuples(st.just("use"), st.integers(0, 300), st.sampled_from(MODELS)),
    st.tuples(st.just("repeat"), st.integers(0, 5)),
    st.tuples(st.just("hold"), st.integers(0, 200), st.sampled_from(MODELS)),
    st.tuples(st.just("use_hold"), st.integers(0, 5), st.integers(0, 300), st.sampled_from(MODELS), st.booleans()),
    st.tuples(st.just("capture"), st.integers(0, 5), _AMOUNT),
    st.tuples(st.just("release"), st.integers(0, 5)),
    st.tuples(st.just("revoke"), st.integers(0, 5)),
    st.tuples(st.just("reverse"), st.integers(0, 5)),
    st.tuples(st.just("wait"), st.integers(1, 72)),
)  # fmt: skip


@dataclass
class Life:
    """Does random actions with one organisation and remembers what they must come to."""

    bench: Bench
    pool: str
    topped: int = 0
    spent: int = 0
    events: list[metering.UsageEvent] = field(default_factory=list)
    posted_ids: list[str] = field(default_factory=list)
    holds: list[str] = field(default_factory=list)
    wallets: list[metering.Wallet] = field(default_factory=list)

    async def act(self, name: str, *arguments: Any) -> None:
        action: Callable[..., Any] = getattr(self, f"_{name}")
        try:
            await action(*arguments)
        except (PaymentRequired, Conflict, IndexError):
            # Refusals change nothing, which the law below shows.
            pass

    async def _top_up(self, amount: int) -> None:
        await self.bench.top_up(amount)
        self.topped += amount

    async def _wallet(self, amount: int, model: str, days: int | None, share: int) -> None:
        made = await self.bench.wallet(amount, models=(model,), days=days, share_bp=share, source=self.pool)
        self.wallets.append(made)

    async def _use(self, quantity: int, model: str) -> None:
        await self._post(self.bench.use(quantity, model=model))

    async def _post(self, event: metering.UsageEvent, release: tuple[str, ...] = ()) -> None:
        posted = await self.bench.post(event, event, release=release)
        assert (posted.posted, posted.duplicates) == (1, 1)
        self.spent += posted.cost_micro
        self.events.append(event)

    async def _repeat(self, number: int) -> None:
        assert (await self.bench.post(self.events[number])).posted == 0

    async def _hold(self, quantity: int, model: str) -> None:
        self.holds.append((await self.bench.hold(quantity, model=model)).id)

    async def _use_hold(self, number: int, quantity: int, model: str, release: bool) -> None:
        hold = self.holds[number]
        await self._post(self.bench.use(quantity, model=model, hold_id=hold), (hold,) if release else ())

    async def _capture(self, number: int, amount: int) -> None:
        hold = self.holds[number]
        await self.bench.do(lambda uow: metering.capture(uow, hold, amount, reference=new_id("cap")))
        self.spent += amount

    async def _release(self, number: int) -> None:
        hold = self.holds[number]
        await self.bench.do(lambda uow: metering.release_hold(uow, hold))

    async def _revoke(self, number: int) -> None:
        wallet = self.wallets[number].id
        await self.bench.do(lambda uow: metering.revoke_wallet(uow, wallet, "test"))

    async def _reverse(self, number: int) -> None:
        from ceyuan.metering.usage.repository import known

        event = self.events[number]

        async def reverse(uow: UnitOfWork) -> int:
            row = (await known(uow.session, [event.key]))[event.key]
            await metering.reverse_usage(uow, row.id, "test")
            return int(row.cost_micro)

        self.spent -= await self.bench.do(reverse)

    async def _wait(self, hours: int) -> None:
        self.bench.clock.advance(timedelta(hours=hours))
        await sweep(self.bench.platform)

    async def obeys(self) -> None:
        """Nothing appeared and nothing was lost; nothing is captured beyond its hold; the books are right."""
        balance = await self.bench.balance()
        wallets = sum([await self.bench.left(wallet) for wallet in self.wallets])
        source = await self.bench.account(self.pool)
        assert self.topped + 1000 * YUAN == balance.general_micro + balance.held_micro + wallets + source + self.spent
        for hold_id in self.holds:
            hold = await self.bench.do(lambda uow, hold_id=hold_id: metering.get_hold(uow, hold_id))  # type: ignore[misc]
            assert 0 <= hold.captured_micro <= hold.amount_micro - hold.released_micro
        assert (await self.bench.books()).findings == []


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(actions=st.lists(_ACTION, min_size=3, max_size=14))
async def test_money_is_neither_made_nor_lost(bench: Bench, actions: list[tuple[Any, ...]]) -> None:
    life = Life(replace(bench, org=new_id("org")), await bench.pool())
    for name, *arguments in actions:
        await life.act(name, *arguments)
    await life.obeys()


@pytest.mark.parametrize("seed", [1, 2])
async def test_many_writers_at_once_leave_right_books(bench: Bench, seed: int) -> None:
    draw, pool = random.Random(seed), await bench.pool()
    benches = [replace(bench, org=new_id("org")) for _ in range(3)]
    shared = [bench.use(3, org_id=draw.choice(benches).org) for _ in range(30)]
    costs: list[int] = []
    for one in benches:
        await one.top_up(YUAN)
        await one.wallet(50_000, source=pool)

    async def writer(number: int) -> None:
        mind = random.Random(seed * 100 + number)
        for _ in range(4):
            mine = [mind.choice(benches).use(mind.randrange(20)) for _ in range(10)]
            batch = [*mine, *mind.sample(shared, 10)]
            mind.shuffle(batch)
            posted = await bench.post(*batch)
            costs.append(sum(posted.costs[event.key] for event in mine))
            one = mind.choice(benches)
            try:
                hold = await one.hold(mind.randrange(1, 40))
                event = one.use(mind.randrange(30), hold_id=hold.id)
                costs.append((await one.post(event, release=(hold.id,))).cost_micro)
                await one.wallet(mind.randrange(1, 5_000), source=pool, days=mind.choice([3, 60]))
            except PaymentRequired:
                pass

    await asyncio.gather(*(writer(number) for number in range(6)))
    for event in shared:
        assert (await bench.post(event)).posted == 0
    settled = 3 * YUAN - sum([(await one.balance()).general_micro for one in benches])
    given_out = sum([(await one.balance()).wallets_micro for one in benches])
    assert settled + 1000 * YUAN - await bench.account(pool) - given_out == sum(costs) + 30 * 3_000
    assert (await bench.books()).findings == []


async def test_the_same_event_from_many_writers_counts_once(bench: Bench) -> None:
    event = bench.use(7)
    posted = await asyncio.gather(*(bench.post(event) for _ in range(10)))
    assert sum(one.posted for one in posted) == 1
    assert (await bench.balance()).general_micro == -7_000


async def test_one_key_from_two_organisations_at_once_counts_for_one(bench: Bench) -> None:
    one, other = bench.use(7, key=new_id("same")), bench.use(7, org_id=new_id("org"))
    other = replace(other, key=one.key)
    posted = await asyncio.gather(*(bench.post(event) for event in (one, other)))
    assert sorted((outcome.posted, len(outcome.conflicts)) for outcome in posted) == [(0, 1), (1, 0)]
    assert (await bench.books()).findings == []


async def test_two_holds_at_once_never_get_the_same_money(bench: Bench) -> None:
    await bench.top_up(100_000)
    placed = await asyncio.gather(*(bench.hold(30) for _ in range(8)), return_exceptions=True)
    assert sum(isinstance(one, metering.Hold) for one in placed) == 3
    assert sum(isinstance(one, metering.InsufficientFunds) for one in placed) == 5
    assert (await bench.books()).findings == []


async def test_transactions_that_wait_for_each_other_are_tried_again(bench: Bench) -> None:
    if bench.platform.database.is_sqlite:
        pytest.skip("SQLite has one writer: its transactions cannot wait for each other")
    one, other = replace(bench, org=new_id("org")), replace(bench, org=new_id("org"))
    each_holds_one = asyncio.Barrier(2)
    tries: list[str] = []

    async def cross(first: Bench, second: Bench) -> None:
        async def use_case(uow: UnitOfWork) -> None:
            tries.append(first.org)
            # Providers of their own: at the platform's account they would queue before they can cross.
            await metering.post_usage(uow, [first.use(1, key=f"{first.org}-a", payee=f"x{first.org}")])
            if len(tries) <= 2:
                await asyncio.wait_for(each_holds_one.wait(), 20)
            await metering.post_usage(uow, [second.use(1, key=f"{first.org}-b", payee=f"x{first.org}")])

        await bench.do(use_case)

    await asyncio.gather(cross(one, other), cross(other, one))
    assert len(tries) > 2
    assert [(await side.balance()).general_micro for side in (one, other)] == [-2_000, -2_000]
    assert (await bench.books()).findings == []
