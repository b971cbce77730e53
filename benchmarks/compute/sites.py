"""Tasks with data on sites of five regions: ours beside the bound and beside the real SkyPilot optimizer.

SkyPilot runs in an environment of its own (`pip install skypilot`; `--skypilot` names its interpreter), offline, with
the same offers as its catalogue. It is asked twice: as it is, with copying for nothing, and told what copying out of
each region costs on average, which no catalogue can say. It takes every link for 10 Gb/s, prices for the mean of the
day, and knows neither other tasks nor capacities. Ours answers three times: with what a delay costs the owners and
what carbon costs, which nobody told the peer; for the price alone; and for the price alone where every task may be as
late as it is with the peer (told prices) and no later. A price in all hides that one keeps deadlines and the other does
not: the price of a task that ended in time stands beside it.
Without its interpreter, two launchers of the same beliefs stand in
for it, one told the price of every single link. All choices are carried out by the same rehearsal over the true links,
capacities and prices by the hour. The bound is the mixed-integer programme's own, for rent, copying, carbon and delay
together. Everything is generated from the seed.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ceyuan.compute.sites import (
    REGIONS,
    Choice,
    Link,
    Rehearsed,
    SiteTask,
    World,
    choices_of,
    mix,
    plan,
    regions,
    rehearse,
)

SLOT, HORIZON = 6.0, 288.0
Problem = tuple[World, list[SiteTask]]
SIZES = {
    "data of 1 GB to 10 GB": (1.0, 10.0),
    "data of 1 GB to 200 TB": (1.0, 200_000.0),
    "data of 10 TB to 200 TB": (10_000.0, 200_000.0),
}
LARGE = "data of 10 TB to 200 TB"


def greedy(world: World, tasks: list[SiteTask], prices: bool) -> list[Choice]:
    """Each task where it alone is cheapest, were every link of 10 Gb/s, and free unless ``prices`` are known; what
    would miss its deadline counts last."""
    links = {pair: Link(10.0, link.price if prices else 0.0) for pair, link in world.links.items()}
    believed = replace(world, links=links)
    choices = []
    for row, task in enumerate(tasks):
        best: tuple[tuple[bool, float], Choice] | None = None
        for at, offer in enumerate(world.offers):
            if offer.available < task.available:
                continue
            for need in task.needs:
                if need.accelerator != offer.accelerator or need.count > offer.count:
                    continue
                price, end = float(np.mean(offer.price)) * need.count * need.hours, need.hours
                way = believed.best_way(task.data, offer.region, straight=True) if task.data else None
                if way is not None and task.data:
                    size = world.data[task.data][0]
                    price, end = price + way.price * size, end + way.hours(size)
                key = (end > task.deadline, price)
                if best is None or key < best[0]:
                    best = (key, Choice(row, at, need))
        if best is not None:
            choices.append(best[1])
    return choices


def weighed(world: World, tasks: list[SiteTask], done: Rehearsed) -> float:
    """What a rehearsal comes to in yuan with carbon and delay."""
    delay = sum(tasks[row].delay_price * end for row, end in done.ends.items())
    return done.price + done.carbon * world.carbon_price / 1000 + delay


def asked_of_skypilot(world: World, tasks: list[SiteTask], told: bool) -> dict[str, Any]:
    """A problem as the peer's program reads it."""
    out = {r: [link.price for (one, _), link in world.links.items() if one == r] for r in REGIONS}
    return {
        "offers": [
            {"region": o.region, "accelerator": o.accelerator, "count": o.count, "price": float(np.mean(o.price))}
            for o in world.offers
        ],
        "tasks": [
            {
                "name": task.name,
                "needs": [{"accelerator": n.accelerator, "count": n.count, "hours": n.hours} for n in task.needs],
                "gigabytes": world.data[task.data or ""][0],
                "homes": sorted(world.data[task.data or ""][1]),
            }
            for task in tasks
        ],
        "told": {region: float(np.mean(prices)) for region, prices in out.items()} if told else None,
    }


