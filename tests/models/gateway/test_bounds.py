"""Rates, concurrency, holds and histograms, without a server."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceyuan.kernel.errors import QuotaExceeded
from ceyuan.metering import InsufficientFunds, NewPrice, NewQuota, add_quota, post_usage, set_price
from ceyuan.models.gateway.app import parse_tags
from ceyuan.models.gateway.errors import Overloaded, RateLimited, TooManyAtOnce
from ceyuan.models.gateway.funds import INPUT, OUTPUT, Funds, Payer
from ceyuan.models.gateway.histogram import bucket_of, middle_of, percentile
from ceyuan.models.gateway.limits import Bucket, KeyLimits, Throttle
from ceyuan.models.gateway.posting import usage_events
from ceyuan.models.gateway.prompt import parse_prompt
from tests.models.gateway.house import House
from tests.models.gateway.test_journal import _call


def test_a_bucket_lets_a_minutes_allowance_through_and_then_says_how_long_to_wait() -> None:
    bucket = Bucket(60, 0.0)
    assert all(bucket.take(1, 0.0) == 0 for _ in range(60))
    assert bucket.take(1, 0.0) == pytest.approx(1.0)
    assert bucket.take(1, 1.0) == 0


def test_a_request_larger_than_the_allowance_passes_once_and_is_paid_off() -> None:
    bucket = Bucket(100, 0.0)
    assert bucket.take(250, 0.0) == 0
    assert bucket.take(1, 60.0) > 0
    assert bucket.take(1, 180.0) == 0


@given(st.lists(st.tuples(st.floats(0, 5), st.floats(0, 30)), max_size=60), st.integers(1, 50))
def test_a_bucket_never_gives_more_than_its_rate_over_any_span(steps: list[tuple[float, float]], rate: int) -> None:
    bucket, now, given_out = Bucket(rate, 0.0), 0.0, 0.0
    for pause, amount in steps:
        now += pause
        amount = min(amount, rate)
        if bucket.take(amount, now) == 0:
            given_out += amount
    assert given_out <= rate + now * rate / 60 + 1e-6


def test_concurrency_is_bounded_by_process_organisation_and_key() -> None:
    throttle = Throttle(max_in_flight=3, max_per_org=2)
    limits = KeyLimits(concurrent=1)
    throttle.enter("org", "k1", limits)
    with pytest.raises(TooManyAtOnce):
        throttle.enter("org", "k1", limits)
    throttle.enter("org", "k2", KeyLimits())
    with pytest.raises(TooManyAtOnce):
        throttle.enter("org", "k3", KeyLimits())
    throttle.enter("other", "k4", KeyLimits())
    with pytest.raises(Overloaded):
        throttle.enter("third", "k5", KeyLimits())
    for org, key in (("org", "k1"), ("org", "k2"), ("other", "k4")):
        throttle.leave(org, key)
    assert throttle.running() == {}


def test_tokens_that_were_expected_but_not_used_are_given_back() -> None:
    throttle = Throttle(max_in_flight=9, max_per_org=9)
    limits = KeyLimits(tokens_per_minute=1000)
    throttle.require_rate("k", limits, 900, 0.0)
    with pytest.raises(RateLimited) as caught:
        throttle.require_rate("k", limits, 900, 0.0)
    assert caught.value.fields["retry_after_s"] >= 48
    throttle.correct("k", 900, 50, 0.0)
    throttle.require_rate("k", limits, 900, 0.0)


@given(st.lists(st.floats(0.1, 1e6), min_size=1, max_size=200))
def test_percentiles_of_a_histogram_are_within_an_eighth(values: list[float]) -> None:
    histogram: dict[str, int] = {}
    for value in values:
        bucket = str(bucket_of(value))
        histogram[bucket] = histogram.get(bucket, 0) + 1
    exact = sorted(values)[max(0, -(-len(values) * 95 // 100) - 1)]
    found = percentile(histogram, 0.95)
    assert found is not None
    assert exact <= 1.26 or exact / 1.13 <= found <= exact * 1.13


def test_no_calls_have_no_percentile() -> None:
    assert percentile({}, 0.5) is None
    assert bucket_of(middle_of(17)) == 17


def test_tags_are_few_and_short() -> None:
    assert parse_tags(b"a=1, b = two words,c") == {"a": "1", "b": "two words", "c": ""}
    assert len(parse_tags(b",".join(b"k%d=v" % n for n in range(50)))) == 8
    assert parse_tags(b"x=" + b"y" * 500)["x"] == "y" * 64


@pytest.mark.parametrize(
    ("fields", "bound"),
    [
        ("", 100),
        (',"max_tokens":7', 7),
        (',"max_tokens":7,"n":3', 21),
        (',"max_completion_tokens":5,"max_tokens":9', 5),
    ],
)
def test_the_longest_answer_bounds_the_hold(fields: str, bound: int) -> None:
    body = ('{"model":"m","messages":[{"role":"user","content":"x"}]' + fields + "}").encode()
    assert parse_prompt("chat", body).output_bound(100) == bound


def test_a_call_from_a_clock_that_ran_ahead_is_charged_now() -> None:
    call, now = _call(1), datetime(2026, 1, 1, tzinfo=UTC)
    call.prompt_tokens, call.usage_from, call.at = 3, "upstream", (now + timedelta(days=3)).timestamp()
    assert {event.occurred_at for event in usage_events(call, now)} == {now}


class TestFunds:
    """Holds against a real ledger."""

    async def _funds(self, house: House) -> tuple[Funds, Payer]:
        return Funds(house.platform, fresh_s=1000), Payer(house.org, "tok_x")

    async def test_holds_add_up_to_the_balance_and_no_further(self, house: House) -> None:
        funds, payer = await self._funds(house)
        held = [await funds.admit(payer, "echo", 0, 125_000) for _ in range(10)]
        assert funds.pending_micro(house.org) == 10_000_000
        with pytest.raises(InsufficientFunds):
            await funds.admit(payer, "echo", 0, 1)
        funds.finish(held[0], funds.cost(house.org, "echo", 0, 25_000))
        await funds.admit(payer, "echo", 0, 100_000)
        with pytest.raises(InsufficientFunds):
            await funds.admit(payer, "echo", 0, 1)

    async def test_what_the_ledger_took_is_counted_once(self, house: House) -> None:
        funds, payer = await self._funds(house)
        hold = await funds.admit(payer, "echo", 0, 1_000_000)
        call = _call(1)
        call.org_id, call.price_model = house.org, "echo"
        call.completion_tokens, call.usage_from = 1_000_000, "upstream"
        used = funds.cost(house.org, "echo", 0, 1_000_000)
        funds.finish(hold, used)
        now = house.platform.clock.now()
        call.at = now.timestamp()
        posted = await house.do(lambda uow: post_usage(uow, usage_events(call, now)))
        funds.posted(hold, used, posted.cost_micro)
        for _ in range(2):
            with pytest.raises(InsufficientFunds):
                await funds.admit(payer, "echo", 0, 250_001)
            funds.forget(house.org)
        assert (await funds.admit(payer, "echo", 0, 250_000)).cost.micro == 2_000_000

    async def test_a_quota_in_tokens_counts_what_runs(self, house: House) -> None:
        funds, payer = await self._funds(house)
        await house.do(lambda uow: add_quota(uow, house.org, NewQuota("tokens", Decimal(1000), "month", hard=True)))
        hold = await funds.admit(payer, "echo", 100, 500)
        with pytest.raises(QuotaExceeded):
            await funds.admit(payer, "echo", 100, 500)
        funds.finish(hold, funds.cost(house.org, "echo", 100, 100))
        await funds.admit(payer, "echo", 100, 500)

    async def test_a_price_of_ones_own_counts(self, house: House) -> None:
        funds, payer = await self._funds(house)
        for resource in (INPUT, OUTPUT):
            price = NewPrice(resource, 0, scope=house.org)
            await house.do(lambda uow, p=price: set_price(uow, p))
        assert (await funds.admit(payer, "echo", 10**9, 10**9)).cost.micro == 0
