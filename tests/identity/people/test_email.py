"""Confirming an e-mail address."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from ceyuan.kernel.platform import Platform
from tests.identity.actors import PASSWORD, Browser
from tests.identity.conftest import Open
from tests.identity.passwords.test_passwords import mails, token_in

SignedIn = Callable[..., Awaitable[Browser]]


@pytest.fixture
def environment() -> dict[str, str]:
    return {"CEYUAN_MAIL_HOST": "mail.example.cn"}


async def test_a_mailed_link_confirms_the_address(signed_in: SignedIn, browser: Open, platform: Platform) -> None:
    li = await signed_in("li")
    await li.put("/me/email", {"email": "li@example.cn", "password": PASSWORD})
    token = token_in((await mails(platform))[-1]["text"])
    assert (await browser().post("/auth/email/confirm", {"token": token})).status_code == 204
    assert (await li.get("/me")).json()["email_confirmed"] is True
    assert (await browser().post("/auth/email/confirm", {"token": token})).json()["code"] == "link_invalid"


async def test_a_link_for_an_earlier_address_confirms_nothing(
    signed_in: SignedIn, browser: Open, platform: Platform
) -> None:
    li = await signed_in("li")
    await li.put("/me/email", {"email": "li@example.cn", "password": PASSWORD})
    token = token_in((await mails(platform))[-1]["text"])
    await li.put("/me/email", {"email": "other@example.cn", "password": PASSWORD})
    assert (await browser().post("/auth/email/confirm", {"token": token})).status_code == 422
    assert (await li.get("/me")).json()["email_confirmed"] is False


async def test_a_reset_link_is_no_confirmation(signed_in: SignedIn, browser: Open, platform: Platform) -> None:
    li = await signed_in("li", email="li@example.cn")
    await browser().post("/auth/password/forgotten", {"name": "li"})
    token = token_in((await mails(platform))[-1]["text"])
    assert (await browser().post("/auth/email/confirm", {"token": token})).status_code == 422
    assert (await li.post("/me/email/confirmation")).json() == {"mailed": True}
