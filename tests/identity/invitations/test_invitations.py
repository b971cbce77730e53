"""Invitations."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

from sqlalchemy import select

from ceyuan.identity.invitations.tables import Invitation
from ceyuan.kernel.clock import ManualClock
from ceyuan.kernel.platform import Platform
from tests.identity.actors import Browser, People
from tests.identity.conftest import Open
from tests.identity.passwords.test_passwords import token_in

SignedIn = Callable[..., Awaitable[Browser]]


async def invited(boss: Browser, **body: str) -> str:
    """The token of a fresh invitation into acme."""
    return token_in((await boss.post("/organisations/acme/invitations", body)).json()["link"])


async def test_nobody_and_no_member_invites(signed_in: SignedIn, people: People, browser: Open) -> None:
    await people.organisation("acme", boss="owner", li="member")
    assert (await browser().post("/organisations/acme/invitations", {})).status_code == 401
    assert (await (await signed_in("li")).post("/organisations/acme/invitations", {})).status_code == 403
    assert (await (await signed_in("wang")).post("/organisations/acme/invitations", {})).status_code == 404


async def test_a_misspelt_field_makes_no_link_that_lets_in_anybody(signed_in: SignedIn, people: People) -> None:
    await people.organisation("acme", boss="owner")
    refused = await (await signed_in("boss")).post("/organisations/acme/invitations", {"name": "li"})
    assert refused.status_code == 422
    assert "name" in refused.text


async def test_a_link_shows_what_it_is_for_and_makes_a_member(
    signed_in: SignedIn, people: People, browser: Open
) -> None:
    org_id = await people.organisation("acme", boss="owner")
    token = await invited(await signed_in("boss"), role="maintainer")
    shown = (await browser().post("/invitations/look-up", {"token": token})).json()
    assert (shown["organisation"], shown["role"], shown["invited_by"]) == ("acme", "maintainer", "boss")
    li = await signed_in("li")
    assert (await li.post("/invitations/accept", {"token": token})).json()["state"] == "accepted"
    roles = {place["id"]: place["role"] for place in (await li.get("/me")).json()["organisations"]}
    assert roles[org_id] == "maintainer"


async def test_the_link_is_kept_as_a_hash_only(signed_in: SignedIn, people: People, platform: Platform) -> None:
    await people.organisation("acme", boss="owner")
    token = await invited(await signed_in("boss"))
    async with platform.work(write=False) as uow:
        (row,) = await uow.session.scalars(select(Invitation))
    assert token not in repr(vars(row))


async def test_a_link_works_once_even_for_two_at_once(signed_in: SignedIn, people: People) -> None:
    await people.organisation("acme", boss="owner")
    token = await invited(await signed_in("boss"))
    li, wang = await signed_in("li"), await signed_in("wang")
    answers = await asyncio.gather(*(b.post("/invitations/accept", {"token": token}) for b in (li, wang)))
    assert sorted(a.status_code for a in answers) == [200, 404]


async def test_an_expired_or_revoked_one_is_refused(signed_in: SignedIn, people: People, clock: ManualClock) -> None:
    await people.organisation("acme", boss="owner")
    boss, li = await signed_in("boss"), await signed_in("li")
    token = await invited(boss)
    open_ones = (await boss.get("/organisations/acme/invitations")).json()["items"]
    assert (await boss.delete(f"/organisations/acme/invitations/{open_ones[0]['id']}")).status_code == 204
    assert (await li.post("/invitations/accept", {"token": token})).json()["code"] == "invitation_invalid"
    late = await invited(boss)
    clock.advance(timedelta(days=15))
    boss = await signed_in("boss")
    li = await signed_in("li")
    assert (await li.post("/invitations/accept", {"token": late})).json()["code"] == "invitation_invalid"
    states = [i["state"] for i in (await boss.get("/organisations/acme/invitations?open_only=false")).json()["items"]]
    assert sorted(states) == ["expired", "revoked"]


async def test_a_person_is_invited_into_the_inbox(signed_in: SignedIn, people: People) -> None:
    await people.organisation("acme", boss="owner")
    li, wang = await signed_in("li"), await signed_in("wang")
    token = await invited(await signed_in("boss"), person="li")
    assert (await li.get("/notices/count")).json() == {"unread": 1, "todo": 1}
    (mine,) = (await li.get("/invitations")).json()["items"]
    assert (await wang.post(f"/invitations/{mine['id']}/accept")).status_code == 404
    assert (await wang.post("/invitations/accept", {"token": token})).status_code == 404
    assert (await li.post(f"/invitations/{mine['id']}/accept")).status_code == 200
    assert (await li.get("/notices/count")).json()["todo"] == 0
    assert (await li.get("/organisations/acme/members")).status_code == 200


async def test_a_person_may_decline(signed_in: SignedIn, people: People) -> None:
    await people.organisation("acme", boss="owner")
    li = await signed_in("li")
    await invited(await signed_in("boss"), person="li")
    (mine,) = (await li.get("/invitations")).json()["items"]
    assert (await li.post(f"/invitations/{mine['id']}/decline")).status_code == 204
    assert (await li.get("/invitations")).json()["items"] == []
    assert (await li.get("/organisations/acme/members")).status_code == 404


async def test_a_maintainer_invites_no_owner(signed_in: SignedIn, people: People) -> None:
    await people.organisation("acme", boss="owner", li="maintainer")
    li = await signed_in("li")
    assert (await li.post("/organisations/acme/invitations", {"role": "owner"})).status_code == 403
    assert (await li.post("/organisations/acme/invitations", {"role": "member"})).status_code == 201


async def test_a_member_is_not_invited_again(signed_in: SignedIn, people: People) -> None:
    await people.organisation("acme", boss="owner", li="member")
    boss, li = await signed_in("boss"), await signed_in("li")
    assert (await boss.post("/organisations/acme/invitations", {"person": "li"})).status_code == 409
    token = await invited(boss, role="owner")
    assert (await li.post("/invitations/accept", {"token": token})).status_code == 409
    assert (await li.get("/me")).json()["organisations"][1]["role"] == "member"


async def test_one_way_to_invite_at_a_time(signed_in: SignedIn, people: People) -> None:
    await people.organisation("acme", boss="owner")
    boss = await signed_in("boss")
    both = await boss.post("/organisations/acme/invitations", {"person": "li", "email": "li@example.cn"})
    assert both.status_code == 422


async def test_operators_invite_onto_the_platform(signed_in: SignedIn) -> None:
    li, staff = await signed_in("li"), await signed_in("staff1", duties=("operator",))
    assert (await li.post("/admin/invitations", {})).status_code == 403
    made = (await staff.post("/admin/invitations", {"email": "new@example.cn"})).json()
    assert made["invitation"]["organisation"] is None
    assert made["mailed"] is False
    (row,) = (await staff.get("/admin/invitations")).json()["items"]
    assert (await staff.delete(f"/admin/invitations/{row['id']}")).status_code == 204
