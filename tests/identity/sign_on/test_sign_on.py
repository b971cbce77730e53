"""Single sign-on against a real OpenID provider."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc.jwk import RSAKey
from sqlalchemy import select

from ceyuan.identity.sign_on.service import safe_return
from ceyuan.identity.sign_on.tables import SignOnProvider
from ceyuan.kernel.clock import ManualClock
from ceyuan.kernel.platform import Platform
from tests.identity.actors import Browser, People
from tests.identity.conftest import Open
from tests.identity.sign_on.provider import CLIENT_ID, CLIENT_SECRET, Provider, running_provider

SignedIn = Callable[..., Awaitable[Browser]]
CALLBACK = "https://ai.example.cn/api/v1/auth/sign-on/campus/callback"


@pytest.fixture(scope="module")
def running() -> Iterator[Provider]:
    with running_provider() as provider:
        yield provider


@pytest.fixture
def provider(running: Provider) -> Provider:
    """The provider with an honest person at it."""
    fresh = Provider(key=running.key, issuer=running.issuer)
    for name in vars(fresh):
        setattr(running, name, getattr(fresh, name))
    running.redirect_uris.add(CALLBACK)
    running.user.claims = {
        "preferred_username": "li.lei",
        "name": "李雷",
        "email": "li@campus.cn",
        "email_verified": True,
    }
    return running


@pytest.fixture
def clock() -> ManualClock:
    """Real time: the provider's tokens carry it."""
    return ManualClock(datetime.now(UTC))


@pytest.fixture
async def trusting(signed_in: SignedIn, provider: Provider) -> Callable[..., Awaitable[None]]:
    """Lets an administrator trust the provider, with options."""

    async def trust(**options: Any) -> None:
        root = await signed_in("root1", admin=True)
        body = {
            "name": "campus",
            "title_zh": "校园",
            "title_en": "Campus",
            "issuer": provider.issuer,
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "auto_create": True,
        }
        answer = await root.post("/admin/sign-on-providers", body | options)
        assert answer.status_code == 201, answer.text

    return trust


Trust = Callable[..., Awaitable[None]]


async def at_provider(url: str) -> str:
    """Walk to the provider and come back with the address it sends the browser to."""
    async with httpx.AsyncClient(trust_env=False, timeout=60) as outside:
        answer = await outside.get(url)
    assert answer.status_code == 302, answer.text
    return str(answer.headers["location"])


async def sign_on(page: Browser, *, return_to: str = "") -> httpx.Response:
    """The whole way: off to the provider, and back."""
    query = f"?return_to={return_to}" if return_to else ""
    away = await page.get(f"/auth/sign-on/campus{query}")
    assert away.status_code == 303
    return await page.client.get(await at_provider(away.headers["location"]))


def problem(answer: httpx.Response) -> str:
    """The code of the fault that the sign-in page is told."""
    found = urlsplit(answer.headers["location"])
    assert found.path == "/console/login"
    return parse_qs(found.query)["problem"][0]


async def test_a_stranger_gets_an_account_and_a_session(trusting: Trust, browser: Open, provider: Provider) -> None:
    await trusting(trusts_email=True)
    page = browser()
    back = await sign_on(page, return_to="/console/hub")
    assert (back.status_code, back.headers["location"]) == (303, "/console/hub")
    me = (await page.get("/me")).json()
    assert (me["name"], me["display_name"], me["email"], me["email_confirmed"]) == (
        "li-lei",
        "李雷",
        "li@campus.cn",
        True,
    )
    assert me["has_password"] is False
    assert (await page.patch("/me", {"bio": "x"})).status_code == 200


async def test_state_nonce_and_challenge_go_along(trusting: Trust, browser: Open, provider: Provider) -> None:
    await trusting()
    await sign_on(browser())
    asked, exchanged = provider.seen
    assert asked["code_challenge_method"] == "S256"
    assert min(len(asked[k]) for k in ("state", "nonce", "code_challenge")) >= 43
    assert len(exchanged["code_verifier"]) >= 43
    assert asked["redirect_uri"] == exchanged["redirect_uri"] == CALLBACK


async def test_the_same_person_comes_back_to_the_same_account(
    trusting: Trust, browser: Open, provider: Provider
) -> None:
    await trusting()
    ids = []
    for _ in range(2):
        page = browser()
        await sign_on(page)
        ids.append((await page.get("/me")).json()["id"])
        provider.user.claims |= {"preferred_username": "renamed", "email": "new@campus.cn"}
    assert ids[0] == ids[1]


