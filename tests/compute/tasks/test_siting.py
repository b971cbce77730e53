"""In which pools a task is to run, as the engine of sites plans it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ceyuan.compute.admission import Claim, Held, Need, Node, Reason, Seat, Situation, decide
from ceyuan.compute.catalogue import Asked, Tariff
from ceyuan.compute.links import Links
from ceyuan.compute.pools import LOCAL_POOL, ExecutorPool
from ceyuan.compute.tasks.description import TaskSpec
from ceyuan.compute.tasks.settings import TaskSettings
from ceyuan.compute.tasks.siting import Choice, Market, Siting, _chosen
from ceyuan.hub import commit_folder, create_repository
from tests.compute.tasks.conftest import Yard

NODES = (
    Node("near-1", "near", 16, 64_000, "h800", 8),
    Node("far-1", "far", 16, 64_000, "h800", 8),
    Node("cut-1", "cut", 16, 64_000, "h800", 8),
)
REGIONS = {"near": "beijing", "far": "neimenggu", "cut": "xinjiang"}
NOW = datetime(2026, 1, 1, tzinfo=UTC)
LINKS = Links({("beijing", "neimenggu"): (10.0, 0.05)})


class Declared:
    """An offer's figures that a plan asks for."""

    availability_bp, pue, carbon_g_kwh = 9900, 1.2, 500.0


def tariff(kind: str, yuan: float) -> Tariff:
    """An offer's price, for nodes of 64 processors where it has no accelerators."""
    return Tariff("cof", kind, (Asked(NOW, (round(yuan * 1e6),) * 24, None, 64 if kind == "cpu" else 1),))


