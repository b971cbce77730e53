"""Placing on nodes: nothing is taken twice, nothing that fits is refused, the plan is worth its trouble."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ceyuan.compute.placement import (
    BadFleet,
    BadShape,
    Fleet,
    Mix,
    Placement,
    Placer,
    Shape,
    UnknownPlacement,
    arrivals,
    made_up,
    physical_limit,
    plan_moves,
    read_fleet,
    read_tasks,
)

FLEET = Fleet.of([(8000, 32_000, 2, "A"), (16_000, 64_000, 4, "B"), (4000, 16_000, 0, "none")])
HALF = Shape(1000, 1000, 1, 500)
WHOLE = Shape(2000, 4000, 1, 1000)


def used(fleet: Fleet, placed: list[Placement | None]) -> tuple[np.ndarray, np.ndarray]:
    """CPU per node and thousandths per accelerator that the placements take."""
    cpu = np.zeros(len(fleet), np.int64)
    devices = np.zeros((len(fleet), 16), np.int64)
    for placement in filter(None, placed):
        cpu[placement.node] += placement.shape.cpu
        for device in placement.devices:
            assert device < fleet.devices[placement.node]
            devices[placement.node, device] += placement.shape.milli
    return cpu, devices


@pytest.mark.parametrize(
    ("cpu", "memory", "devices", "milli"),
    [(-1, 0, 0, 0), (0, -1, 0, 0), (0, 0, 0, 5), (0, 0, 1, 0), (0, 0, 1, 1001), (0, 0, 2, 500), (0, 0, 99, 1000)],
)
def test_requests_that_cannot_be_meant_are_refused(cpu: int, memory: int, devices: int, milli: int) -> None:
    with pytest.raises(BadShape):
        Shape(cpu, memory, devices, milli)


def test_a_fleet_with_negative_capacity_is_refused() -> None:
    with pytest.raises(BadFleet):
        Fleet.of([(-1, 0, 1, "A")])


def test_a_mix_of_nothing_is_refused() -> None:
    with pytest.raises(BadShape):
        Mix((HALF,), np.array([0.0]))


def test_two_halves_share_an_accelerator_and_a_whole_one_stays_free() -> None:
    placer = Placer(FLEET, Mix.of([HALF, WHOLE]))
    placed = placer.place_all([HALF] * 4 + [WHOLE] * 4)
    assert all(placed)
    assert placer.allocated == 6


def test_a_task_bound_to_a_model_runs_only_there() -> None:
    only_b = Shape(1000, 1000, 1, 1000, frozenset({"B"}))
    placer = Placer(FLEET, Mix.of([only_b, WHOLE]))
    placed = placer.place_all([only_b] * 5)
    assert [p.node for p in placed if p] == [1] * 4
    assert placed[4] is None


def test_what_the_mix_did_not_expect_is_placed_all_the_same() -> None:
    placer = Placer(FLEET, Mix.of([WHOLE]))
    strange = Shape(500, 500, 1, 137)
    assert placer.place(strange) is not None
    assert placer.place(Shape(100, 100)) is not None


def test_a_released_task_leaves_its_room_and_cannot_be_released_twice() -> None:
    placer = Placer(FLEET, Mix.of([WHOLE]))
    placed = placer.place_all([WHOLE] * 6)
    assert placer.place(WHOLE) is None
    assert placed[0] is not None
    placer.release(placed[0])
    assert placer.allocated == 5
    assert placer.place(WHOLE) is not None
    with pytest.raises(UnknownPlacement):
        placer.release(placed[0])


def test_a_fleet_of_no_accelerators_takes_cpu_tasks() -> None:
    placer = Placer(Fleet.of([(4000, 8000, 0, "none")]), Mix.of([Shape(1000, 1000)]))
    assert sum(p is not None for p in placer.place_all([Shape(1000, 1000)] * 6)) == 4


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 10**6))
def test_no_room_is_taken_twice_and_nothing_that_fits_is_refused(seed: int) -> None:
    fleet, tasks = made_up(seed, nodes=24, tasks=150)
    coming = arrivals(tasks, 1.2 * fleet.accelerators, seed)
    placer = Placer(fleet, Mix.of(tasks))
    placed = placer.place_all(coming)
    cpu, devices = used(fleet, placed)
    assert (cpu <= fleet.cpu).all()
    assert devices.max() <= 1000
    refused = [shape for shape, p in zip(coming, placed, strict=True) if p is None]
    assert all(placer.place(shape) is None for shape in refused)
    for placement in filter(None, placed):
        placer.release(placement)
    assert placer.allocated == 0


def test_tasks_one_by_one_and_all_together_are_placed_alike() -> None:
    fleet, tasks = made_up(3, nodes=20, tasks=120)
    together = Placer(fleet, Mix.of(tasks)).place_all(tasks)
    single = Placer(fleet, Mix.of(tasks))
    assert [single.place(t) for t in tasks] == together


def test_no_placement_exceeds_the_physical_limit_and_the_plan_comes_near_it() -> None:
    fleet, tasks = made_up(5, nodes=60, tasks=600)
    coming = arrivals(tasks, fleet.accelerators, 1)
    placer = Placer(fleet, Mix.of(tasks))
    placer.place_all(coming)
    limit = physical_limit(fleet, coming)
    assert placer.allocated <= limit + 1e-6
    assert placer.allocated > 0.85 * limit


def test_the_future_plays_no_part() -> None:
    fleet, tasks = made_up(7, nodes=30, tasks=200)
    first, one, other = tasks[:100], tasks[100:150], tasks[150:]
    mix = Mix.of(tasks)
    assert Placer(fleet, mix).place_all(first + one)[:100] == Placer(fleet, mix).place_all(first + other)[:100]


def test_without_numba_the_same_is_decided() -> None:
    program = """
