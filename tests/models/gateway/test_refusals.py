"""Calls that must not go through: each is told why, in OpenAI's shape and both languages, and costs nothing."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from ceyuan import metering
from ceyuan.identity.sessions import cookies
from ceyuan.identity.sessions.service import open_session
from ceyuan.identity.tokens.service import revoke
from ceyuan.kernel.actor import SYSTEM
from ceyuan.models.gateway import service
from ceyuan.models.gateway.settings import GatewaySettings
from tests.models.gateway.house import CHAT, YUAN, House


def _code(answer: Any) -> str:
    assert set(answer["error"]) >= {"message", "type", "code", "param"}
    assert answer["error"]["ceyuan"]["message"].keys() == {"zh", "en"}
    return str(answer["error"]["code"])


@pytest.mark.parametrize("key", [None, "cyt_wrong", "cyt_" + "0" * 43])
async def test_without_a_good_key_nothing_is_served(house: House, key: str | None) -> None:
    status, answer, headers = await house.post(key=key)
    assert (status, _code(answer)) == (401, "invalid_api_key")
    assert headers["www-authenticate"] == "Bearer"
    assert house.upstream.seen == []
    assert await house.calls() == []


async def test_a_revoked_key_stops_working_at_once(house: House) -> None:
    assert (await house.post())[0] == 200
    await house.do(lambda uow: revoke(uow, house.last_key_id, organisation="lab"))
    await house.settle()
    status, answer, _ = await house.post()
    assert (status, _code(answer)) == (401, "invalid_api_key")


async def test_a_key_without_the_scope_may_not_call(house: House) -> None:
    key = await house.new_key("hub:read")
    status, answer, _ = await house.post(key=key)
    assert (status, _code(answer)) == (403, "key_forbidden")
    assert "gateway:call" in answer["error"]["message"]


async def test_a_viewer_may_look_but_not_call(house: House) -> None:
    key = await house.new_key(role="viewer")
    status, answer, _ = await house.post(key=key)
    assert (status, _code(answer)) == (403, "key_forbidden")


async def test_messages_come_in_the_callers_language(house: House) -> None:
    _, answer, _ = await house.post(key=None, headers={"Accept-Language": "zh-CN"})
    assert "密钥" in answer["error"]["message"]


async def test_a_persons_key_pays_for_their_own_organisation_or_the_one_they_name(house: House) -> None:
    key = await house.personal_key("wang")
    status, answer, _ = await house.post(key=key)
    assert (status, _code(answer)) == (402, "insufficient_funds")
    assert (await house.post(key=key, headers={"OpenAI-Organization": "lab"}))[0] == 200
    assert (await house.post(key=key, headers={"OpenAI-Organization": house.org}))[0] == 200
    status, answer, _ = await house.post(key=key, headers={"OpenAI-Organization": "nobody-knows"})
    assert (status, _code(answer)) == (403, "key_forbidden")


async def test_the_consoles_session_may_call_with_its_csrf_token_and_not_without(house: House) -> None:
    person = await house.people.find("li")
    assert person is not None
    opened = await house.do(lambda uow: open_session(uow, person, method="password", address="::1", client="test"))
    secret = opened.secret
    cookie = {"Cookie": f"{cookies.SESSION}={secret}", "OpenAI-Organization": "lab"}
    status, answer, _ = await house.post(key=None, headers=cookie)
    assert (status, _code(answer)) == (403, "csrf_failed")
    assert (await house.post(key=None, headers={**cookie, "X-CSRF-Token": cookies.csrf_token(secret)}))[0] == 200
    assert (await house.the_call()).actor_id == person.id
    status, answer, _ = await house.post(key=None, headers={"Cookie": f"{cookies.SESSION}=cys_wrong"})
    assert (status, _code(answer)) == (401, "invalid_api_key")


async def test_an_outsider_cannot_call_for_an_organisation(house: House) -> None:
    key = await house.personal_key("mallory")
    status, answer, _ = await house.post(key=key, headers={"OpenAI-Organization": "lab"})
    assert (status, _code(answer)) == (403, "key_forbidden")


async def test_a_key_of_one_organisation_cannot_call_for_another(house: House) -> None:
    other = await house.people.organisation("other", li="owner")
    status, answer, _ = await house.post(headers={"OpenAI-Organization": other})
    assert (status, _code(answer)) == (403, "key_forbidden")


async def test_a_model_that_is_not_served_or_not_open_is_not_found(house: House) -> None:
    await house.serve("private", visible_to=["org_00000000000000000000000000"])
    for name in ("nothing", "private"):
        status, answer, _ = await house.post({**CHAT, "model": name})
        assert (status, _code(answer), answer["error"]["param"]) == (404, "model_not_found", None)


async def test_a_model_is_not_asked_for_what_it_cannot_do(house: House) -> None:
    await house.serve("texts", capabilities=("completions",))
    status, answer, _ = await house.post({**CHAT, "model": "texts"})
    assert (status, _code(answer), answer["error"]["param"]) == (400, "invalid_request", "model")


MALFORMED: list[tuple[bytes, str | None]] = [
    (b"{", None),
    (b"\xff\xfe", None),
    (b'"text"', None),
    (b"[1]", None),
    (b'{"model":"\xe4"}', None),
    (b'{"messages":[{"role":"user","content":"x"}]}', "model"),
    (b'{"model":5,"messages":[{"role":"user","content":"x"}]}', "model"),
    (b'{"model":"echo"}', "messages"),
    (b'{"model":"echo","messages":"hello"}', "messages"),
    (b'{"model":"echo","messages":[]}', "messages"),
    (b'{"model":"echo","messages":[{"role":"user","content":"x"}],"stream":"yes"}', "stream"),
    (b'{"model":"echo","messages":' + b"[" * 3000 + b"]" * 3000 + b"}", None),
]


async def test_a_malformed_request_names_its_fault(house: House) -> None:
    for body, param in MALFORMED:
        status, answer, _ = await house.post(body)
        assert (body[:60], status, _code(answer), answer["error"]["param"]) == (
            body[:60],
            400,
            "invalid_request",
            param,
        )
    assert house.upstream.seen == []


async def test_an_unknown_path_is_answered_in_the_same_shape(house: House) -> None:
    for path in ("/v1", "/v1/", "/v1/unknown", "/v1/chat/completions/x", "/v1/files"):
        status, answer, _ = await house.post(path=path)
        assert (path, status, _code(answer)) == (path, 404, "unknown_url")


async def test_another_method_is_not_allowed(house: House) -> None:
    status, answer, _ = await house.post(path="/v1/models")
    assert (status, _code(answer)) == (405, "method_not_allowed")


async def test_without_money_the_call_is_refused_before_it_goes_upstream(books: House) -> None:
    poor = await books.people.organisation("poor", li="owner")
    key = await books.new_key(org=poor)
    status, answer, _ = await books.post(key=key)
    assert (status, _code(answer), answer["error"]["type"]) == (402, "insufficient_funds", "insufficient_quota")
    assert books.upstream.seen == []
    call = await books.the_call()
    assert (call.status, call.http_status, call.cost_micro) == ("refused", 402, 0)


async def test_a_top_up_opens_the_door_at_once(house: House) -> None:
    poor = await house.people.organisation("poor", li="owner")
    key = await house.new_key(org=poor)
    assert (await house.post(key=key))[0] == 402
    await house.top_up(YUAN, poor)
    await house.settle()
    assert (await house.post(key=key))[0] == 200


async def test_a_voucher_pays_until_it_is_used_up_and_then_the_refusal_says_so(books: House) -> None:
    org = await books.people.organisation("holder", li="owner")
    key = await books.new_key(org=org)
    now = books.platform.clock.now()

    async def grant(uow: Any) -> None:
        pool = await metering.open_account(uow, "platform", "pool", "pool_1")
        await metering.fund_account(uow, pool.id, YUAN, reference="fund")
        limits = metering.Restrictions(resources=("gateway.*",), models=("echo",))
        await metering.issue_wallet(uow, org, 200, limits, now, None, pool.id, "grant_1")

    await books.do(grant)
    await books.settle()
    body = {**CHAT, "max_tokens": 6}
    statuses = []
    for _ in range(4):
        status, answer, _ = await books.post(body, key=key)
        statuses.append(status)
        await books.settle()
    assert statuses[:1] == [200]
    assert statuses[-1] == 402
    assert "券" in answer["error"]["ceyuan"]["hint"]["zh"]
    paid = sum(call.cost_micro for call in await books.calls())
    purses = (await books.limits(org)).purses
    assert sum(purse.balance_micro for purse in purses) == 200 - paid


async def test_what_runs_is_held_so_that_two_calls_cannot_spend_the_same_money(house: House) -> None:
    org = await house.people.organisation("tight", li="owner")
    key = await house.new_key(org=org)
    await house.top_up(130, org)
    await house.settle()
    house.upstream.script = "slow"
    answers = await asyncio.gather(*(house.post({**CHAT, "max_tokens": 6}, key=key) for _ in range(5)))
    assert sorted(status for status, _, _ in answers) == [200, 402, 402, 402, 402]
    assert await house.balance(org) >= 0


async def test_a_hard_quota_refuses_with_the_time_until_it_starts_anew(books: House) -> None:
    quota = metering.NewQuota("requests", Decimal(2), "day", hard=True)
    await books.do(lambda uow: metering.add_quota(uow, books.org, quota))
    await books.settle()
    statuses = []
    for _ in range(3):
        status, answer, headers = await books.post()
        statuses.append(status)
    assert statuses == [200, 200, 429]
    assert _code(answer) == "quota_exceeded"
    assert answer["error"]["ceyuan"]["message"]["zh"] == "每日配额 2 次请求已用尽"
    assert int(headers["retry-after"]) > 0


async def test_a_soft_quota_lets_calls_through(house: House) -> None:
    quota = metering.NewQuota("requests", Decimal(1), "day", hard=False)
    await house.do(lambda uow: metering.add_quota(uow, house.org, quota))
    await house.settle()
    assert [(await house.post())[0] for _ in range(3)] == [200, 200, 200]


async def test_a_keys_own_rate_is_kept(house: House) -> None:
    await house.do(
        lambda uow: service.set_key_limits(
            uow, house.last_key_id, requests_per_minute=2, tokens_per_minute=0, concurrent=0, models=[]
        ),
        SYSTEM,
    )
    await house.settle()
    answers = [await house.post() for _ in range(3)]
    assert [status for status, _, _ in answers] == [200, 200, 429]
    assert _code(answers[2][1]) == "rate_limit_exceeded"
    assert 1 <= int(answers[2][2]["retry-after"]) <= 60


async def test_a_key_may_be_bound_to_some_models(house: House) -> None:
    await house.serve("second")
    await house.do(
        lambda uow: service.set_key_limits(
            uow, house.last_key_id, requests_per_minute=0, tokens_per_minute=0, concurrent=0, models=["second"]
        ),
        SYSTEM,
    )
    await house.settle()
    status, answer, _ = await house.post()
    assert (status, _code(answer), answer["error"]["param"]) == (403, "key_forbidden", "model")
    assert (await house.post({**CHAT, "model": "second"}))[0] == 200


async def test_no_more_calls_at_once_than_the_model_bears_and_the_others_wait_their_turn(house: House) -> None:
    await house.serve("echo", max_concurrency=2)
    house.upstream.script = "slow"
    answers = await asyncio.gather(*(house.post() for _ in range(5)))
    assert [status for status, _, _ in answers] == [200] * 5
    assert house.upstream.peak == 2
    assert house.gateway.gates.waiting() == {}


class TestSmallBounds:
    """A gateway with tight settings."""

    @pytest.fixture
    def gateway_settings(self) -> GatewaySettings:
        return GatewaySettings(max_body_mb=0.01, body_timeout_s=0.2, refusals_per_minute=3)

    async def test_a_body_beyond_the_bound_is_refused(self, house: House) -> None:
        big = {**CHAT, "messages": [{"role": "user", "content": "长" * 10_000}]}
        status, answer, _ = await house.post(big)
        assert (status, _code(answer)) == (413, "request_too_large")
        assert house.upstream.seen == []

    async def test_a_client_that_sends_its_body_drop_by_drop_is_cut_off(self, house: House) -> None:
        host, port = house.url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(
            f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {house.key}\r\n"
            "Content-Length: 500\r\n\r\n{".encode()
        )
        answer = await asyncio.wait_for(reader.readuntil(b"\r\n"), 10)
        writer.close()
        assert answer.startswith(b"HTTP/1.1 400")

    async def test_a_storm_of_refusals_is_counted_but_not_kept_one_by_one(self, house: House) -> None:
        for _ in range(8):
            await house.post({**CHAT, "model": "nothing"})
        assert len(await house.calls()) == 3
        async with house.platform.work(SYSTEM, write=False) as uow:
            now = house.platform.clock.now()
            rows = await service.minutes_seen(uow, house.org, now - timedelta(hours=1), now + timedelta(hours=1), None)
        assert sum(row.refused for row in rows) == 8
        assert sum(row.codes.get("model_not_found", 0) for row in rows) == 8