def skypilot(python: str, problems: list[dict[str, Any]]) -> tuple[str, list[Any]]:
    """The peer's version and choices; its own interpreter runs it, with nothing of ours on its path."""
    program = Path(__file__).with_name("skypilot_peer.py")
    done = subprocess.run(
        [python, str(program)],
        input=json.dumps({"problems": problems}),
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=True,
        cwd="/",
    )
    answer = json.loads(done.stdout)
    return str(answer["version"]), answer["choices"]


def read_choices(world: World, tasks: list[SiteTask], found: list[Any]) -> list[Choice]:
    """The peer's choices as a rehearsal takes them."""
    choices = []
    for row, (task, one) in enumerate(zip(tasks, found, strict=True)):
        if one is None:
            continue
        at = next(
            i
            for i, o in enumerate(world.offers)
            if (o.region, o.accelerator) == (one["region"], one["accelerator"]) and o.count >= one["count"]
        )
        need = next(n for n in task.needs if (n.accelerator, n.count) == (one["accelerator"], one["count"]))
        source = (
            None if one["home"] == one["region"] or one["region"] in world.data[task.data or ""][1] else one["home"]
        )
        choices.append(Choice(row, at, need, source=source))
    return choices


def peers(python: str | None, problems: list[Problem]) -> tuple[str, list[list[list[Choice]]]]:
    """Who the peer is, and for each problem its choices when told the price of copying and when not."""
    if not python:
        return "launcher", [[greedy(*one, prices=told) for told in (True, False)] for one in problems]
    asked = [asked_of_skypilot(*one, told) for one in problems for told in (True, False)]
    version, found = skypilot(python, asked)
    pairs = [found[at : at + 2] for at in range(0, len(found), 2)]
    read = [[read_choices(*one, part) for part in pair] for one, pair in zip(problems, pairs, strict=True)]
    return f"SkyPilot {version}", read


def figures_of(world: World, tasks: list[SiteTask], choices: list[Choice], unplaced: int = 0) -> list[float]:
    """Price, mean end, deadlines missed, carbon, all in yuan with carbon and delay, and price for each task in time."""
    done = rehearse(world, tasks, choices)
    missed = float(done.missed + unplaced)
    in_time = done.price / max(1.0, len(tasks) - missed)
    return [done.price, done.mean_end, missed, done.carbon, weighed(world, tasks, done), in_time]


def for_the_price(world: World, tasks: list[SiteTask]) -> Problem:
    """The same question where neither delay nor carbon costs anything."""
    return replace(world, carbon_price=0.0), [replace(task, delay_price=0.0) for task in tasks]


def no_later(world: World, tasks: list[SiteTask], choices: list[Choice]) -> list[SiteTask]:
    """The same tasks, each of which may miss its deadline by as much as it does with these choices, and no more."""
    ends = rehearse(world, tasks, choices).ends
    return [replace(task, deadline=max(task.deadline, ends.get(row, 0.0))) for row, task in enumerate(tasks)]


