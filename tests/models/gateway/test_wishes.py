"""What an organisation wants of its calls: how long and how much of them is kept, and answers to like questions."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web

from ceyuan.kernel.actor import Actor
from ceyuan.kernel.errors import Forbidden, Invalid
from ceyuan.models.gateway import service
from ceyuan.models.gateway.likeness import open_question
from ceyuan.models.gateway.wiring import forget_old
from ceyuan.models.gateway.wishes import Wishes, see_policy, set_policy
from tests.models.gateway.house import CHAT, House


async def _wish(house: House, **wishes: Any) -> None:
    await house.do(lambda uow: set_policy(uow, house.org, Wishes(**wishes)))
    await house.service.reload_policies()


def _ask(text: str, **more: Any) -> dict[str, Any]:
    return {**CHAT, "messages": [{"role": "user", "content": text}], **more}


async def test_a_policy_is_the_maintainers_and_named_by_id_or_name(house: House) -> None:
    member = Actor("person", "per_m", "M", roles={house.org: "member"})
    with pytest.raises(Forbidden):
        await house.do(lambda uow: set_policy(uow, house.org, Wishes()), member)
    await _wish(house, keep_bodies_days=3)
    async with house.platform.work(member, write=False) as uow:
        seen = await see_policy(uow, "lab")
    assert (seen["org_id"], seen["keep_bodies_days"], seen["platform_bodies_days"]) == (house.org, 3, 30)


async def test_bodies_are_kept_without_personal_information_and_as_long_as_wanted(house: House) -> None:
    await _wish(house, store_bodies=True, redact_bodies=True, keep_bodies_days=2)
    house.upstream.words = ["电话", "13912345678"]
    await house.post(_ask("我的手机号是13812345678"))
    call = await house.the_call()

    async def kept() -> str | None:
        async with house.platform.work(write=False) as uow:
            _, body = await service.see_call(uow, call.id)
            return None if body is None else f"{body.prompt}{body.answer}"

    text = await kept()
    assert text is not None
    assert "我的手机号" in text
    assert "13812345678" not in text
    assert "13912345678" not in text
    seen = house.platform.clock.now
    for days, there in ((1, True), (3, False)):
        house.platform.clock.now = lambda days=days: seen() + timedelta(days=days)  # type: ignore[method-assign]
        await forget_old(house.platform)
        assert (await kept() is not None) is there
    house.platform.clock.now = seen  # type: ignore[method-assign]


async def _embed(request: web.Request) -> web.Response:
    """Questions about seasons point one way, all others another."""
    document = await request.json()
    data = [
        {"object": "embedding", "index": n, "embedding": [1.0, 0.1] if "季" in text else [0.1, 1.0]}
        for n, text in enumerate(document["input"])
    ]
    usage = {"prompt_tokens": 3, "total_tokens": 3}
    return web.json_response({"object": "list", "data": data, "model": document["model"], "usage": usage})


async def test_like_questions_share_an_answer_and_each_comparison_is_a_paid_call(house: House) -> None:
    runner = web.AppRunner(web.Application())
    runner.app.router.add_post("/v1/embeddings", _embed)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        from ceyuan.models.serving import NewUpstream, add_upstream

        url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
        await house.do(lambda uow: add_upstream(uow, NewUpstream("vectors", url)))
        await house.serve("embed", upstream="vectors", capabilities=("embeddings",), price_model="echo")
        await _wish(house, cache_s=60, semantic_model="embed", semantic_likeness=0.9)
        first = await house.post(_ask("四季有哪些?"))
        like = await house.post(_ask("一年的四季是什么?"))
        other = await house.post(_ask("五行有哪些?"))
        elsewhere = await house.post(_ask("一年的四季是什么?", temperature=0.1))
    finally:
        await runner.cleanup()
    assert first[1] == like[1]
    given_again = [answer[2].get("x-ceyuan-repeated") for answer in (first, like, other, elsewhere)]
    assert given_again == [None, "1", None, None]
    assert like[2]["x-ceyuan-cache"] == "similar"
    calls = await house.calls()
    assert [call.code for call in calls if call.endpoint == "chat"] == ["", "cached_like", "", ""]
    # The same question twice is embedded once.
    assert [call.prompt_tokens for call in calls if call.endpoint == "embeddings"] == [3, 3, 3, 0]
    assert len(house.upstream.seen) == 3


async def test_only_an_embedding_model_that_one_may_use_can_be_named(house: House) -> None:
    await house.serve("talker", capabilities=("chat",))
    for name in ("talker", "nothing"):
        with pytest.raises(Invalid):
            await _wish(house, semantic_model=name)


def test_questions_with_tools_or_pictures_are_never_like_others() -> None:
    assert open_question(_ask("a", tools=[{}])) is None
    assert open_question({"messages": [{"role": "user", "content": [{"type": "text", "text": "a"}]}]}) is None
    assert open_question({"messages": [{"role": "assistant", "content": "a"}]}) is None
    opened = open_question(_ask("a", user="x"))
    assert opened is not None
    assert (opened[1], "user" in opened[0]) == ("a", False)
