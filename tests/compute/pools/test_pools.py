"""Pools over HTTP: who may register them, what is tried and shown, and tasks on a host behind a real sshd."""

from __future__ import annotations

import asyncio
import getpass
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ceyuan.compute.executors import sandbox_works
from ceyuan.compute.pools import ensure_local
from ceyuan.compute.tasks.settings import TaskSettings
from ceyuan.metering import check_books
from tests.compute.executors.sshd import Sshd, why_not
from tests.compute.market import Market
from tests.compute.tasks.conftest import Yard, furnish

POOLS = "/executor-pools"


@pytest.fixture(scope="module")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    if reason := why_not():
        pytest.skip(reason)
    server = Sshd(tmp_path_factory.mktemp("sshd"))
    yield server
    server.stop()


def host(server: Sshd, **fields: Any) -> dict[str, Any]:
    given = {
        "address": "127.0.0.1",
        "port": server.port,
        "user": getpass.getuser(),
        "host_key": (server.folder / "host.pub").read_text(),
        "private_key": (server.folder / "client").read_text(),
        "root": str(server.folder / "runs"),
    }
    return given | fields


async def open_pool(market: Market, server: Sshd, name: str = "hosts", **fields: Any) -> dict[str, Any]:
    pool = await market.ok("officer", "POST", POOLS, {"name": name, "kind": "ssh"} | fields)
    return await market.ok("officer", "POST", f"{POOLS}/{pool['id']}/hosts", host(server))


async def test_only_operators_register_pools_and_a_host_is_tried_before_it_is_kept(market: Market, sshd: Sshd) -> None:
    body = {"name": "hosts", "kind": "ssh"}
    assert (await market.send(None, "POST", POOLS, body)).status_code == 401
    assert (await market.send("li", "POST", POOLS, body)).status_code == 403
    assert await market.code("officer", "POST", POOLS, body | {"kind": "balloon"}) == (422, "invalid")
    pool = await market.ok("officer", "POST", POOLS, body | {"org_id": market.buyer})
    assert await market.code("officer", "POST", POOLS, body) == (409, "pool_name_taken")
    path = f"{POOLS}/{pool['id']}"
    assert (await market.send("li", "POST", f"{path}/hosts", host(sshd))).status_code == 403
    for wrong in ({"private_key": (sshd.folder / "host").read_text()}, {"port": 1}):
        assert await market.code("officer", "POST", f"{path}/hosts", host(sshd, **wrong)) == (422, "pool_unreachable")
    stranger = (sshd.folder / "client.pub").read_text()
    assert await market.code("officer", "POST", f"{path}/hosts", host(sshd, host_key=stranger)) == (
        422,
        "pool_unreachable",
    )
    assert await market.code("officer", "POST", f"{path}/hosts", host(sshd, host_key="?")) == (422, "invalid")
    assert (await market.ok("officer", "GET", path))["nodes"] == []
    assert not list((market.platform.data_dir / "compute" / "ssh").glob("*.key"))

    answer = await market.send("officer", "POST", f"{path}/hosts", host(sshd))
    assert answer.status_code == 201, answer.text
    (node,) = answer.json()["nodes"]
    assert (node["health"], node["cpus"] > 0) == ("up", True)
    assert node["address"].endswith(f"@127.0.0.1:{sshd.port}")
    assert "PRIVATE KEY" not in answer.text
    # Its own organisation sees it without the address, others not at all.
    assert (await market.ok("li", "GET", path))["nodes"][0]["address"] == ""
    assert (await market.send("zoe", "GET", path)).status_code == 404
    assert pool["id"] not in [one["id"] for one in (await market.ok("zoe", "GET", POOLS))["items"]]

    assert (await market.send("li", "POST", f"{path}/drain", {"on": True})).status_code == 403
    await market.ok("officer", "POST", f"{path}/nodes/{node['id']}/drain", {"on": True})
    assert (await market.ok("officer", "POST", f"{path}/look"))["nodes"][0]["health"] == "up"
    assert (await market.send("officer", "DELETE", f"{path}/hosts/{node['id']}")).status_code == 204
    assert (await market.send("officer", "DELETE", path)).status_code == 204
    assert (await market.send("officer", "GET", path)).status_code == 404


@pytest.mark.engine_bound
async def test_a_key_that_opens_nothing_leaves_the_old_one_in_place_and_none_is_ever_shown(
    market: Market, sshd: Sshd, tmp_path: Path
) -> None:
    pool = await open_pool(market, sshd)
    path, (node,) = f"{POOLS}/{pool['id']}", pool["nodes"]
    right = tmp_path / "next"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", right], check=True)
    body, key = {"private_key": right.read_text()}, f"{path}/hosts/{node['id']}/key"
    (file,) = (market.platform.data_dir / "compute" / "ssh").glob("*.key")
    assert (await market.send("li", "PUT", key, body)).status_code == 403
    refused = await market.send("officer", "PUT", key, body)
    assert (refused.status_code, refused.json()["code"]) == (422, "pool_unreachable")
    assert file.read_text() == (sshd.folder / "client").read_text()
    with (sshd.folder / "authorized").open("a") as authorized:
        authorized.write(right.with_suffix(".pub").read_text())
    replaced = await market.send("officer", "PUT", key, body)
    assert replaced.status_code == 200, replaced.text
    assert (await market.ok("officer", "POST", f"{path}/look"))["nodes"][0]["health"] == "up"
    assert list(file.parent.glob("*.key")) == [file]
    assert file.read_text() == right.read_text()
    assert not any("PRIVATE KEY" in answer.text for answer in (refused, replaced))


