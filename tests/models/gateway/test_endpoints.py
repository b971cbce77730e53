"""Rankings, pictures, speech and recordings, through the client that people have: passed on as they are, charged by
what they are measured in."""

from __future__ import annotations

import asyncio
import io
import struct
from collections.abc import Callable
from typing import Any, TypeVar

import openai
import pytest

from ceyuan import metering
from ceyuan.models.gateway.errors import BadRequest
from ceyuan.models.gateway.multipart import parts_of, seconds_of, with_field
from tests.models.gateway.house import YUAN, House

T = TypeVar("T")
ABLE = ("chat", "completions", "embeddings", "rerank", "images", "speech", "transcriptions")
FORM = b"multipart/form-data; boundary=xyz"
BODY = (
    b'--xyz\r\nContent-Disposition: form-data; name="model"\r\n\r\nwhisper\r\n'
    b'--xyz\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\nContent-Type: audio/wav\r\n\r\n'
    b"\x00\r\n--xy\xff\r\n--xyz--\r\n"
)


async def _run(work: Callable[[], T]) -> T:
    return await asyncio.to_thread(work)


@pytest.fixture
async def able(house: House) -> openai.OpenAI:
    """A client of a house whose model can do everything, priced by picture, character and second."""
    await house.serve("all", upstream_model="echo-all", capabilities=ABLE, price_model="all")
    for resource, yuan in (("gateway.images", 1), ("gateway.audio.characters", 0.01), ("gateway.audio.seconds", 0.1)):
        price = metering.NewPrice(resource, int(yuan * YUAN), 1)
        await house.do(lambda uow, price=price: metering.set_price(uow, price))
    await house.settle()
    return openai.OpenAI(api_key=house.key, base_url=house.url + "/v1", max_retries=0)


def _wav(seconds: int, rate: int = 8000) -> bytes:
    data = bytes(seconds * rate)
    head = struct.pack("<4sI4s4sIHHIIHH", b"RIFF", 36 + len(data), b"WAVE", b"fmt ", 16, 1, 1, rate, rate, 1, 8)
    return head + struct.pack("<4sI", b"data", len(data)) + data


async def test_pictures_are_charged_by_the_picture(able: openai.OpenAI, house: House) -> None:
    made = await _run(lambda: able.images.generate(model="all", prompt="四季", n=2))
    assert [image.b64_json for image in made.data or ()] == ["aW1hZ2U="] * 2
    assert house.upstream.seen[-1] == {"model": "echo-all", "prompt": "四季", "n": 2}
    call = await house.the_call()
    assert (call.endpoint, call.units, call.cost_micro, call.status) == ("images", 2, 2 * YUAN, "ok")


