from __future__ import annotations

from typing import Any

from ceyuan.compute.capacity.service import hour_price
from ceyuan.compute.catalogue import OfferOut
from ceyuan.compute.catalogue.schemas import Band
from tests.compute.market import YUAN, Market

GOAL = {"parameters": 7e9, "tokens": 1e12, "deadline_hours": 720, "accelerator": "h800"}


async def planned(market: Market, **change: Any) -> Any:
    return await market.ok("li", "POST", "/plans", GOAL | change)


async def test_a_plan_names_all_figures_for_live_offers_only_and_the_cheapest_comes_first(market: Market) -> None:
    await market.admit()
    await market.offer()
    dear = await market.live_offer("neimenggu", "h800", 30, nodes=32)
    cheap = await market.live_offer("beijing", "h800", 20, nodes=32)
    found = await planned(market)
    assert found["flops"] > 6 * 7e9 * 1e12
    plan = found["plan"]
    assert plan["memory"]["total"] <= plan["memory"]["limit"] == 80
    assert plan["total_hours"] <= 720
    assert [fit["offer_id"] for fit in found["offers"]] == [cheap["id"], dear["id"]]
    fit = found["offers"][0]
    assert fit["fits"]
    assert fit["price_micro"] >= fit["plan"]["accelerator_hours"] * 0.999 * 20 * YUAN
    assert fit["energy_kwh"] > 0
    assert fit["carbon_kg"] > 0
    assert not fit["pue_assumed"]


async def test_offers_that_cannot_serve_say_why_and_what_would_do(market: Market) -> None:
    await market.admit()
    await market.live_offer("beijing", "h800", 20, nodes=2)
    await market.live_offer("tianjin", "cpu", 1, per_node=1)
    await market.live_offer("hebei", "h800", 30, nodes=64, storage_tb=1)
    rows = {row["region"]: row for row in (await planned(market, budget_micro=1000 * YUAN))["offers"]}
    few = next(one for one in rows["beijing"]["reasons"] if one["code"] == "too_few_nodes")
    assert few["nearest"]["deadline_hours"] > 720
    assert [one["code"] for one in rows["tianjin"]["reasons"]] == ["no_plan"]
    assert {one["code"] for one in rows["hebei"]["reasons"]} == {"too_little_storage", "over_budget"}
    longer = await planned(market, deadline_hours=few["nearest"]["deadline_hours"] + 1, region="beijing")
    assert [fit["fits"] for fit in longer["offers"]] == [True]


async def test_nobody_plans_without_signing_in_and_absurd_goals_are_refused_by_figure(market: Market) -> None:
    assert (await market.code(None, "POST", "/plans", GOAL))[0] == 401
    for change, field in (
        ({"tokens": -1}, "tokens"),
        ({"parameters": 0}, "parameters"),
        ({"active_parameters": 8e9}, "active"),
        ({"precision": "int4"}, "precision"),
        ({"deadline_hours": 0}, "deadline_hours"),
    ):
        answer = await market.send("li", "POST", "/plans", GOAL | change)
        assert (answer.status_code, answer.json()["code"]) == (422, "plan_goal_invalid"), change
        assert answer.json()["field"] == field
    assert (await market.code("li", "POST", "/plans", GOAL | {"accelerator": "h8"}))[1] == "compute_accelerator_unknown"
    assert (await market.code("li", "POST", "/plans", GOAL | {"region": "mars"}))[1] == "compute_region_unknown"
    found = await planned(market, deadline_hours=0.5)
    assert found["plan"] is None
    assert found["refusal"]["code"] == "too_late"
    assert found["refusal"]["nearest"]["deadline_hours"] > 0.5


def test_the_price_of_work_day_and_night_weighs_the_bands() -> None:
    band = Band(from_hour=0, to_hour=8, micro=6 * YUAN)
    offer = OfferOut.model_construct(bands=[band], price_micro=12 * YUAN)
    assert hour_price(offer) == (8 * 6 * YUAN + 16 * 12 * YUAN) // 24
