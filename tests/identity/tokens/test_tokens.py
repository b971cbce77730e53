"""Access tokens."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from ceyuan.identity import TokenRejected, token_credential, verify_token
from ceyuan.identity.credentials import TOKEN_PREFIX, new_credential
from ceyuan.identity.tokens.tables import Token
from ceyuan.kernel.clock import ManualClock
from ceyuan.kernel.platform import Platform
from tests.identity.actors import Browser, People
from tests.identity.conftest import Open

SignedIn = Callable[..., Awaitable[Browser]]


async def made(li: Browser, *scopes: str, **more: object) -> dict[str, str]:
    """A fresh personal token's secret and id."""
    answer = await li.post("/tokens", {"name": "laptop", "scopes": list(scopes or ("*",)), **more})
    assert answer.status_code == 201, answer.text
    return {"secret": answer.json()["secret"], "id": answer.json()["token"]["id"]}


async def test_nobody_has_tokens(browser: Open) -> None:
    assert (await browser().get("/tokens")).status_code == 401
    assert (await browser().post("/tokens", {"name": "x", "scopes": ["*"]})).status_code == 401


async def test_a_token_is_shown_once_and_kept_as_a_hash(signed_in: SignedIn, platform: Platform) -> None:
    li = await signed_in("li")
    token = await made(li)
    assert token["secret"].startswith("cyk_")
    listed = await li.get("/tokens")
    assert token["secret"] not in listed.text
    assert listed.json()["items"][0]["ending"] == token["secret"][-4:]
    async with platform.work(write=False) as uow:
        (row,) = await uow.session.scalars(select(Token))
    assert token["secret"] not in repr(vars(row))


async def test_it_stands_for_its_person_in_three_ways_of_sending_it(signed_in: SignedIn, browser: Open) -> None:
    token = (await made(await signed_in("li")))["secret"]
    assert (await browser(token=token).get("/me")).json()["name"] == "li"
    for auth in (("li", token), (token, "")):
        answer = await browser().client.get("/api/v1/me", auth=auth)
        assert answer.json()["name"] == "li"


@pytest.mark.parametrize("header", ["Bearer nonsense", "Bearer ", "Digest x", "Basic !!!", "cyk_", "Basic bGk6bGk="])
async def test_a_bad_token_is_refused_even_where_anybody_may_read(browser: Open, header: str) -> None:
    answer = await browser().client.get("/api/v1/organisations", headers={"authorization": header})
    assert (answer.status_code, answer.json()["code"]) == (401, "token_rejected")
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_a_made_up_token_is_refused(browser: Open) -> None:
    assert (await browser(token=new_credential(TOKEN_PREFIX)).get("/me")).json()["code"] == "token_rejected"


async def test_an_expired_token_says_so(signed_in: SignedIn, browser: Open, clock: ManualClock) -> None:
    li = await signed_in("li")
    token = await made(li, expires_at=(clock.now() + timedelta(hours=1)).isoformat())
    program = browser(token=token["secret"])
    assert (await program.get("/me")).status_code == 200
    clock.advance(timedelta(hours=1))
    answer = await program.get("/me")
    assert (answer.status_code, answer.json()["code"]) == (401, "token_rejected")
    assert "expired" in answer.json()["detail"]


async def test_it_cannot_expire_in_the_past(signed_in: SignedIn) -> None:
    li = await signed_in("li")
    body = {"name": "x", "scopes": ["*"], "expires_at": "2020-01-01T00:00:00Z"}
    assert (await li.post("/tokens", body)).status_code == 422
    assert (await li.post("/tokens", body | {"expires_at": "2030-01-01T00:00:00"})).status_code == 422


async def test_a_revoked_token_is_refused_from_the_next_request_on(
    signed_in: SignedIn, browser: Open, platform: Platform
) -> None:
    li = await signed_in("li")
    token = await made(li)
    program = browser(token=token["secret"])
    assert (await program.get("/me")).status_code == 200
    assert (await li.delete(f"/tokens/{token['id']}")).status_code == 204
    assert (await program.get("/me")).status_code == 401
    with pytest.raises(TokenRejected):
        await verify_token(platform, token["secret"])
    assert (await li.get("/tokens")).json()["items"] == []
    assert (await li.get("/tokens?usable=false")).json()["items"][0]["revoked_at"]


async def test_nobody_revokes_another_s_token(signed_in: SignedIn) -> None:
    li, wang = await signed_in("li"), await signed_in("wang")
    token = await made(wang)
    assert (await li.delete(f"/tokens/{token['id']}")).status_code == 404


async def test_scopes_limit_what_a_token_may_do(signed_in: SignedIn, browser: Open) -> None:
    li = await signed_in("li")
    reader = browser(token=(await made(li, "identity:read"))["secret"])
    assert (await reader.get("/sessions")).status_code == 200
    refused = await reader.patch("/me", {"bio": "x"})
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    assert "identity:write" in refused.json()["detail"]
    caller = browser(token=(await made(li, "gateway:call"))["secret"])
    assert (await caller.get("/sessions")).status_code == 403
    assert (await caller.get("/me")).json()["scopes"] == ["gateway:call"]


