"""The rules by which replicas start, take over, drain, end and follow the load."""

from __future__ import annotations

from dataclasses import replace

from ceyuan.models.replicas.deciding import Bounds, Change, Course, Demand, Seen, fill, pause_s, steer, step
from ceyuan.models.serving.variants import DeploymentPlan, PoolRun, Scale, Variant

BOUNDS = Bounds(start_timeout_s=100.0, idle_s=50.0, drain_s=30.0)
NOW = 1000.0


def plan(*names: str, scale: Scale | None = None) -> DeploymentPlan:
    variants = [
        Variant(name, number, "", "r", "n", "org", True, percent=10)  # type: ignore[arg-type]
        for number, name in enumerate(names or ("stable",), start=1)
    ]
    return DeploymentPlan(tuple(variants), scale or Scale(1, 4, 100), pool=PoolRun("vllm", "gpu", concurrency=4))


def seen(name: str = "a", number: int = 1, state: str = "ready", **fields: object) -> Seen:
    base = Seen(name, number, state, "running", "t.1", "t.1", 80, True, 0, 0, NOW - 500, NOW - 500, NOW + 500)
    return replace(base, **fields)  # type: ignore[arg-type]


def moves(changes: list[Change]) -> list[tuple[str, str]]:
    return [(one.replica, one.state) for one in changes if one.kind == "move"]


def starts(changes: list[Change]) -> list[int]:
    return [one.number for one in changes if one.kind == "start"]


def test_a_replica_is_ready_when_it_answers_and_starts_anew_when_its_task_moves() -> None:
    starting = seen(state="starting", known_attempt=None, answers=None, port=0)
    assert step(starting, NOW, BOUNDS) is None
    assert moves([step(replace(starting, answers=True, port=80), NOW, BOUNDS) or Change("")]) == [("a", "ready")]
    assert step(seen(), NOW, BOUNDS) is None
    assert moves([step(seen(attempt="t.2"), NOW, BOUNDS) or Change("")]) == [("a", "starting")]


def test_a_replica_that_ends_never_loads_or_falls_silent_has_failed() -> None:
    for one in (
        seen(task="ended"),
        seen(state="starting", task="ended"),
        seen(state="starting", answers=None, running_s=101.0),
        seen(ill=True),
    ):
        change = step(one, NOW, BOUNDS)
        assert change is not None
        assert change.fault is not None


def test_a_draining_replica_ends_after_its_last_call_or_its_time() -> None:
    draining = seen(state="draining", changed_at=NOW - 5, held=1)
    assert step(draining, NOW, BOUNDS) is None
    assert moves([step(replace(draining, held=0), NOW, BOUNDS) or Change("")]) == [("a", "stopping")]
    assert step(replace(draining, held=0, changed_at=NOW - 1), NOW, BOUNDS) is None
    assert moves([step(replace(draining, changed_at=NOW - 31), NOW, BOUNDS) or Change("")]) == [("a", "stopping")]
    assert moves([step(replace(draining, state="stopping", task="ended"), NOW, BOUNDS) or Change("")]) == [
        ("a", "ended")
    ]


def test_what_is_missing_starts_and_what_is_too_much_drains_the_unready_first() -> None:
    assert starts(fill(plan(), 3, [seen()], [], NOW)) == [1, 1]
    young = seen("b", state="starting", changed_at=NOW)
    assert moves(fill(plan(), 1, [seen(), young], [], NOW)) == [("b", "draining")]
    assert moves(fill(plan(), 0, [seen()], [], NOW)) == [("a", "draining")]
    assert moves(fill(None, 0, [seen()], [], NOW)) == [("a", "draining")]


def test_after_a_failure_the_next_one_waits_ever_longer() -> None:
    failed = seen("f", state="failed", task="ended", failures=3, changed_at=NOW - 3.9)
    assert fill(plan(), 2, [], [failed], NOW) == []
    assert starts(fill(plan(), 2, [], [failed], NOW + 0.2)) == [1]
    assert [pause_s(count) for count in (1, 2, 3, 20)] == [1.0, 2.0, 4.0, 300.0]


def test_another_revision_gets_as_many_before_the_old_one_drains() -> None:
    both = plan("stable", "next")
    assert starts(fill(both, 2, [seen("a"), seen("b")], [], NOW)) == [2, 2]
    asleep = fill(plan("stable", "next", scale=Scale(0, 1)), 0, [], [], NOW)
    assert starts(asleep) == [2]
    promoted = both.promoted("next")
    rows = [seen("a"), seen("b"), seen("c", 2), seen("d", 2)]
    assert moves(fill(promoted, 2, rows, [], NOW)) == [("a", "draining"), ("b", "draining")]
    assert starts(fill(plan("stable", "canary"), 3, [seen(), seen("b"), seen("c")], [], NOW)) == [2]


def test_a_replica_whose_time_is_over_stays_until_another_one_is_ready() -> None:
    old = seen(renew_at=NOW - 1)
    assert fill(plan(), 1, [old], [], NOW) == [Change("start", number=1)]
    fresh = seen("b", state="starting")
    assert fill(plan(), 1, [old, fresh], [], NOW) == []
    assert moves(fill(plan(), 1, [old, replace(fresh, state="ready")], [], NOW)) == [("a", "draining")]


def test_the_number_follows_the_wait_within_its_bounds() -> None:
    pressed = Demand(0, 20, 5.0, NOW)
    first = steer(plan(), Course(1), pressed, 1, NOW, BOUNDS)
    assert first == Course(1, above_since=NOW)
    assert steer(plan(), first, pressed, 1, NOW + 3, BOUNDS) == Course(2)
    assert steer(plan(), first, pressed, 0, NOW + 3, BOUNDS).wanted == 1
    assert steer(plan(scale=Scale(1, 1, 100)), first, pressed, 1, NOW + 3, BOUNDS).wanted == 1
    idle = Demand(0, 0, 0.0, NOW)
    calm = steer(plan(), Course(3), idle, 3, NOW, BOUNDS)
    assert calm == Course(3, below_since=NOW)
    assert steer(plan(), calm, idle, 3, NOW + 31, BOUNDS) == Course(2)
    assert steer(plan(), Course(1), idle, 1, NOW + 31, BOUNDS) == Course(1)
    assert steer(plan(scale=Scale(3, 4)), Course(1), idle, 1, NOW, BOUNDS).wanted == 3


def test_a_deployment_that_nobody_calls_sleeps_and_the_first_call_wakes_it() -> None:
    sleepy = plan(scale=Scale(0, 2, 100))
    idle = Demand(0, 0, 0.0, NOW - 60)
    assert steer(sleepy, Course(1), idle, 1, NOW, BOUNDS) == Course(0)
    assert steer(sleepy, Course(1), replace(idle, held=1), 1, NOW, BOUNDS).wanted == 1
    assert steer(sleepy, Course(0), idle, 0, NOW, BOUNDS) == Course(0)
    assert steer(sleepy, Course(0), replace(idle, waiting=1), 0, NOW, BOUNDS) == Course(1)
