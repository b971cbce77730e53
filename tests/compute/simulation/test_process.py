"""The process of a study: plain JSON in, figures out, and nothing replayed twice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ceyuan.compute.simulation.process import describe, main, read_world, write_world

SAME: dict[str, Any] = {
    "name": "now",
    "placing": "best_fit",
    "order": "fair",
    "learns": False,
    "load": 1.0,
    "more_nodes": [],
    "without": [],
    "shares": None,
    "cut": [],
    "faster": [],
    "prices": {},
    "carbon": {},
    "outages": [],
}


def arguments(folder: Path, *scenarios: dict[str, Any]) -> dict[str, Any]:
    mixture = {"seed": 4, "days": 0.3, "load": 0.5, "mean_hours": 1.0, "most_gb": 2000.0}
    world = describe({"seed": 1, "accelerators": 8})
    return {
        "world": world,
        "tasks": {"mixture": mixture},
        "scenarios": [SAME | one for one in scenarios],
        "folder": str(folder),
    }


def test_a_world_survives_being_written_down() -> None:
    world = describe({"seed": 2, "accelerators": 16})
    assert write_world(read_world(world)) == world


def test_scenarios_differ_as_their_assumptions_do_and_arrive_on_time(tmp_path: Path) -> None:
    told: list[float] = []
    node = {"place": "new", "region": "hebei", "count": 2, "cpus": 128, "memory_mib": 1 << 20}
    chips = {"accelerator": "h800", "accelerators": 8, "watts": 700.0, "core_watts": 0.0}
    figures = {"price": [5.0], "core_price": [0.0], "pue": 1.2, "carbon": [500.0]}
    found = main(
        arguments(
            tmp_path,
            {},
            {"name": "dear", "prices": {"beijing": 3.0}, "carbon": {"beijing": 0.5}},
            {"name": "more", "more_nodes": [node | chips | figures], "placing": "cheapest"},
            {
                "name": "cut",
                "cut": [["beijing", "tianjin"]],
                "faster": [{"from": "hebei", "to": "shanxi", "gbps": 400.0}],
            },
            {"name": "fifo", "order": "arrival", "load": 2.0},
        ),
        lambda one: told.append(one["progress"]),
    )
    now, dear, more, cut, fifo = (one["totals"] for one in found)
    assert dear["cost_yuan"] > now["cost_yuan"]
    assert dear["carbon_kg"] < now["carbon_kg"]
    assert more["cost_yuan"] < now["cost_yuan"]
    assert cut["done"] == now["done"] == now["tasks"]
    assert fifo["tasks"] == 2 * now["tasks"]
    assert told == sorted(told)


def test_what_was_replayed_before_a_crash_is_not_replayed_again(tmp_path: Path) -> None:
    both = arguments(tmp_path, {}, {"name": "twice", "load": 2.0})
    first = main(both, lambda one: None)
    (tmp_path / "scenario-1.json").unlink()
    asked: list[dict[str, Any]] = []
    assert main(both, asked.append) == first
    assert [one["message"][1] for one in asked if "message" in one] == ["Replaying “twice”"]
