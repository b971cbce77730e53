"""How servers stand, breakers that are mended, calls in doubt that are settled, and an upstream's own words."""

from __future__ import annotations

import pytest

from ceyuan.kernel.actor import SYSTEM, Actor
from ceyuan.kernel.errors import Forbidden, Unauthenticated
from ceyuan.models.gateway import service, standing
from ceyuan.models.gateway.errors import ModelUnknown
from ceyuan.models.gateway.settling import NotInDoubt, settle_call
from ceyuan.models.serving import change_served
from tests.models.gateway.house import CHAT, YUAN, House

PRICE = 11 * 2 + 6 * 8
"""What an answer of the fake upstream costs, in micro-yuan."""


def _member(house: House) -> Actor:
    return Actor("person", "per_wang", "Wang", roles={house.org: "member"})


async def test_a_route_shows_its_servers_and_hides_addresses_from_callers(house: House) -> None:
    await house.post()
    (route,) = standing.list_standings(house.gateway, _member(house))
    (server,) = route.replicas
    assert (route.name, server.breaker, server.calls, server.share, server.address) == ("echo", "closed", 1, 1.0, None)
    assert server.latency_ms is not None
    assert standing.see_standing(house.gateway, SYSTEM, "echo").replicas[0].address == house.upstream.url


async def test_nobody_sees_routes_that_they_may_not_call(house: House) -> None:
    with pytest.raises(Unauthenticated):
        standing.list_standings(house.gateway, Actor("anonymous", "", ""))
    await house.do(lambda uow: change_served(uow, "echo", {"visible_to": []}))
    await house.gateway.directory.reload()
    assert standing.list_standings(house.gateway, _member(house)) == []
    with pytest.raises(ModelUnknown):
        standing.see_standing(house.gateway, _member(house), "echo")


async def test_an_open_breaker_is_shown_and_an_operator_closes_it(house: House) -> None:
    house.upstream.script = "error:500"
    for _ in range(5):
        await house.post()
    (server,) = standing.see_standing(house.gateway, SYSTEM, "echo").replicas
    assert (server.breaker, server.failed) == ("open", 5)
    assert server.left_alone_s > 0
    house.upstream.script = ""
    assert (await house.post())[0] == 503
    with pytest.raises(Forbidden):
        await house.do(lambda uow: standing.forgive(uow, "echo", server.id), _member(house))
    await house.do(lambda uow: standing.forgive(uow, "echo", server.id))
    await house.settle()
    assert (await house.post())[0] == 200


@pytest.mark.parametrize("script", ["error:500", "error:400"])
async def test_a_failed_call_keeps_the_upstreams_own_words(house: House, script: str) -> None:
    house.upstream.script = script
    await house.post()
    call = await house.the_call()
    assert (call.status, call.upstream_words) == ("failed", "the upstream says no")


async def test_the_words_of_an_error_within_a_stream_are_kept(house: House) -> None:
    house.upstream.script = "stream_error"
    await house.stream()
    assert (await house.the_call()).upstream_words == "out of memory"


async def _in_doubt(house: House) -> str:
    house.upstream.script = "break"
    await house.post({**CHAT, "stream": True})
    (call,) = await house.calls()
    assert call.in_doubt
    return call.id


async def test_a_call_in_doubt_is_settled_by_the_upstreams_account_once(books: House) -> None:
    call_id = await _in_doubt(books)

    def settled(**counts: int | None) -> object:
        wanted = {"prompt_tokens": None, "completion_tokens": None, "note": "bill of May", **counts}
        return lambda uow: settle_call(uow, call_id, **wanted)

    with pytest.raises(Forbidden):
        await books.do(settled(), _member(books))
    row = await books.do(settled(prompt_tokens=11, completion_tokens=6))
    assert (row.in_doubt, row.usage_from, row.cost_micro) == (False, "settled", PRICE)
    assert await books.balance() == 10 * YUAN - PRICE
    with pytest.raises(NotInDoubt):
        await books.do(settled())


async def test_settling_gives_back_what_was_charged_before(books: House) -> None:
    books.upstream.words = ["词"] * 6
    call_id = await _in_doubt(books)
    # What a client that left had been charged for, as far as it was relayed.
    async with books.platform.work(SYSTEM) as uow:
        call, _ = await service.see_call(uow, call_id)
        assert call.cost_micro == 0
    await books.do(lambda uow: settle_call(uow, call_id, prompt_tokens=None, completion_tokens=None, note="fine"))
    assert await books.balance() == 10 * YUAN
