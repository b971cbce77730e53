"""A Kubernetes pool over HTTP and a task on it, against an emulated API server (see kubelab)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

pytest.importorskip("lightkube", reason="lightkube is missing: pip install 'ceyuan[kubernetes]'")

from ceyuan.compute.pools import ExecutorPool, look_after_pools
from ceyuan.metering import check_books
from tests.compute.executors.kubelab import POLICY, TOKEN, KubeLab
from tests.compute.market import Market
from tests.compute.tasks.conftest import furnish

POOLS = "/executor-pools"


@pytest.fixture
async def lab(market: Market) -> AsyncIterator[KubeLab]:
    share = market.platform.data_dir / "compute"
    share.mkdir(exist_ok=True)
    made = await KubeLab(share).start()
    yield made
    await made.stop()


def body(lab: KubeLab, **settings: Any) -> dict[str, Any]:
    given = {"url": f"http://127.0.0.1:{lab.port}", "image": "python:3.12", "host_path": str(lab.share)}
    return {"name": "kube", "kind": "kubernetes", "region": "beijing", "secret": TOKEN, "settings": given | settings}


async def test_a_cluster_is_tried_before_it_is_kept_and_its_token_never_comes_back(
    market: Market, lab: KubeLab
) -> None:
    assert (await market.send("li", "POST", POOLS, body(lab))).status_code == 403
    for wrong in (
        {"url": "http://10.1.2.3:6443"},
        {"url": "https://169.254.169.254"},
        {"image": "no such image"},
        {"claim": "both"},
        {"accelerators": {"h8000": "nvidia.com/gpu"}},
        {"shell": "x"},
    ):
        assert await market.code("officer", "POST", POOLS, body(lab, **wrong)) == (422, "invalid"), wrong
    assert await market.code("officer", "POST", POOLS, body(lab) | {"secret": ""}) == (422, "invalid")
    refused = await market.send("officer", "POST", POOLS, body(lab) | {"secret": "wrong-token"})
    assert (refused.status_code, refused.json()["code"]) == (422, "pool_unreachable")
    assert "wrong-token" not in refused.text
    assert "kube" not in [one["name"] for one in (await market.ok("officer", "GET", POOLS))["items"]]

    answer = await market.send("officer", "POST", POOLS, body(lab))
    assert answer.status_code == 201, answer.text
    assert TOKEN not in answer.text
    pool = answer.json()
    assert [(one["name"], one["health"], one["isolated"]) for one in pool["nodes"]] == [
        ("kn1", "up", False),
        ("kn2", "up", False),
    ]
    lab.policies["ceyuan-no-network"] = POLICY
    assert all(one["isolated"] for one in (await market.ok("officer", "POST", f"{POOLS}/kube/look"))["nodes"])
    task = {"name": "t", "command": "true", "pools": ["kube"], "image": "reg.example/lab/train:2"}
    asked = {"org_id": market.buyer, "task": task}
    await market.ok("li", "POST", "/tasks/check", asked)
    async with market.platform.work() as uow:
        row = await uow.session.get(ExecutorPool, pool["id"])
        assert row is not None
        row.settings = row.settings | {"images": ["reg.example/jing/"]}
    refused = await market.send("li", "POST", "/tasks", asked)
    assert (refused.status_code, refused.json()["code"]) == (422, "task_image_impossible")
    assert refused.json()["nearest"] == ["python:3.12", "reg.example/jing/"]
    secret = {"secret": "wrong-token"}
    assert (await market.send("li", "PUT", f"{POOLS}/kube/secret", secret)).status_code == 403
    assert await market.code("officer", "PUT", f"{POOLS}/kube/secret", secret) == (422, "pool_unreachable")
    await market.ok("officer", "PUT", f"{POOLS}/kube/secret", {"secret": TOKEN})


@pytest.mark.slow
async def test_a_task_goes_on_elsewhere_when_its_node_dies_and_is_metered_once_for_each_try(
    market: Market, lab: KubeLab
) -> None:
    lab.policies["ceyuan-no-network"] = POLICY
    yard = await furnish(market)
    await market.ok("officer", "POST", POOLS, body(lab))
    script = (
        'cd "$CEYUAN_CHECKPOINT"; if [ -e half ]; then cd -; mkdir out; echo 6 > out/a; echo again;'
        " else touch half; echo begun; sleep 300; fi"
    )
    made = await yard.run(script, pools=["kube"], outputs={"out": "datasets/lab/far"})
    await yard.until_log(made["id"], "begun")
    node = (await yard.task(made["id"]))["seats"][0]["node"]
    (pod,) = lab.pods.values()
    assert pod["metadata"]["labels"]["ceyuan/network"] == "none"
    await lab.lose(node)
    async with asyncio.timeout(120):
        while (task := await yard.task(made["id"]))["state"] not in ("succeeded", "failed"):
            await look_after_pools(market.platform)
            await market.platform.dispatcher.drain()
            await asyncio.sleep(0.1)
    assert task["state"] == "succeeded", task
    assert [one["state"] for one in task["attempts"]] == ["lost", "succeeded"]
    assert task["attempts"][1]["seats"][0]["node"] != node
    assert [one["accounting"]["source"] for one in task["attempts"]] == ["kubernetes", "kubernetes"]
    assert task["outputs"]["out"].startswith("datasets/lab/far@")
    assert (await yard.metered())[1] == 2
    assert (await check_books(market.platform)).ok
