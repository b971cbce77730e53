"""Upstreams that fail and clients that leave: named errors, right charges, nothing left running."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import orjson
import pytest

from tests.models.gateway.house import CHAT, YUAN, House


async def _until(condition: Any) -> None:
    for _ in range(2000):
        if condition():
            return
        await asyncio.sleep(0.025)
    raise AssertionError("it never came true")


@pytest.mark.parametrize("status", [400, 404, 422, 429])
async def test_an_upstreams_refusal_of_the_request_is_passed_on_in_its_own_words(house: House, status: int) -> None:
    house.upstream.script = f"error:{status}"
    got, answer, headers = await house.post()
    assert got == status
    assert answer["error"]["message"] == "the upstream says no"
    if status == 429:
        assert headers["retry-after"] == "7"
    call = await house.the_call()
    assert (call.status, call.code, call.cost_micro) == ("failed", "upstream_refused", 0)


async def test_what_the_upstream_says_of_the_platforms_own_key_is_not_passed_on(house: House) -> None:
    for status in (401, 402, 403):
        house.upstream.script = f"error:{status}"
        got, answer, _ = await house.post()
        assert (got, answer["error"]["code"]) == (502, "upstream_error")
        assert "says no" not in str(answer)


async def test_an_upstream_that_fails_is_a_bad_gateway_with_its_words(house: House) -> None:
    house.upstream.script = "error:500"
    status, answer, _ = await house.post()
    assert (status, answer["error"]["code"], answer["error"]["type"]) == (502, "upstream_error", "server_error")
    assert "the upstream says no" in answer["error"]["ceyuan"]["upstream_words"]
    assert await house.balance() == 10 * YUAN


async def test_an_engine_whose_context_is_full_is_busy_and_not_left_alone(house: House) -> None:
    house.upstream.script, house.upstream.refusal = "error:500", "Context size has been exceeded."
    for _ in range(7):
        status, answer, _ = await house.post()
        assert (status, answer["error"]["code"]) == (503, "overloaded")
    house.upstream.script = ""
    assert (await house.post())[0] == 200


async def test_an_upstream_that_hangs_up_without_a_word(house: House) -> None:
    house.upstream.script = "drop"
    status, answer, _ = await house.post()
    assert (status, answer["error"]["code"]) == (502, "upstream_error")


async def test_an_upstream_that_is_not_there(house: House) -> None:
    await house.upstream.stop()
    status, answer, headers = await house.post()
    assert (status, answer["error"]["code"]) == (502, "upstream_error")
    assert headers["retry-after"] == "5"
    await house.upstream.start()


async def test_an_answer_that_is_no_json(house: House) -> None:
    house.upstream.script = "junk"
    status, answer, _ = await house.post()
    assert (status, answer["error"]["code"]) == (502, "upstream_error")
    assert (await house.the_call()).upstream_words.endswith("not json")


@pytest.mark.parametrize("script", ["break", "stall"])
async def test_a_stream_that_ends_too_early_ends_with_an_error_event_and_costs_nothing(
    house: House, script: str
) -> None:
    house.upstream.script = script
    events, _ = await house.stream()
    assert len(events) == 5
    error = orjson.loads(events[-1])["error"]
    assert error["code"] == ("upstream_error" if script == "break" else "upstream_timeout")
    call = await house.the_call()
    assert (call.status, call.cost_micro) == ("failed", 0)
    assert house.gateway.funds.pending_micro(house.org) == 0


async def test_an_error_in_mid_stream_is_the_upstreams_own(house: House) -> None:
    house.upstream.script = "stream_error"
    events, _ = await house.stream()
    assert orjson.loads(events[-1])["error"]["message"] == "out of memory"
    assert (await house.the_call()).status == "failed"


async def test_a_client_that_leaves_in_mid_stream_stops_the_upstream_and_pays_what_it_got(books: House) -> None:
    books.upstream.script = "slow"
    books.upstream.words = ["词"] * 200
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {books.key}"}) as session:
        answer = await session.post(books.url + "/v1/chat/completions", json={**CHAT, "stream": True})
        await answer.content.readuntil(b"\n\n")
        await answer.content.readuntil(b"\n\n")
        answer.close()
    await _until(lambda: books.upstream.cancelled == 1)
    call = await books.the_call()
    assert (call.status, call.usage_from, call.http_status) == ("cancelled", "relayed", 499)
    assert 1 <= call.completion_tokens < 200
    assert call.prompt_tokens > 0
    assert await books.balance() == 10 * YUAN - call.cost_micro
    assert books.gateway.throttle.in_flight == 0


async def test_a_client_that_leaves_before_the_answer_pays_nothing_and_is_listed_in_doubt(house: House) -> None:
    house.upstream.script = "hang"
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {house.key}"}) as session:
        task = asyncio.create_task(session.post(house.url + "/v1/chat/completions", json=CHAT))
        await _until(lambda: house.upstream.running == 1)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    await _until(lambda: house.upstream.cancelled == 1)
    call = await house.the_call()
    assert (call.status, call.in_doubt, call.cost_micro) == ("cancelled", True, 0)
    assert house.gateway.funds.pending_micro(house.org) == 0


async def test_a_client_that_leaves_before_its_body_is_whole_leaves_nothing(house: House) -> None:
    host, port = house.url.removeprefix("http://").split(":")
    _, writer = await asyncio.open_connection(host, int(port))
    writer.write(
        f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {house.key}\r\n"
        "Content-Length: 500\r\n\r\n{".encode()
    )
    await writer.drain()
    writer.close()
    await asyncio.sleep(0.1)
    assert await house.calls() == []
    assert house.gateway.throttle.in_flight == 0


async def test_a_full_disk_stops_calls_before_they_go_upstream(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_space(fd: int, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("ceyuan.models.gateway.journal.writer.os.write", no_space)
    status, answer, _ = await house.post()
    assert (status, answer["error"]["code"]) == (503, "journal_unavailable")
    assert house.upstream.seen == []
    monkeypatch.undo()
    assert (await house.post())[0] == 200


async def test_calls_go_on_while_the_database_is_away_and_are_posted_when_it_is_back(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house.post()
    await house.settle()
    poster = house.gateway.poster
    work = type(house.platform).work

    def away(*_: Any, **__: Any) -> Any:
        raise ConnectionError("the database is away")

    monkeypatch.setattr(type(house.platform), "work", away)
    for _ in range(3):
        assert (await house.post())[0] == 200
    await _until(lambda: poster.fault is not None)
    assert poster.backlog == 3
    monkeypatch.setattr(type(house.platform), "work", work)
    await _until(lambda: poster.backlog == 0)
    assert len(await house.calls()) == 4
    assert await house.balance() == 10 * YUAN - 4 * 70


async def test_an_upstreams_name_that_leads_to_where_credentials_are_handed_out_is_not_asked(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Nothing listens at such an address here, so the fake upstream's own is taken for one.
    monkeypatch.setattr("ceyuan.models.gateway.upstream.may_reach", lambda address: False)
    status, answer, _ = await house.post()
    assert (status, answer["error"]["code"], house.upstream.seen) == (502, "upstream_error", [])
