"""Quotas: counted per window and subject; soft ones tell, hard ones refuse, grants never add up to more."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceyuan import metering
from ceyuan.kernel.errors import Forbidden, Invalid, NotFound, QuotaExceeded
from ceyuan.kernel.work import UnitOfWork
from ceyuan.metering.periods import Window, window_end, window_start
from ceyuan.metering.quotas import change_quota
from tests.metering.bench import Bench
from tests.metering.people import holding

SHANGHAI = ZoneInfo("Asia/Shanghai")


async def quota(bench: Bench, metric: Any, amount: int, window: Any, *, hard: bool = True, **fields: Any) -> Any:
    new = metering.NewQuota(metric, Decimal(amount), window, hard, **({"resource": bench.resource} | fields))
    return await bench.do(lambda uow: metering.add_quota(uow, bench.org, new))


async def check(bench: Bench, quantity: int, **fields: Any) -> None:
    use = metering.Counted(bench.org, bench.resource, "", bench.clock.now(), Decimal(quantity), 0, **fields)
    await bench.do(lambda uow: metering.check_quotas(uow, [use]))


async def test_a_hard_quota_refuses_what_would_break_it_and_says_when_it_starts_anew(bench: Bench) -> None:
    await quota(bench, "quantity", 100, "day")
    await bench.post(bench.use(70))
    await check(bench, 30)
    with pytest.raises(QuotaExceeded) as caught:
        await check(bench, 31)
    assert caught.value.fields["retry_after_s"] == 12 * 3600
    bench.clock.advance(timedelta(hours=12))
    await check(bench, 100)


async def test_a_soft_quota_lets_through_and_tells_once_a_window(bench: Bench) -> None:
    await quota(bench, "quantity", 100, "day", hard=False)
    for _ in range(4):
        await bench.post(bench.use(40))
    assert [told["used"] for told in await bench.told("metering.quota_notice")] == ["120"]
    await check(bench, 1000)
    bench.clock.advance(timedelta(days=1))
    await bench.post(bench.use(100))
    assert len(await bench.told("metering.quota_notice")) == 2


async def test_a_hard_quota_that_is_reached_is_told_to_caches(bench: Bench) -> None:
    made = await quota(bench, "money", 5_000, "month")
    await bench.post(bench.use(5))
    (told,) = await bench.told("metering.quota_exhausted")
    assert (told["quota_id"], told["subject"], told["metric"]) == (made.id, bench.org, "money")


async def test_a_quota_of_each_token_counts_every_token_on_its_own(bench: Bench) -> None:
    await quota(bench, "quantity", 10, "minute", subject_kind="token", subject_id="*")
    await bench.post(bench.use(10, token_id="tok_a"))
    await check(bench, 10, token_id="tok_b")
    await check(bench, 99)
    with pytest.raises(QuotaExceeded):
        await check(bench, 1, token_id="tok_a")


async def test_requests_and_tokens_have_resources_of_their_own(bench: Bench) -> None:
    await quota(bench, "tokens", 100, "day", resource="")
    await quota(bench, "requests", 2, "day", resource="")
    now = bench.clock.now()

    async def ask(resource: str, quantity: int) -> None:
        use = metering.Counted(bench.org, resource, "", now, Decimal(quantity), 0)
        await bench.do(lambda uow: metering.check_quotas(uow, [use]))

    await bench.post(bench.use(90, resource="gateway.tokens.input"), bench.use(2, resource="gateway.requests"))
    await ask("gateway.tokens.output", 10)
    await ask("compute.cpu_second", 10**6)
    for resource, quantity in (("gateway.tokens.output", 11), ("gateway.requests", 1)):
        with pytest.raises(QuotaExceeded):
            await ask(resource, quantity)


async def test_grants_together_never_exceed_the_quota(bench: Bench) -> None:
    made = await quota(bench, "quantity", 100, "minute")

    async def grant(uow: UnitOfWork) -> metering.QuotaGrant:
        return await metering.grant_quota(uow, made.id, bench.org, 30)

    grants = await asyncio.gather(*(bench.do(grant) for _ in range(6)))
    assert sorted(int(one.amount) for one in grants) == [0, 0, 10, 30, 30, 30]
    full = next(one for one in grants if one.amount == 30)
    await bench.do(lambda uow: metering.return_quota(uow, full, 25))
    assert (await bench.do(grant)).amount == 25
    with pytest.raises(Invalid):
        await bench.do(lambda uow: metering.return_quota(uow, full, 31))


async def test_use_that_was_granted_before_is_not_counted_twice(bench: Bench) -> None:
    made = await quota(bench, "quantity", 100, "minute")
    await bench.do(lambda uow: metering.grant_quota(uow, made.id, bench.org, 60))
    await bench.post(bench.use(60, admitted=True))
    await check(bench, 40)
    with pytest.raises(QuotaExceeded):
        await check(bench, 41)


async def test_maintainers_set_quotas_of_their_own_and_leave_the_operator_s_alone(bench: Bench) -> None:
    maintainer = holding(bench.org, "maintainer")
    own = metering.NewQuota("money", Decimal(5), "day", True)
    mine = await bench.do(lambda uow: metering.add_quota(uow, bench.org, own), actor=maintainer)
    theirs = await quota(bench, "money", 5, "month")
    changed = await bench.do(lambda uow: change_quota(uow, mine.id, amount=Decimal(6), hard=False), actor=maintainer)
    assert (changed.amount, changed.hard, changed.set_by) == (6, False, "organisation")
    with pytest.raises(Forbidden):
        await bench.do(lambda uow: metering.remove_quota(uow, theirs.id), actor=maintainer)
    with pytest.raises(Forbidden):
        await bench.do(lambda uow: metering.remove_quota(uow, mine.id), actor=holding(bench.org, "member"))
    with pytest.raises(NotFound):
        await bench.do(lambda uow: metering.remove_quota(uow, mine.id), actor=holding("org_other", "owner"))
    await bench.do(lambda uow: metering.remove_quota(uow, mine.id), actor=maintainer)


@pytest.mark.parametrize(
    "wrong",
    [{"subject_kind": "token"}, {"subject_id": "x"}, {"resource": "", "metric": "quantity"}, {"amount": Decimal(-1)}],
)
async def test_a_malformed_quota_is_refused(bench: Bench, wrong: dict[str, Any]) -> None:
    fields = {"metric": "money", "amount": Decimal(1), "window": "day", "hard": True} | wrong
    with pytest.raises(Invalid):
        await bench.do(lambda uow: metering.add_quota(uow, bench.org, metering.NewQuota(**fields)))


@given(
    st.integers(0, 10**9).map(lambda second: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(seconds=second)),
    st.sampled_from(["minute", "day", "month"]),
)
def test_every_moment_lies_in_the_window_that_is_named_for_it(at: datetime, window: Window) -> None:
    start = window_start(window, at, SHANGHAI)
    end = window_end(window, start, SHANGHAI)
    assert start <= at < end
    assert window_start(window, end, SHANGHAI) == end


async def test_the_snapshot_for_caches_knows_balances_wallets_and_quotas(bench: Bench) -> None:
    await bench.top_up(1_000)
    await bench.terms(credit_limit_micro=500)
    await bench.wallet(7_000, models=("demo/*",))
    await bench.wallet(4_000, share_bp=5000)
    await quota(bench, "quantity", 100, "day", subject_kind="token", subject_id="tok_a")
    await quota(bench, "quantity", 100, "day", subject_kind="token", subject_id="tok_b")
    seen = await bench.do(lambda uow: metering.limits_for(uow, bench.org, "tok_a"))
    now = bench.clock.now()
    assert [limit.subject for limit in seen.quotas] == ["tok_a"]
    assert seen.spendable_micro(bench.resource, "demo/mini", now) == 8_500
    assert seen.spendable_micro(bench.resource, "x/y", now) == 1_500
    assert seen.covers(bench.resource, "x/y", now, 3_000)
    assert not seen.covers(bench.resource, "x/y", now, 3_001)
    assert seen.covers(bench.resource, "x/y", now, 0)