def market(gigabytes: float, **changes: object) -> Market:
    prices = {(pool, "h800"): tariff("h800", yuan) for pool, yuan in (("near", 30.0), ("far", 20.0), ("cut", 1.0))}
    offers = dict.fromkeys(prices, Declared())
    spec = TaskSpec(name="t", command="true")
    made = Market(
        REGIONS,
        offers,  # type: ignore[arg-type]
        prices,
        {"h800": 25.0, "cpu": 0.1},
        LINKS,
        "beijing",
        {"t": gigabytes},
        {"t": spec},
        1.0,
        90.0,
        9.0,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def claim(**changes: object) -> Claim:
    made = Claim("t", "lab", (Need(4, 1000, "h800", 8),), 0.0, 36_000.0, 40_000.0, pools=frozenset(REGIONS))
    return replace(made, **changes)  # type: ignore[arg-type]


def pools(gigabytes: float, held: tuple[Held, ...] = (), **changes: object) -> tuple[str, ...]:
    situation = Situation(0.0, NODES, held, (claim(),))
    return _chosen(situation, [claim()], market(gigabytes, **changes))["t"].pools


def test_small_data_follows_the_price_large_data_stays_and_where_no_link_leads_nothing_goes() -> None:
    assert pools(10.0)[0] == "far"
    assert pools(200_000.0)[0] == "near"
    assert "cut" not in pools(10.0)
    assert pools(0.0)[0] == "cut"
    assert pools(200_000.0, links=Links({}), home="")[0] == "cut"


def chosen(needs: tuple[Need, ...], may: frozenset[str], **changes: object) -> Choice | None:
    nodes = (*NODES, Node("small-1", "small", 4, 16_000), Node("small-2", "small", 4, 16_000))
    prices = {(pool, "cpu"): tariff("cpu", yuan) for pool, yuan in (("near", 32.0), ("far", 16.0), ("small", 8.0))}
    given = {"regions": {**REGIONS, "small": "beijing"}, "tariffs": prices, "offers": {}, "wait_yuan_h": 0.0}
    there = market(1.0, **(given | changes))
    asked = claim(needs=needs, pools=may)
    return _chosen(Situation(0.0, nodes, (), (asked,)), [asked], there).get("t")


def test_only_pools_that_the_task_may_use_and_whose_nodes_could_hold_it_are_planned() -> None:
    one_core = (Need(1, 1000),)
    assert chosen(one_core, frozenset({"near", "far", "small"})).pools[0] == "small"  # type: ignore[union-attr]
    # Not the cheaper pool of the same region, which is not the task's.
    assert chosen(one_core, frozenset({"near", "far"})).pools[0] == "far"  # type: ignore[union-attr]
    # Two small nodes are no large one.
    assert chosen((Need(8, 1000),), frozenset({"far", "small"})).pools == ("far",)  # type: ignore[union-attr]
    assert chosen((Need(32, 1000),), frozenset({"far", "small"})) is None


def test_a_node_without_accelerators_has_its_price_by_the_core_and_the_choice_says_what_each_pool_comes_to() -> None:
    links = Links({("beijing", "neimenggu"): (10.0, 3.0)})
    found = chosen((Need(1, 1000),), frozenset({"near", "far"}), links=links)
    assert found is not None
    # Ten hours of one core of 64: 5 yuan here, 2.5 there and 3 for the copy of one GB.
    here, there = found.weighed
    assert (here.pool, here.planned, here.rent, here.copying) == ("near", True, pytest.approx(5.0), 0.0)
    assert (there.pool, there.rent, there.copying) == ("far", pytest.approx(2.5), pytest.approx(3.0))
    assert there.whole == pytest.approx(5.5 + there.carbon)


def test_an_interruptible_task_is_planned_with_the_spot_price_and_any_other_with_the_usual_one() -> None:
    def asked(yuan: float, spot: float) -> Tariff:
        return Tariff("cof", "h800", (Asked(NOW, (round(yuan * 1e6),) * 24, round(spot * 1e6)),))

    given = {"tariffs": {("near", "h800"): asked(30.0, 6.0), ("far", "h800"): asked(20.0, 40.0)}, "wait_yuan_h": 0.0}
    needs, both = (Need(4, 1000, "h800", 8),), frozenset({"near", "far"})
    rents = {}
    for interruptible in (False, True):
        one = claim(needs=needs, pools=both, interruptible=interruptible)
        choice = _chosen(Situation(0.0, NODES, (), (one,)), [one], market(1.0, **given))["t"]
        rents[interruptible] = {row.pool: round(row.rent, 6) for row in choice.weighed}
        assert choice.pools[0] == ("near" if interruptible else "far")
    # Ten hours of eight accelerators; on spot nobody pays more than usual.
    assert rents == {False: {"far": 1600.0, "near": 2400.0}, True: {"near": 480.0, "far": 1600.0}}


def test_rent_counts_the_accelerators_that_a_task_is_charged_as() -> None:
    # One of eight accelerators, but half of the processors there: charged as four; in `far` all of 16: as eight.
    nodes = (replace(NODES[0], cpus=32), NODES[1])
    one = claim(needs=(Need(16, 1000, "h800", 1),), pools=frozenset({"near", "far"}))
    choice = _chosen(Situation(0.0, nodes, (), (one,)), [one], market(0.0, home="", links=Links({})))["t"]
    assert {row.pool: round(row.rent, 6) for row in choice.weighed} == {"near": 4 * 30.0 * 10, "far": 8 * 20.0 * 10}
    assert choice.pools[0] == "near"


def test_a_site_that_is_full_is_waited_for_only_as_long_as_waiting_is_cheaper() -> None:
    def busy(hours: float) -> tuple[Held, ...]:
        until = hours * 3600
        return (Held("x", "lab", Need(4, 1000, "h800", 8), (Seat("far-1", tuple(range(8))),), 0.0, until, until),)

    assert pools(10.0, busy(1.0)) == ("far",)
    assert pools(10.0, busy(1.0), wait_yuan_h=1000.0)[0] == "near"


def test_a_plan_narrows_and_orders_the_pools_of_a_claim_and_the_decision_keeps_to_it() -> None:
    siting = Siting()
    siting._chosen = {"t": Choice(("far", "near"), 0.0)}
    situation = siting.applied(Situation(0.0, NODES, (), (claim(),)))
    assert [start.seats[0].node for start in decide(situation).starts] == ["far-1"]
    full = Held("x", "lab", Need(4, 1000, "h800", 8), (Seat("far-1", tuple(range(8))),), 0.0, 9.0, 9.0)
    assert [start.seats[0].node for start in decide(replace(situation, held=(full,))).starts] == ["near-1"]
    siting._chosen = {"t": Choice(("far",), 1.0)}
    waits = decide(replace(siting.applied(Situation(0.0, NODES, (full,), (claim(),))))).waits
    assert waits["t"] == Reason("room", start=9.0)
    assert siting.applied(Situation(0.0, NODES, (), (claim(key="new"),))).claims[0].pools == frozenset(REGIONS)


@pytest.mark.engine_bound
async def test_inputs_that_no_link_leads_to_any_allowed_region_are_refused_by_name(yard: Yard, tmp_path: Path) -> None:
    market = yard.market
    market.platform.sections[TaskSettings] = TaskSettings(region="beijing")
    (tmp_path / "laws").mkdir()
    (tmp_path / "laws" / "a.txt").write_text("one\n")
    actor = await market.people.actor("li")
    async with market.platform.work(actor) as uow:
        await create_repository(uow, "dataset", "lab", "laws")
    await commit_folder(market.platform, "datasets/lab/laws", tmp_path / "laws", message="first", actor=actor)
    await yard.see_this_machine()
    async with market.platform.work() as uow:
        pool = await uow.session.get(ExecutorPool, LOCAL_POOL)
        assert pool is not None
        pool.region = "xinjiang"
    body = yard.body("true", inputs={"laws": "datasets/lab/laws@main"})
    named = (await market.ok("li", "POST", "/tasks/check", body))["inputs"]["laws"]
    into = {"out": "datasets/lab/laws"}
    cycle = yard.body("true", inputs={"laws": "datasets/lab/laws@main"}, outputs=into)
    refused = await market.send("li", "POST", "/tasks", cycle)
    assert (refused.status_code, refused.json()["code"], refused.json()["nearest"]) == (422, "task_inputs_cycle", named)
    await market.ok("li", "POST", "/tasks/check", yard.body("true", inputs={"laws": named}, outputs=into))
    await market.ok("officer", "PUT", "/links/beijing/hebei", {"gbps": 10})
    refused = await market.send("li", "POST", "/tasks", body)
    assert (refused.status_code, refused.json()["code"]) == (422, "compute_link_hole")
    assert refused.json()["missing"] == [["beijing", "xinjiang"]]
    await market.ok("officer", "PUT", "/links/hebei/xinjiang", {"gbps": 10})
    await market.ok("li", "POST", "/tasks/check", body)
