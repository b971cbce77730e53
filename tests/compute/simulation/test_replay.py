"""Replays: what comes, runs, copies, moves and ends when, under which assumptions."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from typing import Any

import pytest

from ceyuan.compute.admission import Need, Node, Share, Shares
from ceyuan.compute.simulation import (
    Mixture,
    Outage,
    Place,
    Policy,
    Replay,
    Scenario,
    TwinTask,
    World,
    applied,
    made_up,
    replay,
    ring_world,
    summarise,
)
from ceyuan.compute.simulation.clock import MOVED_S, NOTICE_S
from ceyuan.compute.simulation.values import over
from ceyuan.compute.sites import Link

HOUR = 3600.0
PLAIN = Policy("best_fit", learns=False)
EAST = Place("east", "beijing", price=(10.0,), watts=500.0, pue=1.2, carbon=(600.0,))
WEST = Place("west", "shanxi", price=(4.0,), watts=500.0, pue=1.2, carbon=(300.0,))
FOUR, EIGHT = Need(4, 1024, "h800", 4), Need(8, 1024, "h800", 8)


def world(*places: Place, **fields: Any) -> World:
    """One node of eight accelerators in each place."""
    nodes = tuple(Node(f"{place.name}-0", place.name, 64, 65_536, "h800", 8) for place in places)
    return World(places, nodes, **fields)


def task(key: str, submit: float = 0.0, seconds: float = HOUR, need: Need = FOUR, **fields: Any) -> TwinTask:
    owner, limit = str(fields.pop("owner", "a")), float(fields.pop("limit", 4 * seconds))
    return TwinTask(key, owner, (need,), submit, (seconds,), limit, **fields)


def firsts(done: Replay) -> dict[str, float | None]:
    return {one.key: first for one, first in zip(done.tasks, done.first, strict=True)}


def test_tasks_start_as_soon_as_there_is_room_and_not_before() -> None:
    done = replay(world(EAST), [task("1"), task("2"), task("3", 60.0)], PLAIN)
    assert firsts(done) == {"1": 0.0, "2": 0.0, "3": HOUR}
    found = summarise(done)
    assert (found["totals"]["done"], found["totals"]["wait_s"]["max"]) == (3, HOUR - 60.0)
    assert found["resources"]["h800"]["utilisation"] == pytest.approx(0.75)
    assert found["totals"]["cost_yuan"] == pytest.approx(3 * 4 * 10.0)
    assert found["totals"]["energy_kwh"] == pytest.approx(3 * 4 * 0.5 * 1.2)
    assert found["totals"]["carbon_kg"] == pytest.approx(3 * 4 * 0.5 * 1.2 * 0.6)


def test_courses_over_time_add_up_to_the_sums() -> None:
    tasks = [task(str(i), 700.0 * i, 500.0 + 911.0 * i) for i in range(9)]
    found = summarise(replay(world(EAST, WEST), tasks, PLAIN))
    series, totals = found["series"], found["totals"]
    assert sum(series["cost_yuan"]) == pytest.approx(totals["cost_yuan"], rel=1e-3)
    assert sum(series["carbon_kg"]) == pytest.approx(totals["carbon_kg"], rel=1e-3)
    held = sum(row["hours"] for row in found["owners"]) * HOUR
    assert sum(series["used"]["h800"]) * series["step_s"] * 16 == pytest.approx(held, rel=1e-2)
    assert sum(row["cost_yuan"] for row in found["places"]) == pytest.approx(totals["cost_yuan"])


def test_interruptible_tasks_pay_spot_and_what_fills_a_node_pays_for_all_its_accelerators() -> None:
    place = replace(EAST, spot=(2.0,), beside_price=(0.5,))
    # One accelerator, and all 64 cores of a node of eight: nobody else can use the other seven.
    wide = Need(64, 1024, "h800", 1)
    costs = [
        summarise(replay(world(place), [task("1", need=need, interruptible=spot)], PLAIN))["totals"]["cost_yuan"]
        for need, spot in ((FOUR, False), (FOUR, True), (wide, False))
    ]
    assert costs == pytest.approx([4 * 10.0 + 4 * 0.5, 4 * 2.0 + 4 * 0.5, 8 * 10.0 + 64 * 0.5])


def test_the_cheapest_place_is_the_one_that_is_cheapest_for_the_tasks_class() -> None:
    spots, policy = (replace(EAST, spot=(1.0,)), WEST), Policy("cheapest", learns=False)
    for interruptible, where in ((True, 0), (False, 1)):
        done = replay(world(*spots), [task("1", interruptible=interruptible)], policy)
        assert [stay.place for stay in done.stays] == [where]


def test_a_quota_keeps_an_owner_waiting_and_more_of_it_lets_it_start() -> None:
    tight = Shares([Share("a", guaranteed={"h800": 4}, borrowing={"h800": 0})])
    two = [task("1"), task("2")]
    kept = replay(world(EAST, shares=tight), two, PLAIN)
    assert sorted(start for start in firsts(kept).values() if start is not None) == [0.0, HOUR]
    wider, same = applied(Scenario(shares=Shares()), world(EAST, shares=tight), two)
    assert set(firsts(replay(wider, same, PLAIN)).values()) == {0.0}


def test_who_borrowed_leaves_at_a_notice_for_who_is_guaranteed_and_goes_on_later() -> None:
    promised = Shares([Share("b", guaranteed={"h800": 8, "cpus": 64}), Share("a", guaranteed={})])
    both = [task("spot", need=EIGHT, interruptible=True), task("own", 600.0, need=EIGHT, owner="b")]
    done = replay(world(EAST, shares=promised), both, PLAIN)
    assert firsts(done)["own"] == pytest.approx(600.0 + NOTICE_S)
    assert (done.moves, done.fate) == (1, ["done", "done"])
    assert done.ended[0] == pytest.approx(600.0 + NOTICE_S + HOUR + HOUR - (600.0 + NOTICE_S - MOVED_S))


def test_data_is_copied_once_over_its_link_and_a_cut_link_keeps_tasks_at_home() -> None:
    links = {pair: Link(1.0, 0.01) for pair in (("beijing", "shanxi"), ("shanxi", "beijing"))}
    pair = [
        task(key, need=EIGHT, data="d", gigabytes=450.0, homes=frozenset({"beijing"}), places=frozenset({"west"}))
        for key in ("1", "2")
    ]
    there = world(EAST, WEST, links=links)
    done = replay(there, pair, PLAIN)
    assert done.copied_gb == 450.0
    assert sorted(end for end in done.ended if end is not None) == pytest.approx([2 * HOUR, 3 * HOUR])
    assert summarise(done)["totals"]["copy_yuan"] == pytest.approx(4.5)
    free = [replace(one, places=frozenset()) for one in pair]
    cut, same = applied(Scenario(cut=(("beijing", "shanxi"),)), there, free)
    at_home = replay(cut, same, PLAIN)
    assert {cut.places[stay.place].name for stay in at_home.stays} == {"east"}
    assert replay(cut, pair, PLAIN).fate == ["waiting", "waiting"]


def test_the_place_is_the_cheapest_the_greenest_or_the_nearest_if_one_asks_for_it() -> None:
    links = {("beijing", "shanxi"): Link(100.0, 1000.0), ("shanxi", "beijing"): Link(100.0)}
    one = task("1", data="d", gigabytes=10.0, homes=frozenset({"beijing"}))
    there = world(EAST, WEST, links=links)

    def place(placing: str, **fields: Any) -> str:
        done = replay(there, [replace(one, **fields)], Policy(placing))
        return there.places[done.stays[0].place].name

    assert place("nearest") == "east"
    assert place("greenest") == "west"
    assert place("cheapest") == "east"  # the copy would cost more than the rent saves
    assert place("cheapest", homes=frozenset()) == "west"


def test_a_place_that_fails_loses_no_task() -> None:
    down = world(EAST, WEST, outages=(Outage("east", 1800.0, 1e6),))
    done = replay(down, [task("1", places=frozenset({"east"})), task("2", need=EIGHT)], PLAIN)
    assert done.moves >= 1
    assert done.fate[1] == "done"
    assert summarise(done)["totals"]["done"] == 2


def test_a_deadline_that_passes_in_the_queue_is_counted_as_late() -> None:
    done = replay(world(EAST), [task("1", need=EIGHT), task("2", 1.0, deadline=600.0)], PLAIN)
    assert done.fate == ["done", "late"]
    assert summarise(done)["totals"]["late"] == 1


def test_more_nodes_other_prices_and_more_load_change_what_they_should() -> None:
    there, tasks = world(EAST), [task(str(i), 10.0 * i) for i in range(8)]
    now = summarise(replay(there, tasks, PLAIN))["totals"]
    more = (EAST, (Node("east-1", "east", 64, 65_536, "h800", 8),))
    twice = summarise(replay(*applied(Scenario(more_nodes=(more,)), there, tasks), PLAIN))["totals"]
    assert twice["wait_s"]["mean"] < now["wait_s"]["mean"]
    dear = summarise(replay(*applied(Scenario(prices={"beijing": 1.5}), there, tasks), PLAIN))["totals"]
    assert dear["cost_yuan"] == pytest.approx(1.5 * now["cost_yuan"])
    assert dear["wait_s"] == now["wait_s"]
    loaded = applied(Scenario(load=2.5), there, tasks)[1]
    assert (len(loaded), len({one.key for one in loaded})) == (20, 20)
    assert len(applied(Scenario(load=0.25), there, tasks)[1]) == 2


def test_prices_by_the_hour_are_summed_over_the_hours_that_a_task_runs() -> None:
    figures = tuple(float(hour) for hour in range(24))
    assert over(figures, 22.5, 25.5) == pytest.approx(0.5 * 22 + 23 + 0 + 0.5 * 1)
    assert over(figures, 0.0, 48.0) == pytest.approx(2 * sum(figures))
    assert over((3.0,), 1.0, 3.5) == pytest.approx(7.5)


@pytest.mark.parametrize("placing", [pytest.param("platform", marks=pytest.mark.slow), "cheapest"])
def test_nothing_is_held_twice_nothing_is_lost_and_the_same_seed_gives_the_same(placing: str) -> None:
    there = ring_world(3, 16)
    tasks = made_up(there, Mixture(seed=3, days=1.0, load=1.2, mean_hours=8.0, most_gb=50.0))[:50]
    done = replay(there, tasks, Policy(placing, tick=60.0))
    marks: dict[tuple[str, int], list[tuple[float, float]]] = {}
    for stay in done.stays:
        for seat in stay.seats:
            for device in seat.devices:
                marks.setdefault((seat.node, device), []).append((stay.start, stay.end))
    for spans in marks.values():
        spans.sort()
        assert all(one[1] <= other[0] + 1e-6 for one, other in itertools.pairwise(spans))
    ran = dict.fromkeys(range(len(tasks)), 0.0)
    for stay in done.stays:
        ran[stay.task] += stay.end - stay.start - stay.copying
    for row, (one, fate) in enumerate(zip(done.tasks, done.fate, strict=True)):
        if fate == "done":
            assert ran[row] >= one.seconds[0] - 1e-3
    assert "waiting" not in done.fate
    assert summarise(done) == summarise(replay(there, tasks, Policy(placing, tick=60.0)))


def test_made_up_tasks_fit_somewhere_and_ask_for_the_load_that_was_wished_for() -> None:
    there = ring_world(1, 16)
    tasks = made_up(there, Mixture(seed=5, days=3.0, load=0.5))
    asked = sum(one.needs[0].total.get("h800", 0.0) * one.seconds[0] for one in tasks)
    whole = there.capacity["h800"] * 3 * 86_400
    assert 0.2 < asked / whole < 0.6
    assert all(one.deadline == math.inf or one.deadline > one.submit for one in tasks)
    assert replay(there, tasks[:1], PLAIN).fate == ["done"]
    assert made_up(World((), ()), Mixture()) == []
    apart = replace(there, links={})
    assert {one.homes for one in made_up(apart, Mixture(days=1.0))} == {frozenset()}