def compare(name: str, problems: list[Problem], python: str | None, seconds: float) -> list[dict[str, Any]]:
    """Ours and the peer on problems of one size of data; prints them and gives the rows."""
    who, chosen = peers(python, problems)
    found = []
    for (world, tasks), (told, untold) in zip(problems, chosen, strict=True):
        began = time.process_time()
        made = plan(world, tasks, slot=SLOT, horizon=HORIZON, seconds=seconds)
        took = time.process_time() - began
        ours = figures_of(world, tasks, choices_of(made, tasks), len(made.unplaced))
        cheap = plan(*for_the_price(world, tasks), slot=SLOT, horizon=HORIZON, seconds=seconds)
        only = figures_of(world, tasks, choices_of(cheap, tasks), len(cheap.unplaced))
        same = plan(*for_the_price(world, no_later(world, tasks, told)), slot=SLOT, horizon=HORIZON, seconds=seconds)
        like = figures_of(world, tasks, choices_of(same, tasks), len(same.unplaced))
        peer = figures_of(world, tasks, told), figures_of(world, tasks, untold)
        found.append([*ours, *only, *like, *peer[0], *peer[1], made.bound, cheap.bound, took])
    mean, count, seeds = np.mean(found, axis=0), len(problems[0][1]), len(problems)
    labels = (
        "ours",
        "ours for the price alone",
        "ours, late where the peer is",
        f"{who} told prices",
        f"{who} as it is",
    )
    parts = dict(zip(labels, np.split(mean[:30], 5), strict=True))
    for label, part in parts.items():
        print(
            f"{name}, {label}: price {part[0]:.0f}, mean end {part[1]:.1f} h, missed {part[2]:.2f} of {count}, "
            f"CO2 {part[3]:.0f} kg, with carbon and delay {part[4]:.0f}, for a task in time {part[5]:.0f}",
            flush=True,
        )
    bound, cheapest, took = mean[30:]
    told = f"bound with carbon and delay {bound:.0f}, of the price {cheapest:.0f}"
    print(f"{name}: {told}, {took:.1f} s of processor for a plan", flush=True)
    return _rows_of(name, f"{seeds} seeds", count, list(parts.items()), float(bound), float(cheapest))


def _rows_of(
    name: str, seeds: str, count: int, parts: list[tuple[str, Any]], bound: float, cheapest: float
) -> list[dict[str, Any]]:
    factor = 0.8 if name == LARGE else 1.0
    (own, ours), *asked = parts[:3]
    rows: list[dict[str, Any]] = []
    for who, peer in parts[3:]:
        for figure, at, target, unit in (
            ("price", 0, factor * peer[0], "yuan"),
            ("price with carbon and delay", 4, factor * peer[4], "yuan"),
            ("price for each task in time", 5, factor * peer[5], "yuan"),
            ("mean completion", 1, peer[1], "h"),
            ("deadlines missed", 2, peer[2], f"of {count}"),
            ("carbon", 3, None, "kg CO2"),
        ):
            rows.append(_row(f"{name}: {figure}, {own} (peer: {who}), {seeds}", ours[at], peer[at], None, target, unit))
    told, peer = parts[3]
    for label, answer in asked:
        for figure, at, unit in (("price", 0, "yuan"), ("deadlines missed", 2, f"of {count}")):
            rows.append(
                _row(f"{name}: {figure}, {label} (peer: {told}), {seeds}", answer[at], peer[at], None, peer[at], unit)
            )
    for figure, at, label, limit in (("price with carbon and delay", 4, 0, bound), ("price", 0, 1, cheapest)):
        bar = f"{name}: {figure}, {parts[label][0]} (limit: the programme's bound on its grid)"
        rows.append(_row(bar, parts[label][1][at], parts[4][1][at], limit, 1.02 * limit, "yuan"))
    return rows


def _row(bar: str, ours: float, peer: float, limit: float | None, target: float | None, unit: str) -> dict[str, Any]:
    wanted = None if target is None else float(target)
    figures = {"ours": float(ours), "peer": float(peer), "limit": limit, "target": wanted}
    return {"bar": bar, **figures, "unit": unit, "better": "lower"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="not used: everything is generated")
    parser.add_argument("--quick", action="store_true", help="two seeds of twelve tasks")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--tasks", type=int, default=24)
    parser.add_argument("--seconds", type=float, default=10.0, help="most that one plan may take")
    parser.add_argument(
        "--skypilot", default=os.environ.get("CEYUAN_SKYPILOT_PYTHON"), help="Python of SkyPilot's own environment"
    )
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    seeds, count = (2, 12) if options.quick else (options.seeds, options.tasks)
    rows: list[dict[str, Any]] = []
    for name, (least, most) in SIZES.items():
        made = [mix(regions(seed), seed, count, least, most) for seed in range(options.seed, options.seed + seeds)]
        rows += compare(name, made, options.skypilot, options.seconds)
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
