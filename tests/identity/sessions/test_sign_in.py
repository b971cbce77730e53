"""Sign-in with a password."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select

from ceyuan.identity.passwords.hashing import Hasher
from ceyuan.identity.people import repository
from ceyuan.identity.sessions.tables import SignInPause
from ceyuan.kernel.clock import ManualClock
from ceyuan.kernel.platform import Platform
from tests.identity.actors import PASSWORD, People
from tests.identity.conftest import Open


async def test_name_or_email_and_password_open_a_session(browser: Open, people: People) -> None:
    await people.add("li", email="Li@Example.cn")
    for name in ("li", "LI", "li@example.cn"):
        li = browser()
        assert (await li.sign_in(name)).status_code == 200
        assert (await li.get("/me")).json()["name"] == "li"


async def test_a_wrong_password_and_an_unknown_name_give_the_same_answer(browser: Open, people: People) -> None:
    await people.add("li")
    wrong, unknown = await browser().sign_in("li", "wrong"), await browser().sign_in("nobody-here", "wrong")
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.json() == unknown.json()
    assert wrong.json()["code"] == "sign_in_failed"


async def test_an_unknown_name_costs_as_much_work_as_a_known_one(
    browser: Open, people: People, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    await people.add("li")
    await people.add("nopass", password=False)
    (hasher,) = platform.find(Hasher)
    checked: list[bool] = []
    fits = hasher._fits
    monkeypatch.setattr(hasher, "_fits", lambda encoded, text: checked.append(encoded is None) or fits(encoded, text))
    for name in ("li", "nobody-here", "nopass"):
        await browser().sign_in(name, "wrong")
    assert checked == [False, True, True]


async def test_a_storm_of_wrong_passwords_gets_one_clear_message_and_loses_nothing(
    browser: Open, people: People, platform: Platform, clock: ManualClock
) -> None:
    await people.add("li")
    storm = await asyncio.gather(*(browser().sign_in("li", f"wrong {n}") for n in range(30)))
    refused = [answer for answer in storm if answer.status_code == 429]
    assert sum(answer.status_code == 401 for answer in storm) == 5
    assert len(refused) == 25
    assert {answer.json()["code"] for answer in refused} == {"too_many_attempts"}
    assert all(int(answer.headers["retry-after"]) >= 1 for answer in refused)
    assert (await browser().sign_in("li")).status_code == 429
    clock.advance(timedelta(seconds=2))
    assert (await browser().sign_in("li")).status_code == 200


async def test_the_pause_doubles_up_to_its_limit(browser: Open, people: People, clock: ManualClock) -> None:
    await people.add("li")
    pauses = []
    for _ in range(18):
        await browser(address=f"198.51.100.{len(pauses)}").sign_in("li", "wrong")
        refusal = await browser(address="192.0.2.1").sign_in("li", "wrong")
        waits = int(refusal.headers.get("retry-after", 0))
        pauses.append(waits)
        clock.advance(timedelta(seconds=waits))
    growing = [wait for wait in pauses if wait > 1]
    assert growing == sorted(growing)
    assert max(pauses) in (900, 901)


async def test_a_right_password_starts_the_count_anew(browser: Open, people: People, platform: Platform) -> None:
    await people.add("li")
    for _ in range(3):
        for _ in range(4):
            assert (await browser().sign_in("li", "wrong")).status_code == 401
        assert (await browser().sign_in("li")).status_code == 200


async def test_an_hour_of_quiet_starts_the_count_anew(browser: Open, people: People, clock: ManualClock) -> None:
    await people.add("li")
    for _ in range(2):
        for _ in range(4):
            assert (await browser().sign_in("li", "wrong")).status_code == 401
        clock.advance(timedelta(hours=1, seconds=1))


async def test_one_address_cannot_try_many_accounts(browser: Open, people: People) -> None:
    codes = [(await browser().sign_in(f"guess{n}", "wrong")).status_code for n in range(22)]
    assert codes == [401] * 20 + [429] * 2
    assert (await browser(address="198.51.100.9").sign_in("guess99", "wrong")).status_code == 401


async def test_addresses_of_one_ipv6_network_count_together(browser: Open) -> None:
    codes = [
        (await browser(address=f"2001:db8:1:2::{n:x}").sign_in(f"guess{n}", "wrong")).status_code for n in range(1, 23)
    ]
    assert codes[-1] == 429


async def test_a_known_device_gets_in_during_a_storm(browser: Open, people: People) -> None:
    await people.add("li")
    own = browser()
    await own.sign_in("li")
    await own.post("/auth/sign-out")
    for n in range(8):
        await browser(address=f"198.51.100.{n}").sign_in("li", "wrong")
    assert (await browser().sign_in("li")).status_code == 429
    assert (await own.sign_in("li")).status_code == 200


async def test_a_device_of_somebody_else_is_no_help(browser: Open, people: People) -> None:
    await people.add("li")
    await people.add("wang")
    wang = browser()
    await wang.sign_in("wang")
    codes = [(await wang.sign_in("li", "wrong")).status_code for _ in range(6)]
    assert codes[-1] == 429


async def test_the_counters_name_nobody(browser: Open, people: People, platform: Platform) -> None:
    await people.add("li")
    await browser(address="203.0.113.99").sign_in("li", "wrong")
    async with platform.work(write=False) as uow:
        keys = list(await uow.session.scalars(select(SignInPause.key)))
    assert len(keys) == 2
    assert all(len(key) == 64 for key in keys)


async def test_a_suspended_account_is_told_so_after_the_right_password_only(
    browser: Open, people: People, platform: Platform
) -> None:
    person = await people.add("li")
    async with platform.work() as uow:
        (await repository.get(uow.session, person.id)).state = "suspended"
    assert (await browser().sign_in("li", "wrong")).json()["code"] == "sign_in_failed"
    assert (await browser().sign_in("li")).json()["code"] == "account_suspended"


async def test_an_old_hash_is_renewed_at_sign_in(
    browser: Open, people: People, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = await people.add("li")
    (hasher,) = platform.find(Hasher)
    monkeypatch.setattr(hasher, "is_outdated", lambda _encoded: True)
    assert (await browser().sign_in("li")).status_code == 200
    async with platform.work(write=False) as uow:
        assert (await repository.get(uow.session, person.id)).password_hash != person.password_hash
    assert (await browser().sign_in("li", PASSWORD)).status_code == 200


async def test_another_site_cannot_sign_its_visitor_in(client: object, browser: Open, people: People) -> None:
    await people.add("li")
    page = browser()
    page.client.headers["sec-fetch-site"] = "cross-site"
    answer = await page.sign_in("li")
    assert (answer.status_code, answer.json()["code"]) == (403, "csrf_failed")


async def test_a_form_without_json_is_refused(browser: Open, people: People) -> None:
    await people.add("li")
    form = await browser().client.post(
        "/api/v1/auth/sign-in",
        content=f'{{"name":"li","password":"{PASSWORD}"}}',
        headers={"content-type": "text/plain"},
    )
    assert form.status_code == 422


async def test_the_sign_in_page_knows_what_to_offer(browser: Open) -> None:
    options = (await browser().get("/auth/options")).json()
    assert options == {"sign_up": "invite", "mail": False, "password_min_length": 12, "providers": []}
