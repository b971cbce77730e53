"""Sessions and their cookies."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

from sqlalchemy import select

from ceyuan.identity.credentials import SESSION_PREFIX, new_credential
from ceyuan.identity.origin import PublicAddress
from ceyuan.identity.sessions import cookies
from ceyuan.identity.sessions.tables import Session
from ceyuan.kernel.clock import ManualClock
from ceyuan.kernel.platform import Platform
from tests.identity.actors import PASSWORD, Browser, People
from tests.identity.conftest import Open

SignedIn = Callable[..., Awaitable[Browser]]


def set_cookies(answer_headers: list[str]) -> dict[str, str]:
    """The attributes of each cookie by its name, lower case."""
    return {line.partition("=")[0]: line.lower() for line in answer_headers}


async def test_over_https_the_cookie_is_secure_and_bound_to_the_host(browser: Open, people: People) -> None:
    await people.add("li")
    answer = await browser().sign_in("li")
    found = set_cookies(answer.headers.get_list("set-cookie"))
    session = found["__Host-ceyuan_session"]
    assert all(flag in session for flag in ("secure", "httponly", "samesite=lax", "path=/"))
    assert "domain" not in session
    assert "httponly" not in found["ceyuan_csrf"]
    assert "secure" in found["ceyuan_csrf"]


async def test_over_http_on_loopback_the_cookie_still_works(browser: Open, people: People, platform: Platform) -> None:

    platform.hooks[PublicAddress] = [PublicAddress("http://127.0.0.1:8080", False)]
    await people.add("li")
    page = browser()
    page.client.base_url = "http://127.0.0.1:8080"  # type: ignore[assignment]
    answer = await page.sign_in("li")
    session = set_cookies(answer.headers.get_list("set-cookie"))["ceyuan_session"]
    assert "httponly" in session
    assert "secure" not in session
    assert (await page.get("/me")).status_code == 200


async def test_the_secret_is_kept_as_a_hash_only(signed_in: SignedIn, platform: Platform) -> None:
    li = await signed_in("li")
    secret = li.client.cookies["__Host-ceyuan_session"]
    async with platform.work(write=False) as uow:
        (row,) = await uow.session.scalars(select(Session))
    assert secret not in repr(vars(row))
    assert len(row.secret_hash) == 64


async def test_a_change_without_the_csrf_header_is_refused(signed_in: SignedIn) -> None:
    li = await signed_in("li")
    missing = await li.client.patch("/api/v1/me", json={"bio": "x"})
    wrong = await li.client.patch("/api/v1/me", json={"bio": "x"}, headers={"x-csrf-token": "guess"})
    assert [(a.status_code, a.json()["code"]) for a in (missing, wrong)] == [(403, "csrf_failed")] * 2
    assert (await li.patch("/me", {"bio": "x"})).status_code == 200


async def test_the_csrf_token_of_another_session_does_not_fit(signed_in: SignedIn) -> None:
    li, wang = await signed_in("li"), await signed_in("wang")
    stolen = wang.client.cookies["ceyuan_csrf"]
    answer = await li.client.patch("/api/v1/me", json={"bio": "x"}, headers={"x-csrf-token": stolen})
    assert answer.status_code == 403


async def test_a_token_needs_no_csrf_header(browser: Open, people: People) -> None:
    program = browser(token=await people.token("li"))
    assert (await program.client.patch("/api/v1/me", json={"bio": "x"})).status_code == 200


async def test_me_tells_the_csrf_token_too(signed_in: SignedIn) -> None:
    li = await signed_in("li")
    assert (await li.get("/me")).json()["csrf_token"] == li.client.cookies["ceyuan_csrf"]


async def test_signing_out_ends_the_session_at_once(signed_in: SignedIn) -> None:
    li = await signed_in("li")
    secret = li.client.cookies["__Host-ceyuan_session"]
    assert (await li.post("/auth/sign-out")).status_code == 204
    assert "__Host-ceyuan_session" not in li.client.cookies
    li.client.cookies.set("__Host-ceyuan_session", secret, domain="ai.example.cn")
    assert (await li.get("/me")).status_code == 401


async def test_signing_out_without_a_session_is_no_error(browser: Open) -> None:
    assert (await browser().post("/auth/sign-out")).status_code == 204


async def test_a_session_ends_when_it_lies_idle(signed_in: SignedIn, clock: ManualClock) -> None:
    li = await signed_in("li")
    clock.advance(timedelta(hours=11))
    assert (await li.get("/me")).status_code == 200
    clock.advance(timedelta(hours=12, seconds=1))
    assert (await li.get("/me")).status_code == 401


async def test_a_busy_session_ends_too(signed_in: SignedIn, clock: ManualClock) -> None:
    li = await signed_in("li")
    for _ in range(16):
        clock.advance(timedelta(hours=10))
        assert (await li.get("/me")).status_code == 200
    clock.advance(timedelta(hours=10))
    assert (await li.get("/me")).status_code == 401


async def test_a_person_sees_and_ends_their_sessions(signed_in: SignedIn) -> None:
    here, there = await signed_in("li"), await signed_in("li")
    rows = (await here.get("/sessions")).json()["items"]
    assert [row["is_current"] for row in rows].count(True) == 1
    other = next(row for row in rows if not row["is_current"])
    assert other["address"] == "203.0.113.7"
    assert (await here.delete(f"/sessions/{other['id']}")).status_code == 204
    assert (await there.get("/me")).status_code == 401
    assert len((await here.get("/sessions")).json()["items"]) == 1
    assert len((await here.get("/sessions?open_only=false")).json()["items"]) == 2


async def test_all_other_sessions_end_together(signed_in: SignedIn) -> None:
    here, *others = [await signed_in("li") for _ in range(3)]
    assert (await here.delete("/sessions")).json() == {"ended": 2}
    assert [(await each.get("/me")).status_code for each in others] == [401, 401]
    assert (await here.get("/me")).status_code == 200


async def test_nobody_ends_the_session_of_another(signed_in: SignedIn) -> None:
    li, wang = await signed_in("li"), await signed_in("wang")
    theirs = (await wang.get("/sessions")).json()["items"][0]["id"]
    assert (await li.delete(f"/sessions/{theirs}")).status_code == 404
    assert (await wang.get("/me")).status_code == 200


async def test_a_made_up_session_is_nobody(browser: Open) -> None:
    stranger = browser()
    stranger.client.cookies.set("__Host-ceyuan_session", new_credential(SESSION_PREFIX), domain="ai.example.cn")
    assert (await stranger.get("/me")).status_code == 401
    assert (await stranger.get("/announcements")).status_code == 200


async def test_over_https_a_cookie_without_the_host_prefix_is_ignored(signed_in: SignedIn) -> None:
    li = await signed_in("li")
    secret = li.client.cookies["__Host-ceyuan_session"]
    li.client.cookies.clear()
    li.client.cookies.set("ceyuan_session", secret, domain="ai.example.cn")
    assert (await li.get("/me")).status_code == 401


def test_the_csrf_token_follows_from_the_secret() -> None:
    secret = new_credential(SESSION_PREFIX)
    assert cookies.csrf_fits(secret, cookies.csrf_token(secret))
    assert not cookies.csrf_fits(secret, None)
    assert not cookies.csrf_fits(secret, "é")


async def test_a_second_sign_in_replaces_the_cookie(signed_in: SignedIn) -> None:
    li = await signed_in("li")
    before = li.client.cookies["__Host-ceyuan_session"]
    assert (await li.sign_in("li", PASSWORD)).status_code == 200
    assert li.client.cookies["__Host-ceyuan_session"] != before
