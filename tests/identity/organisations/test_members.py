"""Members and teams."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from tests.identity.actors import Browser, People

SignedIn = Callable[..., Awaitable[Browser]]


async def test_members_see_each_other(signed_in: SignedIn, people: People) -> None:
    await people.organisation("acme", boss="owner", li="viewer")
    rows = (await (await signed_in("li")).get("/organisations/acme/members")).json()["items"]
    assert {(m["name"], m["role"]) for m in rows} == {("boss", "owner"), ("li", "viewer")}
    owners = (await (await signed_in("li")).get("/organisations/acme/members?role=owner")).json()["items"]
    assert [m["name"] for m in owners] == ["boss"]


async def test_an_owner_changes_a_role_and_it_counts_at_once(signed_in: SignedIn, people: People) -> None:
    org_id = await people.organisation("acme", boss="owner", li="viewer")
    boss, li = await signed_in("boss"), await signed_in("li")
    assert (await li.get("/me")).json()["organisations"][1]["role"] == "viewer"
    assert (await boss.put("/organisations/acme/members/li", {"role": "owner"})).status_code == 200
    roles = {place["id"]: place["role"] for place in (await li.get("/me")).json()["organisations"]}
    assert roles[org_id] == "owner"


async def test_a_maintainer_cannot_make_owners(signed_in: SignedIn, people: People) -> None:
    await people.organisation("acme", boss="owner", li="maintainer", wang="member")
    li = await signed_in("li")
    assert (await li.put("/organisations/acme/members/wang", {"role": "owner"})).status_code == 403
    assert (await li.put("/organisations/acme/members/li", {"role": "owner"})).status_code == 403
    assert (await li.delete("/organisations/acme/members/boss")).status_code == 403
    assert (await li.delete("/organisations/acme/members/wang")).status_code == 204


async def test_a_member_may_leave(signed_in: SignedIn, people: People) -> None:
    await people.organisation("acme", boss="owner", li="member")
    li = await signed_in("li")
    assert (await li.delete("/organisations/acme/members/boss")).status_code == 403
    assert (await li.delete("/organisations/acme/members/li")).status_code == 204
    assert (await li.get("/organisations/acme/members")).status_code == 404


async def test_the_last_owner_stays(signed_in: SignedIn, people: People) -> None:
    await people.organisation("acme", boss="owner", li="member")
    boss = await signed_in("boss")
    assert (await boss.put("/organisations/acme/members/boss", {"role": "member"})).json()["code"] == "last_owner"
    assert (await boss.delete("/organisations/acme/members/boss")).json()["code"] == "last_owner"


async def test_two_owners_who_step_down_at_once_leave_one(signed_in: SignedIn, people: People) -> None:
    await people.organisation("acme", boss="owner", chef="owner")
    boss, chef = await signed_in("boss"), await signed_in("chef")
    answers = await asyncio.gather(
        boss.put("/organisations/acme/members/boss", {"role": "viewer"}),
        chef.put("/organisations/acme/members/chef", {"role": "viewer"}),
    )
    assert sorted(a.status_code for a in answers) == [200, 409]


async def test_administrators_put_people_in_others_invite(signed_in: SignedIn, people: People) -> None:
    await people.organisation("acme", boss="owner")
    await people.add("li")
    body = {"person": "li", "role": "member"}
    assert (await (await signed_in("boss")).post("/organisations/acme/members", body)).status_code == 403
    root = await signed_in("root1", admin=True)
    assert (await root.post("/organisations/acme/members", body)).status_code == 201
    assert (await root.post("/organisations/acme/members", body)).status_code == 409


@pytest.mark.parametrize("who", ["anonymous", "outsider"])
async def test_teams_are_no_business_of_others(signed_in: SignedIn, people: People, browser: object, who: str) -> None:
    await people.organisation("acme", boss="owner")
    asking = browser() if who == "anonymous" else await signed_in("li")  # type: ignore[operator]
    expected = 401 if who == "anonymous" else 404
    assert (await asking.get("/organisations/acme/teams")).status_code == expected
    assert (await asking.post("/organisations/acme/teams", {"name": "core"})).status_code == expected


async def test_a_team_is_a_group_of_members(signed_in: SignedIn, people: People) -> None:
    await people.organisation("acme", boss="owner", li="member", wang="viewer")
    await people.add("stranger")
    boss, li = await signed_in("boss"), await signed_in("li")
    assert (await li.post("/organisations/acme/teams", {"name": "core"})).status_code == 403
    team = (await boss.post("/organisations/acme/teams", {"name": "Core", "description": "the engine"})).json()
    assert (await boss.post("/organisations/acme/teams", {"name": "core"})).json()["code"] == "name_taken"
    assert (await boss.put("/organisations/acme/teams/core/members/li")).status_code == 204
    assert (await boss.put(f"/organisations/acme/teams/{team['id']}/members/wang")).status_code == 204
    assert (await boss.put("/organisations/acme/teams/core/members/li")).status_code == 409
    assert (await boss.put("/organisations/acme/teams/core/members/stranger")).status_code == 404
    rows = (await li.get("/organisations/acme/teams/core/members")).json()["items"]
    assert {(m["name"], m["role"]) for m in rows} == {("li", "member"), ("wang", "viewer")}


async def test_who_leaves_the_organisation_leaves_its_teams(signed_in: SignedIn, people: People) -> None:
    await people.organisation("acme", boss="owner", li="member")
    boss = await signed_in("boss")
    await boss.post("/organisations/acme/teams", {"name": "core"})
    await boss.put("/organisations/acme/teams/core/members/li")
    await boss.delete("/organisations/acme/members/li")
    assert (await boss.get("/organisations/acme/teams/core/members")).json()["items"] == []


async def test_a_dissolved_team_leaves_its_members_in_peace(signed_in: SignedIn, people: People) -> None:
    await people.organisation("acme", boss="owner", li="member")
    boss = await signed_in("boss")
    await boss.post("/organisations/acme/teams", {"name": "core"})
    await boss.put("/organisations/acme/teams/core/members/li")
    assert (await boss.patch("/organisations/acme/teams/core", {"description": "x"})).json()["description"] == "x"
    assert (await boss.delete("/organisations/acme/teams/core/members/li")).status_code == 204
    assert (await boss.delete("/organisations/acme/teams/core")).status_code == 204
    assert (await boss.get("/organisations/acme/teams/core")).status_code == 404
    assert len((await boss.get("/organisations/acme/members")).json()["items"]) == 2