async def test_claims_may_come_from_userinfo(trusting: Trust, browser: Open, provider: Provider) -> None:
    await trusting()
    provider.in_userinfo_only = True
    page = browser()
    await sign_on(page)
    assert (await page.get("/me")).json()["name"] == "li-lei"


async def test_a_taken_name_gets_a_number(trusting: Trust, browser: Open, people: People) -> None:
    await trusting()
    await people.organisation("Li-Lei")
    page = browser()
    await sign_on(page)
    assert (await page.get("/me")).json()["name"] == "li-lei-2"


@pytest.mark.parametrize(
    "fault",
    [
        {"signing_key": RSAKey.generate_key(2048, {"kid": "key-1", "use": "sig"})},
        {"signing_key": RSAKey.generate_key(2048, {"kid": "key-9", "use": "sig"})},
        {"claimed_issuer": "https://evil.example.cn"},
        {"claimed_audience": "somebody-else"},
        {"forced_nonce": "replayed"},
        {"lifetime_s": -1000},
    ],
    ids=["forged", "unknown-key", "issuer", "audience", "nonce", "expired"],
)
async def test_an_id_token_that_does_not_check_signs_nobody_on(
    trusting: Trust, browser: Open, provider: Provider, fault: dict[str, Any]
) -> None:
    await trusting()
    for name, value in fault.items():
        setattr(provider, name, value)
    page = browser()
    assert problem(await sign_on(page)) == "sign_on_failed"
    assert (await page.get("/me")).status_code == 401


async def test_a_new_key_of_the_provider_is_fetched(trusting: Trust, browser: Open, provider: Provider) -> None:
    await trusting()
    await sign_on(browser())
    old, provider.key = provider.key, RSAKey.generate_key(2048, {"kid": "key-2", "use": "sig"})
    page = browser()
    await sign_on(page)
    assert (await page.get("/me")).status_code == 200
    provider.key = old


async def test_another_browser_cannot_finish_a_sign_on(trusting: Trust, browser: Open) -> None:
    await trusting()
    away = await browser().get("/auth/sign-on/campus")
    back = await at_provider(away.headers["location"])
    victim = browser()
    assert problem(await victim.client.get(back)) == "sign_on_failed"
    assert (await victim.get("/me")).status_code == 401


async def test_a_sign_on_counts_once_and_not_for_ever(trusting: Trust, browser: Open, clock: ManualClock) -> None:
    await trusting()
    page = browser()
    away = await page.get("/auth/sign-on/campus")
    back = await at_provider(away.headers["location"])
    assert (await page.client.get(back)).headers["location"] == "/console/"
    assert problem(await page.client.get(back)) == "sign_on_failed"
    late = await page.get("/auth/sign-on/campus")
    back = await at_provider(late.headers["location"])
    clock.advance(timedelta(minutes=11))
    assert problem(await page.client.get(back)) == "sign_on_failed"


async def test_a_refusal_at_the_provider_is_told(trusting: Trust, browser: Open) -> None:
    await trusting()
    page = browser()
    away = await page.get("/auth/sign-on/campus")
    state = parse_qs(urlsplit(away.headers["location"]).query)["state"][0]
    answer = await page.get(f"/auth/sign-on/campus/callback?error=access_denied&state={state}")
    assert problem(answer) == "sign_on_failed"


async def test_an_address_in_use_is_not_taken_over(trusting: Trust, browser: Open, people: People) -> None:
    await trusting()
    await people.add("li", email="li@campus.cn", confirmed=True)
    assert problem(await sign_on(browser())) == "sign_on_failed"


async def test_a_trusted_provider_signs_in_who_confirmed_the_address(
    trusting: Trust, browser: Open, people: People, provider: Provider
) -> None:
    await trusting(trusts_email=True)
    person = await people.add("li", email="LI@campus.cn", confirmed=True)
    provider.user.claims["email_verified"] = False
    assert problem(await sign_on(browser())) == "sign_on_failed"
    provider.user.claims["email_verified"] = True
    page = browser()
    await sign_on(page)
    assert (await page.get("/me")).json()["id"] == person.id


async def test_an_unconfirmed_address_here_is_not_handed_over(trusting: Trust, browser: Open, people: People) -> None:
    await trusting(trusts_email=True)
    await people.add("squatter", email="li@campus.cn")
    assert problem(await sign_on(browser())) == "sign_on_failed"


