"""Prompt templates, from the first version to a call that names one."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from ceyuan.kernel.errors import Forbidden, Invalid
from ceyuan.models.prompts import service
from ceyuan.models.prompts.errors import PromptNameTaken, PromptUnknown
from ceyuan.models.prompts.service import NewVersion
from ceyuan.models.prompts.tables import PromptTemplate
from tests.models.gateway.house import House

FIRST = NewVersion(
    messages=[{"role": "system", "content": "你是{{role}}。"}, {"role": "user", "content": "概括:{{text}}"}],
    variables=[{"name": "role", "description": "身份", "default": "编辑"}],
    parameters={"model": "echo", "max_tokens": 50},
)


async def written(house: House, *, published: int | None = 1) -> PromptTemplate:
    li = await house.people.actor("li")
    row = await house.do(lambda uow: service.create_template(uow, house.org, "summary", "", FIRST), li)
    if published:
        await house.do(lambda uow: service.publish(uow, row.id, published), li)
    await house.settle()
    return row  # type: ignore[no-any-return]


def asked(**more: Any) -> dict[str, Any]:
    return {"prompt_id": "summary", "prompt_variables": {"text": "四季"}, **more}


def sent(house: House) -> dict[str, Any]:
    """What the model got last."""
    return orjson.loads(house.upstream.bodies[-1])  # type: ignore[no-any-return]


async def test_a_call_that_names_a_template_sends_the_model_its_messages(house: House) -> None:
    await written(house)
    status, body, _ = await house.post(asked(temperature=0.5))
    assert status == 200, body
    got = sent(house)
    assert [message["content"] for message in got["messages"]] == ["你是编辑。", "概括:四季"]
    assert (got["model"], got["max_tokens"], got["temperature"]) == ("echo", 50, 0.5)
    assert not got.keys() & {"prompt_id", "prompt_variables", "prompt_version"}
    call = await house.the_call()
    assert call.tags == {"prompt": "summary@1"}, "the record says which version was asked"


async def test_what_the_request_says_itself_wins_and_its_messages_come_after(house: House) -> None:
    await written(house)
    more = {"role": "user", "content": "再短一点"}
    status, _, _ = await house.post(asked(messages=[more], max_tokens=9))
    assert status == 200
    assert sent(house)["messages"][-1] == more
    assert len(sent(house)["messages"]) == 3
    assert sent(house)["max_tokens"] == 9


async def test_a_new_version_answers_by_number_at_once_and_without_one_when_it_is_published(house: House) -> None:
    row = await written(house)
    li = await house.people.actor("li")
    second = NewVersion(messages=[{"role": "user", "content": "一句话概括:{{text}}"}], parameters={"model": "echo"})
    await house.do(lambda uow: service.add_version(uow, row.id, second), li)
    for request, expected in ((asked(), "概括:四季"), (asked(prompt_version=2), "一句话概括:四季")):
        assert (await house.post(request))[0] == 200
        assert sent(house)["messages"][-1]["content"] == expected
    await house.do(lambda uow: service.publish(uow, row.id, 2), li)
    await house.settle()
    assert (await house.post(asked()))[0] == 200
    assert sent(house)["messages"][-1]["content"] == "一句话概括:四季"
    await house.do(lambda uow: service.publish(uow, row.id, 1), li)
    await house.settle()
    assert (await house.post(asked()))[0] == 200
    assert len(sent(house)["messages"]) == 2, "an earlier version can be put back"


MISFITS = (
    ({"prompt_id": "nothing"}, 404, "prompt_not_found"),
    (asked(prompt_version=7), 404, "prompt_not_found"),
    (asked(prompt_variables={}), 422, "prompt_variables"),
    (asked(prompt_variables={"text": "x", "txt": "y"}), 422, "prompt_variables"),
    (asked(prompt_variables="x"), 400, "invalid_request"),
    ({"prompt_id": 7}, 400, "invalid_request"),
    (asked(prompt_version=True), 400, "invalid_request"),
    (asked(messages="x"), 400, "invalid_request"),
)


async def test_what_does_not_fit_is_refused_before_the_model_sees_it(house: House) -> None:
    await written(house)
    for request, status, code in MISFITS:
        got, body, _ = await house.post(request)
        assert (got, body["error"]["code"]) == (status, code), request
    assert not house.upstream.bodies


async def test_a_template_is_for_chat_and_for_its_own_organisation_and_only_once_published(house: House) -> None:
    await written(house, published=None)
    assert (await house.post(asked()))[1]["error"]["code"] == "prompt_not_found"
    status, body, _ = await house.post(asked(model="echo", prompt="x"), "/v1/completions")
    assert (status, body["error"]["param"]) == (400, "prompt_id")
    others = await house.people.organisation("others", zoe="owner")
    key = await house.new_key(org=others)
    assert (await house.post(asked(prompt_version=1), key=key))[0] == 404
    assert (await house.post(asked(prompt_version=1)))[0] == 200


async def test_members_write_maintainers_publish_and_outsiders_learn_nothing(books: House) -> None:
    await books.people.organisation("others", zoe="owner")
    row = await written(books, published=None)
    wang, zoe = await books.people.actor("wang"), await books.people.actor("zoe")
    await books.do(lambda uow: service.add_version(uow, row.id, FIRST), wang)
    with pytest.raises(Forbidden):
        await books.do(lambda uow: service.publish(uow, row.id, 2), wang)
    for use_case in (
        lambda uow: service.see_template(uow, row.id),
        lambda uow: service.add_version(uow, row.id, FIRST),
        lambda uow: service.render(uow, row.id, 1, {"text": "x"}),
    ):
        with pytest.raises(PromptUnknown):
            await books.do(use_case, zoe)
    li = await books.people.actor("li")
    with pytest.raises(PromptUnknown):
        await books.do(lambda uow: service.publish(uow, row.id, 3), li)
    with pytest.raises(PromptNameTaken):
        await books.do(lambda uow: service.create_template(uow, books.org, "summary", "", FIRST), li)
    stranger = NewVersion(messages=[{"role": "user", "content": "x"}], variables=[{"name": "y"}])
    with pytest.raises(Invalid):
        await books.do(lambda uow: service.add_version(uow, row.id, stranger), li)


async def test_what_is_archived_answers_no_call_and_can_be_taken_back(house: House) -> None:
    row = await written(house)
    li = await house.people.actor("li")
    for archived, status in ((True, 404), (False, 200)):
        await house.do(lambda uow, a=archived: service.change(uow, row.id, title=None, archived=a), li)
        await house.settle()
        assert (await house.post(asked()))[0] == status