@pytest.mark.parametrize(
    "scopes", [[], ["hub"], ["hub:read:all"], ["HUB:read"], ["*:read"], ["hub: read"], ["hub:read\n"]]
)
async def test_a_malformed_scope_is_refused(signed_in: SignedIn, scopes: list[str]) -> None:
    li = await signed_in("li")
    assert (await li.post("/tokens", {"name": "x", "scopes": scopes})).status_code == 422


async def test_a_token_makes_no_tokens(browser: Open, people: People) -> None:
    program = browser(token=await people.token("li"))
    answer = await program.post("/tokens", {"name": "stronger", "scopes": ["*"]})
    assert answer.json()["code"] == "own_hands_only"


async def test_a_token_bound_to_one_organisation_reaches_no_other(
    signed_in: SignedIn, browser: Open, people: People, platform: Platform
) -> None:
    org_id = await people.organisation("acme", li="owner")
    await people.organisation("other", li="owner")
    token = await made(await signed_in("li"), organisation="acme")
    bound = browser(token=token["secret"])
    assert (await bound.get("/organisations/acme/members")).status_code == 200
    assert (await bound.get("/organisations/other/members")).status_code == 404
    assert [place["id"] for place in (await bound.get("/me")).json()["organisations"]] == [org_id]
    assert (await token_credential(platform, token["secret"])).org_id == org_id


async def test_nobody_binds_a_token_to_a_strange_organisation(signed_in: SignedIn, people: People) -> None:
    await people.organisation("acme", boss="owner")
    li = await signed_in("li")
    body = {"name": "x", "scopes": ["*"], "organisation": "acme"}
    assert (await li.post("/tokens", body)).status_code == 404


async def test_an_administrator_s_power_needs_an_unlimited_token(signed_in: SignedIn, browser: Open) -> None:
    root = await signed_in("root1", admin=True)
    full = browser(token=(await made(root))["secret"])
    limited = browser(token=(await made(root, "admin:read", "identity:read"))["secret"])
    assert (await full.get("/admin/accounts")).status_code == 200
    assert (await limited.get("/admin/accounts")).status_code == 403
    assert (await limited.get("/me")).json()["is_admin"] is False


async def test_a_service_acts_as_itself_with_its_role(signed_in: SignedIn, browser: Open, people: People) -> None:
    await people.organisation("acme", boss="owner", li="maintainer", wang="member")
    li = await signed_in("li")
    body = {"name": "loader", "role": "member", "scopes": ["*"]}
    issued = (await li.post("/organisations/acme/tokens", body)).json()
    service = browser(token=issued["secret"])
    me = (await service.get("/me")).json()
    assert (me["kind"], me["id"]) == ("service", issued["token"]["id"])
    assert (await service.get("/organisations/acme/members")).status_code == 200
    assert (await service.post("/organisations/acme/invitations", {})).status_code == 403
    assert (await (await signed_in("wang")).get("/organisations/acme/tokens")).status_code == 403


async def test_a_service_s_role_does_not_exceed_its_maker_s(signed_in: SignedIn, people: People) -> None:
    await people.organisation("acme", boss="owner", li="maintainer")
    li = await signed_in("li")
    body = {"name": "loader", "role": "owner", "scopes": ["*"]}
    assert (await li.post("/organisations/acme/tokens", body)).status_code == 403


async def test_a_limited_token_issues_no_broader_service(signed_in: SignedIn, browser: Open, people: People) -> None:
    await people.organisation("acme", li="owner")
    li = await signed_in("li")
    program = browser(token=(await made(li, "identity:write", "hub:read"))["secret"])
    body = {"name": "loader", "role": "member"}
    fine = await program.post("/organisations/acme/tokens", body | {"scopes": ["hub:read"]})
    assert fine.status_code == 201
    for scopes in (["hub:write"], ["hub:*"], ["*"]):
        assert (await program.post("/organisations/acme/tokens", body | {"scopes": scopes})).status_code == 403


async def test_a_service_token_is_revoked_by_maintainers(signed_in: SignedIn, browser: Open, people: People) -> None:
    await people.organisation("acme", boss="owner", li="maintainer")
    await people.organisation("other", li="maintainer")
    li = await signed_in("li")
    body = {"name": "loader", "role": "member", "scopes": ["*"]}
    issued = (await li.post("/organisations/acme/tokens", body)).json()
    path = f"tokens/{issued['token']['id']}"
    assert (await li.delete(f"/organisations/other/{path}")).status_code == 404
    assert (await li.delete(f"/{path}")).status_code == 404
    assert (await li.delete(f"/organisations/acme/{path}")).status_code == 204
    assert (await browser(token=issued["secret"]).get("/me")).status_code == 401


async def test_the_offered_scopes_are_described_in_both_languages(browser: Open) -> None:
    offered = (await browser().get("/tokens/scopes")).json()
    assert offered[0]["name"] == "*"
    assert all(scope["title_zh"] and scope["title_en"] for scope in offered)
