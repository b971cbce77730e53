"""Tasks with data on sites of five regions: ours beside the bound and launchers that believe in one link speed.

Two peers do what a launcher of one task after another does: each task's cheapest offer by list price (the mean of the
day), all links taken for 10 Gb/s, other tasks' use of links and accelerators unknown. One is told the true price of
copying; the other, like a launcher whose catalogue cannot express links between regions, takes it for nothing. All
choices are carried out by the same rehearsal over the true links, capacities and prices by the hour. The bound is the
mixed-integer programme's own, for rent, copying, carbon and delay together. Everything is generated from the seed.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ceyuan.compute.sites import (
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
SIZES = {
    "data of 1 GB to 10 GB": (1.0, 10.0),
    "data of 1 GB to 200 TB": (1.0, 200_000.0),
    "data of 10 TB to 200 TB": (10_000.0, 200_000.0),
}


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
                way = believed.best_link(task.data, offer.region) if task.data else None
                if way is not None and task.data:
                    size = world.data[task.data][0]
                    price, end = price + way[1].price * size, end + way[1].hours(size)
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="not used: everything is generated")
    parser.add_argument("--quick", action="store_true", help="two seeds of twelve tasks")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--tasks", type=int, default=24)
    parser.add_argument("--seconds", type=float, default=20.0, help="most that one plan may take")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    seeds, count = (2, 12) if options.quick else (options.seeds, options.tasks)
    rows: list[dict[str, Any]] = []
    for name, (least, most) in SIZES.items():
        found: list[list[float]] = []
        for seed in range(options.seed, options.seed + seeds):
            world, tasks = mix(regions(seed), seed, count, least, most)
            began = time.process_time()
            made = plan(world, tasks, slot=SLOT, horizon=HORIZON, seconds=options.seconds)
            took = time.process_time() - began
            ours = rehearse(world, tasks, choices_of(made, tasks))
            told = rehearse(world, tasks, greedy(world, tasks, prices=True))
            untold = rehearse(world, tasks, greedy(world, tasks, prices=False))
            figures = [
                [done.price, done.mean_end, float(done.missed), done.carbon, weighed(world, tasks, done)]
                for done in (ours, told, untold)
            ]
            figures[0][2] += len(made.unplaced)
            found.append([*figures[0], *figures[1], *figures[2], made.bound, took])
        mean = np.mean(found, axis=0)
        for who, part in zip(("ours", "told prices", "not told"), np.split(mean[:15], 3), strict=True):
            print(
                f"{name}, {who}: price {part[0]:.0f}, mean end {part[1]:.1f} h, missed {part[2]:.2f} of {count}, "
                f"CO2 {part[3]:.0f} kg, with carbon and delay {part[4]:.0f}",
                flush=True,
            )
        print(f"{name}: bound with carbon and delay {mean[15]:.0f}, {mean[16]:.1f} s for a plan", flush=True)
        large = least >= 10_000
        for bar, at, other, target, unit in (
            ("price (peer: not told the price of links)", 0, 10, (0.8 if large else 1.0) * mean[10], "yuan"),
            ("price (peer: told the price of links)", 0, 5, None, "yuan"),
            ("mean completion (peer: not told)", 1, 11, mean[11], "h"),
            ("mean completion (peer: told)", 1, 6, None, "h"),
            ("deadlines missed (peer: not told)", 2, 12, 0.0, f"of {count}"),
            ("carbon (peer: not told)", 3, 13, None, "kg CO2"),
        ):
            rows.append(
                {
                    "bar": f"{name}: {bar}, {seeds} seeds",
                    "ours": float(mean[at]),
                    "peer": float(mean[other]),
                    "limit": None,
                    "target": None if target is None else float(target),
                    "unit": unit,
                    "better": "lower",
                }
            )
        rows.append(
            {
                "bar": f"{name}: price with carbon and delay (limit: the programme's bound)",
                "ours": float(mean[4]),
                "peer": float(mean[14]),
                "limit": float(mean[15]),
                "target": 1.02 * float(mean[15]),
                "unit": "yuan",
                "better": "lower",
            }
        )
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
