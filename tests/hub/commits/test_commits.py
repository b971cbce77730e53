"""Commits over HTTP and by service: all or nothing, on the head that the writer saw, from content one may use."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from itertools import pairwise
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from ceyuan.hub import create_branch, read_file, resolve
from ceyuan.hub.commits.contents import Content, record_uploads, store_bytes
from ceyuan.hub.commits.service import Add, Copy, Delete, commit
from ceyuan.hub.errors import ParentMoved, UploadMissing
from ceyuan.hub.repositories.service import find_repository
from ceyuan.hub.wiring import HubReferences
from ceyuan.kernel.errors import CeyuanError
from ceyuan.kernel.events import OutboxEvent
from ceyuan.kernel.platform import Platform
from tests.hub.conftest import MEMBER, OUTSIDER, As, make_repository

PATH = "/api/v1/repositories/dataset/demo/corpus"


def write(path: str, text: str) -> dict[str, str]:
    return {"op": "write", "path": path, "content": text}


async def send(client: httpx.AsyncClient, *operations: dict[str, Any], **more: Any) -> httpx.Response:
    body = {"message": "change", "operations": list(operations), **more}
    return await client.post(f"{PATH}/commits", json=body)


async def paths(client: httpx.AsyncClient, revision: str = "main") -> list[str]:
    answer = await client.get(f"{PATH}/tree", params={"revision": revision, "recursive": True})
    return [row["path"] for row in answer.json()["items"]]


async def test_only_members_commit_and_upload(platform: Platform, signed_in: As) -> None:
    await make_repository(platform)
    for word, status in [("", 404), ("outsider", 404), ("viewer", 403), ("reader", 403)]:
        client = signed_in(word)
        assert (await send(client, write("a", "x"))).status_code == status
        assert (await client.put(f"{PATH}/uploads", content=b"x")).status_code == status
        assert (await client.post(f"{PATH}/refs", json={"kind": "tag", "name": "v1"})).status_code == status
        assert (await client.delete(f"{PATH}/refs", params={"ref": "refs/heads/x"})).status_code == status
    assert await paths(signed_in("member")) == []


async def test_an_upload_is_committed_and_read_back(platform: Platform, signed_in: As) -> None:
    await make_repository(platform)
    client, data = signed_in("member"), bytes(range(256)) * 100
    sha256 = hashlib.sha256(data).hexdigest()
    up = await client.put(f"{PATH}/uploads", content=data, params={"sha256": sha256})
    assert up.json() == {"sha256": sha256, "size": len(data)}
    made = await send(client, {"op": "add", "path": "data/raw.bin", "sha256": sha256}, write("README.md", "# 语料"))
    assert made.status_code == 201
    body = made.json()
    assert (body["files"], body["bytes"]) == (2, len(data) + len("# 语料".encode()))
    async with platform.work(MEMBER, write=False) as uow:
        assert await read_file(uow, body["ref"], "data/raw.bin") == data
    repository = (await client.get(PATH)).json()
    assert repository["head_commit"] == body["commit"]
    assert (repository["title"], repository["held_bytes"]) == ("语料", body["bytes"])


async def test_content_that_differs_from_its_announced_hash_is_refused(platform: Platform, signed_in: As) -> None:
    await make_repository(platform)
    answer = await signed_in("member").put(f"{PATH}/uploads", content=b"x", params={"sha256": "0" * 64})
    assert (answer.status_code, answer.json()["code"]) == (422, "hash_mismatch")


async def test_knowing_a_hash_does_not_open_anothers_private_file(platform: Platform, signed_in: As) -> None:
    await make_repository(platform)
    secret = (await signed_in("member").put(f"{PATH}/uploads", content=b"secret")).json()["sha256"]
    theirs = "/api/v1/repositories/dataset/other/mine"
    outsider = signed_in("outsider")
    await outsider.post("/api/v1/repositories", json={"kind": "dataset", "owner": "other", "name": "mine"})
    operation = {"op": "add", "path": "x", "sha256": secret}
    for _ in range(2):
        answer = await outsider.post(f"{theirs}/commits", json={"message": "m", "operations": [operation]})
        assert (answer.status_code, answer.json()["code"]) == (422, "upload_missing")
        await send(signed_in("member"), operation)
    unknown = {"op": "add", "path": "x", "sha256": "0" * 64}
    answer = await outsider.post(f"{theirs}/commits", json={"message": "m", "operations": [unknown]})
    assert answer.json()["code"] == "upload_missing"


async def test_content_of_a_repository_that_one_may_read_need_not_be_sent_again(platform: Platform) -> None:
    row = await make_repository(platform, visibility="public")
    other = await make_repository(platform, "other")
    content = await store_bytes(platform, b"shared")
    async with platform.work(MEMBER) as uow:
        with pytest.raises(UploadMissing):
            await commit(uow, other, [Add("a", content.sha256)], message="too early")
    async with platform.work(MEMBER) as uow:
        await record_uploads(uow, row.id, [content])
        await commit(
            uow, await find_repository(uow, "dataset", "demo", "corpus"), [Add("a", content.sha256)], message="m"
        )
        again = await find_repository(uow, "dataset", "demo", "other")
        assert (await commit(uow, again, [Add("b", content.sha256)], message="m")).files == 1


async def test_of_two_writers_on_one_head_the_second_is_told(platform: Platform, signed_in: As) -> None:
    await make_repository(platform)
    client = signed_in("member")
    head = (await client.get(PATH)).json()["head_commit"]
    answers = await asyncio.gather(
        *(send(signed_in("member"), write(f"{n}.txt", str(n)), parent=head) for n in range(4))
    )
    won = [a for a in answers if a.status_code == 201]
    assert sorted(a.status_code for a in answers) == [201, 409, 409, 409]
    for lost in (a for a in answers if a.status_code == 409):
        assert (lost.json()["code"], lost.json()["head"]) == ("parent_moved", won[0].json()["commit"])
    assert len(await paths(client)) == 1


async def test_writers_that_name_no_parent_follow_each_other(platform: Platform, signed_in: As) -> None:
    await make_repository(platform)
    answers = await asyncio.gather(*(send(signed_in("member"), write(f"{n}.txt", str(n))) for n in range(4)))
    assert [a.status_code for a in answers] == [201] * 4
    client = signed_in("member")
    assert await paths(client) == ["0.txt", "1.txt", "2.txt", "3.txt"]
    log = (await client.get(f"{PATH}/commits")).json()["items"]
    assert len(log) == 5
    assert all(newer["parents"] == [older["id"]] for newer, older in pairwise(log))


async def test_a_change_that_changes_nothing_makes_no_commit(platform: Platform, signed_in: As) -> None:
    await make_repository(platform)
    client = signed_in("member")
    first = (await send(client, write("a", "x"))).json()
    assert (await send(client, write("a", "x"))).json() == first
    assert (await send(client, write("b", "y"), {"op": "delete", "path": "b"})).json() == first


BAD_OPERATIONS: list[tuple[list[dict[str, Any]], int, str]] = [
    ([write("../x", "")], 422, "path_refused"),
    ([write("/etc/x", "")], 422, "path_refused"),
    ([write("a\\b", "")], 422, "path_refused"),
    ([write("README.MD", "")], 409, "case_collision"),
    ([write("readme.md/x", "")], 409, "path_taken"),
    ([{"op": "delete", "path": "none"}], 404, "path_missing"),
    ([{"op": "copy", "path": "x", "source": "none"}], 404, "entry_not_found"),
    ([{"op": "copy", "path": "x", "source": "readme.md", "revision": "v9"}], 404, "revision_not_found"),
    ([{"op": "write", "path": "x", "content": "%%", "encoding": "base64"}], 422, "invalid"),
    ([{"op": "chmod", "path": "x"}], 422, "invalid"),
]


async def test_a_bad_operation_is_named_and_nothing_of_its_commit_is_kept(platform: Platform, signed_in: As) -> None:
    await make_repository(platform)
    client = signed_in("member")
    before = (await send(client, write("readme.md", "x"))).json()["commit"]
    for operations, status, code in BAD_OPERATIONS:
        answer = await send(client, write("good", "y"), *operations)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert (await send(client)).status_code == 422
    assert (await client.get(PATH)).json()["head_commit"] == before


async def test_copies_come_from_before_the_commit_or_from_any_revision(platform: Platform, signed_in: As) -> None:
    await make_repository(platform)
    client = signed_in("member")
    first = (await send(client, write("a/x.txt", "old"), write("a/y.txt", "old"))).json()["commit"]
    await send(client, write("a/x.txt", "new"))
    await send(
        client,
        {"op": "copy", "path": "b", "source": "a"},
        {"op": "delete", "path": "a"},
        {"op": "copy", "path": "c.txt", "source": "a/x.txt", "revision": first[:10]},
    )
    assert await paths(client) == ["b/x.txt", "b/y.txt", "c.txt"]
    async with platform.work(MEMBER, write=False) as uow:
        assert await read_file(uow, "demo/corpus", "b/x.txt") == b"new"
        assert await read_file(uow, "demo/corpus", "c.txt") == b"old"


async def test_a_tree_is_the_same_whether_its_files_were_copied_or_added(platform: Platform) -> None:
    row = await make_repository(platform)
    content = await store_bytes(platform, b"rows")
    async with platform.work(MEMBER) as uow:
        await record_uploads(uow, row.id, [content])
        row = await find_repository(uow, "dataset", "demo", "corpus")
        await commit(uow, row, [Add("a.txt", content.sha256)], message="1")
        copied = await commit(uow, row, [Copy("b.parquet", "a.txt"), Delete("a.txt")], message="2")
        await commit(uow, row, [Add("a.txt", content.sha256)], message="3", replace=True)
        added = await commit(uow, row, [Add("b.parquet", content.sha256)], message="4", replace=True)
    assert copied.tree == added.tree


async def test_old_revisions_are_read_for_ever(platform: Platform, signed_in: As) -> None:
    await make_repository(platform)
    client = signed_in("member")
    refs = [(await send(client, write("n", str(n)))).json()["ref"] for n in range(3)]
    await send(client, {"op": "delete", "path": "n"})
    async with platform.work(MEMBER, write=False) as uow:
        assert [await read_file(uow, ref, "n") for ref in refs] == [b"0", b"1", b"2"]


async def test_branches_and_tags(platform: Platform, signed_in: As) -> None:
    await make_repository(platform)
    client = signed_in("member")
    first = (await send(client, write("a", "1"))).json()["commit"]
    made = await client.post(f"{PATH}/refs", json={"kind": "tag", "name": "v1", "message": "第一版"})
    assert (made.status_code, made.json()["commit"]) == (201, first)
    again = await client.post(f"{PATH}/refs", json={"kind": "tag", "name": "v1"})
    assert (again.status_code, again.json()["code"]) == (409, "branch_exists")
    await client.post(f"{PATH}/refs", json={"kind": "branch", "name": "feature/x", "revision": "v1"})
    moved = (await send(client, write("a", "2"), branch="feature/x")).json()["commit"]
    assert (await client.get(PATH)).json()["head_commit"] == first
    refs = {r["ref"]: r["commit"] for r in (await client.get(f"{PATH}/refs")).json()}
    assert refs == {"refs/heads/feature/x": moved, "refs/heads/main": first, "refs/tags/v1": first}
    changed = await signed_in("maintainer").patch(PATH, json={"default_branch": "feature/x"})
    assert changed.json()["head_commit"] == moved
    assert (await client.delete(f"{PATH}/refs", params={"ref": "refs/heads/feature/x"})).status_code == 409
    assert (await client.delete(f"{PATH}/refs", params={"ref": "refs/heads/main"})).status_code == 204
    assert (await client.get(f"{PATH}/tree", params={"revision": "main"})).status_code == 404
    for revision in ("v1", "refs/tags/v1", first, first[:7]):
        assert (await client.get(f"{PATH}/commit", params={"revision": revision})).json()["id"] == first
    for revision in ("nothing", "0" * 40, "a\nb", "", "%00"):
        found = await client.get(f"{PATH}/commit", params={"revision": revision} if revision else {})
        assert found.status_code == (404 if revision else 200)


async def test_the_card_is_read_and_labels_the_repository(platform: Platform, signed_in: As) -> None:
    await make_repository(platform)
    client = signed_in("member")
    card = "---\nlicense: MIT\nlanguage: [zh]\ntags:\n- 法律\npretty_name: 国家法律\n---\n# Laws\ntext"
    await send(client, write("README.md", card), write("README.en.md", "English"))
    row = (await client.get(PATH)).json()
    assert (row["licence"], row["language"], row["tag"], row["title"]) == (["mit"], ["zh"], ["法律"], "国家法律")
    shown = (await client.get(f"{PATH}/card")).json()
    assert (shown["body"], shown["languages"], shown["metadata"]["license"]) == ("# Laws\ntext", ["", "en"], "MIT")
    assert (await client.get(f"{PATH}/card", params={"language": "en"})).json()["body"] == "English"
    await send(client, write("README.md", "---\nlicense: [\n---\nbroken"))
    broken = (await client.get(f"{PATH}/card", headers={"Accept-Language": "zh"})).json()
    assert "行有误" in broken["problem"]
    assert (await client.get(PATH)).json()["licence"] == ["mit"]
    await send(client, {"op": "delete", "path": "README.md"}, {"op": "delete", "path": "README.en.md"})
    assert (await client.get(PATH)).json()["licence"] == []
    assert (await client.get(f"{PATH}/card")).status_code == 404


async def test_an_inline_file_may_be_binary_but_not_huge(platform: Platform, signed_in: As) -> None:
    await make_repository(platform)
    client, data = signed_in("member"), b"\x00\xff\xfe"
    operation = {"op": "write", "path": "x", "content": base64.b64encode(data).decode(), "encoding": "base64"}
    ref = (await send(client, operation)).json()["ref"]
    async with platform.work(MEMBER, write=False) as uow:
        assert await read_file(uow, ref, "x") == data
    answer = await send(client, write("big", "x" * (21 * 1024 * 1024)))
    assert (answer.status_code, answer.json()["code"]) == (413, "file_too_large")


async def test_a_revision_is_told_to_the_rooms_above_once(platform: Platform, signed_in: As) -> None:
    await make_repository(platform)
    made = (await send(signed_in("member"), write("a", "x"))).json()
    async with platform.work(write=False) as uow:
        events = list(await uow.session.scalars(select(OutboxEvent).where(OutboxEvent.topic == "hub.revision_created")))
    assert [(e.data["commit"], e.data["tree"], e.data["branch"], e.data["by"]) for e in events] == [
        (made["commit"], made["tree"], "main", MEMBER.id)
    ]


async def test_the_collector_is_told_what_revisions_hold_and_uploads_keep(platform: Platform, signed_in: As) -> None:
    await make_repository(platform)
    client = signed_in("member")
    await send(client, write("a", "held"))
    await send(client, {"op": "delete", "path": "a"})
    await client.put(f"{PATH}/uploads", content=b"waiting")
    async with platform.work(write=False) as uow:
        kept = {sha256 async for sha256 in HubReferences().references(uow)}
    assert kept == {hashlib.sha256(text).hexdigest() for text in (b"held", b"waiting")}


async def test_a_commit_that_fails_leaves_no_trace(platform: Platform) -> None:
    row = await make_repository(platform)
    content = await store_bytes(platform, b"x")

    async def fail() -> None:
        async with platform.work(MEMBER) as uow:
            await record_uploads(uow, row.id, [content])
            found = await find_repository(uow, "dataset", "demo", "corpus")
            await commit(uow, found, [Add("a", content.sha256)], message="m")
            raise RuntimeError("killed")

    with pytest.raises(RuntimeError):
        await fail()
    async with platform.work(MEMBER) as uow:
        assert (await resolve(uow, "demo/corpus")).files == 0
        with pytest.raises(CeyuanError):
            await record_uploads(uow, row.id, [Content("0" * 64, 1, None)])


async def test_a_parent_on_another_branch_is_not_the_head(platform: Platform) -> None:
    row = await make_repository(platform)
    content = await store_bytes(platform, b"x")
    async with platform.work(MEMBER) as uow:
        await record_uploads(uow, row.id, [content])
        found = await find_repository(uow, "dataset", "demo", "corpus")
        start = found.head_commit
        await create_branch(uow, found, "side")
        await commit(uow, found, [Add("a", content.sha256)], message="m", branch="side", parent=start)
        with pytest.raises(ParentMoved):
            await commit(uow, found, [Add("b", content.sha256)], message="m", branch="side", parent=start)
        await commit(uow, found, [Add("b", content.sha256)], message="m", parent=start)
    async with platform.work(OUTSIDER) as uow:
        with pytest.raises(CeyuanError):
            await resolve(uow, f"{row.id}@main")