import sys
if sys.argv[1] == "without":
    sys.modules["numba"] = None
from ceyuan.compute.placement import Mix, Placer, arrivals, kernels, made_up
assert kernels.COMPILED == (sys.argv[1] == "with")
fleet, tasks = made_up(11, nodes=20, tasks=120)
placed = Placer(fleet, Mix.of(tasks)).place_all(arrivals(tasks, 1.1 * fleet.accelerators, 2))
print([(p.node, p.devices) if p else None for p in placed])
"""
    answers = [
        subprocess.run(
            [sys.executable, "-c", program, how],
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
        ).stdout
        for how in ("with", "without")
    ]
    assert answers[0] == answers[1]
    assert len(answers[0]) > 100


def test_a_task_that_fits_nowhere_gets_room_by_the_fewest_moves() -> None:
    fleet = Fleet.of([(8000, 32_000, 4, "A"), (8000, 32_000, 4, "A"), (8000, 32_000, 4, "A")])
    one, four = Shape(100, 100, 1, 1000), Shape(100, 100, 4, 1000)
    placer = Placer(fleet, Mix.of([one]))
    for node, devices in ((0, (0, 1, 2)), (1, (0,)), (2, (0, 1))):
        for device in devices:
            placer.occupy(one, node, (device,))
    assert placer.place(four) is None
    plan = plan_moves(placer, four, {p.number for p in placer.running})
    assert plan is not None
    assert (plan.node, len(plan.moves)) == (1, 1)
    for move in plan.moves:
        placer.release(move.placement)
        placer.occupy(move.placement.shape, move.node, move.devices)
    placed = placer.place(four)
    assert placed is not None
    assert placed.node == plan.node


def test_without_checkpoints_nothing_moves() -> None:
    placer = Placer(Fleet.of([(8000, 32_000, 2, "A")] * 2), Mix.of([WHOLE]))
    placer.occupy(WHOLE, 0, (0,))
    placer.occupy(WHOLE, 1, (0,))
    assert plan_moves(placer, Shape(100, 100, 2, 1000), set()) is None


def test_a_place_that_is_taken_cannot_be_occupied() -> None:
    placer = Placer(FLEET, Mix.of([WHOLE]))
    placer.occupy(WHOLE, 0, (0,))
    with pytest.raises(UnknownPlacement):
        placer.occupy(HALF, 0, (0,))


def test_workloads_are_read_from_the_layout_of_the_trace(tmp_path: Path) -> None:
    (tmp_path / "nodes.csv").write_text("sn,cpu_milli,memory_mib,gpu,model\nn0,8000,1000,2,T4\n")
    (tmp_path / "pods.csv").write_text(
        "name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec\na,500,10,1,460,T4|G2\nb,500,10,0,0,\n"
    )
    assert read_fleet(tmp_path / "nodes.csv").models == ("T4",)
    assert read_tasks(tmp_path / "pods.csv") == [Shape(500, 10, 1, 460, frozenset({"T4", "G2"})), Shape(500, 10)]
    (tmp_path / "bad.csv").write_text("name,cpu_milli\na,x\n")
    with pytest.raises(BadShape):
        read_tasks(tmp_path / "bad.csv")
