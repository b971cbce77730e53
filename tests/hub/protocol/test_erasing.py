"""Large files taken out of a repository for good, as `permanently_delete_lfs_files` of the stock client asks for it."""

from __future__ import annotations

import hashlib
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from ceyuan.hub.commits.erasing import _body
from ceyuan.hub.history.tables import HubHeld
from ceyuan.hub.repositories.service import find_repository
from ceyuan.kernel.actor import SYSTEM
from ceyuan.kernel.platform import Platform
from tests.hub.conftest import As
from tests.hub.protocol.world import HubClient

SECRET, OTHER = b"secret weights" * 1000, b"open weights" * 1000
SHA, KEPT = hashlib.sha256(SECRET).hexdigest(), hashlib.sha256(OTHER).hexdigest()


@pytest.fixture
async def owner(signed_in: As) -> HubClient:
    """A repository where a large file came with the second commit, was copied by the third on another branch, and
    deleted on `main`."""
    client = HubClient(signed_in("head"))
    await client.create()
    for data in (SECRET, OTHER):
        (found,) = (await client.batch(data)).json()["objects"]
        assert (await client.http.put(found["actions"]["upload"]["href"], content=data)).status_code == 200
    await client.commit({"README.md": b"# one"}, lfs={"open.bin": KEPT})
    await client.commit(lfs={"a/b/secret.bin": SHA})
    await client.http.post("/api/models/demo/m/tag/main", json={"tag": "v1", "message": "first"})
    await client.http.post("/api/models/demo/m/branch/dev", json={})
    await client.commit({"x.txt": b"x"}, lfs={"copy.bin": SHA}, revision="dev")
    await client.commit({"README.md": b"# two"}, delete=("a/b/secret.bin",))
    return client


async def erase(client: HubClient, *hashes: str, rewrite: bool = True) -> httpx.Response:
    deletions = {"sha": list(hashes), "rewriteHistory": rewrite}
    return await client.http.post("/api/models/demo/m/lfs-files/batch", json={"deletions": deletions})


async def refs(client: HubClient) -> dict[str, str]:
    found = (await client.http.get("/api/models/demo/m/refs")).json()
    return {row["name"]: row["targetCommit"] for row in found["branches"] + found["tags"]}


async def test_a_file_that_revisions_hold_is_erased_only_with_the_history(owner: HubClient) -> None:
    before = await refs(owner)
    refused = await erase(owner, SHA, rewrite=False)
    assert (refused.status_code, refused.json()["code"]) == (409, "still_referenced")
    assert "rewrite_history=True" in refused.headers["x-error-message"]
    assert await refs(owner) == before


async def test_the_history_goes_on_without_the_file(platform: Platform, owner: HubClient) -> None:
    http = owner.http
    old, titles = await refs(owner), {}
    for name in old:
        titles[name] = [row["title"] for row in (await http.get(f"/api/models/demo/m/commits/{name}")).json()]
    assert (await erase(owner, SHA)).status_code == 200
    new = await refs(owner)
    assert all(new[name] != old[name] for name in ("main", "dev", "v1"))
    for name, commit in new.items():
        commits: list[Any] = (await http.get(f"/api/models/demo/m/commits/{name}")).json()
        assert [row["title"] for row in commits] == titles[name], "who did what when is kept"
        for row in commits:
            tree = (await http.get(f"/api/models/demo/m/tree/{row['id']}?recursive=true")).json()
            assert not [entry["path"] for entry in tree if entry["path"] in ("a", "a/b", "a/b/secret.bin", "copy.bin")]
        assert (await http.get(f"/demo/m/resolve/{commit}/open.bin")).content == OTHER
        assert (await http.get(f"/api/models/demo/m/tree/{old[name]}")).status_code == 404
    assert (await http.get("/demo/m/resolve/dev/x.txt")).content == b"x"
    listed = (await http.get("/api/models/demo/m/lfs-files")).json()
    assert [row["fileOid"] for row in listed] == [KEPT]
    async with platform.work(SYSTEM, write=False) as uow:
        row = await find_repository(uow, "model", "demo", "m")
        held = set(await uow.session.scalars(select(HubHeld.sha256).where(HubHeld.repository_id == row.id)))
        assert (SHA in held, KEPT in held) == (False, True)
        assert row.head_commit == new["main"]
    again = await owner.commit(lfs={"secret.bin": SHA})
    assert again.status_code >= 400, "it would have to be uploaded anew"
    assert (await erase(owner, SHA)).status_code == 404


async def test_only_an_owner_erases_and_no_protected_branch_is_rewritten(signed_in: As, owner: HubClient) -> None:
    before = await refs(owner)
    assert (await erase(HubClient(signed_in("maintainer")), SHA)).status_code == 403
    assert (await erase(HubClient(signed_in("outsider")), SHA)).status_code in (403, 404)
    assert (await erase(owner, "not a hash")).status_code in (400, 422)
    protected = await owner.http.patch("/api/v1/repositories/model/demo/m", json={"protected": ["dev"]})
    assert protected.status_code == 200, protected.text
    assert (await erase(owner, SHA)).status_code == 403
    assert await refs(owner) == before


def test_a_commit_that_was_pushed_by_git_keeps_all_but_its_tree_its_parents_and_its_signature() -> None:
    pushed = (
        b"tree " + b"1" * 40 + b"\nparent " + b"2" * 40 + b"\nparent " + b"3" * 40 + b"\n"
        b"author A <a@b> 1700000000 +0800\ncommitter C <c@d> 1700000001 -0500\n"
        b"gpgsig -----BEGIN PGP SIGNATURE-----\n \n iQ\n -----END PGP SIGNATURE-----\n"
        b"encoding UTF-8\n\ntitle\n\ntree x\n"
    )
    assert _body(pushed, "a" * 40, ["b" * 40]) == (
        b"tree " + b"a" * 40 + b"\nparent " + b"b" * 40 + b"\n"
        b"author A <a@b> 1700000000 +0800\ncommitter C <c@d> 1700000001 -0500\nencoding UTF-8\n\ntitle\n\ntree x\n"
    )
