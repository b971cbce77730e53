"""Use of a pool that delivers an offer is charged by that offer's prices, and nothing twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from ceyuan.compute.catalogue.evidence import CHINA
from ceyuan.compute.catalogue.tables import ComputeOfferPrice
from ceyuan.compute.executors import Run
from ceyuan.compute.pools import LOCAL_NODE, LOCAL_POOL, PoolNode
from ceyuan.compute.tasks import repository
from ceyuan.compute.tasks.money import settle
from ceyuan.metering import check_books
from ceyuan.metering.usage.tables import UsageRow
from tests.compute.market import YUAN, Market
from tests.compute.tasks.conftest import Yard

LOCAL = f"/executor-pools/{LOCAL_POOL}/offer"


async def live(market: Market, accelerator: str, **terms: Any) -> dict[str, Any]:
    if (await market.ok("officer", "GET", f"/partners/{market.partner['id']}"))["state"] != "admitted":
        await market.admit()
    more = {"per_node": 1, "cpu_cores": 10} if accelerator == "cpu" else {}
    return await market.live(await market.offer(await market.pool(await market.site(), accelerator, **more), **terms))


async def usage(market: Market, task_id: str) -> list[UsageRow]:
    async with market.platform.work(write=False) as uow:
        query = select(UsageRow).where(UsageRow.subject == task_id).order_by(UsageRow.occurred_at, UsageRow.key)
        return list(await uow.session.scalars(query))


@pytest.mark.engine_bound
async def test_a_pool_delivers_an_offer_that_is_live_and_of_its_region_and_operators_say_so(yard: Yard) -> None:
    market = yard.market
    await yard.see_this_machine()
    offer = await live(market, "cpu")
    assert (await market.send(None, "PUT", LOCAL, {"offer": offer["id"]})).status_code == 401
    assert (await market.send("li", "PUT", LOCAL, {"offer": offer["id"]})).status_code == 403
    assert (await market.code("officer", "PUT", LOCAL, {"offer": "cof_none"}))[1] == "compute_identifier_not_found"
    assert (await market.ok("officer", "PUT", LOCAL, {"offer": offer["identifier"]}))["offer_id"] == offer["id"]
    assert (await market.ok("officer", "PUT", LOCAL, {"offer": None}))["offer_id"] is None
    await market.step("officer", offer, "suspend", reason="complaint")
    assert (await market.code("officer", "PUT", LOCAL, {"offer": offer["id"]}))[1] == "compute_offer_not_live"
    await market.step("officer", offer, "resume")
    await market.ok("officer", "PUT", f"/executor-pools/{LOCAL_POOL}/region", {"region": "tianjin"})
    assert (await market.code("officer", "PUT", LOCAL, {"offer": offer["id"]}))[1] == "pool_unsuitable"


@pytest.mark.engine_bound
async def test_a_task_pays_the_price_of_the_offer_and_the_price_list_where_the_pool_delivers_none(yard: Yard) -> None:
    market = yard.market
    await yard.see_this_machine()
    assert (await market.ok("li", "POST", "/tasks/check", yard.body("true")))["most_micro"] == 60 * 1000
    # Ten processors at 18 yuan an hour: half of what the price list asks for a core-second; on spot a tenth of it.
    offer = await live(market, "cpu", list_micro=18 * YUAN, partner_micro=None, spot_micro=YUAN * 36 // 10)
    await market.ok("officer", "PUT", LOCAL, {"offer": offer["id"]})
    checked = await market.ok("li", "POST", "/tasks/check", yard.body("true"))
    assert checked["most_micro"] == 60 * 500
    assert (await market.ok("li", "POST", "/tasks/check", yard.body("true", interruptible=True)))["most_micro"] == 6000
    task = await yard.until((await yard.run("true", interruptible=True))["id"], "succeeded")
    (attempt,) = task["attempts"]
    (part,) = attempt["charges"]
    assert attempt["offer"] == offer["id"]
    assert part["cost_micro"] == task["cost_micro"] == round(100 * float(part["quantity"]))
    assert part["unit_micro"] / part["per"] == 100
    assert part["tariff"] == "spot"
    assert (await check_books(market.platform)).findings == []


@pytest.mark.engine_bound
async def test_what_makes_a_node_useless_to_others_is_held_and_charged_as_such_and_said_beforehand(yard: Yard) -> None:
    market = yard.market
    await yard.see_this_machine()
    async with market.platform.work() as uow:
        node = await uow.session.get(PoolNode, LOCAL_NODE)
        assert node is not None
        node.cpus, node.memory_mib = 8, 8192
    body = yard.body("true", resources={"cpus": 1, "memory_gib": 4.0})
    checked = await market.ok("li", "POST", "/tasks/check", body)
    # Half of the memory: as half of the eight processors. The price list asks 1000 micro-yuan for a core-second.
    assert (checked["charged_least"], checked["charged_most"]) == ("4.000", "4.000")
    assert checked["most_micro"] == 60 * 1000 * 4
    task = await yard.until((await yard.run("true", resources={"cpus": 1, "memory_gib": 4.0}))["id"], "succeeded")
    (attempt,) = task["attempts"]
    (part,) = attempt["charges"]
    assert (attempt["charged"], part["tariff"]) == ("4.000", "list")
    assert float(part["quantity"]) == pytest.approx(4 * attempt["seconds"], abs=0.01)
    certificate = await market.ok("li", "GET", f"/tasks/{task['id']}/certificate")
    assert certificate["totals"] == {"compute.core_second": part["quantity"]}
    assert certificate["links"][0]["charged"] == "4.000"


@pytest.mark.engine_bound
async def test_a_run_over_the_hour_and_over_a_change_of_price_is_charged_in_parts_and_once(yard: Yard) -> None:
    market = yard.market
    offer = await live(market, "h800", bands=[{"from_hour": 0, "to_hour": 8, "micro": 8 * YUAN}])
    made = await yard.until((await yard.run("true"))["id"], "succeeded")
    day = datetime.now(CHINA).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=1)
    async with market.platform.work() as uow:
        (row,) = await uow.session.scalars(select(ComputeOfferPrice))
        row.since = (day - timedelta(days=9)).astimezone(UTC)
        more = {"accelerator": "h800", "cores": 1, "spot_micro": None, "bands": []}
        changed = (day + timedelta(hours=9)).astimezone(UTC)
        uow.session.add(ComputeOfferPrice(id="cop_2", offer_id=offer["id"], since=changed, price_micro=YUAN, **more))
    run = Run("x.1.0", "succeeded", seconds=2 * 3600.0, started_at=(day + timedelta(hours=7.5)).timestamp())
    for _again in range(2):
        async with market.platform.work() as uow:
            task = await repository.get(uow.session, made["id"], lock=True)
            task.placed = {"cpus": 4, "memory_gib": 1.0, "accelerator": "h800", "accelerators": 2, "nodes": 1}
            task.admission = {"pool": "far", "offer": offer["id"], "seats": []}
            await settle(uow, task, run)
    devices = [one for one in await usage(market, made["id"]) if one.resource == "compute.device_second.h800"]
    assert [one.key for one in devices] == [f"task:x.1.0:device{end}" for end in ("", ":2", ":3")]
    assert [float(one.quantity) for one in devices] == [3600.0, 7200.0, 3600.0]
    assert [one.cost_micro for one in devices] == [8 * YUAN, 2 * 12 * YUAN, YUAN]
    shown = await yard.task(made["id"])
    assert shown["cost_micro"] == made["cost_micro"] + 33 * YUAN
    assert len(shown["attempts"]) == 2
    assert (await check_books(market.platform)).findings == []
