"""Made-up tasks for a world: a seeded generator whose figures are of the order of published clusters."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from ceyuan.compute.admission import Need
from ceyuan.compute.simulation.values import TwinTask, World

DAY = 86_400.0
MOST_TASKS = 5000


@dataclass(frozen=True, slots=True)
class Mixture:
    """What is made up: `days` of arrivals that would use the part `load` of the world's scarcest resource; owners, and
    inputs of `least_gb` to `most_gb` (log-uniform) of which each lies in one region."""

    seed: int = 1
    days: float = 7.0
    load: float = 0.8
    owners: int = 4
    least_gb: float = 1.0
    most_gb: float = 1000.0
    mean_hours: float = 2.0


def made_up(world: World, mixture: Mixture) -> list[TwinTask]:
    """Tasks with heavy-tailed lengths, mostly of one accelerator, some of whole nodes and gangs, busier by day.

    Sizes and the spread of lengths follow what is published of the Philly cluster (Jeon et al., USENIX ATC 2019: most
    jobs of one accelerator, few of eight or more, lengths over five orders of magnitude); the rest is invented. If more
    than `MOST_TASKS` would be needed, they are made longer instead.
    """
    import numpy as np

    if not world.nodes:
        return []
    generator = np.random.default_rng(mixture.seed)
    kinds = [name for name in world.capacity if name != "cpus"]
    shapes = _shapes(world, kinds, generator)
    spread = 1.5
    lengths = np.exp(generator.normal(math.log(mixture.mean_hours * 3600) - spread**2 / 2, spread, MOST_TASKS))
    lengths = np.clip(lengths, 30.0, min(14.0, max(0.5, mixture.days / 2)) * DAY)
    chosen = [shapes[i] for i in generator.choice(len(shapes), MOST_TASKS, p=[share for _, share in shapes])]
    capacity = world.capacity
    wanted = mixture.load * mixture.days * DAY
    used = np.zeros(MOST_TASKS)
    for resource, amount in capacity.items():
        parts = np.array([need.total.get(resource, 0.0) for need, _ in chosen])
        used = np.maximum(used, np.cumsum(parts * lengths) / amount)
    count = int(np.searchsorted(used, wanted)) + 1
    if count > MOST_TASKS:
        count, lengths = MOST_TASKS, lengths * (wanted / used[-1])
    moments = _moments(generator, count, mixture.days)
    owners = generator.choice(mixture.owners, count, p=_falling(mixture.owners))
    regions = sorted({place.region for place in world.places if place.region})
    # Without links nobody could reach anybody's data: then it counts as being everywhere.
    linked = bool(regions and world.links)
    sizes = np.exp(
        generator.uniform(math.log(mixture.least_gb), math.log(max(mixture.most_gb, mixture.least_gb)), count)
    )
    made = []
    for i in range(count):
        need, seconds = chosen[i][0], float(lengths[i])
        home = frozenset({regions[int(generator.integers(len(regions)))]}) if linked else frozenset[str]()
        slack = float(generator.uniform(2.0, 12.0))
        made.append(
            TwinTask(
                f"made-{i:05d}",
                f"team-{int(owners[i]) + 1}",
                (need,),
                float(moments[i]),
                (seconds,),
                seconds * float(generator.uniform(1.2, 4.0)) + 600.0,
                interruptible=bool(generator.random() < 0.3),
                deadline=float(moments[i]) + seconds * slack + DAY if generator.random() < 0.3 else math.inf,
                data=f"data-{i:05d}",
                gigabytes=float(sizes[i]),
                homes=home,
            )
        )
    return made


def _shapes(world: World, kinds: list[str], generator: Any) -> list[tuple[Need, float]]:
    """Needs that the nodes can hold, with how often each comes."""
    found: list[tuple[Need, float]] = []
    for kind in kinds or [""]:
        rows = [node for node in world.nodes if node.accelerator == kind or not kind]
        widest = max(rows, key=lambda node: (node.accelerators, node.cpus))
        part = world.capacity.get(kind, 1.0) / sum(world.capacity.get(one, 1.0) for one in (kinds or [""]))
        if not kind:
            menu = [(1, 0.55), (2, 0.25), (4, 0.15), (8, 0.05)]
            found += [
                (Need(cpus, min(widest.memory_mib, cpus * 2048)), share) for cpus, share in menu if cpus <= widest.cpus
            ]
            continue
        per = max(1, widest.cpus // max(1, widest.accelerators) - 1)
        memory = widest.memory_mib // max(1, widest.accelerators) * 9 // 10
        for count, share in ((1, 0.70), (2, 0.10), (4, 0.10), (8, 0.08)):
            if count <= widest.accelerators:
                found.append((Need(per * count, memory * count, kind, count), share * part))
        nodes = max(sum(row.pool == pool for row in rows) for pool in {row.pool for row in rows})
        if nodes >= 2:
            whole = widest.accelerators
            found.append((Need(per * whole, memory * whole, kind, whole, 2), 0.02 * part))
    total = sum(share for _, share in found)
    return [(need, share / total) for need, share in found]


def _moments(generator: Any, count: int, days: float) -> Any:
    """Rising seconds: twice as many by day as at night, fewer at weekends."""
    import numpy as np

    hours = np.arange(max(1, math.ceil(days * 24)))
    busy = 1.0 + 0.35 * np.sin((hours % 24 - 9) / 24 * 2 * np.pi)
    busy *= np.where((hours // 24) % 7 >= 5, 0.6, 1.0)
    at = generator.choice(hours, count, p=busy / busy.sum()) + generator.uniform(0, 1, count)
    return np.sort(np.minimum(at, days * 24)) * 3600


def _falling(count: int) -> list[float]:
    weights = [1.0 / (i + 1) for i in range(count)]
    return [weight / sum(weights) for weight in weights]
