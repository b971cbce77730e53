"""Who goes first, who waits for what, and what would help."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ceyuan.compute.admission import (
    Chooser,
    Claim,
    Held,
    Need,
    Node,
    Seat,
    Share,
    Shares,
    Situation,
    decide,
    forecast,
    what_if,
)

NOW = 1_000_000.0
TWO = (Node("a", "p", 8, 16_384, "h800", 4), Node("b", "p", 8, 16_384, "h800", 4))


def claim(key: str, owner: str = "lab", *, cpus: int = 1, cards: int = 0, nodes: int = 1, **more: Any) -> Claim:
    need = Need(cpus, 1024, "h800" if cards else "", cards, nodes)
    fields = {"since": NOW, "expected": 100.0, "longest": 600.0} | more
    return Claim(key, owner, (need,), **fields)


def held(key: str, owner: str, node: str, *, cpus: int = 8, cards: tuple[int, ...] = (), **more: Any) -> Held:
    need = Need(cpus, 1024, "h800" if cards else "", len(cards))
    fields = {"since": NOW - 50, "expected_end": NOW + 100, "latest_end": NOW + 300} | more
    return Held(key, owner, need, (Seat(node, cards),), **fields)


def started(situation: Situation) -> dict[str, tuple[Seat, ...]]:
    return {start.key: start.seats for start in decide(situation).starts}


def test_a_gang_gets_all_its_nodes_or_none() -> None:
    gang = claim("gang", cards=4, nodes=2)
    assert {seat.node for seat in started(Situation(NOW, TWO, (), (gang,)))["gang"]} == {"a", "b"}
    busy = Situation(NOW, TWO, (held("x", "lab", "a", cpus=1, cards=(0,)),), (gang,))
    assert started(busy) == {}
    assert decide(busy).waits["gang"].code == "room"
    apart = (TWO[0], replace(TWO[1], pool="q"))
    assert decide(Situation(NOW, apart, (), (gang,))).waits["gang"].code == "never"


def test_a_seat_is_charged_as_its_dominant_share_of_the_node_and_never_less_than_it_asks_for() -> None:
    node = Node("n", "p", 64, 65_536, "h800", 8)
    for need, charged in (
        (Need(8, 8192, "h800", 1), "1"),
        (Need(64, 1024, "h800", 1), "8"),
        (Need(1, 49_152, "h800", 2), "6"),
        (Need(9, 1024, "h800", 1), "1.125"),
        (Need(4, 4096), "4"),
        (Need(1, 32_768), "32"),
    ):
        assert node.charged(need) == Decimal(charged)
    assert Node("odd", "p", 0, 0, "h800", 2).charged(Need(4, 1024, "h800", 1)) == 1


@given(st.integers(1, 64), st.integers(1, 65_536), st.integers(0, 8))
def test_what_fits_on_a_node_together_is_never_charged_as_less_than_it_holds_nor_one_as_more_than_the_node(
    cpus: int, memory: int, cards: int
) -> None:
    node, need = Node("n", "p", 64, 65_536, "h800", 8), Need(cpus, memory, "h800" if cards else "", cards)
    assert (cards or cpus) <= node.charged(need) <= (8 if cards else 64)


def test_memory_counts_in_the_order_of_owners_though_no_quota_limits_it() -> None:
    hog = Held("x", "rich", Need(1, 15_000), (Seat("a"),), NOW - 50, NOW + 100, NOW + 300)
    claims = (claim("r", "rich", since=NOW - 500), claim("p", "poor"))
    busy = (hog, held("y", "poor", "b", cpus=2))
    assert decide(Situation(NOW, TWO, busy, claims)).order == ("p", "r")


def test_the_owner_with_the_smaller_dominant_share_goes_first() -> None:
    running = (held("x", "rich", "a", cpus=1, cards=(0, 1)),)
    claims = (claim("r", "rich", cpus=8, since=NOW - 500), claim("p", "poor", cpus=8))
    assert decide(Situation(NOW, TWO, running, claims)).order == ("p", "r")
    heavy = Shares([Share("rich", weight=1000.0)])
    assert decide(Situation(NOW, TWO, running, claims, heavy)).order[0] == "p"
    light = (held("x", "rich", "a", cpus=1), held("y", "poor", "b", cpus=2))
    assert decide(Situation(NOW, TWO, light, claims, heavy)).order[0] == "r"


def test_priority_then_length_then_age_order_an_owners_own() -> None:
    claims = (
        claim("long", expected=500.0, since=NOW - 10),
        claim("short", expected=50.0),
        claim("urgent", expected=500.0, priority=5),
        claim("old", expected=500.0, since=NOW - 20),
    )
    assert decide(Situation(NOW, TWO, (), claims)).order == ("urgent", "short", "old", "long")
    patient = (claim("waited", expected=500.0, since=NOW - 10 * 24 * 3600), claim("short", expected=50.0))
    assert decide(Situation(NOW, TWO, (), patient)).order == ("waited", "short")


def test_who_takes_many_times_as_long_as_alone_goes_before_shorter_ones_the_worst_off_first() -> None:
    claims = (
        claim("fresh", expected=60.0),
        claim("bad", expected=3600.0, since=NOW - 8 * 3600),
        claim("worse", expected=1800.0, since=NOW - 5 * 3600),
        claim("patient", expected=3600.0, since=NOW - 6 * 3600),
        claim("urgent", expected=7200.0, priority=1),
    )
    assert decide(Situation(NOW, TWO, (), claims)).order == ("urgent", "worse", "bad", "fresh", "patient")


def test_of_owners_with_equal_shares_the_one_whose_claim_is_worst_off_goes_first() -> None:
    claims = (
        claim("a", "long", expected=7200.0, since=NOW - 900),
        claim("b", "short", expected=600.0, since=NOW - 600),
    )
    assert decide(Situation(NOW, TWO, (), claims)).order[0] == "b"


def test_quotas_in_a_tree_are_borrowed_beyond_the_guarantee_up_to_the_ceiling() -> None:
    tree = Shares(
        [
            Share("city", guaranteed={"cpus": 8}, borrowing={"cpus": 4}),
            Share("lab", "city", guaranteed={"cpus": 2}),
            Share("uni", "city", guaranteed={"cpus": 6}),
        ]
    )
    claims = tuple(claim(f"l{i}", cpus=4, since=NOW + i) for i in range(4))
    decision = decide(Situation(NOW, TWO, (), claims, tree))
    assert [start.key for start in decision.starts] == ["l0", "l1", "l2"]
    assert (decision.waits["l3"].code, decision.waits["l3"].share, decision.waits["l3"].resource) == (
        "quota",
        "city",
        "cpus",
    )
    both = (*claims, claim("u", "uni", cpus=4, since=NOW + 99))
    assert decide(Situation(NOW, TWO, (), both, tree)).order[0] == "l0"
    assert "u" in started(Situation(NOW, TWO, (held("x", "lab", "a", cpus=8),), both, tree))


def test_those_who_borrowed_leave_for_those_who_are_guaranteed_room() -> None:
    tree = Shares([Share("uni", guaranteed={"cpus": 8})])
    running = (
        held("old", "lab", "a", interruptible=True, since=NOW - 900),
        held("new", "lab", "b", interruptible=True, since=NOW - 10),
    )
    wants = (claim("u", "uni", cpus=8),)
    assert decide(Situation(NOW, TWO, running, wants, tree)).leave == ("new",)
    fixed = tuple(replace(one, interruptible=False) for one in running)
    assert decide(Situation(NOW, TWO, fixed, wants, tree)).leave == ()
    assert decide(Situation(NOW, TWO, running, wants)).leave == ()


def test_while_one_is_leaving_nobody_else_is_asked_for_the_same_room() -> None:
    tree = Shares([Share("uni", guaranteed={"cpus": 16})])
    going = held("new", "lab", "b", leaving=True, since=NOW - 10, latest_end=NOW + 30)
    running = (held("old", "lab", "a", interruptible=True, since=NOW - 900), going)
    wants = (claim("u", "uni", cpus=8),)
    decision = decide(Situation(NOW, TWO, running, wants, tree))
    assert (decision.leave, decision.waits["u"].start) == ((), NOW + 30)
    # Two nodes are wanted: the other one has to leave as well.
    wants = (claim("u", "uni", cpus=8, nodes=2),)
    assert decide(Situation(NOW, TWO, running, wants, tree)).leave == ("old",)


def test_later_ones_pass_a_blocked_one_only_where_they_do_not_delay_it() -> None:
    running = (held("x", "lab", "a", cpus=6, latest_end=NOW + 300), held("y", "lab", "b", latest_end=NOW + 9000))
    first = claim("big", cpus=8, priority=1)
    short, long = claim("short", cpus=2, longest=200.0), claim("long", cpus=2, longest=5000.0)
    decision = decide(Situation(NOW, TWO, running, (first, short, long)))
    assert [start.key for start in decision.starts] == ["short"]
    assert decision.waits["big"].start == NOW + 300
    assert decision.waits["long"].code == "reserved"


def test_a_forecast_brackets_the_start_and_what_would_help_is_said() -> None:
    other = Node("c", "q", 8, 16_384, "ascend910b", 4)
    running = (
        held("x", "lab", "a", cpus=4, cards=(0, 1, 2, 3), expected_end=NOW + 100, latest_end=NOW + 300),
        held("y", "lab", "b", cpus=4, cards=(0, 1), expected_end=NOW + 200, latest_end=NOW + 400),
    )
    waits = claim("me", cpus=2, cards=4, pools=frozenset({"p"}))
    state = Situation(NOW, (*TWO, other), running, (claim("first", cards=4, priority=1, pools=frozenset({"p"})), waits))
    found = forecast(state, "me")
    assert (found.position, found.waiting) == (2, 2)
    assert found.earliest is not None
    assert found.latest is not None
    assert NOW + 100 <= found.earliest <= found.latest <= NOW + 1000
    alone = replace(state, claims=(waits,))
    assert (forecast(alone, "me").earliest, forecast(alone, "me").latest) == (NOW + 100, NOW + 300)
    kinds = {(one.kind, one.value) for one in what_if(alone, "me", kinds=["h800", "ascend910b"])}
    assert ("accelerators", "2") in kinds
    anywhere = replace(alone, claims=(replace(waits, pools=frozenset()),))
    assert ("accelerator", "ascend910b") in {
        (one.kind, one.value) for one in what_if(anywhere, "me", kinds=["ascend910b"])
    }


def test_a_claim_says_with_how_much_less_memory_or_more_money_it_would_start() -> None:
    node = Node("a", "p", 64, 262_144)
    runs = Held("x", "lab", Need(8, 163_840), (Seat("a"),), NOW, NOW + 100, NOW + 300)
    waits = replace(claim("me"), needs=(Need(8, 131_072), Need(16, 98_304)), lacks=(0, 3000))
    state = Situation(NOW, (node,), (runs,), (waits,))
    told = {(one.kind, one.value) for one in what_if(state, "me")}
    assert {("memory_mib", str(96 * 1024)), ("funds", "3000")} <= told
    poor = replace(waits, lacks=(5000, 3000))
    decision = decide(replace(state, claims=(poor, claim("next"))))
    assert (decision.waits["me"].code, [one.key for one in decision.starts]) == ("funds", ["next"])


needs = st.builds(
    lambda cpus, cards, nodes: Need(cpus, 1024, "h800" if cards else "", cards, nodes),
    st.integers(1, 9),
    st.integers(0, 5),
    st.integers(1, 2),
)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(needs, st.sampled_from("xyz"), st.floats(1, 1e4)), max_size=12))
def test_nothing_is_given_twice_and_everybody_is_answered(rows: list[tuple[Need, str, float]]) -> None:
    claims = tuple(Claim(f"c{i}", who, (need,), NOW, length, length) for i, (need, who, length) in enumerate(rows))
    decision = decide(Situation(NOW, TWO, (), claims))
    by_key = {one.key: one for one in claims}
    cpus: dict[str, int] = {}
    taken: set[tuple[str, int]] = set()
    for start in decision.starts:
        need = by_key[start.key].needs[start.need]
        assert len({seat.node for seat in start.seats}) == need.nodes
        for seat in start.seats:
            cpus[seat.node] = cpus.get(seat.node, 0) + need.cpus
            assert len(seat.devices) == need.accelerators
            for device in seat.devices:
                assert (seat.node, device) not in taken
                taken.add((seat.node, device))
    assert all(amount <= 8 for amount in cpus.values())
    assert {start.key for start in decision.starts} | set(decision.waits) == set(by_key)
    assert sorted(decision.order) == sorted(by_key)


def moves(situation: Situation, movable: set[str]) -> tuple[str, ...]:
    chooser = Chooser()
    assert started_with(situation, chooser) == {}
    return chooser.moves(situation, situation.claims[0], movable)


def started_with(situation: Situation, chooser: Chooser) -> dict[str, tuple[Seat, ...]]:
    return {start.key: start.seats for start in decide(situation, chooser.pick(situation)).starts}


def test_the_fewest_that_may_move_close_ranks_for_a_claim_that_fits_on_no_node() -> None:
    pytest.importorskip("numpy", reason="the extra “standard” is not installed")
    spread = (
        held("x", "lab", "a", cpus=1, cards=(0,)),
        held("y", "lab", "b", cpus=1, cards=(0,)),
        held("z", "lab", "b", cpus=1, cards=(1,)),
    )
    large = Situation(NOW, TWO, spread, (claim("large", cards=4),))
    assert moves(large, {"x", "y", "z"}) == ("x",)
    assert set(moves(large, {"y", "z"})) == {"y", "z"}
    assert moves(large, {"y"}) == ()
    assert moves(replace(large, nodes=(TWO[0], replace(TWO[1], open=False))), {"x"}) == ()
    assert moves(replace(large, claims=(claim("large", cards=4, avoid=frozenset("a")),)), {"x"}) == ()
    apart = replace(large, nodes=(TWO[0], replace(TWO[1], pool="q")))
    assert moves(apart, {"x", "y", "z"}) == ()
