"""Studies over HTTP: who may start and see them, what is refused, what comes of them."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from ceyuan.compute.pools import LOCAL_POOL, ensure_local
from ceyuan.compute.tasks import ComputeTask
from ceyuan.compute.tasks.settings import TaskSettings
from ceyuan.compute.twin.comparing import best_by_figure
from ceyuan.compute.twin.fleet import read_fleet
from ceyuan.compute.twin.schemas import FleetIn
from ceyuan.kernel.ids import new_id
from tests.compute.market import Market

STUDIES = "/twin/studies"
SMALL = {"kind": "made_up", "days": 0.2, "load": 0.3, "mean_hours": 0.5, "seed": 4}


def body(market: Market, **fields: Any) -> dict[str, Any]:
    plan: dict[str, Any] = {
        "fleet": {"kind": "ring", "accelerators": 8},
        "workload": SMALL,
        "scenarios": [{"name": "=now", "placing": "best_fit", "learns": False}],
    }
    return {"org_id": market.buyer, "name": "冬季负载", "plan": plan | fields}


async def until_ended(market: Market, study_id: str) -> dict[str, Any]:
    async with asyncio.timeout(180):
        while (study := await market.ok("li", "GET", f"{STUDIES}/{study_id}"))["state"] in ("queued", "running"):
            await market.platform.dispatcher.drain()
            await asyncio.sleep(0.1)
    return study


async def enter_tasks(market: Market, count: int = 12, **fields: Any) -> None:
    """Tasks that ended, one every ten minutes, each an hour on half of this machine."""
    now = market.platform.clock.now()
    async with market.platform.work() as uow:
        await ensure_local(uow)
        for number in range(count):
            came = now - timedelta(hours=6) + timedelta(minutes=10 * number)
            resources = {"cpus": 1, "memory_gib": 0.5, "accelerator": "cpu", "accelerators": 0, "nodes": 1}
            values = {
                "id": new_id("tsk"),
                "org_id": market.buyer,
                "job_id": new_id("job"),
                "name": f"t{number}",
                "spec": {"name": f"t{number}", "command": "true", "resources": resources, "time_limit_s": 7200},
                "placed": resources,
                "inputs": {},
                "outputs": {},
                "state": "succeeded",
                "closing": None,
                "reason": "",
                "attempt": None,
                "attempts": [
                    {
                        "key": f"k{number}",
                        "seconds": 3600.0,
                        "started_at": came.timestamp() + 60,
                        "placed": resources,
                        "pool_id": LOCAL_POOL,
                    }
                ],
                "hold_id": None,
                "seconds": 3600.0,
                "cost_micro": 3_600_000,
                "pool_id": None,
                "admission": None,
                "notice": None,
                "avoid": None,
                "trusted": False,
                "queued_at": came,
                "created_by": "system",
                "created_at": came,
                "started_at": came,
                "finished_at": came + timedelta(minutes=61),
            }
            uow.session.add(ComputeTask(**(values | fields)))


async def test_studies_are_their_organisations_own_and_what_cannot_be_replayed_is_refused_by_name(
    market: Market,
) -> None:
    wanted = body(market)
    assert (await market.send(None, "POST", STUDIES, wanted)).status_code == 401
    assert (await market.send("zoe", "POST", STUDIES, wanted)).status_code == 404
    everybody = body(market, workload={"kind": "recorded", "everybody": True})
    assert (await market.send("li", "POST", STUDIES, everybody)).status_code == 403
    nothing = body(market, workload={"kind": "recorded"}, fleet={"kind": "ring"})
    assert await market.code("li", "POST", STUDIES, nothing) == (422, "twin_study_invalid")
    offers = body(market, fleet={"kind": "offers"})
    assert await market.code("li", "POST", STUDIES, offers) == (422, "twin_study_invalid")
    for wrong in (
        {"without": ["nowhere"]},
        {"cut": [["beijing", "hainan"]]},
        {"prices": {"mars": 2.0}},
        {"outages": [{"place": "nowhere", "from_h": 0, "to_h": 1}]},
        {"more_nodes": [{"place": "new", "count": 1000}, {"place": "new", "count": 1000}]},
    ):
        bad = body(market, scenarios=[{"name": "x"} | wrong])
        assert await market.code("li", "POST", STUDIES, bad) == (422, "twin_study_invalid"), wrong
    unknown = {"name": "x", "more_nodes": [{"place": "n", "accelerator": "gpu9000", "accelerators": 8}]}
    assert (await market.send("li", "POST", STUDIES, body(market, scenarios=[unknown]))).status_code == 422
    twice = body(market, scenarios=[{"name": "x"}, {"name": "x"}])
    assert (await market.send("li", "POST", STUDIES, twice)).status_code == 422
    assert (await market.ok("li", "GET", STUDIES))["items"] == []


@pytest.mark.engine_bound
async def test_own_tasks_are_replayed_under_two_scenarios_side_by_side_and_exported(market: Market) -> None:
    await enter_tasks(market)
    fleet = await market.ok("li", "GET", "/twin/fleet", org_id=market.buyer)
    assert [(place["name"], place["assumed"]) for place in fleet["places"]] == [
        ("local", ["pue", "carbon", "core_watts"])
    ]
    assert (await market.send("zoe", "GET", "/twin/fleet", org_id=market.buyer)).status_code == 404
    one_core = {"name": market.buyer, "guaranteed": {"cpus": 1}, "borrowing": {"cpus": 0}}
    plain = {"placing": "best_fit", "learns": False}
    more = {"name": "more", "more_nodes": [{"place": "local", "cpus": 64, "memory_gib": 64}], **plain}
    wanted = body(
        market,
        fleet={"kind": "pools"},
        workload={"kind": "recorded", "days": 2},
        scenarios=[{"name": "=now", **plain}, {"name": "one core", "shares": [one_core], **plain}, more],
    )
    study = await market.ok("li", "POST", STUDIES, wanted)
    done = await until_ended(market, study["id"])
    assert (done["state"], done["tasks"]) == ("succeeded", 12), done
    now, tight, wide = done["results"]
    assert wide["resources"]["cpus"]["capacity"] == now["resources"]["cpus"]["capacity"] + 64
    assert (now["totals"]["done"], tight["totals"]["done"]) == (12, 12)
    assert tight["totals"]["wait_s"]["mean"] > now["totals"]["wait_s"]["mean"]
    assert tight["totals"]["wait_s"]["max"] == 11 * 3000.0
    path = f"{STUDIES}/{study['id']}"
    assert (await market.send("zoe", "GET", path)).status_code == 404
    text = (await market.send("li", "GET", f"{path}/export")).text
    assert text.splitlines()[1].startswith("'=now,12,12,")
    course = (await market.send("li", "GET", f"{path}/export", what="series")).text
    assert len(course.splitlines()) == 1 + sum(len(row["series"]["queue"]) for row in done["results"])
    (row,) = (await market.ok("li", "GET", STUDIES))["items"]
    assert row["scenarios"] == ["=now", "one core", "more"]
    assert (await market.send("zoe", "DELETE", path)).status_code == 404
    assert (await market.send("li", "DELETE", path)).status_code == 204
    assert (await market.send("li", "GET", path)).status_code == 404


@pytest.mark.slow
async def test_a_made_up_load_on_five_regions_with_a_cut_link_and_a_price_that_rises(market: Market) -> None:
    plain = {"placing": "best_fit", "learns": False}
    scenarios = [
        {"name": "now", **plain},
        {"name": "dear", "prices": {"beijing": 2.0}, **plain},
        {"name": "cut", "cut": [["beijing", "tianjin"]], **plain}
        | {"faster": [{"one": "hebei", "other": "shanxi", "gbps": 400}]},
    ]
    first = await market.send("li", "POST", STUDIES, body(market, scenarios=scenarios))
    done = await until_ended(market, first.json()["id"])
    assert done["state"] == "succeeded", done
    now, dear, cut = (row["totals"] for row in done["results"])
    assert now["tasks"] == now["done"] > 0
    assert dear["cost_yuan"] >= now["cost_yuan"]
    assert dear["carbon_kg"] == now["carbon_kg"]
    assert cut["done"] == now["done"]


@pytest.mark.engine_bound
async def test_a_study_whose_job_is_cancelled_is_over_and_can_be_forgotten(market: Market) -> None:
    long = body(market, workload=SMALL | {"days": 300, "load": 1.0}, scenarios=[{"name": "long"}])
    study = await market.ok("li", "POST", STUDIES, long)
    assert await market.code("li", "DELETE", f"{STUDIES}/{study['id']}") == (409, "twin_study_open")
    headers = {"authorization": f"Bearer {market.tokens['li']}"}
    answer = await market.client.post(f"/api/v1/jobs/{study['job_id']}/cancel", headers=headers)
    assert answer.status_code in (200, 202), answer.text
    assert (await until_ended(market, study["id"]))["state"] == "cancelled"
    assert (await market.send("li", "DELETE", f"{STUDIES}/{study['id']}")).status_code == 204


@pytest.mark.engine_bound
async def test_a_pool_without_a_region_lies_where_the_platforms_store_does(market: Market) -> None:
    market.platform.sections[TaskSettings] = TaskSettings(region="beijing")
    async with market.platform.work() as uow:
        await ensure_local(uow)
        world = await read_fleet(uow, market.buyer, FleetIn(), [])
    assert [place["region"] for place in world["places"]] == ["beijing"]


def result(name: str, done: int, wait: float | None, cost: float, carbon: float) -> dict[str, Any]:
    return {"name": name, "totals": {"done": done, "wait_s": {"p95": wait}, "cost_yuan": cost, "carbon_kg": carbon}}


def test_best_by_figure_counts_only_the_scenarios_that_end_the_most_tasks_and_says_which() -> None:
    rows = [result("now", 10, 60.0, 9.0, 3.0), result("wide", 10, 20.0, 12.0, 2.0), result("cut", 4, 1.0, 1.0, 1.0)]
    found = {"done": 10, "counted": ["now", "wide"], "wait": "wide", "cost": "now", "carbon": "wide"}
    assert best_by_figure(rows) == found
    assert best_by_figure([]) is None
    nothing = best_by_figure([result("a", 0, None, 0.0, 0.0), result("b", 0, None, 0.0, 0.0)])
    assert nothing is not None
    assert nothing["wait"] == "a"
