"""Calls whose end nobody saw: their upstream is asked what it counted, and only what it cannot say stays in doubt."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from ceyuan.models.serving import change_upstream
from ceyuan.models.serving.errors import InvalidServedModel
from tests.models.gateway.house import CHAT, YUAN, House
from tests.models.gateway.test_journal import _kill_at


class Counts:
    """What the upstream says of calls, by their id."""

    def __init__(self) -> None:
        self.usage: Any = {"prompt_tokens": 5, "completion_tokens": 9}
        self.status = 200
        self.asked: list[str] = []

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append(request.match_info["id"])
        return web.json_response({"usage": self.usage}, status=self.status)


@pytest.fixture
async def counts(house: House) -> Counts:
    """The fake upstream can be asked."""
    await house.upstream.stop()
    counts = Counts()
    house.upstream.more_routes = [web.get("/v1/usage/{id}", counts.answer)]
    await house.upstream.start()
    changes = {"base_url": house.upstream.url, "usage_url": house.upstream.url + "/usage/{id}"}
    await house.do(lambda uow: change_upstream(uow, "fake", changes))
    await house.gateway.directory.reload()
    return counts


async def _settled(house: House) -> Any:
    for _ in range(400):
        if await house.calls() and not house.gateway.inquiries.open:
            return await house.the_call()
        await asyncio.sleep(0.02)
    raise AssertionError("the call was never settled")


async def test_a_broken_call_costs_what_its_upstream_counted(house: House, counts: Counts) -> None:
    house.upstream.script = "drop"
    assert (await house.post())[0] == 502
    call = await _settled(house)
    assert (call.status, call.in_doubt, call.usage_from, call.cost_micro) == ("failed", False, "upstream", 10 + 72)
    assert counts.asked == [call.id]
    assert await house.balance() == 10 * YUAN - 82
    assert house.gateway.funds.pending_micro(house.org) <= 82


async def test_a_call_that_the_upstream_never_saw_costs_nothing(house: House, counts: Counts) -> None:
    counts.status, house.upstream.script = 404, "hang"
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {house.key}"}) as session:
        task = asyncio.create_task(session.post(house.url + "/v1/chat/completions", json=CHAT))
        while not house.upstream.running:
            await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    call = await _settled(house)
    assert (call.status, call.in_doubt, call.cost_micro) == ("cancelled", False, 0)


async def test_after_a_kill_each_open_call_is_asked_for(house: House, counts: Counts) -> None:
    await _kill_at(house, "before the outcome")
    call = await house.the_call()
    assert (call.status, call.in_doubt, call.cost_micro) == ("interrupted", False, 82)
    assert await house.balance() == 10 * YUAN - 82


async def test_an_upstream_is_asked_on_its_own_server_only(house: House) -> None:
    for address in ("http://elsewhere.example/{id}", house.upstream.url + "/usage"):
        with pytest.raises(InvalidServedModel):
            await house.do(lambda uow, a=address: change_upstream(uow, "fake", {"usage_url": a}))
