"""A replay in a process of its own: plain JSON in, figures out."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ceyuan.compute.admission import Need, Node, Share, Shares
from ceyuan.compute.simulation.clock import replay
from ceyuan.compute.simulation.figures import summarise
from ceyuan.compute.simulation.ring import ring_world
from ceyuan.compute.simulation.scenarios import Scenario, applied
from ceyuan.compute.simulation.values import PRICES, Outage, Place, Policy, TwinTask, World
from ceyuan.compute.simulation.workloads import Mixture, made_up
from ceyuan.compute.sites import Link

ADMISSIONS = 6000
"""Admissions that a replay aims at: longer workloads are admitted at longer intervals."""


def main(arguments: dict[str, Any], report: Callable[[dict[str, Any]], None]) -> list[dict[str, Any]]:
    """Replay `scenarios` one after another: `world`, `tasks` and each scenario as the functions below read them.

    What came of each is left in `folder` at once, and found there again: a process that is started anew after a crash
    replays only what is missing.
    """
    world = read_world(arguments["world"])
    tasks = read_tasks(arguments["tasks"], world)
    wanted, folder, found = arguments["scenarios"], Path(arguments["folder"]), []
    for number, scenario in enumerate(wanted):
        kept = folder / f"scenario-{number}.json"
        if not kept.exists():
            name = scenario["name"]
            report({"progress": number / len(wanted), "message": (f"推演“{name}”", f"Replaying “{name}”")})
            figures = _replay(world, tasks, scenario, (number, len(wanted)), report)
            draft = kept.with_suffix(".draft")
            draft.write_text(json.dumps({"name": name, **figures}), encoding="utf-8")
            draft.replace(kept)
        found.append(json.loads(kept.read_text(encoding="utf-8")))
    return found


def _replay(
    world: World,
    tasks: list[TwinTask],
    scenario: dict[str, Any],
    part: tuple[int, int],
    report: Callable[[dict[str, Any]], None],
) -> dict[str, Any]:
    changed, loaded = applied(read_scenario(scenario, world), world, tasks)
    span = max((task.submit for task in loaded), default=0.0)
    tick = max(1.0, span / ADMISSIONS)
    policy = Policy(scenario["placing"], scenario["order"], bool(scenario["learns"]), tick)
    told = [0.0]

    def hear(done: float) -> None:
        if done - told[0] >= 0.02:
            told[0] = done
            report({"progress": (part[0] + done) / part[1]})

    return {"tick_s": tick, **summarise(replay(changed, loaded, policy, hear))}


def describe(wanted: dict[str, Any]) -> dict[str, Any]:
    """A made-up world as `read_world` reads it."""
    return write_world(ring_world(int(wanted["seed"]), int(wanted["accelerators"])))


def write_world(world: World) -> dict[str, Any]:
    """A world as JSON; equal nodes of a place are one row with a count."""
    rows: dict[tuple[Any, ...], int] = {}
    for node in world.nodes:
        key = (node.pool, node.cpus, node.memory_mib, node.accelerator, node.accelerators)
        rows[key] = rows.get(key, 0) + 1
    names = ("name", "region", *PRICES, "watts", "core_watts", "pue", "carbon")
    return {
        "places": [{name: getattr(place, name) for name in names} for place in world.places],
        "nodes": [
            dict(zip(("place", "cpus", "memory_mib", "accelerator", "accelerators"), key, strict=True), count=count)
            for key, count in rows.items()
        ],
        "links": [
            {"from": one, "to": other, "gbps": link.gbps, "price": link.price}
            for (one, other), link in world.links.items()
        ],
        "shares": [],
    }


def read_world(wanted: dict[str, Any]) -> World:
    """A world from JSON: places, rows of equal nodes, links (one direction each), shares."""
    nodes = []
    for number, row in enumerate(wanted["nodes"]):
        nodes += _nodes(row, f"{row['place']}/{number}")
    links = {(row["from"], row["to"]): Link(float(row["gbps"]), float(row["price"])) for row in wanted["links"]}
    return World(tuple(_place(row) for row in wanted["places"]), tuple(nodes), links, _shares(wanted["shares"]))


def _place(row: dict[str, Any]) -> Place:
    figures = {name: tuple(float(one) for one in row.get(name, ())) for name in (*PRICES, "carbon")}
    plain = {name: float(row[name]) for name in ("watts", "core_watts", "pue")}
    return Place(row["name"], row["region"], **figures, **plain)  # type: ignore[arg-type]


def _nodes(row: dict[str, Any], name: str) -> list[Node]:
    figures = (int(row["cpus"]), int(row["memory_mib"]), str(row["accelerator"]), int(row["accelerators"]))
    return [Node(f"{name}/{at}", row["place"], *figures) for at in range(int(row["count"]))]


def _shares(rows: list[dict[str, Any]]) -> Shares:
    return Shares(
        Share(row["name"], row["parent"], row["guaranteed"], row["borrowing"], float(row["weight"])) for row in rows
    )


def read_tasks(wanted: dict[str, Any], world: World) -> list[TwinTask]:
    """The workload: made up (`mixture`) for the world, or recorded (lines of JSON in the file `path`)."""
    if "mixture" in wanted:
        return made_up(world, Mixture(**wanted["mixture"]))
    with Path(wanted["path"]).open(encoding="utf-8") as file:
        return [_task(json.loads(line)) for line in file]


def _task(row: dict[str, Any]) -> TwinTask:
    need = Need(**row.pop("need"))
    for name in ("homes", "regions", "places"):
        row[name] = frozenset(row.get(name, ()))
    if row.get("deadline") is None:
        row.pop("deadline", None)
    return TwinTask(needs=(need,), seconds=(float(row.pop("seconds")),), **row)


def read_scenario(wanted: dict[str, Any], world: World) -> Scenario:
    """Changed assumptions: rows of `more_nodes` name a place that there is, or bring one."""
    known = {place.name: place for place in world.places}
    more = []
    for number, row in enumerate(wanted["more_nodes"]):
        place = known.get(row["place"]) or _place({**row, "name": row["place"]})
        more.append((place, tuple(_nodes(row, f"{place.name}/more{number}"))))
    shares = wanted["shares"]
    return Scenario(
        tuple(more),
        frozenset(wanted["without"]),
        tuple((one, other) for one, other in wanted["cut"]),
        tuple((row["from"], row["to"], float(row["gbps"]), float(row.get("price", 0.0))) for row in wanted["faster"]),
        wanted["prices"],
        wanted["carbon"],
        float(wanted["load"]),
        None if shares is None else _shares(shares),
        tuple(Outage(row["place"], row["from_h"] * 3600.0, row["to_h"] * 3600.0) for row in wanted["outages"]),
    )
