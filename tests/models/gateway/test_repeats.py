"""Answers that are given again: under an idempotency key, also after a kill, and to equal requests where that is
wanted; never to anybody else, and never for money."""

from __future__ import annotations

import asyncio

import pytest

from ceyuan.kernel.actor import SYSTEM
from ceyuan.models.gateway import ask_model
from ceyuan.models.gateway.errors import RepeatedDifferently
from ceyuan.models.gateway.repeats import AnswerCache, Kept
from ceyuan.models.gateway.wishes import Wishes, set_policy
from tests.models.gateway.house import CHAT, YUAN, House
from tests.models.gateway.test_journal import _kill_at

KEY = {"Idempotency-Key": "job-1/item-7"}


async def test_an_answered_call_with_the_same_key_is_answered_again_and_paid_once(books: House) -> None:
    first = await books.post(headers=KEY)
    await books.settle()
    again = await books.post(headers=KEY)
    assert (again[0], again[1]) == (200, first[1])
    assert again[2]["x-ceyuan-repeated"] == "1"
    assert again[2]["x-request-id"] == first[2]["x-request-id"]
    assert len(books.upstream.seen) == 1
    assert await books.balance() == 10 * YUAN - 70


async def test_before_it_is_posted_the_answer_comes_from_memory(house: House) -> None:
    first, again = await house.post(headers=KEY), await house.post(headers=KEY)
    assert first[1] == again[1]
    assert len(house.upstream.seen) == 1


async def test_a_process_that_was_killed_before_posting_pays_no_call_twice(house: House) -> None:
    await _kill_at(house, "before posting", headers=KEY)
    seen = len(house.upstream.seen)
    assert (await house.post(headers=KEY))[0] == 200
    assert len(house.upstream.seen) == seen == 1
    assert await house.balance() == 10 * YUAN - 70


async def test_a_key_stands_for_one_request(house: House) -> None:
    await house.post(headers=KEY)
    status, answer, _ = await house.post({**CHAT, "max_tokens": 3}, headers=KEY)
    assert (status, answer["error"]["code"]) == (409, "idempotency_conflict")


async def test_a_call_that_still_runs_is_not_begun_again(house: House) -> None:
    house.upstream.script = "slow"
    answers = await asyncio.gather(*(house.post(headers=KEY) for _ in range(3)))
    assert sorted(status for status, _, _ in answers) == [200, 409, 409]
    assert len(house.upstream.seen) == 1


async def test_a_call_that_failed_may_be_tried_again(house: House) -> None:
    house.upstream.script = "error:500"
    assert (await house.post(headers=KEY))[0] == 502
    house.upstream.script = ""
    assert (await house.post(headers=KEY))[0] == 200


async def test_organisations_do_not_share_keys(house: House) -> None:
    await house.post(headers=KEY)
    other = await house.people.organisation("other", li="owner")
    await house.top_up(YUAN, other)
    await house.settle()
    key = await house.new_key(org=other)
    assert (await house.post(key=key, headers=KEY))[0] == 200
    assert len(house.upstream.seen) == 2


async def test_a_job_that_asks_again_gets_the_same_answer_and_call(house: House) -> None:
    async def ask(text: str = "四季?") -> object:
        messages = [{"role": "user", "content": text}]
        return await ask_model(house.platform, SYSTEM, house.org, "echo", messages, repeat_key="job_1:3")

    first = await ask()
    await house.settle()
    again = await ask()
    assert (first.text, first.call_id) == (again.text, again.call_id)  # type: ignore[attr-defined]
    with pytest.raises(RepeatedDifferently):
        await ask("五行?")


async def test_equal_requests_share_an_answer_where_the_organisation_wants_that(house: House) -> None:
    await house.do(lambda uow: set_policy(uow, house.org, Wishes(cache_s=60)))
    await house.service.reload_policies()
    first, again = await house.post(), await house.post({**CHAT, "user": "somebody else"})
    other = await house.post({**CHAT, "temperature": 0.5})
    assert first[1] == again[1]
    assert (again[2].get("x-ceyuan-repeated"), other[2].get("x-ceyuan-repeated")) == ("1", None)
    assert [answer[2].get("x-ceyuan-cache") for answer in (first, again, other)] == [None, "hit", None]
    assert [call.code for call in await house.calls()] == ["", "cached", ""]
    assert await house.balance() == 10 * YUAN - 2 * 70


def test_the_cache_keeps_to_its_room_and_to_each_organisation() -> None:
    cache = AnswerCache(1000)
    keys = [cache.key("org", "served", "chat", {"messages": [number]}) for number in range(30)]
    for number, key in enumerate(keys):
        cache.keep(key, Kept(f"req_{number}", key[2], b"x" * 90))
    assert [number for number, key in enumerate(keys) if cache.find(key, 60)] == list(range(19, 30))
    assert cache.find(cache.key("other", "served", "chat", {"messages": [29]}), 60) is None
    assert cache.find(keys[29], -1) is None
    cache.keep(keys[0], Kept("req_0", keys[0][2], b"x" * 101))
    assert cache.find(keys[0], 60) is None
