"""Policy in the path: guards of prompts and answers, labels, what is kept, calls from within the platform."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import orjson
import pytest

from ceyuan.kernel.actor import SYSTEM, Actor
from ceyuan.kernel.errors import CeyuanError, NotFound
from ceyuan.kernel.platform import Platform
from ceyuan.metering import InsufficientFunds
from ceyuan.models.gateway import Moderation, ask_model, call_model, prompt_sha256, service, stream_model, totals_since
from ceyuan.models.gateway.errors import ContentBlocked, ModelUnknown
from ceyuan.models.gateway.privacy import GatewayPersonalData
from ceyuan.models.gateway.settings import GatewaySettings
from ceyuan.models.gateway.wiring import forget_old
from ceyuan.models.gateway.wishes import Wishes, set_policy
from ceyuan.server.assembly import build_platform
from ceyuan.server.settings import ServerSettings
from tests.models.conftest import _needed_rooms
from tests.models.fake_upstream import WORDS, FakeUpstream
from tests.models.gateway.conftest import _house
from tests.models.gateway.house import CHAT, House
from tests.models.gateway.test_stream_parts import WordGuard

ANSWER = "".join(WORDS)


async def _guarded(
    guards: list[WordGuard], sqlite_url: str, tmp_path: Any, monkeypatch: pytest.MonkeyPatch, upstream: FakeUpstream
) -> AsyncIterator[House]:
    monkeypatch.setattr("ceyuan.server.rooms.ROOMS", _needed_rooms())
    platform: Platform = build_platform(ServerSettings(data_dir=tmp_path / "data", database_url=sqlite_url))
    for guard in guards:
        platform.provide(Moderation, guard)  # type: ignore[type-abstract]
    async for house in _house(platform, GatewaySettings(), upstream):
        yield house
    await platform.database.close()


@pytest.fixture
async def guarded(
    sqlite_url: str, tmp_path: Any, monkeypatch: pytest.MonkeyPatch, upstream: FakeUpstream
) -> AsyncIterator[House]:
    """A gateway whose guards block 禁词 and mask 秋冬."""
    guards = [WordGuard("禁词"), WordGuard("秋冬", "mask")]
    async for house in _guarded(guards, sqlite_url, tmp_path, monkeypatch, upstream):
        yield house


async def test_a_prompt_that_is_blocked_goes_nowhere_and_names_the_clause(guarded: House) -> None:
    body = {"model": "echo", "messages": [{"role": "user", "content": "说说禁词"}]}
    status, answer, _ = await guarded.post(body)
    assert (status, answer["error"]["code"]) == (400, "content_filter")
    assert answer["error"]["ceyuan"]["clause"] == "A.1"
    assert guarded.upstream.seen == []
    call = await guarded.the_call()
    assert (call.status, call.flagged, call.verdicts[0]["stage"], call.cost_micro) == ("blocked", True, "input", 0)


async def test_a_prompt_that_is_blocked_again_under_its_key_is_one_record(guarded: House) -> None:
    body = {"model": "echo", "messages": [{"role": "user", "content": "说说禁词"}]}
    for _ in range(2):
        status, answer, headers = await guarded.post(body, headers={"Idempotency-Key": "job-1/item-8"})
        assert (status, answer["error"]["code"]) == (400, "content_filter")
    call = await guarded.the_call()
    assert headers["x-request-id"] == call.id
    await guarded.post(body)
    assert len(await guarded.calls()) == 2, "without a key each is a call of its own"


async def test_an_answer_is_masked_whole_and_streamed_alike(guarded: House) -> None:
    _, answer, _ = await guarded.post()
    whole = answer["choices"][0]["message"]["content"]
    events, _ = await guarded.stream()
    texts = [orjson.loads(e)["choices"][0]["delta"].get("content") or "" for e in events[:-1]]
    assert whole == "".join(texts) == ANSWER.replace("秋冬", "*")
    assert {call.verdicts[0]["action"] for call in await guarded.calls()} == {"mask"}


async def test_a_blocked_stream_stops_the_upstream_and_is_charged_for_what_was_generated(guarded: House) -> None:
    guarded.upstream.script, guarded.upstream.words = "slow", ["好", "禁", "词", *["词"] * 100]
    events, _ = await guarded.stream()
    assert orjson.loads(events[-2])["choices"][0]["finish_reason"] == "content_filter"
    assert "禁词" not in "".join(events)
    call = await guarded.the_call()
    assert (call.status, call.code, call.usage_from) == ("blocked", "content_filter", "relayed")
    assert call.cost_micro > 0
    assert guarded.upstream.finished == 0


async def test_flagged_calls_are_told_to_the_rooms_above(guarded: House) -> None:
    heard: list[Any] = []

    async def hear(_platform: Any, event: Any) -> None:
        heard.append(event.data["call_ids"])

    guarded.platform.subscriptions.on_volatile("gateway.calls_flagged", hear)
    await guarded.post()
    call = await guarded.the_call()
    await guarded.settle()
    assert [call.id] in heard


async def test_generated_content_is_marked_in_the_header_by_default(house: House) -> None:
    _, _, headers = await house.post()
    label = orjson.loads(headers["x-aigc"])
    assert (label["Label"], label["ProduceID"]) == ("1", headers["x-request-id"])
    assert headers["x-ceyuan-generated"] == "1"
    _, headers = await house.stream()
    assert "x-aigc" in headers
    _, _, headers = await house.post({"model": "echo", "input": "x"}, "/v1/embeddings")
    assert "x-aigc" not in headers


async def test_an_organisation_chooses_how_generated_content_is_marked(house: House) -> None:
    async def choose(label: str) -> None:
        await house.do(lambda uow: set_policy(uow, house.org, Wishes(label=label)))
        await house.settle()

    await choose("field")
    _, answer, _ = await house.post()
    assert answer["AIGC"]["ContentProducer"] == "ceyuan"
    assert answer["choices"][0]["message"]["content"] == ANSWER
    await choose("text")
    _, answer, _ = await house.post()
    assert answer["choices"][0]["message"]["content"].endswith("(本内容由人工智能生成)")
    await choose("off")
    _, answer, headers = await house.post()
    assert "AIGC" not in answer
    assert "x-aigc" not in headers


async def test_prompts_and_answers_are_kept_only_where_the_organisation_wants_that(books: House) -> None:
    await books.post()
    await books.do(lambda uow: set_policy(uow, books.org, Wishes(store_bodies=True)))
    await books.settle()
    await books.stream()
    first, second = await books.calls()
    owner, member = await books.people.actor("li"), await books.people.actor("wang")
    async with books.platform.work(owner, write=False) as uow:
        assert (await service.see_call(uow, first.id))[1] is None
        _, body = await service.see_call(uow, second.id)
    assert body is not None
    assert body.prompt["messages"] == CHAT["messages"]
    assert body.answer == ANSWER
    async with books.platform.work(member, write=False) as uow:
        with pytest.raises(NotFound):
            await service.see_call(uow, second.id)


async def test_what_has_served_its_time_is_forgotten(books: House, monkeypatch: pytest.MonkeyPatch) -> None:
    await books.do(lambda uow: set_policy(uow, books.org, Wishes(store_bodies=True)))
    await books.settle()
    await books.post()
    call = await books.the_call()
    now = books.platform.clock.now()
    monkeypatch.setattr(books.platform.clock, "now", lambda: now + timedelta(days=31))
    await forget_old(books.platform)
    async with books.platform.work(SYSTEM, write=False) as uow:
        assert (await service.see_call(uow, call.id))[1] is None
    monkeypatch.setattr(books.platform.clock, "now", lambda: now + timedelta(days=181))
    await forget_old(books.platform)
    assert await books.calls() == []


async def test_a_persons_content_is_handed_out_and_erased_while_the_charge_stays(house: House) -> None:
    await house.do(lambda uow: set_policy(uow, house.org, Wishes(store_bodies=True)))
    await house.settle()
    key = await house.personal_key("wang")
    await house.post(key=key, headers={"OpenAI-Organization": "lab"})
    call = await house.the_call()
    data = GatewayPersonalData()
    async with house.platform.work(SYSTEM) as uow:
        files = {file.path: file.content async for file in data.export(uow, call.actor_id)}
        await data.erase(uow, call.actor_id)
    assert call.id in str(files["calls.json"])
    assert CHAT["messages"][0]["content"].encode() in files["bodies.json"]  # type: ignore[operator]
    async with house.platform.work(SYSTEM, write=False) as uow:
        kept, body = await service.see_call(uow, call.id)
    assert (kept.cost_micro, body) == (70, None)


class TestFromWithin:
    """Rooms above ask models through the same door, without HTTP."""

    async def _member(self, house: House) -> Actor:
        return await house.people.actor("wang")

    async def test_a_question_is_answered_charged_and_recorded_with_its_scenario(self, house: House) -> None:
        actor = await self._member(house)
        said = await ask_model(
            house.platform, actor, house.org, "echo", CHAT["messages"], max_tokens=50, seed=1, scenario="law"
        )
        assert (said.text, said.completion_tokens, said.finish_reason) == (ANSWER, 6, "stop")
        call = await house.the_call()
        assert (call.id, call.scenario, call.actor_id, call.cost_micro) == (said.call_id, "law", actor.id, 70)
        assert call.prompt_sha256 == prompt_sha256("chat", {"messages": CHAT["messages"]})
        assert house.upstream.seen[0]["max_tokens"] == 50
        async with house.platform.work(write=False) as uow:
            totals = await totals_since(uow.session, call.at, house.org)
        assert (totals.calls, totals.tokens, totals.cost_micro) == (1, 17, 70)

    async def test_an_answer_can_be_read_while_it_is_made(self, house: House) -> None:
        stream = stream_model(house.platform, await self._member(house), house.org, "echo", CHAT["messages"])
        assert [text async for text in stream] == WORDS
        assert stream.said is not None
        assert (stream.said.text, stream.said.completion_tokens) == (ANSWER, 6)

    async def test_who_stops_reading_stops_the_model(self, house: House) -> None:
        house.upstream.script, house.upstream.words = "slow", ["词"] * 200
        stream = stream_model(house.platform, await self._member(house), house.org, "echo", CHAT["messages"])
        pieces = aiter(stream)
        await anext(pieces)
        await pieces.aclose()  # type: ignore[attr-defined]
        for _ in range(1000):
            if house.upstream.cancelled:
                break
            await asyncio.sleep(0.02)
        assert (await house.the_call()).status == "cancelled"

    async def test_a_model_that_only_continues_texts_is_asked_that_way(self, house: House) -> None:
        await house.serve("mini", capabilities=("completions",))
        said = await ask_model(house.platform, await self._member(house), house.org, "mini", CHAT["messages"])
        assert said.text == ANSWER
        assert house.upstream.seen[0]["prompt"] == CHAT["messages"][0]["content"]

    async def test_refusals_are_raised_as_errors(self, guarded: House) -> None:
        actor, platform = await self._member(guarded), guarded.platform
        with pytest.raises(ModelUnknown):
            await ask_model(platform, actor, guarded.org, "nothing", CHAT["messages"])
        with pytest.raises(ContentBlocked):
            await ask_model(platform, actor, guarded.org, "echo", [{"role": "user", "content": "禁词"}])
        stranger = await guarded.people.add("mallory")
        with pytest.raises(NotFound):
            await ask_model(platform, await guarded.people.actor(stranger.name), guarded.org, "echo", CHAT["messages"])
        poor = await guarded.people.organisation("poor", wang="member")
        with pytest.raises(InsufficientFunds):
            await ask_model(platform, await self._member(guarded), poor, "echo", CHAT["messages"])
        guarded.upstream.script = "error:400"
        with pytest.raises(CeyuanError, match="the upstream says no"):
            await call_model(platform, actor, guarded.org, "chat", CHAT)
