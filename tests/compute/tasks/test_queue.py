"""The queue over HTTP: quotas, why a task waits, who makes room."""

from __future__ import annotations

import asyncio

import pytest

from ceyuan.compute.executors import sandbox_works
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
    assert (await market.send("officer", "DELETE", path)).status_code == 204
    for task in (second, third):
        assert (await yard.until(task["id"], "succeeded", "failed"))["state"] == "succeeded"
    running = await market.ok("li", "GET", f"/tasks/{first['id']}/explain")
    assert (running["state"], running["position"]) == ("running", None)
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


async def test_a_stopped_task_in_the_queue_never_starts(yard: Yard) -> None:
    market = yard.market
    await market.ok("officer", "PUT", f"/quotas/{market.buyer}", {"guaranteed": {"cpus": 0}, "borrowing": {"cpus": 0}})
    waits = await yard.run("echo never")
    await market.ok("li", "POST", f"/tasks/{waits['id']}/stop")
    await yard.until(waits["id"], "cancelled")
    assert (await market.send("officer", "DELETE", f"/quotas/{market.buyer}")).status_code == 204
    await asyncio.sleep(0.3)
    assert (await yard.task(waits["id"]))["attempts"] == []
