"""Calls that go well: passed on as they are, metered to the token, recorded."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Any

import aiohttp
import orjson
import pytest

from tests.models.fake_upstream import WORDS
from tests.models.gateway.house import CHAT, YUAN, House

ANSWER = "".join(WORDS)


async def test_a_call_is_answered_charged_and_recorded(books: House) -> None:
    status, answer, headers = await books.post()
    assert status == 200
    assert answer["choices"][0]["message"]["content"] == ANSWER
    call = await books.the_call()
    assert headers["x-request-id"] == call.id
    assert (call.status, call.prompt_tokens, call.completion_tokens, call.cached_tokens) == ("ok", 11, 6, 2)
    assert call.cost_micro == 11 * 2 + 6 * 8
    assert await books.balance() == 10 * YUAN - call.cost_micro
    assert call.answer_sha256 == hashlib.sha256(ANSWER.encode()).hexdigest()
    messages = orjson.dumps(CHAT["messages"], option=orjson.OPT_SORT_KEYS)
    assert call.prompt_sha256 == hashlib.sha256(messages).hexdigest()


async def test_the_request_goes_upstream_byte_for_byte(house: House) -> None:
    body = (
        b'{"model":"echo", "messages":[{"role":"user","content":"\\u4f60\\u597d"}],'
        b'"tools":[{"type":"function","function":{"name":"f","parameters":{"x":1.50}}}],"future_field":{"a":[1,2]}}'
    )
    status, _, _ = await house.post(body)
    assert status == 200
    assert house.upstream.bodies == [body]


async def test_the_upstream_gets_its_own_key_and_not_the_callers(house: House) -> None:
    await house.post()
    assert house.upstream.headers[0]["Authorization"] == "Bearer sk-upstream-secret"
    assert house.key not in str(house.upstream.headers)


async def test_tool_calls_come_back_untouched(house: House) -> None:
    calls = [{"id": "c1", "type": "function", "function": {"name": "weather", "arguments": '{"city":"青岛"}'}}]
    house.upstream.extra = {
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": None, "tool_calls": calls},
                "finish_reason": "tool_calls",
            }
        ]
    }
    _, answer, _ = await house.post()
    assert answer["choices"][0]["message"] == {"role": "assistant", "content": None, "tool_calls": calls}
    assert (await house.the_call()).answer_sha256 != ""


async def test_a_model_may_have_another_name_upstream(house: House) -> None:
    await house.serve("demo/mini-zh", upstream_model="checkpoint-300")
    status, answer, _ = await house.post({**CHAT, "model": "demo/mini-zh", "seed": 3})
    assert status == 200
    assert house.upstream.seen[0] == {**CHAT, "model": "checkpoint-300", "seed": 3}
    assert answer["model"] == "demo/mini-zh"


async def test_text_completions_work_like_chats(house: House) -> None:
    status, answer, _ = await house.post({"model": "echo", "prompt": "四季"}, "/v1/completions")
    assert status == 200
    assert answer["choices"][0]["text"] == ANSWER
    assert (await house.the_call()).endpoint == "completions"


async def test_embeddings_cost_their_input(house: House) -> None:
    status, answer, _ = await house.post({"model": "echo", "input": ["一", "二", "三"]}, "/v1/embeddings")
    assert status == 200
    assert len(answer["data"]) == 3
    call = await house.the_call()
    assert (call.prompt_tokens, call.completion_tokens, call.cost_micro) == (15, 0, 30)


async def test_a_stream_passes_every_event_and_is_charged_by_the_upstreams_count(books: House) -> None:
    events, headers = await books.stream()
    assert headers["content-type"].startswith("text/event-stream")
    assert events[-1] == "[DONE]"
    texts = [orjson.loads(e)["choices"][0]["delta"].get("content") or "" for e in events[:-1]]
    assert "".join(texts) == ANSWER
    call = await books.the_call()
    assert (call.stream, call.usage_from, call.completion_tokens) == (True, "upstream", 6)
    assert await books.balance() == 10 * YUAN - (22 + 48)
    assert call.answer_sha256 == hashlib.sha256(ANSWER.encode()).hexdigest()


async def test_the_count_that_the_client_did_not_ask_for_is_kept_from_it(house: House) -> None:
    events, _ = await house.stream()
    assert house.upstream.seen[0]["stream_options"] == {"include_usage": True}
    assert all("usage" not in orjson.loads(event) for event in events[:-1])


async def test_the_count_that_the_client_asked_for_reaches_it(house: House) -> None:
    events, _ = await house.stream(stream_options={"include_usage": True})
    assert orjson.loads(events[-2])["usage"]["completion_tokens"] == 6


async def test_a_stream_without_any_count_is_charged_by_what_was_relayed(house: House) -> None:
    house.upstream.usage_in_stream = False
    await house.stream()
    call = await house.the_call()
    assert (call.usage_from, call.status) == ("relayed", "ok")
    assert call.completion_tokens >= 6


async def test_models_lists_what_the_key_may_call(house: House) -> None:
    await house.serve("second")
    await house.serve("hidden", visible_to=["org_00000000000000000000000000"])
    status, listing, _ = await _get(house, "/v1/models")
    assert status == 200
    assert [card["id"] for card in listing["data"]] == ["echo", "second"]
    status, card, _ = await _get(house, "/v1/models/second")
    assert (status, card["id"], card["object"]) == (200, "second", "model")
    status, error, _ = await _get(house, "/v1/models/hidden")
    assert (status, error["error"]["code"]) == (404, "model_not_found")


async def _get(house: House, path: str) -> tuple[int, Any, Any]:
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {house.key}"}) as session:
        async with session.get(house.url + path) as answer:
            return answer.status, await answer.json(), answer.headers


async def test_scenario_project_and_tags_are_kept_with_the_call(house: House) -> None:
    await house.post(
        headers={"X-Ceyuan-Scenario": "law", "OpenAI-Project": "pilot", "X-Ceyuan-Tags": "session=s1, turn=2"}
    )
    call = await house.the_call()
    assert (call.scenario, call.project, call.tags) == ("law", "pilot", {"session": "s1", "turn": "2"})


@pytest.mark.parametrize("stream", [False, True])
async def test_many_calls_at_once_are_each_charged_once(house: House, stream: bool) -> None:
    limit = asyncio.Semaphore(50)

    async def one() -> int:
        async with limit:
            status, _, _ = await house.post({**CHAT, "stream": stream})
            return status

    count = 200
    assert set(await asyncio.gather(*(one() for _ in range(count)))) == {200}
    calls = await house.calls()
    assert len({call.id for call in calls}) == count
    assert await house.balance() == 10 * YUAN - count * 70
    assert house.gateway.journal.owed == 0
    assert house.gateway.funds.pending_micro(house.org) <= count * 70
