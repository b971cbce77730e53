"""What administrators do to accounts."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from ceyuan.identity import Duty, ensure_first_admin
from ceyuan.kernel.platform import Platform
from tests.identity.actors import Browser, People
from tests.identity.conftest import Open
from tests.identity.passwords.test_passwords import NEW, token_in

SignedIn = Callable[..., Awaitable[Browser]]


@pytest.mark.parametrize(("who", "expected"), [("anonymous", 401), ("li", 403), ("staff1", 403)])
async def test_others_have_no_business_here(
    signed_in: SignedIn, browser: Open, people: People, who: str, expected: int
) -> None:
    await people.add("staff1", duties=("operator",))
    asking = browser() if who == "anonymous" else await signed_in(who)
    for method, path, body in (
        ("GET", "/admin/accounts", None),
        ("GET", "/admin/accounts/li", None),
        ("POST", "/admin/accounts", {"name": "new"}),
        ("PATCH", "/admin/accounts/li", {"is_admin": True}),
        ("POST", "/admin/accounts/li/reset-link", None),
        ("POST", "/admin/accounts/li/sign-out", None),
        ("DELETE", "/admin/accounts/li/second-factor", None),
        ("POST", "/admin/accounts/li/impersonation", {"reason": "curious"}),
        ("GET", "/admin/duties", None),
        ("GET", "/admin/sign-on-providers", None),
        ("POST", "/admin/mail/test", {"to": "li@example.cn"}),
    ):
        assert (await asking.send(method, path, body)).status_code == expected, path


async def test_the_first_administrator_is_made_once(platform: Platform, browser: Open) -> None:
    async with platform.work() as uow:
        first = await ensure_first_admin(uow)
    assert first is not None
    name, password = first
    admin = browser()
    assert (await admin.sign_in(name, password)).status_code == 200
    assert (await admin.get("/me")).json()["is_admin"] is True
    async with platform.work() as uow:
        assert await ensure_first_admin(uow) is None


async def test_a_new_account_sets_its_password_by_a_link(signed_in: SignedIn, browser: Open) -> None:
    root = await signed_in("root1", admin=True)
    made = (await root.post("/admin/accounts", {"name": "li", "email": "li@example.cn"})).json()
    assert made["account"]["has_password"] is False
    assert made["link"].startswith("https://ai.example.cn/console/reset-password?token=")
    reset = {"token": token_in(made["link"]), "password": NEW}
    assert (await browser().post("/auth/password/reset", reset)).status_code == 204
    assert (await browser().sign_in("li", NEW)).status_code == 200


async def test_accounts_are_found_by_what_they_are(signed_in: SignedIn, people: People) -> None:
    root = await signed_in("root1", admin=True)
    await people.add("li", duties=("reviewer",))
    await people.add("lilei")
    await root.patch("/admin/accounts/lilei", {"state": "suspended"})

    async def names(query: str) -> list[str]:
        return [a["name"] for a in (await root.get(f"/admin/accounts?{query}")).json()["items"]]

    assert await names("") == ["li", "lilei", "root1"]
    assert await names("q=li") == ["li", "lilei"]
    assert await names("duty=reviewer") == ["li"]
    assert await names("state=suspended") == ["lilei"]
    assert await names("admins=true") == ["root1"]


async def test_duties_count_at_once(signed_in: SignedIn, platform: Platform) -> None:
    platform.provide(Duty, Duty("juror", ("评委", "Juror")))
    root, li = await signed_in("root1", admin=True), await signed_in("li")
    await li.get("/me")
    answer = await root.patch("/admin/accounts/li", {"duties": ["reviewer", "juror"]})
    assert answer.json()["duties"] == ["juror", "reviewer"]
    assert (await li.get("/me")).json()["duties"] == ["juror", "reviewer"]
    assert (await root.patch("/admin/accounts/li", {"duties": ["reviewer"]})).json()["duties"] == ["reviewer"]
    assert (await root.patch("/admin/accounts/li", {"duties": ["king"]})).status_code == 422
    assert "juror" in {duty["name"] for duty in (await root.get("/admin/duties")).json()}


async def test_a_suspended_person_is_signed_out_and_may_come_back(signed_in: SignedIn, browser: Open) -> None:
    root, li = await signed_in("root1", admin=True), await signed_in("li")
    assert (await root.patch("/admin/accounts/li", {"state": "suspended"})).json()["state"] == "suspended"
    assert (await li.get("/me")).status_code == 401
    assert (await browser().sign_in("li")).json()["code"] == "account_suspended"
    await root.patch("/admin/accounts/li", {"state": "active"})
    assert (await browser().sign_in("li")).status_code == 200


async def test_the_last_administrator_stays_one(signed_in: SignedIn, people: People) -> None:
    root = await signed_in("root1", admin=True)
    for change in ({"is_admin": False}, {"state": "suspended"}):
        assert (await root.patch("/admin/accounts/root1", change)).status_code == 409
    await people.add("root2", admin=True)
    assert (await root.patch("/admin/accounts/root1", {"is_admin": False})).status_code == 200
    assert (await root.get("/admin/accounts")).status_code == 403


async def test_two_administrators_do_not_unmake_each_other(signed_in: SignedIn, people: People) -> None:
    one, two = await signed_in("root1", admin=True), await signed_in("root2", admin=True)
    answers = await asyncio.gather(
        one.patch("/admin/accounts/root2", {"is_admin": False}),
        two.patch("/admin/accounts/root1", {"state": "suspended"}),
    )
    # The second finds itself no administrator any more, or the other one the last.
    assert sorted(answer.status_code for answer in answers)[0] == 200
    rows = [await people.find(name) for name in ("root1", "root2")]
    assert [row is not None and row.is_admin and row.state == "active" for row in rows].count(True) == 1


async def test_everything_of_a_person_is_signed_out(signed_in: SignedIn, browser: Open, people: People) -> None:
    root, li = await signed_in("root1", admin=True), await signed_in("li")
    program = browser(token=await people.token("li"))
    assert (await root.post("/admin/accounts/li/sign-out")).json() == {"ended": 1}
    assert (await li.get("/me")).status_code == 401
    assert (await program.get("/me")).status_code == 200
    await root.post("/admin/accounts/li/sign-out?tokens=true")
    assert (await program.get("/me")).status_code == 401
