"""Prices: valid for a time, never overlapping, the most particular one wins."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceyuan import metering
from ceyuan.kernel.errors import Forbidden, Invalid
from ceyuan.metering.prices import PriceBook, PriceLine, Rate
from tests.metering.bench import Bench
from tests.metering.people import holding

T0 = datetime(2026, 1, 1, tzinfo=UTC)


def line(name: str, *, scope: str = "*", model: str = "*", start: int = 0, end: int | None = None) -> PriceLine:
    until = None if end is None else T0 + timedelta(days=end)
    return PriceLine(name, scope, "gateway.tokens.input", model, 1, 1, T0 + timedelta(days=start), until)


def found(book: PriceBook, model: str = "demo/mini", day: int = 1, org: str = "org_a") -> str | None:
    rate = book.rate(org, "gateway.tokens.input", model, T0 + timedelta(days=day))
    return rate.price_id if rate else None


def test_the_organisation_s_price_comes_before_the_contract_s_and_that_before_the_list_s() -> None:
    lines = [line("list"), line("contract", scope="contract:c"), line("own", scope="org_a")]
    assert found(PriceBook(lines, {"org_a": "contract:c"})) == "own"
    assert found(PriceBook(lines[:2], {"org_a": "contract:c"})) == "contract"
    assert found(PriceBook(lines, {"org_b": None}), org="org_b") == "list"


def test_within_a_list_the_narrowest_model_wins() -> None:
    book = PriceBook([line("any"), line("family", model="demo/*"), line("very", model="demo/mini")], {})
    assert [found(book, model) for model in ("demo/mini", "demo/other", "x/y", "")] == ["very", "family", "any", "any"]


def test_a_price_holds_from_its_beginning_until_just_before_its_end() -> None:
    book = PriceBook([line("january", start=0, end=31), line("february", start=31)], {})
    assert [found(book, day=day) for day in (-1, 0, 30, 31, 400)] == [
        None,
        "january",
        "january",
        "february",
        "february",
    ]


def test_an_own_price_that_does_not_hold_yet_leaves_the_list_s_in_force() -> None:
    book = PriceBook([line("list"), line("own", scope="org_a", start=10)], {})
    assert [found(book, day=day) for day in (5, 10)] == ["list", "own"]


@given(st.integers(0, 10**12), st.integers(0, 10**9), st.integers(1, 10**9))
def test_a_cost_is_within_half_a_micro_yuan_of_the_exact_product(units: int, price: int, per: int) -> None:
    exact = Decimal(units) * price / per
    assert abs(Decimal(Rate(price, per).cost(units)) - exact) <= Decimal("0.5")


async def test_a_new_price_takes_over_from_the_one_in_force(bench: Bench) -> None:
    bench.clock.advance(timedelta(hours=1))
    change = bench.clock.now()
    await bench.price(3000)
    early = bench.use(1, occurred_at=change - timedelta(minutes=30))
    posted = await bench.post(early, bench.use(1))
    assert sorted(posted.costs.values()) == [1000, 3000]


async def test_prices_of_one_list_never_overlap(bench: Bench) -> None:
    now = bench.clock.now()
    await bench.price(5, model="m/x", valid_from=now + timedelta(days=1), valid_to=now + timedelta(days=2))
    for start, end in ((0, 1.5), (1.2, 1.5), (1.9, None), (0, None)):
        until = None if end is None else now + timedelta(days=end)
        with pytest.raises(metering.PriceOverlap):
            await bench.price(6, model="m/x", valid_from=now + timedelta(days=start), valid_to=until)
    await bench.price(6, model="m/x", valid_from=now, valid_to=now + timedelta(days=1))
    await bench.price(7, model="m/x", valid_from=now + timedelta(days=2))


async def test_a_price_is_not_shortened_into_the_past(bench: Bench) -> None:
    bench.clock.advance(timedelta(days=3))
    with pytest.raises(metering.PriceOverlap):
        await bench.price(5, valid_from=bench.clock.now() - timedelta(days=1))


async def test_a_price_ends_early_and_one_that_never_began_disappears(bench: Bench) -> None:
    running = await bench.price(5, model="m/a")
    coming = await bench.price(5, model="m/b", valid_from=bench.clock.now() + timedelta(days=9))
    bench.clock.advance(timedelta(hours=1))
    ended = await bench.do(lambda uow: metering.end_price(uow, running.id))
    assert ended.valid_to == bench.clock.now()
    await bench.do(lambda uow: metering.end_price(uow, coming.id))
    with pytest.raises(Invalid):
        await bench.do(lambda uow: metering.end_price(uow, running.id, bench.clock.now() + timedelta(days=1)))
    await bench.price(6, model="m/b", valid_from=bench.clock.now() + timedelta(days=8))


async def test_only_operators_set_prices(bench: Bench) -> None:
    new = metering.NewPrice(bench.resource, 1)
    with pytest.raises(Forbidden):
        await bench.do(lambda uow: metering.set_price(uow, new), actor=holding(bench.org, "owner"))


@pytest.mark.parametrize(
    "wrong",
    [
        {"resource": "Tokens"},
        {"unit_micro": -1},
        {"per": 0},
        {"scope": "everybody"},
        {"model": "a b"},
        {"valid_to": datetime(2020, 1, 1, tzinfo=UTC)},
    ],
)
async def test_a_malformed_price_is_refused(bench: Bench, wrong: dict[str, object]) -> None:
    with pytest.raises(Invalid):
        await bench.price(**({"unit_micro": 1} | wrong))  # type: ignore[arg-type]


async def test_a_contract_s_prices_hold_for_the_organisations_under_it(bench: Bench) -> None:
    contract = f"contract:{bench.org[-8:]}"
    await bench.price(10, scope=contract)
    assert (await bench.post(bench.use(1))).cost_micro == 1000
    await bench.terms(contract=contract)
    assert (await bench.post(bench.use(1))).cost_micro == 10
