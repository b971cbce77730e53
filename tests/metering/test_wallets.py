"""Wallets: issued out of a source, spent by what they allow, closed when they end."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ceyuan import metering
from ceyuan.kernel.errors import Invalid
from ceyuan.kernel.ids import new_id
from ceyuan.kernel.pages import PageRequest
from ceyuan.kernel.work import UnitOfWork
from tests.metering.bench import YUAN, Bench


async def test_an_issue_moves_money_from_its_source_once_per_reference(bench: Bench) -> None:
    pool, now = await bench.pool(YUAN), bench.clock.now()

    async def issue(uow: UnitOfWork, amount: int = 300_000) -> metering.Wallet:
        return await metering.issue_wallet(uow, bench.org, amount, metering.Restrictions(), now, None, pool, ref)

    ref = new_id("grant")
    first, second = await bench.do(issue), await bench.do(issue)
    assert first.id == second.id
    assert await bench.account(pool) == 700_000
    with pytest.raises(metering.ReferenceReused):
        await bench.do(lambda uow: issue(uow, 1))


async def test_a_source_that_is_empty_issues_nothing(bench: Bench) -> None:
    pool = await bench.pool(100)
    with pytest.raises(metering.InsufficientFunds):
        await bench.wallet(101, source=pool)
    assert await bench.account(pool) == 100


async def test_one_charge_is_split_over_wallets_and_the_general_account(bench: Bench) -> None:
    soon = await bench.wallet(10_000, days=3)
    later = await bench.wallet(20_000, days=90)
    await bench.post(bench.use(50))
    assert (await bench.left(soon), await bench.left(later)) == (0, 0)
    assert (await bench.balance()).general_micro == -20_000
    assert {told["wallet_id"] for told in await bench.told("metering.wallet_exhausted")} == {soon.id, later.id}
    assert (await bench.books()).findings == []


async def test_a_wallet_that_a_hold_emptied_is_not_exhausted_until_the_money_is_used(bench: Bench) -> None:
    wallet = await bench.wallet(10_000)
    hold = await bench.hold(10)
    assert await bench.left(wallet) == 0
    await bench.post(bench.use(4, hold_id=hold.id))
    assert await bench.told("metering.wallet_exhausted") == []
    await bench.post(bench.use(6, hold_id=hold.id))
    assert [told["wallet_id"] for told in await bench.told("metering.wallet_exhausted")] == [wallet.id]


async def test_a_wallet_to_which_a_hold_gives_money_back_is_not_exhausted(bench: Bench) -> None:
    wallet = await bench.wallet(10_000)
    hold = await bench.hold(10)
    await bench.post(bench.use(4, hold_id=hold.id), release=(hold.id,))
    assert await bench.left(wallet) == 6_000
    assert await bench.told("metering.wallet_exhausted") == []


async def test_a_capture_by_hand_of_the_last_money_exhausts_a_wallet(bench: Bench) -> None:
    wallet = await bench.wallet(10_000)
    hold = await bench.hold(10)
    await bench.do(lambda uow: metering.capture(uow, hold.id, 10_000, reference="order"))
    assert [told["wallet_id"] for told in await bench.told("metering.wallet_exhausted")] == [wallet.id]


async def test_a_wallet_pays_for_its_models_only(bench: Bench) -> None:
    wallet = await bench.wallet(10_000, models=("demo/*",))
    await bench.post(bench.use(5, model="other/one"), bench.use(5, model="demo/mini"), bench.use(2))
    assert await bench.left(wallet) == 5_000
    assert (await bench.balance()).general_micro == -7_000


async def test_a_wallet_covers_its_share_of_each_charge(bench: Bench) -> None:
    wallet = await bench.wallet(10_000, share_bp=3000)
    await bench.post(bench.use(10))
    assert (await bench.left(wallet), (await bench.balance()).general_micro) == (7_000, -7_000)


async def test_use_before_the_end_is_paid_by_the_wallet_though_posted_after_it(bench: Bench) -> None:
    wallet = await bench.wallet(10_000, days=1)
    used_at = bench.clock.now() + timedelta(days=1) - timedelta(seconds=1)
    bench.clock.advance(timedelta(days=1, minutes=5))
    await bench.do(metering.expire_wallets)
    await bench.post(bench.use(3, occurred_at=used_at), bench.use(3))
    assert await bench.left(wallet) == 7_000


async def test_what_is_left_of_an_expired_wallet_returns_to_its_source(bench: Bench) -> None:
    pool = await bench.pool(YUAN)
    wallet = await bench.wallet(10_000, days=1, source=pool)
    await bench.post(bench.use(4))
    bench.clock.advance(timedelta(days=1, hours=1))
    assert wallet.id in await bench.do(metering.expire_wallets)
    closed = await bench.do(lambda uow: metering.get_wallet(uow, wallet.id))
    assert (closed.state, closed.returned_micro, closed.balance_micro) == ("expired", 6_000, 0)
    assert await bench.account(pool) == YUAN - 4_000
    assert (await bench.told("metering.wallet_expired"))[-1]["returned_micro"] == 6_000


async def test_a_wallet_that_has_not_begun_does_not_pay(bench: Bench) -> None:
    wallet = await bench.wallet(10_000, start=bench.clock.now() + timedelta(days=1))
    await bench.post(bench.use(4))
    assert await bench.left(wallet) == 10_000


async def test_money_is_added_to_an_open_wallet_only(bench: Bench) -> None:
    wallet = await bench.wallet(10_000)
    for _ in range(2):
        await bench.do(lambda uow: metering.add_to_wallet(uow, wallet.id, 5_000, "second tranche"))
    assert await bench.left(wallet) == 15_000
    await bench.do(lambda uow: metering.revoke_wallet(uow, wallet.id, "over"))
    with pytest.raises(metering.WalletClosed):
        await bench.do(lambda uow: metering.add_to_wallet(uow, wallet.id, 5_000, "third tranche"))


async def test_a_wallet_s_statement_shows_issue_and_use(bench: Bench) -> None:
    wallet = await bench.wallet(10_000)
    await bench.post(bench.use(4, group="req-7"))
    seen = await bench.do(lambda uow: metering.wallet_statement(uow, wallet.id, None, None, PageRequest()))
    assert [(m.kind, m.amount_micro, m.note) for m in seen.movements] == [
        ("usage", -4_000, "req-7"),
        ("issue", 10_000, ""),
    ]
    assert (seen.opening_micro, seen.closing_micro) == (0, 6_000)


@pytest.mark.parametrize(
    "wrong",
    [{"amount_micro": 0}, {"amount_micro": 5, "share_bp": 0}, {"amount_micro": 5, "resources": ()},
     {"amount_micro": 5, "days": -1}],
)  # fmt: skip
async def test_a_malformed_wallet_is_refused(bench: Bench, wrong: dict[str, object]) -> None:
    with pytest.raises(Invalid):
        await bench.wallet(**wrong)  # type: ignore[arg-type]


async def test_the_list_of_wallets_is_sorted_and_paged(bench: Bench) -> None:
    for amount in (3, 1, 2):
        await bench.wallet(amount)
    seen, cursor = [], None
    while True:
        asked = PageRequest(limit=2, cursor=cursor, sort="-issued_micro")
        rows = await bench.do(lambda uow, asked=asked: metering.list_wallets(uow, bench.org, "active", asked))  # type: ignore[misc]
        seen += [wallet.balance_micro for wallet in rows.items]
        cursor = rows.next
        if cursor is None:
            break
    assert seen == [3, 2, 1]
