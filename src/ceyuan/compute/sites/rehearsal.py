"""What a choice of sites comes to when it is carried out: links and accelerators are taken in turn.

The truth that plans are compared by, ours and others' alike: times are continuous, a link carries one copy after
another at its full speed, a task starts when its data is there and its accelerators are free for its whole run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ceyuan.compute.sites.planning import Plan
from ceyuan.compute.sites.world import Need, SiteTask, World


@dataclass(frozen=True)
class Choice:
    """A task (its row) on an offer in one of its ways, not copied or started before the given hours; ``source`` is the
    region to copy from, none for the cheapest."""

    task: int
    offer: int
    need: Need
    copy_from: float = 0.0
    start_from: float = 0.0
    source: str | None = None


@dataclass(frozen=True)
class Rehearsed:
    """Sums over tasks: yuan for running and for copying, kilograms of CO2, deadlines missed, hours of the mean and the
    last end; ``ends`` per task (by row)."""

    run_price: float
    copy_price: float
    carbon: float
    missed: int
    mean_end: float
    last_end: float
    ends: dict[int, float]

    @property
    def price(self) -> float:
        """Yuan in all."""
        return self.run_price + self.copy_price


def choices_of(plan: Plan, tasks: Sequence[SiteTask]) -> list[Choice]:
    """A plan's choices, by the time of their starts."""
    row = {task.name: i for i, task in enumerate(tasks)}
    steps = sorted(plan.steps, key=lambda s: (s.start, s.task))
    return [Choice(row[s.task], s.offer, s.need, s.copy_start, s.start, s.copied_from) for s in steps]


def rehearse(world: World, tasks: Sequence[SiteTask], choices: Sequence[Choice]) -> Rehearsed:
    """Carry the choices out in the order given; copies are made in the order of their earliest start."""
    arrived = _copy(world, tasks, choices)
    busy: dict[int, list[tuple[float, float, int]]] = {}
    run_price = carbon = 0.0
    ends: dict[int, float] = {}
    missed = 0
    for choice in choices:
        task, offer, hours = tasks[choice.task], world.offers[choice.offer], choice.need.hours
        ready = max(choice.start_from, arrived[1].get((task.data or "", offer.region), 0.0))
        start = _free_from(busy.setdefault(choice.offer, []), offer.count, choice.need, ready)
        busy[choice.offer].append((start, start + hours, choice.need.count))
        ends[choice.task] = start + hours
        missed += start + hours > task.deadline + 1e-6
        run_price += offer.price_between(world.hour + start, world.hour + start + hours) * choice.need.count
        carbon += world.carbon_of(offer, choice.need.count, hours)
    mean = sum(ends.values()) / len(ends) if ends else 0.0
    return Rehearsed(run_price, arrived[0], carbon, missed, mean, max(ends.values(), default=0.0), ends)


def _copy(
    world: World, tasks: Sequence[SiteTask], choices: Sequence[Choice]
) -> tuple[float, dict[tuple[str, str], float]]:
    """What copying costs, and when each dataset is in which region."""
    price, there, link_free = 0.0, dict[tuple[str, str], float](), dict[tuple[str, str], float]()
    for choice in sorted(choices, key=lambda c: c.copy_from):
        data, region = tasks[choice.task].data, world.offers[choice.offer].region
        if data is None or (data, region) in there:
            continue
        way = world.best_link(data, region)
        if way is None:
            continue
        source = choice.source or way[0]
        link, size = world.links[(source, region)], world.data[data][0]
        start = max(choice.copy_from, link_free.get((source, region), 0.0))
        there[(data, region)] = link_free[(source, region)] = start + link.hours(size)
        price += link.price * size
    return price, there


def _free_from(busy: list[tuple[float, float, int]], count: int, need: Need, ready: float) -> float:
    """The first hour from ``ready`` on at which so many are free for the whole run."""
    for start in sorted({ready, *(end for _, end, _ in busy if end > ready)}):
        edges = {start, *(s for s, _, _ in busy if start < s < start + need.hours)}
        if all(sum(n for s, e, n in busy if s <= at < e) + need.count <= count for at in edges):
            return start
    return ready
