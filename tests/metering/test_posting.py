"""Posting usage: rated, split, summed, once per key."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from ceyuan import metering
from ceyuan.kernel.ids import new_id
from ceyuan.kernel.work import UnitOfWork
from tests.metering.bench import YUAN, Bench


async def test_use_is_rated_and_paid_from_the_general_account(bench: Bench) -> None:
    await bench.top_up(YUAN)
    posted = await bench.post(bench.use(200))
    assert (posted.posted, posted.cost_micro) == (1, 200_000)
    assert (await bench.balance()).general_micro == 800_000


async def test_the_same_key_counts_once(bench: Bench) -> None:
    event = bench.use(200)
    await bench.post(event)
    again = await bench.post(event, event)
    assert (again.posted, again.duplicates, again.cost_micro) == (0, 2, 200_000)
    assert (await bench.balance()).general_micro == -200_000


async def test_a_key_that_returns_with_other_content_is_reported_and_not_posted(bench: Bench) -> None:
    event = bench.use(200)
    await bench.post(event)
    again = await bench.post(replace(event, quantity=300), bench.use(1))
    assert (again.posted, again.conflicts) == (1, (event.key,))
    assert (await bench.balance()).general_micro == -201_000


async def test_a_key_of_another_organisation_is_a_conflict(bench: Bench) -> None:
    event = bench.use(200)
    await bench.post(event)
    again = await bench.post(replace(event, org_id=new_id("org")))
    assert again.conflicts == (event.key,)


async def test_one_malformed_event_keeps_the_whole_batch_out(bench: Bench) -> None:
    late = bench.clock.now() + timedelta(hours=1)
    bad = [
        bench.use(-1),
        bench.use(Decimal("0.0001")),
        bench.use(1, resource="Nope"),
        bench.use(1, occurred_at=late),
        bench.use(1, occurred_at=bench.clock.now().replace(tzinfo=None)),
        bench.use(1, model="a b"),
        bench.use(1, key=""),
        bench.use(10**16),
    ]
    with pytest.raises(metering.BadUsage) as caught:
        await bench.post(bench.use(1), *bad)
    assert len(caught.value.fields["errors"]) == len(bad)
    assert (await bench.balance()).general_micro == 0


async def test_floats_are_refused_because_they_are_not_exact(bench: Bench) -> None:
    with pytest.raises(metering.BadUsage):
        await bench.post(bench.use(0.5))  # type: ignore[arg-type]


async def test_events_without_a_group_share_one_entry_and_groups_have_their_own(bench: Bench) -> None:
    await bench.post(bench.use(1), bench.use(2), bench.use(3, group="req-1"), bench.use(4, group="req-1"))

    async def entries(uow: UnitOfWork) -> list[tuple[str, int]]:
        from sqlalchemy import select

        from ceyuan.metering.ledger.tables import LedgerEntry

        rows = await uow.session.scalars(select(LedgerEntry).where(LedgerEntry.org_id == bench.org))
        return sorted((row.note, row.data["events"]) for row in rows)

    assert await bench.do(entries) == [("", 2), ("req-1", 2)]


async def test_use_without_a_price_is_free_and_counted_as_unpriced(bench: Bench) -> None:
    posted = await bench.post(bench.use(5, resource="nobody.priced.this"))
    assert posted.cost_micro == 0
    assert (await bench.books()).counts["unpriced_events"] >= 1


async def test_a_rate_agreed_elsewhere_comes_before_the_price_list(bench: Bench) -> None:
    posted = await bench.post(bench.use(Decimal("1.5"), rate=metering.Rate(7, per=3)))
    assert posted.cost_micro == 4


async def test_the_provider_of_the_use_gets_the_money(bench: Bench) -> None:
    supplier = new_id("org")
    await bench.post(bench.use(10, payee=supplier))
    settled = await bench.do(lambda uow: metering.open_account(uow, supplier, "settled"))
    assert settled.balance_micro == 10_000


async def test_usage_is_a_fact_and_is_posted_beyond_the_credit_limit(bench: Bench) -> None:
    await bench.terms(credit_limit_micro=100)
    await bench.post(bench.use(10))
    assert (await bench.balance()).general_micro == -10_000
    assert (await bench.told("metering.credit_exhausted"))[-1]["balance_micro"] == -10_000


async def test_a_low_balance_is_told_once_when_the_line_is_crossed(bench: Bench) -> None:
    await bench.top_up(YUAN)
    await bench.terms(low_balance_micro=900_000)
    for _ in range(3):
        await bench.post(bench.use(60))
    assert [told["balance_micro"] for told in await bench.told("metering.balance_low")] == [880_000]


async def test_hundreds_of_events_of_several_organisations_fit_one_transaction(bench: Bench) -> None:
    other = new_id("org")
    events = [bench.use(n, org_id=other if n % 3 else bench.org) for n in range(900)]
    posted = await bench.post(*events)
    assert (posted.posted, posted.cost_micro) == (900, sum(range(900)) * 1000)
    assert (await bench.balance()).general_micro == -sum(range(0, 900, 3)) * 1000


async def test_an_empty_batch_is_nothing(bench: Bench) -> None:
    assert (await bench.post()).posted == 0


async def test_a_reversal_gives_the_money_back_to_those_who_paid(bench: Bench) -> None:
    wallet = await bench.wallet(50_000)
    event = bench.use(80)
    await bench.post(event)

    async def event_id(uow: UnitOfWork) -> str:
        from ceyuan.metering.usage.repository import known

        return str((await known(uow.session, [event.key]))[event.key].id)

    used = await bench.do(event_id)
    await bench.do(lambda uow: metering.reverse_usage(uow, used, "billed by mistake"))
    assert await bench.left(wallet) == 50_000
    assert (await bench.balance()).general_micro == 0
    with pytest.raises(metering.EntryReversed):
        await bench.do(lambda uow: metering.reverse_usage(uow, used, "again"))
    assert (await bench.books()).findings == []


async def test_statistics_are_net_of_reversals_and_grouped_by_dimension(bench: Bench) -> None:
    await bench.post(bench.use(10, model="m/a", project="p"), bench.use(5, model="m/b"))
    bench.clock.advance(timedelta(hours=13))
    await bench.post(bench.use(1, model="m/a"))
    start, end = bench.clock.now() - timedelta(days=2), bench.clock.now() + timedelta(hours=1)
    points = await bench.do(
        lambda uow: metering.statistics(
            uow,
            org_id=bench.org,
            start=start,
            end=end,
            bucket="day",
            by=["model"],
            filters={"resource": bench.resource},
        )
    )
    found = {(p.bucket, p.dimensions["model"]): (p.quantity, p.cost_micro, p.events) for p in points}
    assert found == {
        ("2026-11-16", "m/a"): (10, 10_000, 1),
        ("2026-11-16", "m/b"): (5, 5_000, 1),
        ("2026-11-17", "m/a"): (1, 1_000, 1),
    }
