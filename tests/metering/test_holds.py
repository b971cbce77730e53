"""Holds: set aside, captured as use is measured, released; never captured more than held."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ceyuan import metering
from ceyuan.kernel.errors import QuotaExceeded
from ceyuan.kernel.ids import new_id
from tests.metering.bench import YUAN, Bench


async def test_a_hold_moves_money_out_of_reach_and_release_brings_it_back(bench: Bench) -> None:
    await bench.top_up(YUAN)
    hold = await bench.hold(600)
    balance = await bench.balance()
    assert (balance.general_micro, balance.held_micro) == (400_000, 600_000)
    with pytest.raises(metering.InsufficientFunds):
        await bench.hold(500)
    await bench.do(lambda uow: metering.release_hold(uow, hold.id))
    assert (await bench.balance()).general_micro == YUAN


async def test_a_refusal_says_what_is_missing_and_what_to_do(bench: Bench) -> None:
    await bench.top_up(300_000)
    await bench.terms(credit_limit_micro=100_000)
    with pytest.raises(metering.InsufficientFunds) as caught:
        await bench.hold(1000)
    problem = caught.value.problem("en")
    assert (problem["status"], problem["missing_micro"], problem["available_micro"]) == (402, 600_000, 400_000)
    assert "top-up" in problem["hint"]
    assert "¥0.60 is missing" in problem["detail"]


async def test_the_credit_limit_can_be_held_to_its_last_micro_yuan(bench: Bench) -> None:
    await bench.terms(credit_limit_micro=100_000)
    await bench.hold(100)
    assert (await bench.balance()).general_micro == -100_000
    with pytest.raises(metering.InsufficientFunds):
        await bench.hold(1)


async def test_use_is_captured_from_its_hold_and_the_rest_is_released_with_it(bench: Bench) -> None:
    await bench.top_up(YUAN)
    hold = await bench.hold(600)
    await bench.post(bench.use(250, hold_id=hold.id), release=(hold.id,))
    closed = await bench.do(lambda uow: metering.get_hold(uow, hold.id))
    assert (closed.state, closed.captured_micro, closed.released_micro) == ("released", 250_000, 350_000)
    balance = await bench.balance()
    assert (balance.general_micro, balance.held_micro) == (750_000, 0)


async def test_use_beyond_the_hold_is_paid_by_the_balances_not_by_the_hold(bench: Bench) -> None:
    await bench.top_up(YUAN)
    hold = await bench.hold(100)
    await bench.post(bench.use(250, hold_id=hold.id))
    seen = await bench.do(lambda uow: metering.get_hold(uow, hold.id))
    assert (seen.captured_micro, seen.rest_micro, seen.state) == (100_000, 0, "open")
    assert (await bench.balance()).general_micro == 750_000
    assert (await bench.books()).findings == []


async def test_a_capture_by_hand_is_refused_beyond_the_hold_and_counts_once(bench: Bench) -> None:
    await bench.top_up(YUAN)
    hold = await bench.hold(100)
    for _ in range(2):
        await bench.do(lambda uow: metering.capture(uow, hold.id, 70_000, reference="order-1"))
    with pytest.raises(metering.HoldExceeded):
        await bench.do(lambda uow: metering.capture(uow, hold.id, 30_001, reference="order-2"))
    await bench.do(lambda uow: metering.capture(uow, hold.id, 30_000, reference="order-2"))
    await bench.do(lambda uow: metering.release_hold(uow, hold.id))
    with pytest.raises(metering.HoldClosed):
        await bench.do(lambda uow: metering.capture(uow, hold.id, 1, reference="order-3"))
    again = await bench.do(lambda uow: metering.capture(uow, hold.id, 30_000, reference="order-2"))
    assert again.captured_micro == 100_000


async def test_the_same_reference_returns_the_first_hold(bench: Bench) -> None:
    await bench.top_up(YUAN)
    reference = new_id("task")
    first = await bench.hold(100, reference=reference)
    second = await bench.hold(100, reference=reference)
    assert first.id == second.id
    assert (await bench.balance()).held_micro == 100_000
    with pytest.raises(metering.ReferenceReused):
        await bench.hold(101, reference=reference)


async def test_a_hold_takes_from_matching_wallets_first_and_gives_back_to_them(bench: Bench) -> None:
    await bench.top_up(YUAN)
    wallet = await bench.wallet(40_000, resources=(bench.resource,))
    other = await bench.wallet(40_000, resources=("compute.*",))
    hold = await bench.hold(100)
    assert (await bench.left(wallet), await bench.left(other)) == (0, 40_000)
    await bench.post(bench.use(10, hold_id=hold.id), release=(hold.id,))
    assert await bench.left(wallet) == 30_000
    assert (await bench.balance()).general_micro == YUAN


async def test_wallet_money_in_a_hold_pays_only_for_what_the_wallet_may(bench: Bench) -> None:
    await bench.top_up(YUAN)
    wallet = await bench.wallet(50_000, models=("demo/*",))
    hold = await bench.hold(50, model="demo/mini")
    await bench.post(bench.use(20, model="other/model", hold_id=hold.id), release=(hold.id,))
    assert await bench.left(wallet) == 50_000
    assert (await bench.balance()).general_micro == YUAN - 20_000


async def test_a_forgotten_hold_is_released_when_its_time_is_over(bench: Bench) -> None:
    await bench.top_up(YUAN)
    hold = await bench.hold(100, expires_at=bench.clock.now() + timedelta(minutes=5))
    bench.clock.advance(timedelta(minutes=6))
    assert (await bench.books()).findings == []
    assert (await bench.do(lambda uow: metering.get_hold(uow, hold.id))).state == "expired"
    assert [told["released_micro"] for told in await bench.told("metering.hold_expired")] == [100_000]
    late = await bench.post(bench.use(10, hold_id=hold.id))
    assert late.cost_micro == 10_000
    assert (await bench.balance()).general_micro == YUAN - 10_000


async def test_a_hold_lives_longer_and_grows_once_per_reference(bench: Bench) -> None:
    await bench.top_up(YUAN)
    hold = await bench.hold(100)
    later = hold.expires_at + timedelta(days=1)
    more = [metering.Want(bench.resource, 50)]
    for _ in range(2):
        grown = await bench.do(
            lambda uow: metering.extend_hold(uow, hold.id, expires_at=later, more=more, reference="hour-2")
        )
    assert (grown.amount_micro, grown.expires_at) == (150_000, later)
    too_much = [metering.Want(bench.resource, 900)]
    with pytest.raises(metering.InsufficientFunds):
        await bench.do(lambda uow: metering.extend_hold(uow, hold.id, more=too_much, reference="hour-3"))
    assert (await bench.books()).findings == []


async def test_a_revoked_wallet_s_held_money_goes_to_its_source_when_released(bench: Bench) -> None:
    pool = await bench.pool(YUAN)
    wallet = await bench.wallet(100_000, source=pool)
    hold = await bench.hold(60)
    closed = await bench.do(lambda uow: metering.revoke_wallet(uow, wallet.id, "not eligible"))
    assert (closed.returned_micro, await bench.account(pool)) == (40_000, 940_000)
    await bench.post(bench.use(10, hold_id=hold.id), release=(hold.id,))
    assert await bench.account(pool) == 990_000
    assert (await bench.books()).findings == []


async def test_a_hold_of_another_organisation_is_no_source(bench: Bench) -> None:
    await bench.top_up(YUAN)
    hold = await bench.hold(10)
    with pytest.raises(metering.BadUsage):
        await bench.post(bench.use(1, org_id=new_id("org"), hold_id=hold.id))


async def test_a_hold_of_free_use_is_a_hold_of_nothing(bench: Bench) -> None:
    wants = [metering.Want("nobody.priced.this", 10)]
    hold = await bench.do(lambda uow: metering.place_hold(uow, bench.org, wants, reference=new_id("ref")))
    assert (hold.amount_micro, hold.state) == (0, "open")
    await bench.do(lambda uow: metering.release_hold(uow, hold.id))


async def test_a_hard_quota_on_money_refuses_a_hold(bench: Bench) -> None:
    await bench.top_up(YUAN)
    new = metering.NewQuota("money", 50_000, "day", hard=True)  # type: ignore[arg-type]
    await bench.do(lambda uow: metering.add_quota(uow, bench.org, new))
    with pytest.raises(QuotaExceeded):
        await bench.hold(51)
    await bench.hold(50)


async def test_a_quote_shows_list_price_wallets_and_what_is_payable(bench: Bench) -> None:
    await bench.top_up(100_000)
    wallet = await bench.wallet(300_000, share_bp=5000)
    await bench.price(800, scope=bench.org)
    wants = [metering.Want(bench.resource, 500)]
    seen = await bench.do(lambda uow: metering.quote(uow, bench.org, wants))
    assert (seen.list_micro, seen.cost_micro) == (500_000, 400_000)
    assert [(p.wallet_id, p.amount_micro) for p in seen.by_wallet] == [(wallet.id, 200_000)]
    assert (seen.general_micro, seen.missing_micro) == (200_000, 100_000)
    assert (await bench.balance()).general_micro == 100_000
