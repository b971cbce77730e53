"""The embedded engine behind the gateway: a real llama.cpp process over a few thousand random weights."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from ceyuan.models.serving import EngineOptions, ModelDirectory, NewServed, serve_model
from tests.models.gateway.house import CHAT, House
from tests.models.tiny_gguf import write_tiny_model

pytest.importorskip("xllamacpp", reason="the extra “standard” is not installed")


async def _serve_tiny(house: House, path: Path, **fields: Any) -> ModelDirectory:
    engine = EngineOptions(context=512, parallel=2, max_tokens=64, threads=1)
    new = NewServed(
        **{
            "name": "demo/tiny",
            "file": f"file:{path}",
            "engine": engine,
            "capabilities": ("chat", "completions", "embeddings"),
            "price_model": "echo",
        }
        | fields
    )
    await house.do(lambda uow: serve_model(uow, new, replace_existing=True))
    (directory,) = house.platform.find(ModelDirectory)
    await directory.reload()
    return directory


async def test_every_endpoint_of_an_embedded_model_is_metered(house: House, tmp_path: Path) -> None:
    await _serve_tiny(house, write_tiny_model(tmp_path / "tiny.gguf"))
    body = {**CHAT, "model": "demo/tiny", "max_tokens": 5}
    status, answer, _ = await house.post(body)
    assert status == 200, answer
    assert (answer["model"], answer["usage"]["completion_tokens"]) == ("demo/tiny", 5)
    events, _ = await house.stream(body)
    assert events[-1] == "[DONE]"
    status, answer, _ = await house.post({"model": "demo/tiny", "prompt": "the", "max_tokens": 3}, "/v1/completions")
    assert (status, answer["usage"]["completion_tokens"]) == (200, 3)
    status, answer, _ = await house.post({"model": "demo/tiny", "input": ["a", "th"]}, "/v1/embeddings")
    assert (status, len(answer["data"])) == (200, 2)
    calls = await house.calls()
    assert [(c.status, c.usage_from, c.completion_tokens) for c in calls] == [
        ("ok", "upstream", 5),
        ("ok", "upstream", 5),
        ("ok", "upstream", 3),
        ("ok", "upstream", 0),
    ]
    assert all(call.cost_micro > 0 for call in calls)


async def test_an_engine_counts_as_many_tokens_as_it_bills(house: House, tmp_path: Path) -> None:
    await _serve_tiny(house, write_tiny_model(tmp_path / "tiny.gguf"))
    body = {"model": "demo/tiny", "max_tokens": 1, "messages": [{"role": "user", "content": "the 四季"}]}
    _, counted, headers = await house.post(body, "/v1/messages/count_tokens")
    assert headers["x-ceyuan-counted-by"] == "upstream"
    assert counted["input_tokens"] == (await house.post(body))[1]["usage"]["prompt_tokens"]


async def test_a_prompt_that_is_too_long_has_the_code_that_clients_know(house: House, tmp_path: Path) -> None:
    await _serve_tiny(house, write_tiny_model(tmp_path / "tiny.gguf"))
    long = {"model": "demo/tiny", "max_tokens": 1, "messages": [{"role": "user", "content": "the 四季 " * 600}]}
    status, answer, _ = await house.post(long)
    assert (status, answer["error"]["code"]) == (400, "context_length_exceeded"), answer
    assert answer["error"]["n_prompt_tokens"] > answer["error"]["n_ctx"]


@pytest.mark.parametrize("choice", ["required", {"type": "function", "function": {"name": "weather"}}])
async def test_a_call_of_a_tool_that_the_engine_cannot_force_is_refused(
    house: House, tmp_path: Path, choice: Any
) -> None:
    await _serve_tiny(house, write_tiny_model(tmp_path / "tiny.gguf"))
    tools = [{"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}]
    body = {**CHAT, "model": "demo/tiny", "max_tokens": 2, "tools": tools}
    status, answer, _ = await house.post({**body, "tool_choice": choice})
    error = answer["error"]
    assert (status, error["code"], error["param"]) == (400, "tool_choice_unsupported", "tool_choice")
    assert "json_schema" in error["message"]
    allowed = {"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": tools}}
    for free in ("auto", "none", allowed):
        assert (await house.post({**body, "tool_choice": free}))[1]["usage"], free


async def test_an_engine_that_was_killed_is_back_for_the_next_call(house: House, tmp_path: Path) -> None:
    directory = await _serve_tiny(house, write_tiny_model(tmp_path / "tiny.gguf"))
    body = {**CHAT, "model": "demo/tiny", "max_tokens": 2}
    assert (await house.post(body))[0] == 200
    served_id = next(route.served_id for route in directory.visible(house.org) if route.name == "demo/tiny")
    state = directory.engine_state(served_id)
    assert state is not None
    os.kill(state.pid or 0, signal.SIGKILL)
    while (state := directory.engine_state(served_id)) is not None and state.pid is not None:
        await asyncio.sleep(0.02)
    assert (await house.post(body))[0] == 200


async def test_a_model_that_cannot_be_loaded_is_unavailable_without_naming_paths(house: House, tmp_path: Path) -> None:
    junk = tmp_path / "junk.gguf"
    junk.write_bytes(b"GGUF" + b"\0" * 500)
    await _serve_tiny(house, junk)
    status, answer, headers = await house.post({**CHAT, "model": "demo/tiny"})
    assert (status, answer["error"]["code"]) == (503, "engine_unavailable")
    assert int(headers["retry-after"]) > 0
    assert str(tmp_path) not in str(answer)
    call = await house.the_call()
    assert (call.status, call.cost_micro) == ("refused", 0)
    assert house.gateway.funds.pending_micro(house.org) == 0


async def test_a_prompt_beyond_the_context_is_refused_in_the_engines_words(house: House, tmp_path: Path) -> None:
    await _serve_tiny(house, write_tiny_model(tmp_path / "tiny.gguf"))
    long = [{"role": "user", "content": "x" * 5000}]
    status, answer, _ = await house.post({"model": "demo/tiny", "messages": long})
    assert status == 400
    assert "context" in answer["error"]["message"]