async def test_strangers_stay_out_where_the_administrator_says_so(trusting: Trust, browser: Open) -> None:
    await trusting(auto_create=False)
    assert problem(await sign_on(browser())) == "sign_on_failed"


async def test_only_the_named_domains_get_accounts(trusting: Trust, browser: Open, provider: Provider) -> None:
    await trusting(trusts_email=True, email_domains=["@Campus.cn"])
    provider.user.claims["email"] = "li@elsewhere.cn"
    assert problem(await sign_on(browser())) == "sign_on_failed"
    provider.user.claims["email"] = "li@campus.cn"
    page = browser()
    await sign_on(page)
    assert (await page.get("/me")).status_code == 200


async def test_a_suspended_person_stays_out(trusting: Trust, browser: Open, signed_in: SignedIn) -> None:
    await trusting()
    await sign_on(browser())
    root = await signed_in("root1")
    await root.patch("/admin/accounts/li-lei", {"state": "suspended"})
    assert problem(await sign_on(browser())) == "account_suspended"


async def test_an_account_is_linked_and_unlinked_in_the_settings(
    trusting: Trust, signed_in: SignedIn, browser: Open
) -> None:
    await trusting(auto_create=False)
    li = await signed_in("li")
    away = (await li.post("/me/sign-on/campus")).json()["url"]
    back = await li.client.get(await at_provider(away))
    assert back.headers["location"] == "/console/settings/sessions"
    (linked,) = (await li.get("/me/sign-on")).json()
    assert (linked["provider"], linked["label"]) == ("campus", "li@campus.cn")
    page = browser()
    await sign_on(page)
    assert (await page.get("/me")).json()["name"] == "li"
    wang = await signed_in("wang")
    away = (await wang.post("/me/sign-on/campus")).json()["url"]
    assert problem(await wang.client.get(await at_provider(away))) == "conflict"
    assert (await wang.delete(f"/me/sign-on/{linked['id']}")).status_code == 404
    assert (await li.delete(f"/me/sign-on/{linked['id']}")).status_code == 204
    assert problem(await sign_on(browser())) == "sign_on_failed"


async def test_the_only_way_in_is_not_unlinked(trusting: Trust, browser: Open) -> None:
    await trusting()
    page = browser()
    await sign_on(page)
    (linked,) = (await page.get("/me/sign-on")).json()
    assert (await page.delete(f"/me/sign-on/{linked['id']}")).status_code == 409


async def test_the_client_secret_lies_sealed_and_is_never_shown(
    trusting: Trust, signed_in: SignedIn, platform: Platform
) -> None:
    await trusting()
    root = await signed_in("root1")
    assert CLIENT_SECRET not in (await root.get("/admin/sign-on-providers")).text
    async with platform.work(write=False) as uow:
        row = (await uow.session.scalars(select(SignOnProvider))).one()
    assert CLIENT_SECRET.encode() not in (row.client_secret or b"")


async def test_a_provider_is_switched_off_and_forgotten(trusting: Trust, signed_in: SignedIn, browser: Open) -> None:
    await trusting()
    root = await signed_in("root1")
    assert [p["name"] for p in (await browser().get("/auth/options")).json()["providers"]] == ["campus"]
    path = "/admin/sign-on-providers/campus"
    assert (await root.patch(path, {"is_on": False})).json()["is_on"] is False
    assert (await browser().get("/auth/options")).json()["providers"] == []
    assert (await browser().get("/auth/sign-on/campus")).status_code == 404
    assert (await root.delete(path)).status_code == 204
    assert (await root.get("/admin/sign-on-providers")).json()["items"] == []


async def test_a_provider_that_is_away_is_said_to_be(trusting: Trust, browser: Open, provider: Provider) -> None:
    await trusting(issuer="http://127.0.0.1:1")
    answer = await browser().get("/auth/sign-on/campus")
    assert (answer.status_code, answer.json()["code"]) == (401, "sign_on_failed")


@pytest.mark.parametrize(
    "path",
    [
        "//evil.cn",
        "https://evil.cn",
        "/console//evil.cn",
        "/\\evil.cn",
        "/consolex",
        "/api/v1/me",
        "/console/\nx",
        None,
    ],
)
def test_the_way_back_never_leads_to_another_site(path: str | None) -> None:
    assert safe_return(path) == "/console/"


def test_the_way_back_leads_into_the_console() -> None:
    assert safe_return("/console/hub?sort=-name") == "/console/hub?sort=-name"
