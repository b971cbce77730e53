"""What a kill -9 leaves of a push, a commit, an upload and a mirror: nothing half-published, and it works again."""

from __future__ import annotations

import asyncio
import hashlib
import os
import signal
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from ceyuan.hub.git import Limits, Pack, PackWriter
from ceyuan.hub.history import repository as history
from ceyuan.hub.receiving.commands import Command, Request
from ceyuan.hub.receiving.service import Outcome, receive
from ceyuan.hub.repositories.service import find_repository
from ceyuan.kernel.platform import Platform
from tests.hub.conftest import MEMBER, As, make_repository
from tests.hub.killed.victim import PART, fork_and_do
from tests.hub.mirrors.test_mirrors import URL, body, run, upstream
from tests.hub.protocol.world import HubClient

pytestmark = pytest.mark.engine_bound
Kill = Callable[..., Awaitable[None]]
__all__ = ["upstream"]


@pytest.fixture
def kill(platform: Platform) -> Kill:
    """Lets another process do a deed and die by SIGKILL in it."""

    async def do(deed: str, point: str, **more: Any) -> None:
        child = fork_and_do(platform.data_dir, platform.database.url, {"do": deed, "point": point, **more})
        _, status = await asyncio.to_thread(os.waitpid, child, 0)
        assert os.waitstatus_to_exitcode(status) == -signal.SIGKILL

    return do


def _oid(kind: str, data: bytes) -> str:
    return hashlib.sha1(f"{kind} {len(data)}\0".encode() + data).hexdigest()


def _pushed(head: str) -> tuple[bytes, str]:
    """The pack of a commit on `head` with one file, and the commit's id."""
    tree = b"100644 a.txt\0" + bytes.fromhex(_oid("blob", PART))
    who = "Li <li@example.com> 1700000000 +0000"
    commit = f"tree {_oid('tree', tree)}\nparent {head}\nauthor {who}\ncommitter {who}\n\nPushed\n".encode()
    writer = PackWriter(3)
    entries = [writer.head(), writer.entry("commit", commit), writer.entry("tree", tree), writer.entry("blob", PART)]
    return b"".join([*entries, writer.tail()]), _oid("commit", commit)


async def _head(platform: Platform, name: str) -> str:
    async with platform.work(MEMBER, write=False) as uow:
        row = await find_repository(uow, "model", "demo", name)
        ref = await history.ref(uow.session, row.id, "refs/heads/main")
        assert ref is not None
        assert ref.commit_id == row.head_commit
        return ref.commit_id


async def _push(platform: Platform, name: str, old: str, new: str, data: bytes) -> Outcome:
    pack = Pack(memoryview(data), Limits())
    pack.read()
    request = Request((Command(old, new, "refs/heads/main"),), frozenset())
    return await receive(platform, MEMBER, ("model", "demo", name), request, pack)


async def test_of_a_push_that_is_killed_nothing_is_seen_or_all_and_it_can_be_pushed_again(
    platform: Platform, kill: Kill, signed_in: As
) -> None:
    client = signed_in("member")
    for number, point in enumerate(("before the transaction", "within the transaction", "after the commit")):
        name = f"m{number}"
        row = await make_repository(platform, name, "model")
        old = await _head(platform, name)
        data, new = _pushed(old)
        await kill("push", point, name=name, old=old, new=new, pack=data.hex())
        if point == "after the commit":
            assert await _head(platform, name) == new
        else:
            assert await _head(platform, name) == old
            async with platform.work(write=False) as uow:
                assert await history.commit_by_id(uow.session, row.id, new) is None
            assert (await client.get(f"/demo/{name}/resolve/{new}/a.txt")).status_code == 404
            assert (await _push(platform, name, old, new, data)).refused == {}
        assert (await client.get(f"/demo/{name}/resolve/main/a.txt")).content == PART


async def test_of_a_commit_or_an_upload_that_is_killed_nothing_is_seen_and_it_can_be_sent_again(
    platform: Platform, kill: Kill, signed_in: As
) -> None:
    member = HubClient(signed_in("member"))
    await member.create()
    before = await _head(platform, "m")
    await kill("commit", "within the transaction", name="m")
    assert await _head(platform, "m") == before
    assert (await member.http.get("/api/models/demo/m/tree/main")).json()[0]["path"] == ".gitattributes"
    assert (await member.commit({"z.txt": PART})).status_code == 200

    data = PART + PART + b"rest"
    await kill("upload", "while it comes")
    (wanted,) = (await member.batch(data)).json()["objects"]
    upload = wanted["actions"]["upload"]["href"]
    assert (await member.commit(lfs={"w.bin": wanted["oid"]})).status_code == 422
    assert (await member.http.put(upload, content=data)).status_code == 200
    assert (await member.commit(lfs={"w.bin": wanted["oid"]})).status_code == 200
    assert (await member.http.get("/demo/m/resolve/main/w.bin")).content == data


async def test_a_mirror_that_is_killed_shows_nothing_half_and_goes_on(
    platform: Platform, kill: Kill, signed_in: As, upstream: str
) -> None:
    outsider = signed_in("outsider")
    mirror = (await outsider.post(URL, json=body(upstream))).json()
    await kill("mirror", "when a part is here", mirror=mirror["id"], job=mirror["job_id"])
    assert (await outsider.get("/other/m/resolve/main/w.safetensors")).status_code == 404
    assert (await outsider.get("/api/models/other/m/tree/main")).json() == []
    assert await run(platform, mirror["id"]) == {"taken": 1, "unchanged": 0, "failed": 0}
    assert (await outsider.get("/other/m/resolve/main/a/b.txt")).content == b"one"
