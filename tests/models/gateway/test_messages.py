"""Anthropic's messages through the same gateway: requests, answers, streams, tools and errors in their own form."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ceyuan.models.gateway.errors import BadRequest
from ceyuan.models.gateway.messages import MessageStream, chat_of, message_of
from tests.models.fake_upstream import WORDS
from tests.models.gateway.house import YUAN, House

ASK: dict[str, Any] = {"model": "echo", "max_tokens": 50, "messages": [{"role": "user", "content": "四季有哪些?"}]}


async def _ask(house: House, body: Any = None, **more: Any) -> tuple[int, Any, dict[str, str]]:
    sent = body if isinstance(body, bytes) else {**(body or ASK), **more}
    return await house.post(sent, "/v1/messages", key=None, headers={"x-api-key": house.key})


async def test_a_message_is_answered_charged_and_recorded(house: House) -> None:
    status, answer, headers = await _ask(house, system="你是助手")
    assert status == 200
    assert (answer["type"], answer["role"], answer["stop_reason"]) == ("message", "assistant", "end_turn")
    assert answer["content"] == [{"type": "text", "text": "".join(WORDS)}]
    assert answer["usage"] | {"cache_creation_input_tokens": 0} == {
        "input_tokens": 9,
        "output_tokens": 6,
        "cache_read_input_tokens": 2,
        "cache_creation_input_tokens": 0,
    }
    assert house.upstream.seen[0]["messages"][0] == {"role": "system", "content": "你是助手"}
    assert headers["x-request-id"] == (await house.the_call()).id
    assert await house.balance() == 10 * YUAN - 70


async def test_a_stream_has_the_events_of_a_message(house: House) -> None:
    status, text, headers = await _ask(house, stream=True)
    assert status == 200
    assert headers["content-type"].startswith("text/event-stream")
    events = [orjson.loads(event.split("data: ", 1)[1]) for event in str(text).split("\n\n") if event]
    kinds = [event["type"] for event in events]
    assert kinds[:2] == ["message_start", "content_block_start"]
    assert kinds[-3:] == ["content_block_stop", "message_delta", "message_stop"]
    said = "".join(event["delta"]["text"] for event in events if event["type"] == "content_block_delta")
    assert said == "".join(WORDS)
    assert events[-2]["usage"]["output_tokens"] == 6


async def test_tools_go_there_and_back(house: House) -> None:
    calls = [{"id": "c1", "type": "function", "function": {"name": "weather", "arguments": '{"city":"青岛"}'}}]
    house.upstream.extra = {
        "choices": [{"index": 0, "message": {"content": None, "tool_calls": calls}, "finish_reason": "tool_calls"}]
    }
    tool = {"name": "weather", "description": "w", "input_schema": {"type": "object"}}
    messages = [
        {"role": "user", "content": "天气?"},
        {"role": "assistant", "content": [{"type": "tool_use", "id": "c0", "name": "weather", "input": {"city": "x"}}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "c0", "content": "晴"}]},
    ]
    status, answer, _ = await _ask(house, messages=messages, tools=[tool], tool_choice={"type": "any"})
    assert status == 200
    assert answer["content"] == [{"type": "tool_use", "id": "c1", "name": "weather", "input": {"city": "青岛"}}]
    assert answer["stop_reason"] == "tool_use"
    seen = house.upstream.seen[0]
    assert seen["tools"][0]["function"] == {"name": "weather", "parameters": {"type": "object"}, "description": "w"}
    assert seen["tool_choice"] == "required"
    assert seen["messages"][2] == {"role": "tool", "tool_call_id": "c0", "content": "晴"}
    assert seen["messages"][1]["tool_calls"][0]["function"] == {"name": "weather", "arguments": '{"city":"x"}'}


async def test_errors_have_its_shape(house: House) -> None:
    cases: list[tuple[Any, int, str]] = [
        ({**ASK, "model": "nothing"}, 404, "not_found_error"),
        (b"{", 400, "invalid_request_error"),
        ({**ASK, "messages": []}, 400, "invalid_request_error"),
        ({**ASK, "messages": [{"role": "king", "content": "x"}]}, 400, "invalid_request_error"),
    ]
    for body, wanted, kind in cases:
        status, answer, _ = await _ask(house, body)
        assert (status, answer["type"], answer["error"]["type"]) == (wanted, "error", kind)
    status, answer, _ = await house.post(ASK, "/v1/messages", key=None)
    assert (status, answer["error"]["type"]) == (401, "authentication_error")
    house.upstream.script = "error:429"
    status, answer, _ = await _ask(house)
    assert (status, answer["error"]) == (
        429,
        {"type": "rate_limit_error", "message": "the upstream says no"},
    )


_VALUES = st.none() | st.sampled_from(["text", "image", "tool_use", "tool_result", "x"]) | st.integers(0, 3)
_BLOCK = st.dictionaries(st.sampled_from(["type", "text", "source", "input", "content"]), _VALUES, max_size=3)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(_VALUES | _BLOCK | st.lists(_VALUES | _BLOCK, max_size=3))
def test_whatever_is_sent_is_translated_or_refused_by_name(content: Any) -> None:
    body = orjson.dumps({"model": "m", "messages": [{"role": "user", "content": content}]})
    fault = None
    try:
        assert orjson.loads(chat_of(body))["model"] == "m"
    except BadRequest as error:
        fault = error
    assert fault is None or fault.fields["param"] == "messages"


def test_an_answer_without_choices_is_an_empty_message() -> None:
    assert message_of({}, "req_1")["content"] == []


@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_the_events_are_the_same_however_the_stream_is_cut(size: int) -> None:
    chunks = [{"choices": [{"index": 0, "delta": {"content": word}}]} for word in ("a", "b")]
    chunks.append({"choices": [{"index": 0, "delta": {}, "finish_reason": "length"}]})
    wire = b"".join(b"data: " + orjson.dumps(chunk) + b"\n\n" for chunk in chunks) + b"data: [DONE]\n\n"
    stream = MessageStream("req_1")
    out = b"".join(stream.feed(wire[at : at + size], more=True) for at in range(0, len(wire), size))
    out += stream.feed(b"", more=False)
    assert out.count(b"event: content_block_delta") == 2
    assert b'"stop_reason":"max_tokens"' in out
    assert out.endswith(b'event: message_stop\ndata: {"type":"message_stop"}\n\n')
