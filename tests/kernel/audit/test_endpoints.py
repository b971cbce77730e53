"""The audit log over HTTP: who may see what, and proofs that a client checks by itself."""

from __future__ import annotations

import httpx
import pytest

from ceyuan.kernel.audit import parse_note, parse_verifier_key, verify_consistency, verify_export, verify_inclusion
from ceyuan.kernel.audit.merkle import leaf_hash
from ceyuan.kernel.platform import Platform
from tests.kernel.actors import MEMBER, OWNER, acting, let_headers_name_actors

ROUTES = ["entries", "entries/aud_x", "entries/aud_x/proof", "consistency?first=0", "head", "heads", "keys", "verify"]


@pytest.fixture
async def log(platform: Platform) -> Platform:
    """Entries of two organisations."""
    let_headers_name_actors(platform)
    for actor, org_id in ((OWNER, "org_a"), (MEMBER, "org_a"), (MEMBER, "org_b"), (OWNER, None)):
        async with platform.work(actor) as uow:
            await uow.audit("hub.create", "repo_1", org_id, n=1)
    async with platform.work() as uow:
        await platform.audit.sign_head(uow)
    return platform


async def seqs(client: httpx.AsyncClient, who: str, **params: str) -> list[int]:
    response = await client.get("/api/v1/audit/entries", params=params, headers=acting(who))
    assert response.status_code == 200, response.text
    return [item["seq"] for item in response.json()["items"]]


@pytest.mark.parametrize("route", [*ROUTES, "export"])
async def test_anonymous_people_see_nothing(log: Platform, client: httpx.AsyncClient, route: str) -> None:
    assert (await client.get(f"/api/v1/audit/{route}")).status_code == 401


async def test_outsiders_and_members_see_nothing_of_an_organisation(log: Platform, client: httpx.AsyncClient) -> None:
    path = "/api/v1/audit/entries"
    for who, org, status in (
        ("outsider", "org_a", 404),
        ("member", "org_a", 403),
        ("owner", "org_b", 404),
        ("owner", "", 403),
    ):
        params = {"org_id": org} if org else {}
        assert (await client.get(path, params=params, headers=acting(who))).status_code == status
    entry = (await client.get(path, headers=acting("regulator"))).json()["items"][-1]["id"]
    for suffix in ("", "/proof"):
        assert (await client.get(f"{path}/{entry}{suffix}", headers=acting("outsider"))).status_code == 404
    for route in ("verify", "export"):
        assert (await client.get(f"/api/v1/audit/{route}", headers=acting("owner"))).status_code == 403
    assert (await client.post("/api/v1/audit/heads", headers=acting("owner"))).status_code == 403


async def test_overseers_see_all_owners_their_own_and_people_their_deeds(
    log: Platform, client: httpx.AsyncClient
) -> None:
    assert await seqs(client, "regulator") == [3, 2, 1, 0]
    assert await seqs(client, "admin", action="hub.") == [3, 2, 1, 0]
    assert await seqs(client, "admin", action="hub") == []
    assert await seqs(client, "owner", org_id="org_a") == [1, 0]
    assert await seqs(client, "member", actor_id="per_member") == [2, 1]
    assert await seqs(client, "regulator", since="2020-01-01T00:00:00Z", until="2020-01-02T00:00:00Z") == []


async def test_entries_come_in_pages(log: Platform, client: httpx.AsyncClient) -> None:
    first = (await client.get("/api/v1/audit/entries?limit=3", headers=acting("regulator"))).json()
    rest = (
        await client.get("/api/v1/audit/entries", params={"cursor": first["next"]}, headers=acting("regulator"))
    ).json()
    assert [item["seq"] for item in first["items"] + rest["items"]] == [3, 2, 1, 0]
    assert rest["next"] is None


async def test_a_client_checks_a_proof_by_itself(log: Platform, client: httpx.AsyncClient) -> None:
    keys = (await client.get("/api/v1/audit/keys", headers=acting("owner"))).json()["keys"]
    entry = (await client.get("/api/v1/audit/entries?org_id=org_a", headers=acting("owner"))).json()["items"][0]
    proof = (await client.get(f"/api/v1/audit/entries/{entry['id']}/proof", headers=acting("owner"))).json()
    signed = parse_note(proof["note"])
    assert signed.checks(parse_verifier_key(keys[0]))
    path = [bytes.fromhex(step) for step in proof["path"]]
    leaf = leaf_hash(entry["body"].encode())
    assert verify_inclusion(leaf, entry["seq"], signed.head.size, path, signed.head.root)


async def test_a_client_checks_that_the_log_only_grew(log: Platform, client: httpx.AsyncClient) -> None:
    old = parse_note((await client.get("/api/v1/audit/head", headers=acting("owner"))).json()["note"]).head
    async with log.work() as uow:
        await uow.audit("hub.create", "repo_2")
    signed = (await client.post("/api/v1/audit/heads", headers=acting("regulator"))).json()
    new = parse_note(signed["note"]).head
    proof = (await client.get(f"/api/v1/audit/consistency?first={old.size}", headers=acting("owner"))).json()
    path = [bytes.fromhex(step) for step in proof["path"]]
    assert verify_consistency(old.size, new.size, old.root, new.root, path)
    heads = (await client.get("/api/v1/audit/heads", headers=acting("owner"))).json()["items"]
    assert [head["size"] for head in heads][:2] == [5, 4]
    assert heads[0]["root"] == new.root.hex()


async def test_verification_and_export_over_http(log: Platform, client: httpx.AsyncClient) -> None:
    result = (await client.get("/api/v1/audit/verify", headers=acting("regulator"))).json()
    assert (result["ok"], result["size"], result["fault"]) == (True, 4, None)
    assert result["heads"] >= 1
    exported = await client.get("/api/v1/audit/export", headers=acting("regulator"))
    assert verify_export(exported.content.splitlines()).ok
