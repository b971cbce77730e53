"""Changing and resetting a password."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from datetime import timedelta

import orjson
import pytest
from sqlalchemy import select

from ceyuan.identity.notices.outbox import mail_context
from ceyuan.identity.notices.tables import Delivery
from ceyuan.kernel.clock import ManualClock
from ceyuan.kernel.platform import Platform
from tests.identity.actors import PASSWORD, Browser, People
from tests.identity.conftest import Open

NEW = "河边 seven quiet windmills"
SignedIn = Callable[..., Awaitable[Browser]]


@pytest.fixture
def environment() -> dict[str, str]:
    return {"CEYUAN_MAIL_HOST": "mail.example.cn"}


async def mails(platform: Platform) -> list[dict[str, str]]:
    """The mails that wait, opened."""
    async with platform.work(write=False) as uow:
        rows = list(await uow.session.scalars(select(Delivery).where(Delivery.channel == "mail")))
    return [orjson.loads(platform.vault.decrypt(row.sealed or b"", mail_context(row.id))) for row in rows]


def token_in(text: str) -> str:
    found = re.search(r"token=(\w+)", text)
    assert found is not None
    return found[1]


async def test_a_changed_password_counts_at_the_next_sign_in(signed_in: SignedIn, browser: Open) -> None:
    li = await signed_in("li")
    assert (await li.put("/me/password", {"current": PASSWORD, "new": NEW})).status_code == 204
    assert (await browser().sign_in("li", PASSWORD)).status_code == 401
    assert (await browser().sign_in("li", NEW)).status_code == 200


async def test_changing_it_signs_out_everywhere_else(signed_in: SignedIn) -> None:
    here, elsewhere = await signed_in("li"), await signed_in("li")
    await here.put("/me/password", {"current": PASSWORD, "new": NEW})
    assert (await here.get("/me")).status_code == 200
    assert (await elsewhere.get("/me")).status_code == 401


async def test_the_current_password_is_asked_for(signed_in: SignedIn) -> None:
    li = await signed_in("li")
    answer = await li.put("/me/password", {"current": "not it at all", "new": NEW})
    assert (answer.status_code, answer.json()["code"]) == (401, "sign_in_failed")
    assert answer.json()["title"] == "The current password is wrong"


async def test_a_weak_one_is_refused_with_the_reason(signed_in: SignedIn) -> None:
    li = await signed_in("li")
    answer = await li.put("/me/password", {"current": PASSWORD, "new": "password1234"})
    assert (answer.status_code, answer.json()["code"]) == (422, "weak_password")
    assert answer.json()["hint"]


async def test_guessing_the_current_password_is_slowed_down(signed_in: SignedIn) -> None:
    li = await signed_in("li")
    codes = [(await li.put("/me/password", {"current": "no", "new": NEW})).status_code for _ in range(6)]
    assert codes == [401] * 5 + [429]


async def test_a_storm_of_guesses_at_once_is_slowed_down_as_much(signed_in: SignedIn) -> None:
    li = await signed_in("li")
    answers = await asyncio.gather(*(li.put("/me/password", {"current": "no", "new": NEW}) for _ in range(12)))
    assert sorted(answer.status_code for answer in answers) == [401] * 5 + [429] * 7
    assert all(answer.headers["retry-after"] for answer in answers if answer.status_code == 429)


async def test_a_token_cannot_change_the_password(browser: Open, people: People) -> None:
    program = browser(token=await people.token("li"))
    answer = await program.put("/me/password", {"current": PASSWORD, "new": NEW})
    assert (answer.status_code, answer.json()["code"]) == (403, "own_hands_only")


async def test_a_forgotten_password_is_reset_by_a_mailed_link(
    signed_in: SignedIn, browser: Open, people: People, platform: Platform
) -> None:
    await people.add("li", email="li@example.cn")
    before = await signed_in("li")
    assert (await browser().post("/auth/password/forgotten", {"name": "li@example.cn"})).status_code == 202
    (mail,) = await mails(platform)
    assert mail["to"] == "li@example.cn"
    assert "https://ai.example.cn/console/reset-password?token=" in mail["text"]
    reset = {"token": token_in(mail["text"]), "password": NEW}
    assert (await browser().post("/auth/password/reset", reset)).status_code == 204
    assert (await before.get("/me")).status_code == 401
    assert (await browser().sign_in("li", NEW)).status_code == 200
    again = await browser().post("/auth/password/reset", reset)
    assert (again.status_code, again.json()["code"]) == (422, "link_invalid")


async def test_the_answer_does_not_tell_who_has_an_account(browser: Open, people: People, platform: Platform) -> None:
    await people.add("li", email="li@example.cn")
    known = await browser().post("/auth/password/forgotten", {"name": "li"})
    unknown = await browser().post("/auth/password/forgotten", {"name": "nobody-here"})
    assert (known.status_code, known.json()) == (unknown.status_code, unknown.json())
    assert len(await mails(platform)) == 1


async def test_a_weak_new_password_does_not_use_the_link_up(browser: Open, people: People, platform: Platform) -> None:
    await people.add("li", email="li@example.cn")
    await browser().post("/auth/password/forgotten", {"name": "li"})
    token = token_in((await mails(platform))[0]["text"])
    weak = await browser().post("/auth/password/reset", {"token": token, "password": "password1234"})
    assert weak.json()["code"] == "weak_password"
    assert (await browser().post("/auth/password/reset", {"token": token, "password": NEW})).status_code == 204


async def test_a_link_expires_and_a_newer_one_replaces_it(
    browser: Open, people: People, platform: Platform, clock: ManualClock
) -> None:
    await people.add("li", email="li@example.cn")
    for _ in range(2):
        await browser().post("/auth/password/forgotten", {"name": "li"})
    first, second = [token_in(mail["text"]) for mail in await mails(platform)]
    assert (await browser().post("/auth/password/reset", {"token": first, "password": NEW})).status_code == 422
    clock.advance(timedelta(minutes=61))
    assert (await browser().post("/auth/password/reset", {"token": second, "password": NEW})).status_code == 422


async def test_the_person_is_told(signed_in: SignedIn) -> None:
    li = await signed_in("li")
    await li.put("/me/password", {"current": PASSWORD, "new": NEW})
    notices = (await li.get("/notices")).json()["items"]
    assert [n["kind"] for n in notices] == ["identity.password_changed"]
