"""Which balance pays: the order of wallets and the split of one charge."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceyuan.kernel.errors import Invalid
from ceyuan.metering.patterns import matches, narrowest, require_patterns
from ceyuan.metering.wallets.choice import WHOLE_BP, Purse, Restrictions, Use, in_order, split

NOW = datetime(2026, 11, 16, tzinfo=UTC)
USE = Use("gateway.tokens.input", "demo/mini-zh", NOW)


def purse(
    name: str,
    balance: int = 100,
    *,
    days: float | None = 365,
    resources: tuple[str, ...] = ("*",),
    models: tuple[str, ...] = ("*",),
    share_bp: int = WHOLE_BP,
    start: datetime = NOW - timedelta(days=1),
) -> Purse:
    end = None if days is None else NOW + timedelta(days=days)
    return Purse(name, name, Restrictions(resources, models, share_bp), start, end, balance)


def order(*purses: Purse) -> list[str]:
    return [one.wallet_id for one in in_order(purses, USE, NOW)]


def test_what_expires_within_a_week_comes_first_then_within_a_month() -> None:
    assert order(purse("year"), purse("month", days=30), purse("week", days=7), purse("open", days=None)) == [
        "week",
        "month",
        "year",
        "open",
    ]


def test_expiry_comes_before_match_and_match_before_balance() -> None:
    exact = purse("exact", 900, resources=("gateway.tokens.input",))
    narrow = purse("narrow", 500, resources=("gateway.tokens.*",))
    wide, small = purse("wide", 900), purse("small", 1)
    soon = purse("soon", 900, days=5)
    assert order(wide, small, narrow, exact, soon) == ["soon", "exact", "narrow", "small", "wide"]


def test_a_wallet_for_the_very_model_is_narrower_than_one_for_a_family() -> None:
    family = purse("family", models=("demo/*",), resources=("gateway.*",))
    assert order(family, purse("model", models=("demo/mini-zh",), resources=("gateway.*",))) == ["model", "family"]


def test_of_equal_wallets_the_one_that_ends_first_is_spent_first() -> None:
    assert order(purse("later", days=20), purse("sooner", days=10)) == ["sooner", "later"]


@pytest.mark.parametrize(
    "unfit",
    [
        purse("model", models=("other/*",)),
        purse("resource", resources=("compute.*",)),
        purse("over", days=0),
        purse("future", start=NOW + timedelta(seconds=1)),
    ],
    ids=lambda one: str(one.wallet_id),
)
def test_a_wallet_that_may_not_pay_is_left_out(unfit: Purse) -> None:
    assert order(unfit) == []


def test_one_charge_is_split_over_wallets_in_order() -> None:
    purses = [purse("a", 30), purse("b", 30), purse("c", 30)]
    portions = split(70, purses, whole_micro=70)
    assert [(p.wallet_id, p.amount_micro) for p in portions] == [("a", 30), ("b", 30), ("c", 10)]
    assert [one.balance_micro for one in purses] == [0, 0, 20]


def test_a_share_limits_what_a_wallet_pays_of_each_charge() -> None:
    portions = split(1000, [purse("third", 5000, share_bp=3000)], whole_micro=1000)
    assert [p.amount_micro for p in portions] == [300]


def test_what_a_wallet_paid_out_of_a_hold_counts_against_its_share() -> None:
    portions = split(800, [purse("third", 5000, share_bp=3000)], whole_micro=1000, paid={"third": 200})
    assert [p.amount_micro for p in portions] == [100]


purses = st.builds(
    lambda number, balance, days, share, resource: purse(
        f"w{number}", balance, days=days, share_bp=share, resources=(resource,)
    ),
    st.integers(0, 10**6),
    st.integers(0, 10**9),
    st.one_of(st.none(), st.floats(0.1, 400)),
    st.integers(1, WHOLE_BP),
    st.sampled_from(["*", "gateway.*", "gateway.tokens.input", "compute.*"]),
)


@given(st.lists(purses, max_size=8, unique_by=lambda one: one.wallet_id), st.integers(0, 10**9))
def test_a_split_never_takes_more_than_there_is_nor_more_than_the_charge(held: list[Purse], cost: int) -> None:
    before = {one.wallet_id: one.balance_micro for one in held}
    ordered = in_order(held, USE, NOW)
    portions = split(cost, ordered, whole_micro=cost)
    paid = {portion.wallet_id: portion.amount_micro for portion in portions}
    assert len(paid) == len(portions)
    assert sum(paid.values()) <= cost
    assert all(amount > 0 for amount in paid.values())
    for one in held:
        assert one.balance_micro == before[one.wallet_id] - paid.get(one.wallet_id, 0) >= 0
        assert paid.get(one.wallet_id, 0) <= cost * one.restrictions.share_bp // WHOLE_BP
    if sum(paid.values()) < cost:
        # Something is missing only where every wallet that may pay has given all it may.
        for one in ordered:
            assert one.balance_micro == 0 or paid.get(one.wallet_id, 0) == cost * one.restrictions.share_bp // WHOLE_BP


@given(st.permutations(["a", "b", "c", "d"]))
def test_the_order_does_not_depend_on_how_wallets_are_listed(names: list[str]) -> None:
    kinds = {"a": purse("a", 5), "b": purse("b", 5), "c": purse("c", 3, days=3), "d": purse("d", 9, days=20)}
    assert order(*(kinds[name] for name in names)) == ["c", "d", "a", "b"]


def test_a_star_stands_for_any_run_of_characters() -> None:
    assert matches("gateway.*.input", "gateway.tokens.input")
    assert matches("*", "")
    assert not matches("demo/*", "")
    assert not matches("gateway.*", "gateways.tokens")
    assert narrowest(("*", "gateway.*"), "gateway.x") == (0, len("gateway."))
    assert narrowest(("compute.*",), "gateway.x") is None


@pytest.mark.parametrize("bad", [["Gateway.*"], ["a b"], [], [""], ["x" * 81]])
def test_malformed_patterns_are_refused(bad: list[str]) -> None:
    with pytest.raises(Invalid):
        require_patterns(bad, ["*"])
