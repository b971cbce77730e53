"""Oneself and others."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from ceyuan.kernel.platform import Platform
from tests.identity.actors import PASSWORD, Browser, People
from tests.identity.conftest import Open

SignedIn = Callable[..., Awaitable[Browser]]


async def test_nobody_is_asked_to_sign_in(browser: Open) -> None:
    answer = await browser().get("/me")
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")


async def test_me_tells_roles_duties_and_the_session(signed_in: SignedIn, people: People) -> None:
    await people.add("li", duties=("reviewer",))
    org_id = await people.organisation("acme", li="maintainer")
    me = (await (await signed_in("li")).get("/me")).json()
    roles = {place["id"]: place["role"] for place in me["organisations"]}
    assert roles == {me["org_id"]: "owner", org_id: "maintainer"}
    assert me["duties"] == ["reviewer"]
    assert me["session_id"].startswith("ses_")
    assert me["scopes"] is None
    assert me["impersonation"] is None


async def test_a_changed_profile_shows_at_once(signed_in: SignedIn) -> None:
    li = await signed_in("li")
    changed = await li.patch("/me", {"display_name": "  李\u202e雷 ", "bio": "one\ntwo", "language": "en"})
    assert changed.json()["display_name"] == "李雷"
    me = (await li.get("/me")).json()
    assert (me["display_name"], me["bio"], me["language"]) == ("李雷", "one\ntwo", "en")
    assert me["organisations"][0]["display_name"] == "李雷"


async def test_an_invisible_display_name_is_refused(signed_in: SignedIn) -> None:
    li = await signed_in("li")
    assert (await li.patch("/me", {"display_name": "\u200b\u200b"})).status_code == 422


async def test_a_new_name_renames_the_namespace_and_the_old_one_leads_there(signed_in: SignedIn) -> None:
    li = await signed_in("li")
    before = (await li.get("/me")).json()
    assert (await li.put("/me/name", {"name": "li-lei"})).status_code == 200
    after = (await li.get("/me")).json()
    assert (after["name"], after["organisations"][0]["name"]) == ("li-lei", "li-lei")
    assert after["org_id"] == before["org_id"]
    for name in ("li", "LI-LEI"):
        assert (await li.get(f"/people/{name}")).json()["id"] == before["id"]


async def test_a_name_given_up_stays_with_its_bearer(signed_in: SignedIn) -> None:
    li, wang = await signed_in("li"), await signed_in("wang")
    await li.put("/me/name", {"name": "li-lei"})
    assert (await wang.put("/me/name", {"name": "li"})).json()["code"] == "name_taken"
    assert (await li.put("/me/name", {"name": "Li"})).status_code == 200
    assert (await wang.put("/me/name", {"name": "li-lei"})).json()["code"] == "name_taken"


async def test_only_the_case_of_a_name_may_change(signed_in: SignedIn) -> None:
    li = await signed_in("li")
    assert (await li.put("/me/name", {"name": "LI"})).status_code == 200
    assert (await li.get("/people/li")).json()["name"] == "LI"


async def test_the_public_profile_tells_no_address(browser: Open, people: People) -> None:
    await people.add("li", email="li@example.cn")
    profile = await browser().get("/people/li")
    assert profile.status_code == 200
    assert "li@example.cn" not in profile.text
    assert (await browser().get("/people/nobody-here")).json()["code"] == "person_not_found"


async def test_people_are_found_by_name_by_those_who_are_signed_in(signed_in: SignedIn, browser: Open) -> None:
    li = await signed_in("li")
    for name in ("lilei", "li_na", "wang"):
        await signed_in(name)
    assert (await browser().get("/people?q=li")).status_code == 401
    assert [p["name"] for p in (await li.get("/people?q=LI")).json()["items"]] == ["li", "li_na", "lilei"]
    assert [p["name"] for p in (await li.get("/people?q=li_")).json()["items"]] == ["li_na"]
    assert (await li.get("/people?q=%25%25")).json()["items"] == []


async def test_lists_come_in_pages(signed_in: SignedIn, people: People) -> None:
    li = await signed_in("li")
    for n in range(5):
        await people.add(f"wang{n}")
    seen, cursor = [], ""
    while True:
        page = (await li.get(f"/people?q=wang&limit=2&sort=-name{cursor}")).json()
        seen += [p["name"] for p in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert seen == [f"wang{n}" for n in (4, 3, 2, 1, 0)]


async def test_a_new_address_needs_the_password(signed_in: SignedIn, platform: Platform) -> None:
    li = await signed_in("li")
    assert (await li.put("/me/email", {"email": "li@example.cn", "password": "wrong"})).status_code == 401
    assert (await li.put("/me/email", {"email": "li@example.cn", "password": PASSWORD})).status_code == 200
    me = (await li.get("/me")).json()
    assert (me["email"], me["email_confirmed"]) == ("li@example.cn", False)


@pytest.mark.parametrize("path", ["/me", "/people/li", "/people?q=li"])
async def test_a_service_is_known_too(browser: Open, people: People, platform: Platform, path: str) -> None:
    from ceyuan.identity import issue_service

    await people.organisation("acme", li="owner")
    async with platform.work(await people.actor("li")) as uow:
        issued = await issue_service(uow, "acme", name="loader", role="member", scopes=["*"])
    answer = await browser(token=issued.secret).get(path)
    assert answer.status_code == 200
    if path == "/me":
        assert (answer.json()["kind"], answer.json()["name"]) == ("service", "acme/loader")
