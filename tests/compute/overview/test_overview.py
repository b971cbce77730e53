"""The overview: what everybody sees of capacity, what of tasks only their own, and what is written down of the past."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from ceyuan.compute.overview.capacity import latest, note_capacity
from ceyuan.compute.overview.courses import Interval
from ceyuan.compute.overview.service import _Power
from ceyuan.compute.pools import LOCAL_POOL
from ceyuan.compute.tasks import Resources
from tests.compute.market import Market
from tests.compute.twin.test_studies import enter_tasks

OVERVIEW = "/overview"


async def test_the_overview_of_an_empty_platform_says_so_and_strangers_get_none(market: Market) -> None:
    assert (await market.send(None, "GET", OVERVIEW)).status_code == 401
    assert (await market.send("li", "GET", OVERVIEW, hours=0)).status_code == 422
    seen = await market.ok("li", "GET", OVERVIEW)
    assert (seen["everybody"], seen["teams"], seen["waiting"], seen["cost_micro"]) == (False, [], [], 0)
    assert len(seen["course"]["waiting"]) == 96


async def test_use_cost_and_energy_come_from_the_rows_of_tasks_and_are_the_own_ones(market: Market) -> None:
    await enter_tasks(market, 6)
    mine = await market.ok("li", "GET", OVERVIEW, hours=24)
    (team,) = mine["teams"]
    assert (team["name"], team["waiting"], team["running"]) == ("lab", 0, 0)
    assert team["core_hours"] == pytest.approx(6.0)
    assert mine["cost_micro"] == pytest.approx(6 * 3_600_000, abs=6)
    assert mine["energy_kwh"] == pytest.approx(6 * 5.0 * 1.3 / 1000)
    assert mine["carbon_kg"] == pytest.approx(mine["energy_kwh"] * 0.537)
    assert "carbon" in mine["assumed"]
    course = mine["course"]
    assert sum(course["held"]["cpus"]) * course["step_s"] / 3600 == pytest.approx(6.0, rel=1e-3)
    assert sum(course["cost_micro"]) == pytest.approx(mine["cost_micro"], rel=1e-3)
    assert sum(course["waiting"]) * course["step_s"] == pytest.approx(6 * 60.0, rel=0.01)
    assert (await market.ok("zoe", "GET", OVERVIEW))["teams"] == []
    everything = await market.ok("officer", "GET", OVERVIEW)
    assert (everything["everybody"], len(everything["teams"])) == (True, 1)
    (pool,) = [pool for pool in everything["pools"] if pool["id"] == LOCAL_POOL]
    assert (pool["kind"], pool["nodes"], pool["resources"][0]["held"]) == ("local", 1, 0)


async def test_changes_of_capacity_are_written_down_once_and_alerts_name_who_waits_in_vain(market: Market) -> None:
    await enter_tasks(market, 1, state="queued", attempts=[], seconds=0.0, finished_at=None, placed={})
    await market.ok("officer", "POST", f"/executor-pools/{LOCAL_POOL}/drain", {"on": True})
    for _ in range(2):
        await note_capacity(market.platform)
    async with market.platform.work(write=False) as uow:
        rows = await latest(uow.session)
    assert {key: row.usable for key, row in rows.items()} == {(LOCAL_POOL, "cpus"): 0}
    seen = await market.ok("li", "GET", OVERVIEW)
    assert seen["waiting_count"] == 1
    (waits,) = seen["waiting"]
    assert (waits["reason"], waits["name"]) == ("never", "t0")
    assert {"never", "pool_draining", "long_wait"} - {alert["code"] for alert in seen["alerts"]} == {"long_wait"}
    assert seen["course"]["capacity"]["cpus"][-1] == rows[(LOCAL_POOL, "cpus")].capacity


def test_power_is_what_the_offers_of_the_region_declare_whatever_they_offer_there() -> None:
    offers = [
        SimpleNamespace(region="beijing", accelerator="cpu", pue=1.1, carbon_g_kwh=500.0),
        SimpleNamespace(region="beijing", accelerator="cpu", pue=1.9, carbon_g_kwh=900.0),
        SimpleNamespace(region="neimenggu", accelerator="h800", pue=1.2, carbon_g_kwh=300.0),
    ]
    power = _Power({name: name for name in ("beijing", "neimenggu", "hebei")}, offers)

    def of(pool: str) -> tuple[float, float]:
        return power.of(Interval("lab", pool, 0.0, 1.0, Resources(cpus=200), 0.0))

    assert [of("beijing"), of("neimenggu")] == [pytest.approx((1.1, 0.5)), pytest.approx((1.2, 0.3))]
    assert power.assumed == {"core_watts"}
    assert of("hebei") == pytest.approx((1.3, 0.725))
    assert power.assumed == {"core_watts", "pue", "carbon"}
