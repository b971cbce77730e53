"""Organisations."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from ceyuan.identity.organisations.kinds import check_credit_code
from ceyuan.kernel.errors import Invalid
from tests.identity.actors import Browser, People
from tests.identity.conftest import Open

SignedIn = Callable[..., Awaitable[Browser]]
ACME = {"name": "acme", "display_name": "顶点公司", "kind": "company"}


async def test_nobody_founds_nothing(browser: Open) -> None:
    assert (await browser().post("/organisations", ACME)).status_code == 401


async def test_an_outsider_may_not_change_or_see_inside(signed_in: SignedIn, people: People) -> None:
    await people.organisation("acme", boss="owner")
    li = await signed_in("li")
    assert (await li.patch("/organisations/acme", {"description": "mine"})).status_code == 404
    assert (await li.get("/organisations/acme/members")).status_code == 404
    shown = (await li.get("/organisations/acme")).json()
    assert (shown["role"], shown["member_count"], shown["credit_code"]) == (None, None, None)


async def test_the_founder_owns_it_from_the_next_request_on(signed_in: SignedIn) -> None:
    li = await signed_in("li")
    founded = await li.post("/organisations", ACME)
    assert (founded.status_code, founded.json()["role"]) == (201, "owner")
    assert (await li.patch("/organisations/acme", {"description": "齿轮"})).json()["description"] == "齿轮"
    assert (await li.get("/organisations?mine=true")).json()["items"][0]["name"] in ("acme", "li")


async def test_an_unlisted_organisation_is_for_its_members(signed_in: SignedIn, people: People, browser: Open) -> None:
    await people.organisation("acme", li="viewer", is_listed=False)
    assert (await browser().get("/organisations/acme")).json()["code"] == "organisation_not_found"
    assert (await (await signed_in("li")).get("/organisations/acme")).status_code == 200
    assert (await (await signed_in("wang")).get("/organisations/acme")).status_code == 404


async def test_the_public_list_shows_listed_ones_by_kind_and_text(browser: Open, people: People) -> None:
    await people.organisation("acme")
    await people.organisation("uni", kind="university")
    await people.organisation("hidden", is_listed=False)
    await people.add("li")
    names = [o["name"] for o in (await browser().get("/organisations")).json()["items"]]
    assert names == ["acme", "uni"]
    assert [o["name"] for o in (await browser().get("/organisations?kind=university")).json()["items"]] == ["uni"]
    assert [o["name"] for o in (await browser().get("/organisations?q=ACM")).json()["items"]] == ["acme"]
    assert (await browser().get("/organisations?q=%25")).json()["items"] == []
    assert (await browser().get("/organisations?sort=secret")).status_code == 422


async def test_a_renamed_one_is_found_under_both_names(signed_in: SignedIn, people: People, browser: Open) -> None:
    org_id = await people.organisation("acme", li="owner")
    li = await signed_in("li")
    assert (await li.put("/organisations/acme/name", {"name": "apex"})).status_code == 200
    assert {(await browser().get(f"/organisations/{n}")).json()["id"] for n in ("acme", "Apex", org_id)} == {org_id}
    assert (await li.post("/organisations", ACME)).json()["code"] == "name_taken"


async def test_only_owners_change_it(signed_in: SignedIn, people: People) -> None:
    await people.organisation("acme", boss="owner", li="maintainer")
    li = await signed_in("li")
    assert (await li.patch("/organisations/acme", {"description": "x"})).status_code == 403


async def test_a_closed_one_is_gone_and_its_name_stays_taken(signed_in: SignedIn, people: People) -> None:
    org_id = await people.organisation("acme", li="owner")
    li = await signed_in("li")
    assert org_id in {o["id"] for o in (await li.get("/me")).json()["organisations"]}
    assert (await li.delete("/organisations/acme")).status_code == 204
    assert (await li.get("/organisations/acme")).status_code == 404
    assert org_id not in {o["id"] for o in (await li.get("/me")).json()["organisations"]}
    assert (await li.post("/organisations", ACME)).json()["code"] == "name_taken"


async def test_a_personal_namespace_is_neither_closed_nor_shared(signed_in: SignedIn) -> None:
    li = await signed_in("li")
    await signed_in("wang")
    assert (await li.delete("/organisations/li")).json()["code"] == "personal_organisation"
    invited = await li.post("/organisations/li/invitations", {"person": "wang"})
    assert invited.json()["code"] == "personal_organisation"
    assert (await li.put("/organisations/li/name", {"name": "lili"})).json()["code"] == "personal_organisation"


async def test_operators_verify_and_a_changed_code_loses_it(signed_in: SignedIn, people: People) -> None:
    await people.organisation("acme", li="owner")
    li, staff = await signed_in("li"), await signed_in("staff1", duties=("operator",))
    assert (await li.put("/organisations/acme/verification")).status_code == 403
    assert (await staff.put("/organisations/acme/verification")).json()["verified_at"]
    changed = await li.patch("/organisations/acme", {"credit_code": "91110000802100433b"})
    assert (changed.json()["credit_code"], changed.json()["verified_at"]) == ("91110000802100433B", None)


WRONG_CODES = ["91110000802100433A", "9111000080210043", "91110000802100433I", "九1110000802100433B"]


@pytest.mark.parametrize("code", WRONG_CODES)
def test_a_credit_code_with_a_wrong_check_character_is_refused(code: str) -> None:
    with pytest.raises(Invalid):
        check_credit_code(code)


async def test_where_only_administrators_found_organisations(
    signed_in: SignedIn, people: People, platform: object
) -> None:
    from ceyuan.identity.settings import IdentitySettings

    platform.sections[IdentitySettings] = IdentitySettings(organisations_by="administrators")  # type: ignore[attr-defined]
    assert (await (await signed_in("li")).post("/organisations", ACME)).status_code == 403
    assert (await (await signed_in("root1", admin=True)).post("/organisations", ACME)).status_code == 201
