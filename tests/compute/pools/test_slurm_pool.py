"""Tasks on a real Slurm: registered over HTTP, a gang, cards, and a node that dies in the middle."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator

import pytest

from ceyuan.compute.pools import look_after_pools
from ceyuan.metering import check_books
from tests.compute.executors.slurmlab import SlurmLab, why_no_rest, why_not
from tests.compute.market import Market
from tests.compute.tasks.conftest import furnish

pytestmark = pytest.mark.slow
POOLS = "/executor-pools"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SlurmLab]:
    if reason := why_not():
        pytest.skip(reason)
    made = SlurmLab(tmp_path_factory.mktemp("slurm"), silent_s=10)
    yield made
    made.stop()


async def test_tasks_run_on_a_cluster_and_outlive_the_node_they_run_on(market: Market, lab: SlurmLab) -> None:
    yard = await furnish(market)
    settings = {"conf": str(lab.conf), "python": sys.executable, "bubblewrap": True}
    settings |= {"root": str(lab.folder / "shared")}
    body = {"name": "beijing-slurm", "kind": "slurm", "region": "beijing", "settings": settings}
    assert await market.code("officer", "POST", POOLS, body | {"settings": {"conf": "/no/such"}}) == (
        422,
        "pool_unreachable",
    )
    assert await market.code("officer", "POST", POOLS, body | {"settings": {"shell": "x"}}) == (422, "invalid")
    pool = await market.ok("officer", "POST", POOLS, body)
    assert {node["name"]: node["accelerator"] for node in pool["nodes"]} == {"bj1": "h800", "nm1": "ascend910b"}

    cards = await yard.run(
        'echo "cards $CUDA_VISIBLE_DEVICES"; mkdir out; echo x > out/a',
        resources={"cpus": 2, "memory_gib": 0.5, "accelerator": "h800", "accelerators": 2},
        outputs={"out": "datasets/lab/cards"},
    )
    gang = await yard.run("echo on $SLURMD_NODENAME", resources={"cpus": 8, "memory_gib": 0.5, "nodes": 2})
    done = await yard.until(cards["id"], "succeeded", "failed")
    assert done["state"] == "succeeded", done
    assert (done["attempts"][0]["pool"], done["attempts"][0]["seats"][0]["node"]) == ("beijing-slurm", "bj1")
    assert done["attempts"][0]["accounting"]["source"] == "scontrol"
    assert (await yard.log(cards["id"]))["text"] == "cards 0,1\n"
    both = await yard.until(gang["id"], "succeeded", "failed")
    assert both["state"] == "succeeded", (await yard.log(gang["id"]))["text"]
    assert sorted((await yard.log(gang["id"]))["text"].split()[1::2]) == ["bj1", "nm1"]

    script = 'cd "$CEYUAN_CHECKPOINT"; if [ -e half ]; then echo again; else touch half; echo begun; sleep 300; fi'
    made = await yard.run(script, pools=["beijing-slurm"])
    await yard.until_log(made["id"], "begun")
    node = (await yard.task(made["id"]))["seats"][0]["node"]
    lab.kill_node(node)
    async with asyncio.timeout(120):
        while (task := await yard.task(made["id"]))["state"] not in ("succeeded", "failed"):
            await look_after_pools(market.platform)
            await market.platform.dispatcher.drain()
            await asyncio.sleep(0.5)
    assert task["state"] == "succeeded", task
    assert [one["state"] for one in task["attempts"]] == ["lost", "succeeded"]
    assert task["attempts"][1]["seats"][0]["node"] != node
    _spent, events = await yard.metered()
    assert events == 4
    assert (await check_books(market.platform)).ok
    lab.start_node(node)


async def test_a_cluster_is_reached_through_slurmrestd_with_a_token_that_never_comes_back(
    market: Market, lab: SlurmLab
) -> None:
    if reason := why_no_rest():
        pytest.skip(reason)
    yard, cluster = await furnish(market), lab.rest()
    settings = {"url": cluster.url, "user": "root", "python": sys.executable, "bubblewrap": True}
    body = {"name": "by-rest", "kind": "slurm", "region": "beijing", "settings": settings, "secret": cluster.token}
    for wrong in ({"url": "http://10.1.2.3:6820"}, {"url": "https://169.254.169.254"}, {"user": "a b"}):
        assert await market.code("officer", "POST", POOLS, body | {"settings": settings | wrong}) == (422, "invalid")
    refused = await market.send("officer", "POST", POOLS, body | {"secret": "wrong-token"})
    assert (refused.status_code, refused.json()["code"]) == (422, "pool_unreachable")
    assert "wrong-token" not in refused.text
    answer = await market.send("officer", "POST", POOLS, body)
    assert answer.status_code == 201, answer.text
    assert cluster.token not in answer.text
    made = await yard.run(
        'echo "cards $ASCEND_RT_VISIBLE_DEVICES"',
        resources={"cpus": 1, "memory_gib": 0.5, "accelerator": "ascend910b", "accelerators": 2},
    )
    done = await yard.until(made["id"], "succeeded", "failed")
    assert done["state"] == "succeeded", done
    assert done["attempts"][0]["accounting"]["source"] == "slurmrestd"
    assert (await yard.log(made["id"]))["text"] == "cards 0,1\n"
    assert (await check_books(market.platform)).ok
