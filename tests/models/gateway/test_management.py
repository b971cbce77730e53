"""Records, figures, policies and limits over HTTP: who sees what, and that it adds up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import Any

import httpx
import openai
import orjson
import pytest
from fastapi import FastAPI

from ceyuan.kernel.web import install_error_handlers
from ceyuan.models.gateway import endpoints, openapi_paths
from ceyuan.models.gateway.running import GatewayService
from tests.models.gateway.house import CHAT, House

API = "/api/v1/gateway"
As = Callable[..., Any]


@pytest.fixture
async def as_(books: House) -> AsyncIterator[As]:
    """HTTP clients of people by name: `await as_("li")`; `await as_("op", duties=("operator",))`; "" = nobody."""
    app = FastAPI()
    app.state.platform = books.platform
    app.include_router(endpoints.router)
    install_error_handlers(app)
    async with AsyncExitStack() as stack:

        async def sign_in(name: str, **options: Any) -> httpx.AsyncClient:
            headers = {}
            if name:
                if await books.people.find(name) is None:
                    await books.people.add(name, **options)
                headers["Authorization"] = f"Bearer {await books.people.token(name)}"
            transport = httpx.ASGITransport(app=app)
            client = httpx.AsyncClient(transport=transport, base_url="http://t", headers=headers)
            return await stack.enter_async_context(client)

        yield sign_in


async def test_nobody_and_outsiders_see_nothing(books: House, as_: As) -> None:
    await books.post()
    call = await books.the_call()
    nobody, mallory = await as_(""), await as_("mallory")
    paths = ("/calls", f"/calls/{call.id}", "/stats", "/live", "/live/events", f"/policies/{books.org}")
    for path in (*paths, f"/keys/{call.key_id}/limits"):
        assert (path, (await nobody.get(API + path)).status_code) == (path, 401)
    assert (await mallory.get(f"{API}/calls")).json()["items"] == []
    assert (await mallory.get(f"{API}/live")).json()["calls"] == []
    assert (await mallory.get(f"{API}/stats")).json()["sums"]["calls"] == 0
    for path in (f"/calls/{call.id}", f"/policies/{books.org}", f"/keys/{call.key_id}/limits"):
        assert (path, (await mallory.get(API + path)).status_code) == (path, 404)
    for path in ("/calls", "/stats"):
        assert (await mallory.get(API + path, params={"org_id": books.org})).status_code == 404
    assert (await mallory.put(f"{API}/policies/{books.org}", json={"store_bodies": True})).status_code == 404
    assert (await mallory.put(f"{API}/keys/{call.key_id}/limits", json={})).status_code == 404


async def test_maintainers_see_all_calls_members_their_own_operators_every_record(books: House, as_: As) -> None:
    await books.post()
    await books.post(key=await books.personal_key("wang"), headers={"OpenAI-Organization": "lab"})
    by_key, by_wang = await books.calls()
    li, wang = await as_("li"), await as_("wang")
    operator = await as_("op", duties=("operator",))
    assert [c["id"] for c in (await li.get(f"{API}/calls")).json()["items"]] == [by_wang.id, by_key.id]
    assert [c["id"] for c in (await wang.get(f"{API}/calls")).json()["items"]] == [by_wang.id]
    assert (await wang.get(f"{API}/calls/{by_key.id}")).status_code == 404
    assert len((await operator.get(f"{API}/calls")).json()["items"]) == 2
    detail = (await li.get(f"{API}/calls/{by_key.id}")).json()
    assert (detail["model"], detail["cost_micro"], detail["body"]) == ("echo", 70, None)


async def test_calls_are_filtered_paged_and_sorted(books: House, as_: As) -> None:
    for scenario in ("a", "b", "a"):
        await books.post(headers={"X-Ceyuan-Scenario": scenario})
    await books.post({**CHAT, "model": "nothing"})
    await books.settle()
    li = await as_("li")

    async def ids(**params: Any) -> list[str]:
        answer = await li.get(f"{API}/calls", params=params)
        assert answer.status_code == 200, answer.text
        return [call["id"] for call in answer.json()["items"]]

    assert len(await ids(scenario="a")) == 2
    assert len(await ids(status="refused", code="model_not_found")) == 1
    assert len(await ids(status="ok", model="echo")) == 3
    assert await ids(flagged=True) == []
    assert await ids(since="2100-01-01T00:00:00Z") == []
    assert (await li.get(f"{API}/calls", params={"since": "2026-01-01T00:00:00"})).status_code == 422
    first = (await li.get(f"{API}/calls", params={"limit": 3})).json()
    rest = (await li.get(f"{API}/calls", params={"limit": 3, "cursor": first["next"]})).json()
    assert len({call["id"] for call in first["items"] + rest["items"]}) == 4
    assert await ids(sort="-cost_micro")


async def test_the_figures_add_up(books: House, as_: As) -> None:
    for _ in range(3):
        await books.post()
    books.upstream.script = "error:500"
    await books.post()
    await books.post({**CHAT, "model": "nothing"})
    await books.settle()
    answer = await (await as_("li")).get(f"{API}/stats")
    assert answer.status_code == 200, answer.text
    stats = answer.json()
    sums = stats["sums"]
    assert (sums["calls"], sums["failed"], sums["refused"], sums["cost_micro"]) == (5, 1, 1, 210)
    assert (sums["prompt_tokens"], sums["completion_tokens"]) == (33, 18)
    assert sums["total"]["p50_ms"] > 0
    assert sum(point["calls"] for point in stats["points"]) == 5
    assert {entry["model"]: entry["calls"] for entry in stats["models"]} == {"echo": 4, "nothing": 1}
    assert stats["codes"] == {"model_not_found": 1, "upstream_error": 1}
    too_many = {"since": "2020-01-01T00:00:00Z", "step_s": 60}
    assert (await (await as_("li")).get(f"{API}/stats", params=too_many)).status_code == 422


async def test_the_live_page_shows_the_last_calls_and_follows_new_ones(books: House, as_: As) -> None:
    await books.post()
    live = (await (await as_("li")).get(f"{API}/live")).json()
    assert [call["model"] for call in live["calls"]] == ["echo"]
    assert live["latency"]["p50"] > 0
    assert "content" not in str(live)
    (service,) = books.platform.find(GatewayService)
    feed = endpoints._events(service, lambda org: org == books.org)
    assert await anext(feed) == b": following\n\n"
    task = asyncio.ensure_future(anext(feed))
    await asyncio.sleep(0)
    await books.post()
    event = await asyncio.wait_for(task, 5)
    assert orjson.loads(event.split(b"data: ")[1])["status"] == "ok"
    await feed.aclose()  # type: ignore[attr-defined]


async def test_a_maintainer_sets_the_policy_and_a_member_only_reads_it(books: House, as_: As) -> None:
    li, wang = await as_("li"), await as_("wang")
    wanted = {"store_bodies": True, "label": "field"}
    assert (await wang.put(f"{API}/policies/{books.org}", json=wanted)).status_code == 403
    assert (await li.put(f"{API}/policies/{books.org}", json=wanted)).status_code == 200
    policy = (await wang.get(f"{API}/policies/{books.org}")).json()
    assert (policy["store_bodies"], policy["label"], policy["platform_label"]) == (True, "field", "header")
    assert (await li.put(f"{API}/policies/{books.org}", json={"label": "neon"})).status_code == 422


async def test_a_keys_limits_are_set_by_its_organisations_maintainer(books: House, as_: As) -> None:
    li, wang = await as_("li"), await as_("wang")
    path = f"{API}/keys/{books.last_key_id}/limits"
    wanted = {"requests_per_minute": 1, "models": ["echo"]}
    assert (await wang.put(path, json=wanted)).status_code == 404
    assert (await li.put(path, json=wanted)).status_code == 200
    assert (await li.get(path)).json()["requests_per_minute"] == 1
    await books.settle()
    assert [(await books.post())[0] for _ in range(2)] == [200, 429]
    assert (await li.delete(path)).status_code == 204
    await books.settle()
    assert (await books.post())[0] == 200
    assert (await li.get(path)).status_code == 404


async def test_a_key_lists_and_calls_only_the_models_that_its_patterns_name(books: House, as_: As) -> None:
    li = await as_("li")
    await books.serve("lab/one", upstream_model="echo")
    key = await books.new_key()
    path = f"{API}/keys/{books.last_key_id}/limits"

    async def listed() -> list[str]:
        async with openai.AsyncOpenAI(api_key=key, base_url=books.url + "/v1", max_retries=0) as client:
            return sorted([model.id async for model in client.models.list()])

    assert await listed() == ["echo", "lab/one"]
    assert (await li.put(path, json={"models": ["lab/*"]})).status_code == 200
    await books.settle()
    assert await listed() == ["lab/one"]
    assert (await books.post({**CHAT, "model": "lab/one"}, key=key))[0] == 200
    assert (await books.post(CHAT, key=key))[0] == 403


def test_the_byte_paths_are_described() -> None:
    paths = openapi_paths()
    assert set(paths) == {
        "/v1/chat/completions",
        "/v1/completions",
        "/v1/embeddings",
        "/v1/messages",
        "/v1/messages/count_tokens",
        "/v1/rerank",
        "/v1/images/generations",
        "/v1/audio/speech",
        "/v1/audio/transcriptions",
        "/v1/models",
        "/v1/models/{model}",
    }
    for item in paths.values():
        for operation in item.values():
            assert operation["operationId"]
            assert "401" in operation["responses"]
