"""Making an account."""

from __future__ import annotations

import asyncio

import pytest

from ceyuan.identity.names import ReservedNames
from ceyuan.kernel.platform import Platform
from tests.identity.actors import PASSWORD, People
from tests.identity.conftest import Open

FORM = {"name": "li", "password": PASSWORD, "email": "li@example.cn", "display_name": "李雷"}


@pytest.fixture
def environment() -> dict[str, str]:
    return {"CEYUAN_IDENTITY_SIGN_UP": "open"}


async def test_a_new_person_is_signed_in_and_has_a_namespace(browser: Open) -> None:
    li = browser()
    assert (await li.post("/auth/sign-up", FORM)).status_code == 201
    me = (await li.get("/me")).json()
    assert (me["name"], me["display_name"], me["is_admin"]) == ("li", "李雷", False)
    (place,) = me["organisations"]
    assert (place["id"], place["name"], place["kind"], place["role"]) == (me["org_id"], "li", "personal", "owner")


async def test_people_and_organisations_share_one_namespace_whatever_the_case(browser: Open, people: People) -> None:
    await people.organisation("Acme")
    answer = await browser().post("/auth/sign-up", FORM | {"name": "ACME"})
    assert (answer.status_code, answer.json()["code"]) == (409, "name_taken")


async def test_an_address_is_used_once_whatever_the_case(browser: Open, people: People) -> None:
    await people.add("wang", email="LI@example.cn")
    assert (await browser().post("/auth/sign-up", FORM)).json()["code"] == "email_taken"


async def test_a_reserved_name_is_refused(browser: Open, platform: Platform) -> None:
    platform.provide(ReservedNames, ReservedNames.from_paths(["/v1/models"]))
    for name in ("v1", "V1", "Admin"):
        assert (await browser().post("/auth/sign-up", FORM | {"name": name})).json()["code"] == "name_reserved"


@pytest.mark.parametrize("email", ["nobody", "a@b", "a b@example.cn", "a@example.cn\nBcc: x@example.cn", "@example.cn"])
async def test_what_is_no_address_is_refused(browser: Open, email: str) -> None:
    assert (await browser().post("/auth/sign-up", FORM | {"email": email})).status_code == 422


async def test_the_password_may_not_be_the_name(browser: Open) -> None:
    answer = await browser().post("/auth/sign-up", FORM | {"name": "zhugeliang", "password": "zhugeliang2026"})
    assert answer.json()["code"] == "weak_password"


async def test_two_who_want_the_same_name_at_once_get_one_account(browser: Open) -> None:
    forms = [FORM | {"email": f"li{n}@example.cn"} for n in range(4)]
    codes = [a.status_code for a in await asyncio.gather(*(browser().post("/auth/sign-up", f) for f in forms))]
    assert sorted(codes) == [201, 409, 409, 409]


async def test_an_address_that_makes_account_after_account_is_slowed_down(browser: Open) -> None:
    codes = []
    for n in range(21):
        form = FORM | {"name": f"li{n}", "email": f"li{n}@example.cn"}
        codes.append((await browser().post("/auth/sign-up", form)).status_code)
    assert codes == [201] * 20 + [429]
