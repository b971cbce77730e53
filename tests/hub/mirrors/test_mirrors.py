"""Mirrors, with a hub of our own as the other one behind a real socket."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from typing import Any

import aiohttp.web
import pytest
import uvicorn
from sqlalchemy import select

from ceyuan.hub.mirrors import tasks
from ceyuan.hub.mirrors.errors import UpstreamFault
from ceyuan.hub.mirrors.tables import HubMirror
from ceyuan.hub.mirrors.upstream import check_address
from ceyuan.hub.remote import RemoteFault, RemoteHub
from ceyuan.hub.settings import HubSettings
from ceyuan.kernel.actor import Actor
from ceyuan.kernel.errors import Invalid
from ceyuan.kernel.jobs import Job, JobContext
from ceyuan.kernel.platform import Platform
from tests.hub.conftest import MAINTAINER, MEMBER, OUTSIDER, As
from tests.hub.protocol.world import HubClient

pytestmark = pytest.mark.engine_bound
URL = "/api/v1/mirrors"
WEIGHTS = b"w" * 5000
INSIDE = HubSettings(mirror_networks=["127.0.0.0/8"])


@pytest.fixture
async def upstream(platform: Platform, signed_in: As) -> AsyncIterator[str]:
    """The address of a hub that has the private model `demo/m`."""
    platform.sections[HubSettings] = INSIDE
    member = HubClient(signed_in("member"))
    await member.create()
    await member.batch(WEIGHTS)
    sha256 = hashlib.sha256(WEIGHTS).hexdigest()
    put = (await member.batch(WEIGHTS)).json()["objects"][0]["actions"]["upload"]["href"]
    (await member.http.put(put, content=WEIGHTS)).raise_for_status()
    files = {"README.md": b"---\nlicense: mit\n---\n# M\n", "a/b.txt": b"one", "c.log": b"noise"}
    (await member.commit(files, lfs={"w.safetensors": sha256})).raise_for_status()
    door = member.http._transport.app  # type: ignore[attr-defined]
    server = uvicorn.Server(uvicorn.Config(door, port=0, log_level="error", lifespan="off"))
    running = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    await running


async def run(platform: Platform, mirror_id: str, actor: Actor = OUTSIDER) -> dict[str, Any]:
    """Run the mirror's last job here and now."""
    async with platform.work(write=False) as uow:
        row = await uow.session.get(HubMirror, mirror_id)
        assert row is not None
        job = await uow.session.get(Job, row.job_id)
        assert job is not None
    context = JobContext(platform, job, actor)
    try:
        return await tasks.mirror(context, {"mirror_id": mirror_id})
    finally:
        async with platform.work() as uow:
            ended = await uow.session.get(Job, job.id)
            assert ended is not None
            ended.state, ended.finished_at = "succeeded", uow.clock.now()


def body(upstream: str, **more: Any) -> dict[str, Any]:
    return {"owner": "other", "upstream": upstream, "source": "demo/m", "token": "member", **more}


async def test_a_mirror_takes_what_changed_and_nothing_twice(platform: Platform, signed_in: As, upstream: str) -> None:
    member, outsider = HubClient(signed_in("member")), signed_in("outsider")
    made = await outsider.post(URL, json=body(upstream, exclude=["*.log"], every_hours=6))
    assert made.status_code == 201, made.text
    mirror = made.json()
    assert (mirror["has_token"], "token" in mirror) == (True, False)
    assert await run(platform, mirror["id"]) == {"taken": 1, "unchanged": 0, "failed": 0}
    files = await outsider.get("/api/models/other/m/tree/main?recursive=true")
    assert {row["path"] for row in files.json() if row["type"] == "file"} == {
        ".gitattributes",
        "README.md",
        "a/b.txt",
        "w.safetensors",
    }
    assert (await outsider.get("/other/m/resolve/main/w.safetensors")).content == WEIGHTS
    (taken,) = (await outsider.get(f"{URL}/{mirror['id']}/taken")).json()
    assert (taken["licence"], taken["files"], taken["repository"]) == ("mit", 4, "other/m")
    assert taken["upstream_commit"] == (await member.http.get("/api/models/demo/m")).json()["sha"]
    (await outsider.post(f"{URL}/{mirror['id']}/runs")).raise_for_status()
    assert await run(platform, mirror["id"]) == {"taken": 0, "unchanged": 1, "failed": 0}
    await member.commit({"a/b.txt": b"two"}, delete=("README.md",))
    (await outsider.post(f"{URL}/{mirror['id']}/runs")).raise_for_status()
    assert (await run(platform, mirror["id"]))["taken"] == 1
    assert (await outsider.get("/other/m/resolve/main/a/b.txt")).content == b"two"
    assert (await outsider.get("/other/m/resolve/main/README.md")).status_code == 404
    log = (await outsider.get("/api/models/other/m/commits/main")).json()
    assert len(log) == 3