@pytest.mark.slow
@pytest.mark.skipif(not sandbox_works(), reason="bubblewrap is missing or may not be used here")
async def test_a_task_on_a_host_brings_its_results_checkpoint_and_log_back_and_moves_when_asked(
    market: Market, sshd: Sshd
) -> None:
    yard = await furnish(market)
    pool = await open_pool(market, sshd)
    script = (
        'if [ -e "$CEYUAN_CHECKPOINT/half" ]; then mkdir out; cp "$CEYUAN_CHECKPOINT/half" out/; echo again;'
        ' else echo 6 > "$CEYUAN_CHECKPOINT/half"; echo begun; sleep 300; fi'
    )
    made = await yard.run(script, pools=["hosts"], outputs={"out": "datasets/lab/far"}, notice_s=1)
    await yard.until_log(made["id"], "begun")
    running = await yard.task(made["id"])
    assert (running["pool"], running["seats"][0]["node"]) == ("hosts", "127.0.0.1")
    used = (await market.ok("officer", "GET", f"{POOLS}/{pool['id']}"))["nodes"][0]
    assert (used["runs"], used["cpus_held"]) == (1, 1)
    assert await market.code("officer", "DELETE", f"{POOLS}/{pool['id']}") == (409, "pool_in_use")
    assert (await market.send("zoe", "POST", f"/tasks/{made['id']}/move")).status_code == 404
    await market.ok("li", "POST", f"/tasks/{made['id']}/move")
    done = await yard.until(made["id"], "succeeded", "failed")
    assert done["state"] == "succeeded", done
    assert [one["reason"] for one in done["attempts"]] == ["moved", ""]
    assert done["outputs"]["out"].startswith("datasets/lab/far@")
    first, second = [one["key"] for one in done["attempts"]]
    assert (await yard.log(made["id"], attempt=first))["text"] == "begun\n"
    assert (await yard.log(made["id"], attempt=second))["text"] == "again\n"
    assert (await yard.metered())[1] == 2
    assert (await check_books(market.platform)).ok


@pytest.mark.slow
async def test_a_host_that_dies_loses_no_task_and_no_second_is_paid_twice(market: Market, tmp_path: Path) -> None:
    if reason := why_not():
        pytest.skip(reason)
    yard = await furnish(market)
    market.platform.sections[TaskSettings] = TaskSettings(lease_s=5, checkpoint_s=0.5)
    server = Sshd(tmp_path)
    try:
        pool = await open_pool(market, server)
        script = 'cd "$CEYUAN_CHECKPOINT"; if [ -e half ]; then echo again; else echo 6 > half; sleep 300; fi'
        made = await yard.run(script, pools=["hosts", "local"], regions=[])
        await market.ok("officer", "POST", f"{POOLS}/local/drain", {"on": False})
        task = await _seated(yard, made["id"])
        if task["pool"] != "hosts":
            await market.ok("officer", "POST", f"{POOLS}/local/drain", {"on": True, "move": True})
        half = market.platform.data_dir / "compute" / "tasks" / made["id"] / "checkpoint" / "half"
        async with asyncio.timeout(180):
            while not half.exists() or (await yard.task(made["id"]))["pool"] != "hosts":
                await asyncio.sleep(0.1)
        await market.ok("officer", "POST", f"{POOLS}/local/drain", {"on": False})
    finally:
        server.stop()
    done = await yard.until(made["id"], "succeeded", "failed", seconds=240)
    assert done["state"] == "succeeded", done
    lost = [one for one in done["attempts"] if one["state"] == "lost"]
    assert [one["reason"] for one in lost] == ["unreachable"]
    assert done["attempts"][-1]["pool"] == "local"
    spent, events = await yard.metered()
    assert events == len(done["attempts"])
    assert spent == done["cost_micro"]
    assert pool["name"] == "hosts"


async def _seated(yard: Yard, task_id: str) -> dict[str, Any]:
    async with asyncio.timeout(180):
        while not (task := await yard.task(task_id))["pool"]:
            await asyncio.sleep(0.1)
    return task


async def test_operators_say_where_a_pool_lies_this_machine_too_and_everything_goes_by_it(market: Market) -> None:
    path = "/executor-pools/local/region"
    async with market.platform.work() as uow:
        await ensure_local(uow)
    assert (await market.send(None, "PUT", path, {"region": "hebei"})).status_code == 401
    assert (await market.send("li", "PUT", path, {"region": "hebei"})).status_code == 403
    assert (await market.code("officer", "PUT", path, {"region": "atlantis"}))[1] == "compute_region_unknown"
    assert (await market.code("officer", "PUT", "/executor-pools/none/region", {"region": ""}))[0] == 404
    task = {"name": "t", "command": "true", "regions": ["hebei"], "resources": {"cpus": 1, "memory_gib": 0.5}}
    body = {"org_id": market.buyer, "task": task}
    assert (await market.code("li", "POST", "/tasks/check", body))[1] == "task_impossible"
    assert (await market.ok("officer", "PUT", path, {"region": "hebei"}))["region"] == "hebei"
    assert (await market.send("li", "POST", "/tasks/check", body)).json().get("code") != "task_impossible"
    assert [pool["region"] for pool in (await market.ok("li", "GET", "/overview"))["pools"]] == ["hebei"]
    fleet = await market.ok("li", "GET", "/twin/fleet", org_id=market.buyer, kind="pools")
    assert [place["region"] for place in fleet["places"]] == ["hebei"]
    assert (await market.ok("officer", "PUT", path, {"region": ""}))["region"] == ""
    market.platform.sections[TaskSettings] = TaskSettings(region="hebei")
    assert (await market.send("li", "POST", "/tasks/check", body)).json().get("code") != "task_impossible"
