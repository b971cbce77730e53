"""What a choice of sites comes to when it is carried out: links and accelerators are taken in turn.

The truth that plans are compared by, ours and others' alike: times are continuous, a link carries one copy after
another at its full speed, a task starts when its data is there and its accelerators are free for its whole run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ceyuan.compute.sites.lanes import free_from, gap_from
from ceyuan.compute.sites.planning import Plan
from ceyuan.compute.sites.world import Need, SiteTask, Way, World


@dataclass(frozen=True)
class Choice:
    """A task (its row) on an offer in one of its ways, not copied or started before the given hours; ``source`` is the
    region to copy from (none for the cheapest way over one link), ``via`` where the copy stops between."""

    task: int
    offer: int
    need: Need
    copy_from: float = 0.0
    start_from: float = 0.0
    source: str | None = None
    via: str | None = None


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
    return [Choice(row[s.task], s.offer, s.need, s.copy_start, s.start, s.copied_from, s.via) for s in steps]


def rehearse(world: World, tasks: Sequence[SiteTask], choices: Sequence[Choice]) -> Rehearsed:
    """Carry the choices out in the order given; copies are made in the order of their earliest start."""
    arrived = _copy(world, tasks, choices)
    busy: dict[int, list[tuple[float, float, int]]] = {}
    for held in world.held:
        busy.setdefault(held.offer, []).append((0.0, held.until, held.count))
    run_price = carbon = 0.0
    ends: dict[int, float] = {}
    missed = 0
    for choice in choices:
        task, offer, hours = tasks[choice.task], world.offers[choice.offer], choice.need.hours
        ready = max(choice.start_from, arrived[1].get((task.data or "", offer.region), 0.0))
        start = free_from(busy.setdefault(choice.offer, []), offer.count, choice.need.count, hours, ready)
        busy[choice.offer].append((start, start + hours, choice.need.count))
        ends[choice.task] = start + hours
        missed += start + hours > task.deadline + 1e-6
        run_price += task.rent(offer, choice.need, world.hour + start, world.hour + start + hours)
        carbon += world.carbon_of(offer, choice.need.count, hours)
    mean = sum(ends.values()) / len(ends) if ends else 0.0
    return Rehearsed(run_price, arrived[0], carbon, missed, mean, max(ends.values(), default=0.0), ends)


def _copy(
    world: World, tasks: Sequence[SiteTask], choices: Sequence[Choice]
) -> tuple[float, dict[tuple[str, str], float]]:
    """What copying costs, and when each dataset is in which region."""
    price, there = 0.0, dict[tuple[str, str], float]()
    lanes: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for choice in sorted(choices, key=lambda c: c.copy_from):
        data, region = tasks[choice.task].data, world.offers[choice.offer].region
        if data is None or (data, region) in there:
            continue
        way = _way_of(world, choice, data, region)
        if way is None:
            continue
        size, at = world.data[data][0], choice.copy_from
        for leg, link in zip(way.legs, way.links, strict=True):
            length, lane = link.hours(size), lanes.setdefault(leg, [])
            start = gap_from(lane, at, length)
            at = start + length
            lane.append((start, at))
        there[(data, region)] = at
        price += way.price * size
    return price, there


def _way_of(world: World, choice: Choice, data: str, region: str) -> Way | None:
    """The way that a choice names; the cheapest over one link where it names none."""
    if choice.source is None or region in world.data[data][1]:
        return world.best_way(data, region, straight=True)
    legs: tuple[tuple[str, str], ...] = ((choice.source, region),)
    if choice.via is not None:
        legs = ((choice.source, choice.via), (choice.via, region))
    return Way(legs, tuple(world.links[leg] for leg in legs))
