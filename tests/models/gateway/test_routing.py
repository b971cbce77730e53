"""Which server a call goes to: shares, load, latency, price, affinity; past those that fail, and never outside with
data that must stay inside."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceyuan.models.gateway.errors import DataStaysInside, NoReplica, TooManyAtOnce
from ceyuan.models.gateway.fairness import FairGate, FairGates
from ceyuan.models.gateway.routing import FAILURES, Router, prefix_of
from ceyuan.models.serving import NewReplica, NewUpstream, Replica, Route, Routing, add_upstream, set_routing
from tests.models.fake_upstream import FakeUpstream
from tests.models.gateway.house import CHAT, YUAN, House


def _route(*replicas: Replica, **more: Any) -> Route:
    return Route("served_1", "m", "m", frozenset({"chat"}), "m", 0, replicas, **more)


def _three(**more: Any) -> Route:
    return _route(*(Replica(name, name, "m", f"http://{name}/v1") for name in "abc"), **more)


def _first(router: Router, route: Route, prefix: bytes = b"", *, inside: bool = False) -> str:
    return router.order(route, inside=inside, prefix=prefix, now=0.0)[0].id


def _fail(router: Router, replica: Replica, times: int = FAILURES, now: float = 0.0) -> None:
    for _ in range(times):
        router.end(router.begin(replica, now), False, None, now)


def test_calls_are_shared_by_weight() -> None:
    route = _route(Replica("a", "a", "m", weight=3), Replica("b", "b", "m", weight=1), Replica("c", "c", "m", weight=0))
    router = Router(random.Random(1))
    drawn = Counter(_first(router, route) for _ in range(4000))
    assert drawn["c"] == 0
    assert 0.72 < drawn["a"] / 4000 < 0.78


def test_the_server_with_the_fewest_calls_in_flight_for_its_weight_comes_first() -> None:
    route = _three(strategy="least_pending")
    router = Router(random.Random(1))
    for replica in (route.replicas[0], route.replicas[0], route.replicas[1]):
        router.begin(replica, 0.0)
    assert [replica.id for replica in router.order(route, inside=False, prefix=b"", now=0.0)] == ["c", "b", "a"]


def test_a_slow_server_gets_fewer_calls() -> None:
    route = _three(strategy="latency")
    router = Router(random.Random(1))
    for replica, seconds in zip(route.replicas, (0.9, 0.1, 0.5), strict=True):
        router.end(router.begin(replica, 0.0), True, seconds, 0.0)
    assert [replica.id for replica in router.order(route, inside=False, prefix=b"", now=0.0)] == ["b", "c", "a"]


def test_the_cheapest_server_comes_first() -> None:
    route = _route(Replica("a", "a", "m", price=2.0), Replica("b", "b", "m", price=0.5), strategy="price")
    assert _first(Router(random.Random(1)), route) == "b"


@given(st.lists(st.text(min_size=1, max_size=8), min_size=2, max_size=6))
def test_a_conversation_keeps_its_server_whatever_is_said_later(texts: list[str]) -> None:
    router, route = Router(random.Random(1)), _three(strategy="prefix")
    messages = [{"role": "user", "content": text} for text in texts]
    servers = {_first(router, route, prefix_of({"messages": messages[:n]})) for n in range(2, len(messages) + 1)}
    assert len(servers) == 1


def test_affinity_spreads_conversations_and_gives_way_where_a_server_is_full() -> None:
    router, route = Router(random.Random(1)), _three(strategy="prefix")
    drawn = Counter(_first(router, route, str(number).encode()) for number in range(600))
    assert all(150 < drawn[name] < 250 for name in "abc")
    preferred = _first(router, route, b"x")
    busy = next(replica for replica in route.replicas if replica.id == preferred)
    for _ in range(20):
        router.begin(busy, 0.0)
    assert _first(router, route, b"x") != preferred


def test_a_server_that_goes_on_failing_is_left_alone_and_then_tried_once() -> None:
    router, route = Router(random.Random(1)), _three()
    bad = route.replicas[0]
    _fail(router, bad)
    assert all(replica.id != "a" for replica in router.order(route, inside=False, prefix=b"", now=1.0))
    assert len(router.order(route, inside=False, prefix=b"", now=2.5)) == 3
    router.begin(bad, 2.5)
    assert len(router.order(route, inside=False, prefix=b"", now=2.6)) == 2
    router.end(router.health(bad), True, 0.1, 3.0)
    assert len(router.order(route, inside=False, prefix=b"", now=3.0)) == 3


def test_where_every_server_is_left_alone_the_refusal_says_until_when() -> None:
    router, route = Router(random.Random(1)), _route(Replica("a", "a", "m"))
    _fail(router, route.replicas[0])
    with pytest.raises(NoReplica) as caught:
        router.order(route, inside=False, prefix=b"", now=0.5)
    assert caught.value.fields["retry_after_s"] == 2


def test_what_must_stay_inside_never_goes_outside() -> None:
    router = Router(random.Random(1))
    outside, inside = Replica("o", "o", "m", outside=True, weight=100), Replica("i", "i", "m")
    mixed = _route(outside, inside)
    assert {_first(router, mixed, inside=True) for _ in range(50)} == {"i"}
    for route in (_route(outside), _route(outside, Replica("p", "p", "m", outside=True))):
        with pytest.raises(DataStaysInside):
            router.order(route, inside=True, prefix=b"", now=0.0)


def test_fallbacks_come_after_all_others() -> None:
    route = _route(Replica("late", "late", "m", tier=1, weight=9), Replica("a", "a", "m"), Replica("b", "b", "m"))
    assert router_tail(route) == "late"


def router_tail(route: Route) -> str:
    return Router(random.Random(1)).order(route, inside=False, prefix=b"", now=0.0)[-1].id


async def test_organisations_take_turns_at_a_full_model() -> None:
    gate, order = FairGate(), []
    await gate.enter("x", 1, 10)

    async def one(org: str) -> None:
        await gate.enter(org, 1, 10)
        order.append(org)
        gate.leave(1)

    tasks = [asyncio.create_task(one(org)) for org in ("big", "big", "big", "small", "other")]
    await asyncio.sleep(0)
    gate.leave(1)
    await asyncio.gather(*tasks)
    assert order == ["big", "small", "other", "big", "big"]
    assert (gate.running, gate.waiting) == (0, 0)


async def test_who_stops_waiting_leaves_no_gap_in_the_line() -> None:
    gates = FairGates(2)
    await gates.enter("m", "x", 1)
    waiting = [asyncio.create_task(gates.enter("m", "org", 1)) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(TooManyAtOnce):
        await gates.enter("m", "org", 1)
    waiting[0].cancel()
    await asyncio.gather(waiting[0], return_exceptions=True)
    gates.leave("m", 1)
    await waiting[1]
    assert gates.waiting() == {}
    gates.leave("m", 1)


@pytest.fixture
async def second(house: House) -> FakeUpstream:
    """Another upstream that serves `echo` too, after the first one."""
    other = FakeUpstream()
    await other.start()
    await house.do(lambda uow: add_upstream(uow, NewUpstream("second", other.url)))
    return other


async def _share(house: House, **more: Any) -> None:
    routing = Routing(replicas=[NewReplica("second", tier=1)], **more)
    await house.do(lambda uow: set_routing(uow, "echo", routing))
    await house.gateway.directory.reload()


@pytest.mark.parametrize("script", ["error:503", "error:429", "error:500", "error:401", "error:402"])
async def test_a_call_that_a_server_refused_goes_to_the_next_and_is_paid_once(
    house: House, second: FakeUpstream, script: str
) -> None:
    await _share(house)
    house.upstream.script = script
    assert (await house.post())[0] == 200
    call = await house.the_call()
    assert (call.status, call.upstream, call.cost_micro) == ("ok", "second", 70)
    assert await house.balance() == 10 * YUAN - 70
    await second.stop()


async def test_a_server_that_is_not_there_is_passed_over(house: House, second: FakeUpstream) -> None:
    await _share(house)
    await house.upstream.stop()
    assert [(await house.post())[0] for _ in range(FAILURES + 2)] == [200] * (FAILURES + 2)
    await house.upstream.start()
    await second.stop()


async def test_a_call_that_may_have_been_answered_is_not_given_to_another_server(
    house: House, second: FakeUpstream
) -> None:
    await _share(house)
    house.upstream.script = "drop"
    assert (await house.post())[0] == 502
    assert second.seen == []
    call = await house.the_call()
    assert (call.status, call.in_doubt, call.cost_micro) == ("failed", True, 0)
    await second.stop()


async def test_a_second_server_is_asked_where_the_first_one_is_silent(house: House, second: FakeUpstream) -> None:
    await _share(house, hedge_ms=50)
    house.upstream.script = "hang"
    assert (await house.post())[0] == 200
    assert (await house.the_call()).upstream == "second"
    for _ in range(1000):
        if house.upstream.cancelled:
            break
        await asyncio.sleep(0.02)
    assert (house.upstream.cancelled, house.gateway.router.health(await _replica(house, 0)).pending) == (1, 0)
    await second.stop()


async def _replica(house: House, number: int) -> Replica:
    route = house.gateway.directory.find("echo", house.org)
    assert route is not None
    return route.replicas[number]


async def test_a_calls_data_stay_inside_where_it_or_its_organisation_says_so(house: House) -> None:
    from ceyuan.models.gateway.wishes import Wishes, set_policy
    from ceyuan.models.serving import change_upstream

    await house.do(lambda uow: change_upstream(uow, "fake", {"outside": True}))
    await house.gateway.directory.reload()
    assert (await house.post())[0] == 200
    status, answer, _ = await house.post(headers={"X-Ceyuan-Data": "inside"})
    assert (status, answer["error"]["code"]) == (403, "data_stays_inside")
    await house.do(lambda uow: set_policy(uow, house.org, Wishes(inside=True)))
    await house.service.reload_policies()
    assert (await house.post())[0] == 403


async def test_personal_information_is_masked_before_an_outside_server_sees_it(house: House) -> None:
    from ceyuan.models.gateway.wishes import Wishes, set_policy
    from ceyuan.models.serving import change_upstream

    await house.do(lambda uow: change_upstream(uow, "fake", {"outside": True}))
    await house.do(lambda uow: set_policy(uow, house.org, Wishes(mask_outside=True)))
    await house.gateway.directory.reload()
    await house.service.reload_policies()
    text = "我的手机号是13812345678,请记住"
    assert (await house.post({**CHAT, "messages": [{"role": "user", "content": text}]}))[0] == 200
    seen = str(house.upstream.seen[0])
    assert "13812345678" not in seen
    assert "请记住" in seen
    call = await house.the_call()
    assert (call.flagged, call.verdicts[0]["clause"]) == (True, "personal_information")
