"""Making an account where only the invited may."""

from __future__ import annotations

from ceyuan.identity.invitations import service as invitations
from ceyuan.kernel.platform import Platform
from tests.identity.actors import PASSWORD, People
from tests.identity.conftest import Open

FORM = {"name": "li", "password": PASSWORD}


async def test_strangers_need_an_invitation(browser: Open) -> None:
    answer = await browser().post("/auth/sign-up", FORM)
    assert (answer.status_code, answer.json()["code"]) == (403, "sign_up_closed")


async def test_an_invitation_brings_its_membership(browser: Open, people: People, platform: Platform) -> None:
    org_id = await people.organisation("acme", boss="owner")
    async with platform.work(await people.actor("boss")) as uow:
        invited = await invitations.invite(uow, "acme", role="member", email="li@example.cn")
    li = browser()
    assert (await li.post("/auth/sign-up", FORM | {"invitation": invited.secret})).status_code == 201
    places = {place["id"]: place["role"] for place in (await li.get("/me")).json()["organisations"]}
    assert places[org_id] == "member"


async def test_an_invitation_works_once(browser: Open, people: People, platform: Platform) -> None:
    await people.add("root1", admin=True)
    async with platform.work(await people.actor("root1")) as uow:
        invited = await invitations.invite(uow, None, role="viewer")
    assert (await browser().post("/auth/sign-up", FORM | {"invitation": invited.secret})).status_code == 201
    again = await browser().post("/auth/sign-up", FORM | {"name": "wang", "invitation": invited.secret})
    assert again.json()["code"] == "invitation_invalid"


async def test_a_refused_sign_up_does_not_use_the_invitation_up(
    browser: Open, people: People, platform: Platform
) -> None:
    await people.add("root1", admin=True)
    async with platform.work(await people.actor("root1")) as uow:
        invited = await invitations.invite(uow, None, role="viewer")
    taken = await browser().post("/auth/sign-up", FORM | {"name": "root1", "invitation": invited.secret})
    assert taken.status_code == 409
    assert (await browser().post("/auth/sign-up", FORM | {"invitation": invited.secret})).status_code == 201
