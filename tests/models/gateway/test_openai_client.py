"""The client that people already use, unmodified, against the whole path: chats, streams, embeddings, errors."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

import openai
import pytest

from tests.models.fake_upstream import WORDS
from tests.models.gateway.house import House

T = TypeVar("T")
MESSAGES: Any = [{"role": "user", "content": "四季有哪些?"}]


@pytest.fixture
def client(house: House) -> openai.OpenAI:
    return openai.OpenAI(api_key=house.key, base_url=house.url + "/v1", max_retries=0)


async def _run(work: Callable[[], T]) -> T:
    return await asyncio.to_thread(work)


async def test_chats(client: openai.OpenAI, house: House) -> None:
    answer = await _run(lambda: client.chat.completions.create(model="echo", messages=MESSAGES))
    assert answer.choices[0].message.content == "".join(WORDS)
    assert answer.usage is not None
    assert answer.usage.total_tokens == 17
    assert answer._request_id == (await house.the_call()).id


async def test_streams(client: openai.OpenAI) -> None:
    def read() -> tuple[str, Any]:
        text, usage = "", None
        stream = client.chat.completions.create(
            model="echo", messages=MESSAGES, stream=True, stream_options={"include_usage": True}
        )
        for chunk in stream:
            usage = chunk.usage or usage
            text += "".join(choice.delta.content or "" for choice in chunk.choices)
        return text, usage

    text, usage = await _run(read)
    assert text == "".join(WORDS)
    assert usage.completion_tokens == 6


async def test_the_asynchronous_client(house: House) -> None:
    async with openai.AsyncOpenAI(api_key=house.key, base_url=house.url + "/v1", max_retries=0) as client:
        answers = await asyncio.gather(
            *(client.chat.completions.create(model="echo", messages=MESSAGES) for _ in range(8))
        )
    assert {answer.choices[0].message.content for answer in answers} == {"".join(WORDS)}


async def test_completions_embeddings_and_models(client: openai.OpenAI) -> None:
    completion = await _run(lambda: client.completions.create(model="echo", prompt="四季"))
    assert completion.choices[0].text == "".join(WORDS)
    vectors = await _run(lambda: client.embeddings.create(model="echo", input=["a", "b"], encoding_format="float"))
    assert [row.embedding for row in vectors.data] == [[0.0, 0.5, -0.25], [1.0, 0.5, -0.25]]
    assert [model.id for model in await _run(lambda: client.models.list().data)] == ["echo"]
    assert (await _run(lambda: client.models.retrieve("echo"))).id == "echo"


async def test_errors_become_the_clients_own_exceptions(client: openai.OpenAI, house: House) -> None:
    def ask(**more: Any) -> Any:
        return client.chat.completions.create(**{"model": "echo", "messages": MESSAGES, **more})

    with pytest.raises(openai.NotFoundError) as not_found:
        await _run(lambda: ask(model="nothing"))
    assert not_found.value.code == "model_not_found"
    assert "nothing" in str(not_found.value)
    with pytest.raises(openai.BadRequestError) as bad:
        await _run(lambda: ask(messages=[]))
    assert bad.value.param == "messages"
    stranger = client.with_options(api_key="cyt_wrong")
    with pytest.raises(openai.AuthenticationError):
        await _run(lambda: stranger.chat.completions.create(model="echo", messages=MESSAGES))
    poor = await house.people.organisation("poor", li="owner")
    beggar = client.with_options(api_key=await house.new_key(org=poor))
    with pytest.raises(openai.APIStatusError) as broke:
        await _run(lambda: beggar.chat.completions.create(model="echo", messages=MESSAGES))
    assert (broke.value.status_code, broke.value.code) == (402, "insufficient_funds")
    house.upstream.script = "error:429"
    with pytest.raises(openai.RateLimitError):
        await _run(ask)
    house.upstream.script = "error:500"
    with pytest.raises(openai.InternalServerError):
        await _run(ask)


async def test_a_stream_that_breaks_raises_in_the_client(client: openai.OpenAI, house: House) -> None:
    house.upstream.script = "break"

    def read() -> int:
        return sum(1 for _ in client.chat.completions.create(model="echo", messages=MESSAGES, stream=True))

    with pytest.raises(openai.APIError, match="broke off"):
        await _run(read)


async def test_a_client_that_leaves_its_stream_is_noticed(client: openai.OpenAI, house: House) -> None:
    house.upstream.script, house.upstream.words = "slow", ["词"] * 200

    def leave() -> None:
        with client.chat.completions.create(model="echo", messages=MESSAGES, stream=True) as stream:
            for number, _ in enumerate(stream):
                if number == 3:
                    return

    await _run(leave)
    for _ in range(1000):
        if house.upstream.cancelled:
            break
        await asyncio.sleep(0.02)
    assert (await house.the_call()).status == "cancelled"
