"""Sites: what cannot be done is refused by name, what can is planned within every limit."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ceyuan.compute.sites import (
    BadFigure,
    BudgetTooSmall,
    Choice,
    ExpiredOffer,
    Held,
    ImpossibleRequest,
    Link,
    LinkHole,
    MissedDeadline,
    Need,
    Offer,
    SiteError,
    SiteTask,
    UnknownAccelerator,
    UnknownSite,
    World,
    check,
    choices_of,
    mix,
    plan,
    regions,
    rehearse,
)

NEAR = Offer("near", "beijing", "H800", 16, (30.0,))
FAR = Offer("far", "inner-mongolia", "H800", 16, (20.0,))
LINKS = {("beijing", "inner-mongolia"): Link(10.0, 0.05), ("inner-mongolia", "beijing"): Link(10.0, 0.05)}


def world(*offers: Offer, gigabytes: float = 10.0, links: dict[tuple[str, str], Link] | None = None) -> World:
    return World(offers or (NEAR, FAR), LINKS if links is None else links, {"d": (gigabytes, frozenset({"beijing"}))})


def task(**changes: object) -> SiteTask:
    settings: dict[str, object] = {"name": "t", "needs": (Need("H800", 8, 10.0),), "data": "d"} | changes
    return SiteTask(**settings)  # type: ignore[arg-type]


@pytest.mark.parametrize("price", [-1.0, math.nan, math.inf, 1e9])
def test_a_price_that_cannot_be_meant_is_refused(price: float) -> None:
    with pytest.raises(BadFigure):
        Offer("s", "r", "H800", 1, (price,))


@pytest.mark.parametrize("speed", [0.0, -3.0, math.inf])
def test_a_link_without_speed_is_refused(speed: float) -> None:
    with pytest.raises(BadFigure):
        Link(speed)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"needs": (Need("H900", 8, 1.0),)}, UnknownAccelerator),
        ({"needs": (Need("H800", 64, 1.0),)}, ImpossibleRequest),
        ({"regions": frozenset({"atlantis"})}, UnknownSite),
        ({"data": "nowhere"}, UnknownSite),
        ({"deadline": 9.0}, MissedDeadline),
        ({"budget": 100.0}, BudgetTooSmall),
        ({"available": 1.0}, ImpossibleRequest),
        ({"sites": frozenset({"elsewhere"})}, ImpossibleRequest),
    ],
)
def test_what_cannot_be_done_is_named_in_both_languages(changes: dict[str, object], error: type[SiteError]) -> None:
    with pytest.raises(error) as raised:
        check(world(), [task(**changes)])
    assert raised.value.zh != raised.value.en
    assert raised.value.code.startswith("sites.")


def test_a_refusal_says_what_would_do() -> None:
    with pytest.raises(ImpossibleRequest) as large:
        check(world(), [task(needs=(Need("H800", 64, 1.0),))])
    assert large.value.nearest == ("near", 16)
    with pytest.raises(MissedDeadline) as late:
        check(world(), [task(deadline=9.0)])
    assert late.value.earliest == pytest.approx(10.0)
    with pytest.raises(BudgetTooSmall) as poor:
        check(world(), [task(budget=100.0)])
    assert poor.value.least == pytest.approx(20 * 80 + 0.5)


def test_a_hole_in_the_link_matrix_names_its_ends() -> None:
    with pytest.raises(LinkHole) as hole:
        plan(world(links={}), [task()])
    assert hole.value.missing == [("beijing", "inner-mongolia")]


def test_an_expired_offer_serves_nobody() -> None:
    with pytest.raises(ExpiredOffer):
        check(world(Offer("old", "beijing", "H800", 16, (1.0,), expires=0.0)), [task()])


def test_small_data_goes_to_the_cheap_site_and_large_data_stays() -> None:
    small = plan(world(gigabytes=10.0), [task()]).steps[0]
    large = plan(world(gigabytes=200_000.0), [task()]).steps[0]
    assert (small.offer, large.offer) == (1, 0)
    assert small.copied_from == "beijing"
    assert large.copied_from is None
    assert small.start >= small.copy_start + LINKS[("beijing", "inner-mongolia")].hours(10.0) - 1e-9


def test_one_copy_serves_two_tasks() -> None:
    made = plan(world(gigabytes=1000.0), [task(name="a"), task(name="b")])
    assert sum(step.copy_price for step in made.steps) == pytest.approx(50.0)
    assert {step.offer for step in made.steps} == {1}


def test_work_waits_for_the_cheap_hours_where_waiting_costs_nothing() -> None:
    prices = tuple(10.0 if hour >= 20 else 30.0 for hour in range(24))
    cheap = Offer("s", "beijing", "H800", 8, prices)
    step = plan(world(cheap), [task(needs=(Need("H800", 8, 4.0),), deadline=30.0)]).steps[0]
    assert step.start == 20
    hurried = plan(world(cheap), [task(needs=(Need("H800", 8, 4.0),), delay_price=1000.0)]).steps[0]
    assert hurried.start == 0


def test_a_price_changes_at_the_hour() -> None:
    offer = Offer("s", "r", "H800", 1, tuple(float(hour) for hour in range(24)))
    assert offer.price_between(0.5, 2.25) == pytest.approx(0.5 * 0 + 1 + 0.25 * 2)
    assert offer.price_between(23.0, 25.0) == pytest.approx(23 + 0)


@settings(max_examples=4, deadline=None)
@given(st.integers(0, 10**6))
def test_plans_keep_capacity_deadlines_and_order(seed: int) -> None:
    there, tasks = mix(regions(seed), seed, 6)
    made = plan(there, tasks, slot=6.0, horizon=240.0, gap=0.02, seconds=3.0, rounds=40)
    assert made.bound <= 1.02 * made.objective
    by_name = {t.name: t for t in tasks}
    for step in made.steps:
        offer, asked = there.offers[step.offer], by_name[step.task]
        assert step.need in asked.needs
        assert step.end <= asked.deadline + 1e-9
        if step.copied_from is not None and asked.data is not None:
            stops = [step.copied_from, *([step.via] if step.via else []), offer.region]
            legs = [there.links[leg] for leg in itertools.pairwise(stops)]
            size = there.data[asked.data][0]
            assert step.copy_start + sum(link.hours(size) for link in legs) <= step.start + 1e-6
        at_once = [s for s in made.steps if s.offer == step.offer and s.start <= step.start < s.end]
        assert sum(s.need.count for s in at_once) <= offer.count


def test_two_copies_on_one_link_follow_each_other() -> None:
    two = World((FAR,), LINKS, {"a": (4500.0, frozenset({"beijing"})), "b": (4500.0, frozenset({"beijing"}))})
    tasks = [task(name=n, data=n, needs=(Need("H800", 8, 1.0),)) for n in ("a", "b")]
    done = rehearse(two, tasks, [Choice(i, 0, tasks[i].needs[0]) for i in range(2)])
    assert sorted(done.ends.values()) == pytest.approx([2.0, 3.0])


def test_a_plan_rehearsed_costs_what_it_said() -> None:
    there, tasks = mix(regions(1), 1, 5)
    made = plan(there, tasks, slot=4.0, horizon=240.0, seconds=3.0, rounds=40)
    done = rehearse(there, tasks, choices_of(made, tasks))
    assert done.price == pytest.approx(sum(s.run_price + s.copy_price for s in made.steps), rel=0.02)
    assert done.missed == 0


def test_data_comes_by_the_way_that_is_cheapest_in_all_also_with_a_stop() -> None:
    dear = {("beijing", "inner-mongolia"): Link(10.0, 0.10)}
    links = dear | {("beijing", "shanxi"): Link(100.0, 0.02), ("shanxi", "inner-mongolia"): Link(40.0, 0.04)}
    made = plan(world(FAR, gigabytes=9000.0, links=links), [task()], rounds=20)
    (step,) = made.steps
    assert (step.copied_from, step.via) == ("beijing", "shanxi")
    assert step.copy_price == pytest.approx(540.0)
    assert step.start == pytest.approx(9000 / 45_000 + 9000 / 18_000)
    assert rehearse(world(FAR, gigabytes=9000.0, links=links), [task()], choices_of(made, [task()])).price == (
        pytest.approx(step.run_price + step.copy_price)
    )


def test_what_is_held_now_is_free_when_it_ends() -> None:
    busy = World((FAR,), {}, held=(Held(0, 16, 7.0),))
    (step,) = plan(busy, [task(data=None)], rounds=5).steps
    assert step.start == pytest.approx(7.0)
