"""Fleets and tasks from CSV in the layout of the Alibaba GPU trace of 2023, and made up from a seed."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ceyuan.compute.placement.errors import BadFleet, BadShape
from ceyuan.compute.placement.shapes import WHOLE, Fleet, Shape


def read_fleet(path: Path) -> Fleet:
    """Nodes from columns cpu_milli, memory_mib, gpu, model."""
    try:
        rows = [(int(r["cpu_milli"]), int(r["memory_mib"]), int(r["gpu"]), r["model"]) for r in _rows(path)]
    except (KeyError, ValueError) as error:
        raise BadFleet(f"{path.name}: {error}") from error
    return Fleet.of(rows)


def read_tasks(path: Path) -> list[Shape]:
    """Tasks from columns cpu_milli, memory_mib, num_gpu, gpu_milli and, if there, gpu_spec (models joined by ``|``)."""
    tasks = []
    try:
        for row in _rows(path):
            devices = int(row["num_gpu"])
            models = frozenset(filter(None, (row.get("gpu_spec") or "").split("|"))) if devices else frozenset()
            milli = int(row["gpu_milli"]) if devices else 0
            tasks.append(Shape(int(row["cpu_milli"]), int(row["memory_mib"]), devices, milli, models))
    except (KeyError, ValueError) as error:
        raise BadShape(f"{path.name}: {error}") from error
    return tasks


def _rows(path: Path) -> list[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def arrivals(tasks: Sequence[Shape], accelerators: float, seed: int) -> list[Shape]:
    """The tasks shuffled, then more drawn from them with replacement, until they ask for ``accelerators`` in all.

    The protocol of the fragmentation-gradient-descent paper (Weng et al., USENIX ATC 2023, section 6.1).
    """
    generator = np.random.default_rng(seed)
    chosen: list[Shape] = []
    asked = 0.0
    order = generator.permutation(len(tasks)).tolist()
    while asked < accelerators:
        if not order:
            order = generator.integers(0, len(tasks), 256).tolist()[::-1]
        task = tasks[order.pop(0)]
        chosen.append(task)
        asked += task.accelerators
    return chosen


def made_up(seed: int, nodes: int = 200, tasks: int = 1500) -> tuple[Fleet, list[Shape]]:
    """A fleet of three kinds of node and a mix of fractions, single accelerators, groups and CPU tasks.

    Sizes and proportions are invented, of the order of published clusters; nothing is taken from a trace.
    """
    generator = np.random.default_rng(seed)
    kinds = [(96_000, 786_432, 8, "A"), (64_000, 262_144, 4, "B"), (48_000, 196_608, 2, "C")]
    fleet = Fleet.of([kinds[i] for i in generator.choice(3, nodes, p=[0.45, 0.25, 0.3])])
    menu: list[Shape] = []
    for milli in (150, 250, 330, 400, 500, 600, 750, WHOLE, WHOLE, WHOLE):
        for cpu in generator.integers(1, 5 + milli // 100, 3).tolist():
            models = frozenset({"A"}) if generator.random() < 0.15 else frozenset[str]()
            menu.append(Shape(cpu * 1000, cpu * int(generator.integers(2, 6)) * 1024, 1, milli, models))
    menu += [Shape(d * 9000, d * 40_960, d, WHOLE) for d in (2, 4, 8)]
    menu += [Shape(c * 1000, c * 4096) for c in (4, 8, 24)]
    menu = list(dict.fromkeys(menu))
    odds = generator.dirichlet(np.full(len(menu), 0.7)) * np.where([s.devices > 0 for s in menu], 1.0, 0.3)
    odds /= odds.sum()
    return fleet, [menu[i] for i in generator.choice(len(menu), tasks, p=odds)]