async def test_speech_comes_as_it_is_and_is_charged_by_the_character(able: openai.OpenAI, house: House) -> None:
    spoken = await _run(lambda: able.audio.speech.create(model="all", voice="alloy", input="春夏秋冬"))
    assert spoken.content == b"ID3\x00\xffsound"
    assert spoken.response.headers["content-type"] == "audio/mpeg"
    assert "x-aigc" in spoken.response.headers
    call = await house.the_call()
    assert (call.units, call.cost_micro) == (4, 4 * YUAN // 100)


async def test_a_recording_is_passed_on_byte_for_byte_and_charged_by_the_second(
    able: openai.OpenAI, house: House
) -> None:
    wav = _wav(3)
    heard = await _run(
        lambda: able.audio.transcriptions.create(model="all", file=("a.wav", io.BytesIO(wav)), language="zh")
    )
    assert heard.text == "四季"
    assert house.upstream.bodies[-1] == wav
    assert house.upstream.seen[-1] == {"model": "echo-all", "language": "zh"}
    house.upstream.extra = {"duration": 6.4}
    await _run(lambda: able.audio.transcriptions.create(model="all", file=("a.wav", io.BytesIO(wav))))
    text = await _run(
        lambda: able.audio.transcriptions.create(model="all", file=("a.mp3", b"x" * 32_000), response_format="text")
    )
    assert text == "四季"
    assert [call.units for call in await house.calls()] == [3, 7, 2]


async def test_rankings_are_passed_on_and_charged_by_tokens(able: openai.OpenAI, house: House) -> None:
    body = {"model": "all", "query": "四季", "documents": ["春", "夏"], "top_n": 2}
    status, answer, _ = await house.post(body, "/v1/rerank")
    assert (status, [one["index"] for one in answer["results"]]) == (200, [0, 1])
    assert (await house.the_call()).prompt_tokens == 9


@pytest.mark.parametrize(
    ("path", "body", "param"),
    [
        ("/v1/rerank", {"model": "all", "documents": ["a"]}, "query"),
        ("/v1/rerank", {"model": "all", "query": "a", "documents": "b"}, "documents"),
        ("/v1/images/generations", {"model": "all", "prompt": "a", "n": 0}, "n"),
        ("/v1/audio/speech", {"model": "all", "input": ["a"]}, "input"),
        ("/v1/audio/transcriptions", {"model": "all"}, None),
    ],
)
async def test_a_malformed_request_names_its_field(
    able: openai.OpenAI, house: House, path: str, body: Any, param: str | None
) -> None:
    status, answer, _ = await house.post(body, path)
    assert (status, answer["error"]["param"]) == (400, param)
    assert house.upstream.seen == []


async def test_a_model_that_cannot_do_it_says_so(house: House) -> None:
    status, answer, _ = await house.post({"model": "echo", "prompt": "a"}, "/v1/images/generations")
    assert (status, answer["error"]["code"]) == (400, "invalid_request")
    assert "images" in answer["error"]["message"]


async def test_tools_and_schemas_pass_through_exactly(able: openai.OpenAI, house: House) -> None:
    tool: Any = {
        "type": "function",
        "function": {"name": "weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}},
    }
    schema: Any = {
        "type": "json_schema",
        "json_schema": {"name": "answer", "strict": True, "schema": {"type": "object", "properties": {}}},
    }
    called = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": '{"city":"北京"}'}}
    message = {"role": "assistant", "content": None, "tool_calls": [called]}
    house.upstream.extra = {"choices": [{"index": 0, "message": message, "finish_reason": "tool_calls"}]}
    messages: Any = [{"role": "user", "content": "天气?"}]
    answer = await _run(
        lambda: able.chat.completions.create(
            model="all", messages=messages, tools=[tool], tool_choice="required", response_format=schema
        )
    )
    seen = house.upstream.seen[-1]
    assert (seen["tools"], seen["tool_choice"], seen["response_format"]) == ([tool], "required", schema)
    choice = answer.choices[0]
    assert choice.finish_reason == "tool_calls"
    assert choice.message.tool_calls is not None
    assert choice.message.tool_calls[0].model_dump(exclude_none=True) == called


def test_a_form_is_taken_apart_and_put_together_again() -> None:
    parts = parts_of(BODY, FORM)
    assert [(part.name, part.filename) for part in parts] == [("model", None), ("file", "a.wav")]
    assert parts[1].content == b"\x00\r\n--xy\xff"
    renamed = with_field(BODY, FORM, "model", "其他")
    assert renamed == BODY.replace(b"whisper", "其他".encode())


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (BODY[:-10], FORM),
        (b"", FORM),
        (BODY, b"application/json"),
        (BODY, b"multipart/form-data"),
        (b"--xyz--\r\n", FORM),
    ],
)
def test_a_form_that_is_none_is_refused(body: bytes, kind: bytes) -> None:
    with pytest.raises(BadRequest):
        parts_of(body, kind)


def test_the_length_of_a_recording_is_read_or_estimated() -> None:
    assert seconds_of(_wav(5)) == 5
    assert seconds_of(b"x" * 40_000) == 3
    assert seconds_of(b"RIFF") == 1