async def test_an_owners_repositories_are_taken_and_one_that_fails_holds_up_no_other(
    platform: Platform, signed_in: As, upstream: str
) -> None:
    member, outsider = HubClient(signed_in("member")), HubClient(signed_in("outsider"))
    await member.create("demo/n", private=False)
    await member.commit({"x.txt": b"x"}, repo="models/demo/n")
    await outsider.create("other/n")
    await outsider.commit({"own.txt": b"own"}, repo="models/other/n")
    mirror = (await outsider.http.post(URL, json=body(upstream, source="demo"))).json()
    assert await run(platform, mirror["id"]) == {"taken": 1, "unchanged": 0, "failed": 1}
    shown = (await outsider.http.get(f"{URL}/{mirror['id']}")).json()
    assert "other/n did not come by this mirror" in shown["error"]
    assert (await outsider.http.get("/other/n/resolve/main/own.txt")).content == b"own"


@pytest.mark.slow
async def test_a_mirror_that_is_due_is_started_once(
    platform: Platform, signed_in: As, upstream: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    outsider = signed_in("outsider")
    mirror = (await outsider.post(URL, json=body(upstream, every_hours=1))).json()
    await run(platform, mirror["id"])

    async def find(_uow: object, _person: str) -> Actor:
        return OUTSIDER

    monkeypatch.setattr(tasks, "actor_for", find)
    async with platform.work() as uow:
        row = await uow.session.get(HubMirror, mirror["id"])
        assert row is not None
        row.next_at = uow.clock.now()
    await tasks.plan_mirrors(platform)
    await tasks.plan_mirrors(platform)
    async with platform.work(write=False) as uow:
        jobs = list(await uow.session.scalars(select(Job).where(Job.kind == "hub.mirror")))
    assert len(jobs) == 2


async def test_without_the_right_token_nothing_is_taken(platform: Platform, signed_in: As, upstream: str) -> None:
    outsider = signed_in("outsider")
    mirror = (await outsider.post(URL, json=body(upstream, token=None))).json()
    with pytest.raises(UpstreamFault):
        await run(platform, mirror["id"])
    assert "404" in (await outsider.get(f"{URL}/{mirror['id']}")).json()["error"]


@pytest.mark.parametrize("word", ["", "member"])
async def test_mirrors_are_kept_by_maintainers_and_seen_by_members(
    platform: Platform, signed_in: As, word: str
) -> None:
    platform.sections[HubSettings] = INSIDE
    mirror = body("http://127.0.0.1:1", owner="demo")
    made = (await signed_in("maintainer").post(URL, json=mirror)).json()
    client = signed_in(word)
    refused = 401 if word == "" else 403
    assert (await client.post(URL, json=mirror)).status_code == refused
    assert (await client.delete(f"{URL}/{made['id']}")).status_code == refused
    assert (await client.get(f"{URL}/{made['id']}")).status_code == (401 if word == "" else 200)
    assert (await signed_in("outsider").get(f"{URL}/{made['id']}")).status_code == 404
    assert (await signed_in("outsider").get(URL)).json()["items"] == []
    assert MAINTAINER.label == made["creator"] != MEMBER.label


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:9000",
        "http://localhost",
        "http://169.254.169.254/latest",
        "http://[::ffff:10.0.0.1]/",
        "ftp://example.com",
        "https://user:pw@example.com",
        "https://example.com/?a=b",
        "http://example.com:99999",
    ],
)
def test_addresses_inside_and_odd_ones_are_refused(url: str) -> None:
    with pytest.raises(Invalid):
        check_address(url, [])


async def test_a_redirect_leads_nowhere_inside_and_takes_no_token_along() -> None:
    seen: list[str | None] = []

    async def answer(request: aiohttp.web.Request) -> aiohttp.web.Response:
        seen.append(request.headers.get("authorization"))
        there = {"/api/models/a/b/revision/main": f"http://127.0.0.2:{port}/x", "/x": "http://10.0.0.1/x"}
        raise aiohttp.web.HTTPFound(there[request.path])

    app = aiohttp.web.Application()
    app.router.add_get("/{tail:.*}", answer)
    runner = aiohttp.web.AppRunner(app)
    await runner.setup()
    await aiohttp.web.TCPSite(runner, "0.0.0.0", 0).start()
    port = runner.addresses[0][1]
    try:
        async with RemoteHub(f"http://127.0.0.1:{port}", "secret", ["127.0.0.0/8"]) as other:
            with pytest.raises(RemoteFault, match="inside"):
                await other.describe("model", "a/b", "main")
    finally:
        await runner.cleanup()
    assert seen == ["Bearer secret", None]
