"""Interruptible capacity under a deadline: the deadline holds whatever happens, and waiting is cheap."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ceyuan.compute.spot import (
    Arbiter,
    Greedy,
    SpotError,
    Terms,
    UniformProgress,
    checkpoint_interval,
    made_up,
    read_traces,
    run,
)

HOUR = 3600.0


def terms(zones: int) -> Terms:
    return Terms((1.0,) * zones, 3.0, 0.1 * HOUR, 0.05 * HOUR, 195.0)


@pytest.mark.parametrize("spot", [(), (-1.0,), (float("nan"),)])
def test_prices_that_cannot_be_meant_are_refused(spot: tuple[float, ...]) -> None:
    with pytest.raises(SpotError):
        Terms(spot, 3.0, 10.0, 0.0, 60.0)


def test_a_job_that_cannot_be_done_in_time_is_refused() -> None:
    with pytest.raises(SpotError):
        run(Greedy(), terms(1), made_up(0, 1), 0, 10 * HOUR, 10 * HOUR)


def test_where_capacity_never_ends_only_interruptible_hours_are_paid() -> None:
    always = np.ones((2, 1000), np.bool_)
    done = run(Arbiter(terms(2)), terms(2), always, 0, 24 * HOUR, 30 * HOUR)
    assert done.in_time
    assert done.cost == pytest.approx(24.1)
    assert done.on_demand_seconds == 0


def test_where_there_is_none_on_demand_does_it_all() -> None:
    never = np.zeros((2, 1000), np.bool_)
    done = run(Arbiter(terms(2)), terms(2), never, 0, 24 * HOUR, 30 * HOUR)
    assert done.in_time
    assert done.on_demand_seconds == pytest.approx(24.1 * HOUR)


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 5), st.floats(0.5, 12))
def test_every_policy_keeps_every_deadline(seed: int, zones: int, slack: float) -> None:
    trace, asked = made_up(seed, zones, 1000), terms(zones)
    for policy in (Arbiter(asked), Greedy(), UniformProgress()):
        done = run(policy, asked, trace, 0, 24 * HOUR, (24 + slack) * HOUR)
        assert done.in_time
        assert done.cost <= 3.0 * (24 + slack)


def test_more_zones_cost_less() -> None:
    costs = []
    for zones in (1, 5):
        found = []
        for seed in range(8):
            trace, asked = made_up(seed, 5, 2000)[:zones], terms(zones)
            arbiter = Arbiter(asked)
            for step in range(500):
                arbiter.learn(trace[:, step])
            found.append(run(arbiter, asked, trace, 500, 24 * HOUR, 28 * HOUR).cost)
        costs.append(np.mean(found))
    assert costs[1] < 0.8 * costs[0]


def test_a_checkpoint_is_written_about_every_square_root_of_twice_its_cost_times_the_time_between_failures() -> None:
    assert checkpoint_interval(60, 24 * HOUR) == pytest.approx((2 * 60 * 24 * HOUR) ** 0.5 - 60, rel=0.02)
    assert checkpoint_interval(100, 40) == 40
    with pytest.raises(SpotError):
        checkpoint_interval(0, HOUR)


def test_traces_are_read_from_a_folder(tmp_path: Path) -> None:
    for name, data in (("a", [1, 0, 1]), ("b", [0, 0, 2, 1])):
        (tmp_path / f"{name}.json").write_text(json.dumps({"metadata": {"gap_seconds": 60}, "data": data}))
    zones, step, available = read_traces(tmp_path)
    assert (zones, step) == (["a", "b"], 60)
    assert available.tolist() == [[True, False, True], [False, False, True]]
