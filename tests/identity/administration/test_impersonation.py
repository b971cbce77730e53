"""Impersonation."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

import orjson
from sqlalchemy import select

from ceyuan.kernel.audit.tables import AuditEntry
from ceyuan.kernel.clock import ManualClock
from ceyuan.kernel.platform import Platform
from tests.identity.actors import PASSWORD, Browser, People
from tests.identity.conftest import Open

SignedIn = Callable[..., Awaitable[Browser]]
START = "/admin/accounts/li/impersonation"
REASON = {"reason": "ticket 4711: upload fails"}


async def entries(platform: Platform) -> list[dict[str, object]]:
    """The audit log's documents."""
    async with platform.work(write=False) as uow:
        rows = await uow.session.scalars(select(AuditEntry).order_by(AuditEntry.seq))
        return [orjson.loads(row.body) for row in rows]


async def test_an_administrator_sees_what_the_person_sees_and_every_page_says_so(
    signed_in: SignedIn, people: People
) -> None:
    root = await signed_in("root1", admin=True)
    await people.organisation("acme", li="owner")
    assert (await root.post(START, REASON)).status_code == 200
    me = (await root.get("/me")).json()
    assert (me["name"], me["is_admin"]) == ("li", False)
    assert me["impersonation"]["admin_name"] == "root1"
    assert me["impersonation"]["reason"] == REASON["reason"]
    assert (await root.get("/organisations/acme/members")).status_code == 200
    assert (await root.get("/admin/accounts")).status_code == 403


async def test_it_ends_in_the_administrator_s_own_session(signed_in: SignedIn, people: People) -> None:
    root = await signed_in("root1", admin=True)
    await people.add("li")
    await root.post(START, REASON)
    secret = root.client.cookies["__Host-ceyuan_session"]
    assert (await root.post("/auth/impersonation/end")).status_code == 204
    assert (await root.get("/me")).json()["name"] == "root1"
    assert (await root.patch("/me", {"bio": "back"})).status_code == 200
    root.client.cookies.set("__Host-ceyuan_session", secret, domain="ai.example.cn")
    assert (await root.get("/me")).status_code == 401


async def test_it_is_over_after_its_time_and_leads_back(
    signed_in: SignedIn, people: People, clock: ManualClock
) -> None:
    root = await signed_in("root1", admin=True)
    await people.add("li")
    await root.post(START, REASON)
    clock.advance(timedelta(minutes=60))
    assert (await root.get("/me")).status_code == 401
    assert (await root.post("/auth/impersonation/end")).status_code == 204
    assert (await root.get("/me")).json()["name"] == "root1"


async def test_the_log_names_the_administrator_and_the_person_is_told(
    signed_in: SignedIn, people: People, platform: Platform
) -> None:
    root = await signed_in("root1", admin=True)
    li, admin = await people.add("li"), await people.find("root1")
    assert admin is not None
    await root.post(START, REASON)
    await root.post("/organisations", {"name": "acme", "display_name": "Acme", "kind": "company"})
    await root.post("/auth/impersonation/end")
    log = {str(entry["action"]): entry for entry in await entries(platform)}
    begun = log["identity.impersonation_begin"]
    assert begun["data"]["reason"] == REASON["reason"]  # type: ignore[index]
    founded = log["identity.organisation_found"]["actor"]
    assert founded == {"kind": "person", "id": li.id, "impersonator": admin.id}
    assert "identity.impersonation_end" in log
    notices = (await (await signed_in("li")).get("/notices")).json()["items"]
    assert [n["kind"] for n in notices] == ["identity.impersonated"]


async def test_what_would_outlive_it_is_refused(signed_in: SignedIn, people: People) -> None:
    root = await signed_in("root1", admin=True)
    await people.organisation("acme", li="owner")
    await root.post(START, REASON)
    token = {"name": "x", "scopes": ["*"]}
    for method, path, body in (
        ("PUT", "/me/password", {"current": PASSWORD, "new": "another long sentence"}),
        ("PUT", "/me/name", {"name": "other"}),
        ("PUT", "/me/email", {"email": "x@example.cn", "password": PASSWORD}),
        ("POST", "/me/second-factor", {"password": PASSWORD}),
        ("POST", "/tokens", token),
        ("POST", "/organisations/acme/tokens", token | {"role": "member"}),
        ("POST", "/me/export", None),
        ("POST", "/me/erasure", None),
        ("POST", "/organisations/acme/exports", None),
        ("POST", "/me/sign-on/idp", None),
    ):
        answer = await root.send(method, path, body)
        assert (answer.status_code, answer.json()["code"]) == (403, "own_hands_only"), path


async def test_an_administrator_is_not_impersonated(signed_in: SignedIn, people: People) -> None:
    root = await signed_in("root1", admin=True)
    await people.add("root2", admin=True)
    assert (await root.post("/admin/accounts/root2/impersonation", REASON)).status_code == 403


async def test_a_token_impersonates_nobody(browser: Open, people: People) -> None:
    await people.add("root1", admin=True)
    await people.add("li")
    program = browser(token=await people.token("root1"))
    assert (await program.post(START, REASON)).json()["code"] == "own_hands_only"


async def test_it_ends_when_the_administrator_is_one_no_longer(signed_in: SignedIn, people: People) -> None:
    root, other = await signed_in("root1", admin=True), await signed_in("root2", admin=True)
    await people.add("li")
    await root.post(START, REASON)
    assert (await root.get("/me")).status_code == 200
    await other.patch("/admin/accounts/root1", {"is_admin": False})
    assert (await root.get("/me")).status_code == 401


async def test_outside_of_one_there_is_nothing_to_end(signed_in: SignedIn) -> None:
    li = await signed_in("li")
    assert (await li.post("/auth/impersonation/end")).status_code == 409
