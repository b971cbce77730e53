"""What a replay comes to: sums, percentiles, and how they run over time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ceyuan.compute.simulation.clock import Replay, Stay
from ceyuan.compute.simulation.values import over

BUCKETS = 240
"""Points of a course over time at most."""


def summarise(done: Replay) -> dict[str, Any]:
    """Figures of a replay, JSON-able: `totals`, `resources` by `cpus` and accelerator, `owners`, `places`, `series`.

    Waits are seconds from coming to the first start, of tasks that have started; `late` counts deadlines that came
    before the end. Utilisation is of what all nodes have, from the start to the last end.
    """
    waits = sorted(first - task.submit for task, first in zip(done.tasks, done.first, strict=True) if first is not None)
    lasted = [
        end - task.submit
        for task, end, fate in zip(done.tasks, done.ended, done.fate, strict=True)
        if end is not None and fate == "done"
    ]
    money = [_money(done, stay) for stay in done.stays]
    totals = {
        "tasks": len(done.tasks),
        "done": done.fate.count("done"),
        "late": done.fate.count("late"),
        "over_limit": done.fate.count("limit"),
        "waiting": done.fate.count("waiting"),
        "moves": done.moves,
        "span_s": done.span,
        "wait_s": _spread(waits),
        "completion_s": sum(lasted) / len(lasted) if lasted else None,
        "cost_yuan": round(sum(cost for cost, _, _ in money) + done.copy_cost, 4),
        "copy_yuan": round(done.copy_cost, 4),
        "copied_gb": round(done.copied_gb, 3),
        "energy_kwh": round(sum(energy for _, energy, _ in money), 3),
        "carbon_kg": round(sum(carbon for _, _, carbon in money), 3),
    }
    series = _series(done, money)
    used = {name: sum(row) for name, row in series.pop("seconds").items()}
    resources = {
        name: {"capacity": amount, "utilisation": used.get(name, 0.0) / (amount * done.span) if done.span else 0.0}
        for name, amount in sorted(done.world.capacity.items())
    }
    return {
        "totals": totals,
        "resources": resources,
        "owners": _owners(done, money),
        "places": _places(done, money),
        "series": series,
    }


def _spread(waits: Sequence[float]) -> dict[str, float | None]:
    """Mean and percentiles (the smallest wait that so many tasks do not exceed)."""
    names = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99, "max": 1.0}
    if not waits:
        return dict.fromkeys(["mean", *names])
    found = {name: waits[max(0, math.ceil(part * len(waits)) - 1)] for name, part in names.items()}
    return {"mean": sum(waits) / len(waits), **found}


def _money(done: Replay, stay: Stay) -> tuple[float, float, float]:
    """Yuan, kWh and kg of CO2 of a stay; copying is not billed, the platform bills what runs."""
    place, need = done.world.places[stay.place], done.tasks[stay.task].needs[stay.need]
    start, end = min(stay.end, stay.start + stay.copying) / 3600, stay.end / 3600
    return _cost(done, stay, start, end), place.kilowatts(need) * (end - start), place.carbon_kg(need, start, end)


def _cost(done: Replay, stay: Stay, start_h: float, end_h: float) -> float:
    task, need = done.tasks[stay.task], done.tasks[stay.task].needs[stay.need]
    units = done.world.units(need, stay.seats)
    return done.world.places[stay.place].cost(need, start_h, end_h, units=units, spot=task.interruptible)


def _owners(done: Replay, money: Sequence[tuple[float, float, float]]) -> list[dict[str, Any]]:
    rows: dict[str, dict[str, Any]] = {}
    waits: dict[str, list[float]] = {}
    for task, first in zip(done.tasks, done.first, strict=True):
        row = rows.setdefault(task.owner, {"owner": task.owner, "tasks": 0, "hours": 0.0, "cost_yuan": 0.0})
        row["tasks"] += 1
        if first is not None:
            waits.setdefault(task.owner, []).append(first - task.submit)
    for stay, (cost, _, _) in zip(done.stays, money, strict=True):
        task = done.tasks[stay.task]
        need = task.needs[stay.need]
        rows[task.owner]["cost_yuan"] += cost
        rows[task.owner]["hours"] += (stay.end - stay.start) / 3600 * (need.accelerators or need.cpus) * need.nodes
    for owner, row in rows.items():
        row["wait_s"] = _spread(sorted(waits.get(owner, [])))
        row["cost_yuan"], row["hours"] = round(row["cost_yuan"], 4), round(row["hours"], 3)
    return sorted(rows.values(), key=lambda row: (-row["hours"], row["owner"]))


def _places(done: Replay, money: Sequence[tuple[float, float, float]]) -> list[dict[str, Any]]:
    names = ("runs", "hours", "cost_yuan", "energy_kwh", "carbon_kg")
    rows: list[dict[str, Any]] = [
        {"place": place.name, "region": place.region, **dict.fromkeys(names, 0.0)} for place in done.world.places
    ]
    for stay, (cost, energy, carbon) in zip(done.stays, money, strict=True):
        need, row = done.tasks[stay.task].needs[stay.need], rows[stay.place]
        held = (stay.end - stay.start) / 3600 * (need.accelerators or need.cpus) * need.nodes
        for name, amount in zip(names, (1.0, held, cost, energy, carbon), strict=True):
            row[name] += amount
    for row in rows:
        row.update({name: round(row[name], 4) for name in names})
        row["runs"] = int(row["runs"])
        amounts = [node for node in done.world.nodes if node.pool == row["place"]]
        capacity = sum(node.accelerators or node.cpus for node in amounts)
        row["capacity"] = capacity
        row["utilisation"] = min(1.0, row["hours"] * 3600 / (capacity * done.span)) if capacity and done.span else 0.0
    return rows


def _series(done: Replay, money: Sequence[tuple[float, float, float]]) -> dict[str, Any]:
    """Courses over time in equal steps: parts in use by resource, tasks that wait, yuan and kg of CO2 per step."""
    step = max(60.0, done.span / BUCKETS)
    count = max(1, math.ceil(done.span / step - 1e-9))
    seconds = {name: [0.0] * count for name in done.world.capacity}
    queue, cost, carbon = [0.0] * count, [0.0] * count, [0.0] * count
    for task, first, fate in zip(done.tasks, done.first, done.fate, strict=True):
        if first is None and fate == "late":
            first = task.deadline
        _spend(queue, step, task.submit, done.span if first is None else first, 1.0)
    for stay, (_, _, _) in zip(done.stays, money, strict=True):
        need, place = done.tasks[stay.task].needs[stay.need], done.world.places[stay.place]
        for name, amount in need.total.items():
            _spend(seconds[name], step, stay.start, stay.end, amount)
        begin = min(stay.end, stay.start + stay.copying)
        for at in range(int(begin / step), min(count, int(stay.end / step) + 1)):
            start, end = max(begin, at * step) / 3600, min(stay.end, (at + 1) * step) / 3600
            if end > start:
                cost[at] += _cost(done, stay, start, end)
                carbon[at] += place.kilowatts(need) * over(place.carbon, start, end) / 1000
    whole = {name: [value / (amount * step) for value in seconds[name]] for name, amount in done.world.capacity.items()}
    return {
        "step_s": step,
        "used": {name: [round(value, 4) for value in row] for name, row in whole.items()},
        "queue": [round(value / step, 3) for value in queue],
        "cost_yuan": [round(value, 4) for value in cost],
        "carbon_kg": [round(value, 4) for value in carbon],
        "seconds": seconds,
    }


def _spend(row: list[float], step: float, start: float, end: float, amount: float) -> None:
    """Add `amount` for every second between two moments to the steps that they lie in."""
    for at in range(int(start / step), min(len(row), int(end / step) + 1)):
        row[at] += amount * max(0.0, min(end, (at + 1) * step) - max(start, at * step))
