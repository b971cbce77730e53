"""The queue over HTTP: quotas, why a task waits, who makes room."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ceyuan import metering
from ceyuan.compute.executors import sandbox_works
from ceyuan.compute.pools import LOCAL_NODE, LOCAL_POOL, ExecutorPool, PoolNode
from ceyuan.compute.tasks.settings import TaskSettings
from tests.compute.market import YUAN
from tests.compute.tasks.conftest import Yard

pytestmark = pytest.mark.skipif(
    not sandbox_works(), reason="bubblewrap is missing or may not be used here: install Debian's package bubblewrap"
)


async def test_a_task_over_its_quota_waits_says_why_and_starts_when_the_quota_allows(yard: Yard) -> None:
    market, path = yard.market, f"/quotas/{yard.market.buyer}"
    tight = {"guaranteed": {"cpus": 1}, "borrowing": {"cpus": 0}}
    assert (await market.send("li", "PUT", path, tight)).status_code == 403
    assert await market.code("officer", "PUT", path, tight | {"parent": "nobody"}) == (422, "invalid")
    await market.ok("officer", "PUT", path, tight)
    first = await yard.run("sleep 300", time_limit_s=120)
    await yard.until(first["id"], "running")
    second, third = await yard.run("echo two"), await yard.run("echo three", priority=3)
    told = await market.ok("li", "GET", f"/tasks/{second['id']}/explain")
    assert (told["reason"], told["position"], told["waiting"]) == ("quota", 2, 2)
    assert told["latest"] >= told["earliest"]
    next_one = await market.ok("li", "GET", f"/tasks/{third['id']}/explain")
    assert next_one["position"] == 1
    assert [one["change"] for one in next_one["would_start_if"]] == ["quota"]
    assert (await market.send("zoe", "GET", f"/tasks/{second['id']}/explain")).status_code == 404
    dry = await market.ok("li", "POST", "/tasks/check", yard.body("true"))
    assert (dry["queue"]["reason"], dry["queue"]["position"]) == ("quota", 3)
    assert "deadline" not in dry["queue"]["en"]
    # Not before the first has ended, which may take two minutes.
    soon = (datetime.now(UTC) + timedelta(seconds=30)).isoformat()
    dry = await market.ok("li", "POST", "/tasks/check", yard.body("true", deadline=soon))
    assert "its deadline will have passed" in dry["queue"]["en"]
    assert 0 < dry["least_micro"] <= dry["most_micro"]
    assert (await market.send("officer", "DELETE", path)).status_code == 204
    for task in (second, third):
        assert (await yard.until(task["id"], "succeeded", "failed"))["state"] == "succeeded"
    running = await market.ok("li", "GET", f"/tasks/{first['id']}/explain")
    assert (running["state"], running["position"], running["en"]) == ("running", None, "it runs in local")
    await market.ok("li", "POST", f"/tasks/{first['id']}/stop")
    assert (await yard.until(first["id"], "cancelled"))["pool"] == ""


async def test_an_interruptible_task_makes_room_for_a_more_urgent_one_and_goes_on_later(yard: Yard) -> None:
    market = yard.market
    await market.ok(
        "officer", "PUT", f"/quotas/{market.buyer}", {"guaranteed": {"cpus": 4000}, "borrowing": {"cpus": 0}}
    )
    place = await market.ok("li", "GET", "/tasks/place")
    whole = {"cpus": place["cpus"], "memory_gib": 0.5}
    script = 'cd "$CEYUAN_CHECKPOINT"; if [ -e half ]; then echo again; else touch half; echo begun; sleep 300; fi'
    spot = await yard.run(script, resources=whole, interruptible=True, notice_s=1, time_limit_s=120)
    await yard.until_log(spot["id"], "begun")
    urgent = await yard.run("echo quick", resources=whole, priority=9)
    assert (await yard.until(urgent["id"], "succeeded", "failed"))["state"] == "succeeded"
    done = await yard.until(spot["id"], "succeeded", "failed")
    assert done["state"] == "succeeded", done
    assert [(one["state"], one["reason"]) for one in done["attempts"]] == [
        ("cancelled", "preempted"),
        ("succeeded", ""),
    ]
    spent, events = await yard.metered()
    assert events == 3
    assert spent == done["cost_micro"] + (await yard.task(urgent["id"]))["cost_micro"]


async def test_running_tasks_close_ranks_for_one_that_fits_on_no_node(yard: Yard) -> None:
    market = yard.market
    await yard.see_this_machine()
    cpus = (await market.ok("li", "GET", "/tasks/place"))["cpus"] // 2 * 2
    if not cpus:
        pytest.skip("this machine has one processor")
    async with market.platform.work() as uow:
        node = await uow.session.get(PoolNode, LOCAL_NODE)
        assert node is not None
        fields = {column.key: getattr(node, column.key) for column in PoolNode.__table__.columns}
        uow.session.add(PoolNode(**fields | {"id": "node_second", "name": "second", "cpus": cpus}))
    market.platform.sections[TaskSettings] = TaskSettings(defragment_s=0.2)
    half, whole = ({"cpus": count, "memory_gib": 0.5} for count in (cpus // 2, cpus))
    script = 'cd "$CEYUAN_CHECKPOINT"; [ -e half ] && echo again || touch half; sleep 300'
    halves = []
    for _ in range(3):
        one = await yard.run(script, resources=half, interruptible=True, notice_s=1, time_limit_s=170)
        halves.append(await yard.until(one["id"], "running"))
    places = [one["seats"][0]["node_id"] for one in halves]
    crowded = next(one for one, place in zip(halves, places, strict=True) if places.count(place) == 2)
    await market.ok("li", "POST", f"/tasks/{crowded['id']}/stop")
    large = await yard.run("echo room", resources=whole)
    assert (await yard.until(large["id"], "succeeded", "failed"))["state"] == "succeeded"
    left = [await yard.until(one["id"], "running") for one in halves if one is not crowded]
    assert sorted([one["reason"] for one in task["attempts"]] for task in left) == [[], ["moved"]]
    (moved,) = [task for task in left if task["attempts"]]
    await yard.until_log(moved["id"], "again")
    for task in left:
        await market.ok("li", "POST", f"/tasks/{task['id']}/stop")
        await yard.until(task["id"], "cancelled")


async def test_a_stopped_task_in_the_queue_never_starts(yard: Yard) -> None:
    market = yard.market
    await market.ok("officer", "PUT", f"/quotas/{market.buyer}", {"guaranteed": {"cpus": 0}, "borrowing": {"cpus": 0}})
    waits = await yard.run("echo never")
    await market.ok("li", "POST", f"/tasks/{waits['id']}/stop")
    await yard.until(waits["id"], "cancelled")
    assert (await market.send("officer", "DELETE", f"/quotas/{market.buyer}")).status_code == 204
    await asyncio.sleep(0.3)
    assert (await yard.task(waits["id"]))["attempts"] == []


@pytest.mark.engine_bound
async def test_a_task_short_of_money_that_others_hold_waits_and_a_voucher_of_what_is_missing_starts_it(
    yard: Yard,
) -> None:
    market = yard.market
    first = await yard.run("sleep 300", time_limit_s=9000)
    assert await market.code("li", "POST", "/tasks", yard.body("true", time_limit_s=20_000)) == (
        402,
        "insufficient_funds",
    )
    dry = await market.ok("li", "POST", "/tasks/check", yard.body("true", time_limit_s=3_000_000))
    assert (dry["missing_micro"], dry["queue"]["reason"]) == (2999 * YUAN, "funds")
    assert [(one["change"], one["value"]) for one in dry["queue"]["would_start_if"]] == [("funds", "2,999.00")]
    second = await yard.run("echo paid", time_limit_s=3000)
    told = await market.ok("li", "GET", f"/tasks/{second['id']}/explain")
    assert (told["reason"], told["position"], told["earliest"]) == ("funds", 1, None)
    assert [(one["change"], one["value"]) for one in told["would_start_if"]] == [("funds", "2.00")]
    async with market.platform.work() as uow:
        pool = await metering.open_account(uow, "platform", "pool", "vouchers")
        await metering.fund_account(uow, pool.id, 2 * YUAN, reference="fund")
        limits = metering.Restrictions(("compute.*",))
        await metering.issue_wallet(uow, market.buyer, 2 * YUAN, limits, uow.clock.now(), None, pool.id, "voucher-1")
    assert (await yard.until(second["id"], "succeeded", "failed"))["state"] == "succeeded"
    await market.ok("li", "POST", f"/tasks/{first['id']}/stop")
    await yard.until(first["id"], "cancelled")
    assert (await metering.check_books(market.platform)).ok


async def _pool(yard: Yard, name: str, region: str, org_id: str | None) -> None:
    """A pool with one open node, as if a cluster had been registered."""
    async with yard.market.platform.work() as uow:
        now = uow.clock.now()
        held: dict[str, Any] = {"health": "up", "fault": "", "checked_at": now, "created_at": now, "isolated": True}
        pool = {"name": name, "kind": "slurm", "org_id": org_id, "region": region, "settings": {}, "state": "active"}
        uow.session.add(ExecutorPool(id=f"epl_{name}", version=1, sealed_secret=None, created_by="x", **pool, **held))
        await uow.session.flush()
        size = {"cpus": 64, "memory_mib": 98_304, "accelerator": "", "accelerators": 0}
        empty = {"address": "", "port": 0, "user": "", "host_key": "", "sealed_key": None, "root": "", "misses": 0}
        node = PoolNode(
            id=f"node_{name}", pool_id=f"epl_{name}", name=f"{name}-1", draining=False, **size, **empty, **held
        )
        uow.session.add(node)


@pytest.mark.engine_bound
async def test_what_would_start_a_task_names_regions_and_pools_that_it_shut_out_and_nobody_elses(yard: Yard) -> None:
    market = yard.market
    await yard.see_this_machine()
    async with market.platform.work() as uow:
        local, node = await uow.session.get(ExecutorPool, LOCAL_POOL), await uow.session.get(PoolNode, LOCAL_NODE)
        assert local is not None
        assert node is not None
        local.region, node.draining = "beijing", True
    await _pool(yard, "near", "tianjin", None)
    await _pool(yard, "theirs", "hebei", market.supplier)

    async def would(**fields: Any) -> set[tuple[str, str]]:
        told = (await market.ok("li", "POST", "/tasks/check", yard.body("true", **fields)))["queue"]
        return {(one["change"], one["value"]) for one in told["would_start_if"]}

    assert await would(regions=["beijing"]) == {("region", "tianjin")}
    assert await would(pools=["local"]) == {("pool", "near")}
    answer = await market.send("li", "POST", "/tasks", yard.body("true", regions=["hebei"]))
    assert answer.json()["refusals"][0]["nearest"] == {"pools": ["local", "near"], "regions": ["beijing", "tianjin"]}
    # Another organisation's pool is refused as one that does not exist.
    for name in ("theirs", "nobodys"):
        refused = await market.send("li", "POST", "/tasks", yard.body("true", pools=[name]))
        assert (refused.status_code, refused.json()["detail"]) == (422, f"there is no pool “{name}”")
        assert "theirs" not in refused.json()["hint"]
