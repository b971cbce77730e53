"""The queue: gangs fit, work is done once, what is learnt is only what has ended."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ceyuan.compute.queueing import (
    FIFO,
    FIFO_BACKFILL,
    LEARNT,
    SJF,
    SRTF,
    Durations,
    QueueingError,
    Tasks,
    made_up,
    read_tasks,
    replay,
)

POLICIES = (FIFO, FIFO_BACKFILL, SJF, SRTF, LEARNT)


def tasks(*rows: tuple[float, float, int]) -> Tasks:
    """From (submit, work, accelerators)."""
    columns = list(zip(*rows, strict=True))
    return Tasks(
        np.array(columns[0], float), np.array(columns[1], float), np.array(columns[2]), np.zeros(len(rows), np.int64)
    )


def test_tasks_that_cannot_be_meant_are_refused() -> None:
    with pytest.raises(QueueingError):
        tasks((0, -1, 1))
    with pytest.raises(QueueingError):
        tasks((5, 1, 1), (0, 1, 1))
    with pytest.raises(QueueingError):
        replay(tasks((0, 1, 17)), 2, 8, FIFO)


def test_first_come_first_served_lets_nobody_pass() -> None:
    some = tasks((0, 100, 8), (1, 100, 16), (2, 10, 1))
    assert replay(some, 2, 8, FIFO).completion.tolist() == [100, 199, 208]
    assert replay(some, 2, 8, FIFO_BACKFILL).completion.tolist() == [100, 199, 10]


def test_a_gang_takes_whole_nodes_and_a_small_task_one_node() -> None:
    some = tasks((0, 100, 5), (0, 100, 5), (0, 100, 5))
    assert sorted(replay(some, 2, 8, FIFO).completion.tolist()) == [100, 100, 200]


def test_a_preempted_task_pays_for_it_once() -> None:
    some = tasks((0, 1000, 8), (100, 50, 8))
    done = replay(some, 1, 8, SRTF)
    assert done.preemptions == 1
    assert done.completion.tolist() == [1000 + 50 + 60, 50]


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 10**6))
def test_no_policy_loses_work_or_overfills_the_cluster(seed: int) -> None:
    some = made_up(seed, tasks=300, accelerators=32)
    for policy in POLICIES:
        done = replay(some, 4, 8, policy)
        assert (done.wait >= -1e-6).all()
        assert done.utilisation <= 1
        assert done.makespan * 32 >= (some.work * some.accelerators).sum() - 1e-3


def test_the_learnt_order_serves_almost_as_well_as_the_oracle() -> None:
    some = made_up(4, tasks=3000, accelerators=64, load=0.85)
    mean = {p.name: replay(some, 8, 8, p).completion.mean() for p in (FIFO_BACKFILL, SRTF, LEARNT)}
    assert mean[LEARNT.name] < 1.5 * mean[SRTF.name]
    assert mean[LEARNT.name] < mean[FIFO_BACKFILL.name]


def test_how_long_others_will_take_plays_no_part_before_they_end() -> None:
    some = made_up(6, tasks=200, accelerators=16)
    longer = Tasks(some.submit, some.work.copy(), some.accelerators, some.group)
    longer.work[-1] *= 50
    one, other = replay(some, 2, 8, LEARNT), replay(longer, 2, 8, LEARNT)
    before = one.started < some.submit[-1]
    assert (one.started[before] == other.started[before]).all()


def test_what_lasted_long_is_expected_to_last_and_what_is_short_goes_first() -> None:
    durations = Durations()
    durations.observe([("a", 1, seconds) for seconds in [30.0] * 80 + [50_000.0] * 20])
    assert durations.rank("a", 1, 0) < durations.rank("a", 1, 300)
    assert durations.remaining("a", 1, 0, 0.5) < 60 < durations.remaining("a", 1, 300, 0.5)


def test_a_group_never_seen_leans_on_those_of_its_size() -> None:
    durations = Durations()
    durations.observe([("a", 8, 9000.0)] * 50 + [("a", 1, 60.0)] * 50)
    assert durations.remaining("new", 8, 0, 0.5) > 20 * durations.remaining("new", 1, 0, 0.5)


def test_a_trace_is_read_in_the_order_of_submission(tmp_path: Path) -> None:
    path = tmp_path / "jobs.csv"
    path.write_text(
        "timestamp,duration,num_gpus,gpu_time,cluster\n2017-10-02 00:00:10,5,1,5,b\n2017-10-02 00:00:00,7,2,14,a\n"
    )
    some = read_tasks(path)
    assert some.work.tolist() == [7, 5]
    assert (some.submit[1] - some.submit[0]) == 10
    (tmp_path / "bad.csv").write_text("timestamp,duration\n2017-10-02,x\n")
    with pytest.raises(QueueingError):
        read_tasks(tmp_path / "bad.csv")
