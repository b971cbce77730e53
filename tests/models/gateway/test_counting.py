"""How many tokens a messages request has: the server's own word, or an estimate that says so."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp import web

from ceyuan.models.gateway.counting import PATH, estimated_tokens
from ceyuan.models.serving import change_upstream
from tests.models.gateway.house import House

ASK: dict[str, Any] = {
    "model": "echo",
    "system": "You help.",
    "messages": [{"role": "user", "content": [{"type": "text", "text": "四季有哪些?"}]}],
}


async def _count(house: House, body: Any = None) -> tuple[int, Any, str]:
    status, answer, headers = await house.post(body or ASK, PATH, key=None, headers={"x-api-key": house.key})
    return status, answer, headers.get("x-ceyuan-counted-by", "")


async def _with_routes(house: House, *routes: web.RouteDef) -> None:
    await house.upstream.stop()
    house.upstream.more_routes = list(routes)
    await house.upstream.start()
    await house.do(lambda uow: change_upstream(uow, "fake", {"base_url": house.upstream.url}))
    await house.gateway.directory.reload()


async def test_nobody_counts_without_a_key(house: House) -> None:
    status, answer, _ = await house.post(ASK, PATH, key=None)
    assert (status, answer["type"], answer["error"]["type"]) == (401, "error", "authentication_error")


async def test_a_server_that_cannot_count_is_asked_once_and_the_estimate_says_so(house: House) -> None:
    asked: list[str] = []

    async def refuse(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.Response(status=404)

    await _with_routes(house, web.post("/v1/messages/count_tokens", refuse), web.post("/tokenize", refuse))
    wanted = (200, {"input_tokens": -(-10 // 4) + -(-5 * 2 // 3) + 8}, "estimate")
    assert [await _count(house), await _count(house)] == [wanted, wanted]
    assert asked == ["/v1/messages/count_tokens", "/tokenize"]
    assert await house.calls() == []


@pytest.mark.parametrize(("path", "name"), [("/v1/messages/count_tokens", "input_tokens"), ("/tokenize", "count")])
async def test_the_server_of_the_model_counts(house: House, path: str, name: str) -> None:
    seen: list[Any] = []

    async def count(request: web.Request) -> web.Response:
        seen.append(await request.json())
        return web.json_response({name: 14})

    await _with_routes(house, web.post(path, count))
    for _ in range(2):
        assert await _count(house) == (200, {"input_tokens": 14}, "upstream")
    assert [document["model"] for document in seen] == ["echo", "echo"]
    assert len(seen[0]["messages"]) == (1 if name == "input_tokens" else 2)


async def test_what_cannot_be_counted_is_refused_as_a_message_would_be(house: House) -> None:
    cases: list[tuple[Any, int, str]] = [
        ({**ASK, "model": "nothing"}, 404, "not_found_error"),
        ({**ASK, "messages": []}, 400, "invalid_request_error"),
        (b"{", 400, "invalid_request_error"),
        ({"messages": ASK["messages"]}, 400, "invalid_request_error"),
    ]
    for body, status, kind in cases:
        found, answer, _ = await _count(house, body)
        assert (found, answer["error"]["type"]) == (status, kind)


def test_an_estimate_counts_texts_calls_and_tools() -> None:
    message = {"role": "assistant", "content": None, "tool_calls": [{"id": "a"}]}
    assert estimated_tokens({"messages": [message], "tools": [{"type": "x"}]}) == -(-(12 + 14) // 4) + 4
    assert estimated_tokens({"messages": ["junk"]}) == 4
