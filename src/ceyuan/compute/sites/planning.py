"""Where and when each task runs, and which data is copied where: one mixed-integer programme for all of them.

A binary column for each task, offer and start, and for each dataset, way and start of copying. Offers have a capacity
in each slot of time, links carry one slot's worth in each, a task starts after a copy of its data has ended; a copy
serves every task that needs it. The price of a plan: running by the hour of the day, copying, carbon, and delay. What
the programme finds on its grid is then made better in continuous time (`refining`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ceyuan.compute.optimum import Rows, minimise
from ceyuan.compute.sites.checks import check
from ceyuan.compute.sites.refining import Placed, Timetable, refine
from ceyuan.compute.sites.world import Need, SiteTask, Way, World

AT_ONCE = 0.05
"""Parts of a slot below which copying takes no time worth planning."""
_ROUNDS, _MOST_ROUNDS = 40, 1000
"""Rounds of refining for each task, and at the most."""


@dataclass(frozen=True)
class Step:
    """A task's part of a plan; times in hours from now, yuan, kilograms of CO2. ``copied_from`` is a region or none,
    ``via`` where the copy stops between."""

    task: str
    offer: int
    need: Need
    copy_start: float
    copied_from: str | None
    start: float
    end: float
    run_price: float
    copy_price: float
    carbon: float
    via: str | None = None


@dataclass(frozen=True)
class Plan:
    """``steps`` in the order of tasks; ``unplaced`` tasks found no place within the horizon; ``objective`` in yuan with
    carbon and delay, ``bound`` below which no plan on this grid can be (in continuous time one may)."""

    steps: tuple[Step, ...]
    unplaced: tuple[str, ...]
    objective: float
    bound: float


@dataclass(frozen=True)
class _Run:
    task: int
    offer: int
    need: Need
    start: int
    slots: int
    cost: float


@dataclass(frozen=True)
class _Copy:
    data: str
    region: str
    way: Way
    start: int
    slots: float
    cost: float


def plan(
    world: World,
    tasks: Sequence[SiteTask],
    *,
    slot: float = 2.0,
    horizon: float = 168.0,
    gap: float = 0.005,
    seconds: float = 20.0,
    rounds: int | None = None,
) -> Plan:
    """The cheapest plan on a grid of ``slot`` hours up to ``horizon``, within ``gap`` of the optimum or as near as
    ``seconds`` allow (on a grid twice as coarse where they allow none), made better in continuous time by ``rounds``
    (none: by the number of tasks). Raises the errors of ``check`` first."""
    check(world, tasks)
    if not tasks:
        return Plan((), (), 0.0, 0.0)
    table, penalties = Timetable(world, tasks), [_penalty(world, task, horizon) for task in tasks]
    bound = _solve(world, tasks, table, slot=slot, horizon=horizon, gap=gap, seconds=seconds)
    refine(table, penalties, min(_MOST_ROUNDS, _ROUNDS * len(tasks)) if rounds is None else rounds)
    return _read(table, penalties, bound)


def _solve(
    world: World,
    tasks: Sequence[SiteTask],
    table: Timetable,
    *,
    slot: float,
    horizon: float,
    gap: float,
    seconds: float,
) -> float:
    """Put into the timetable what the programme finds; its bound."""
    slots = max(1, math.ceil(horizon / slot))
    copies = _copies(world, tasks, slot, slots)
    runs = _runs(world, tasks, slot, slots)
    cost = np.concatenate(
        [[r.cost for r in runs], [c.cost for c in copies], [_penalty(world, t, horizon) for t in tasks]]
    )
    rows = _Rows()
    for i in range(len(tasks)):
        rows.add([j for j, r in enumerate(runs) if r.task == i] + [len(runs) + len(copies) + i], 1.0, 1.0, 1.0)
    _capacities(world, runs, slot, slots, rows)
    _links(world, copies, len(runs), slots, rows)
    _precedences(world, tasks, runs, copies, slots, rows)
    limits = Rows(rows.rows, rows.columns, rows.values, rows.low, rows.high)
    done = minimise(cost, limits, upper=1.0, whole=True, gap=gap, seconds=seconds)
    bound = done.bound
    if done.x is None:
        if 8 * slot > horizon:
            return bound
        coarse = _solve(world, tasks, table, slot=2 * slot, horizon=horizon, gap=gap, seconds=seconds)
        return bound if bound > 0 else coarse
    moved = [copy for at, copy in enumerate(copies, len(runs)) if done.x[at] > 0.5]
    for copy in sorted(moved, key=lambda copy: (copy.start, copy.slots, copy.data, copy.region)):
        table.put_copy(copy.data, copy.region, copy.way.legs)
    chosen = sorted((run.start, run.task, run) for at, run in enumerate(runs) if done.x[at] > 0.5)
    late = []
    for start, task, run in chosen:
        if not table.put_at(task, run.offer, run.need, start * slot):
            late.append((task, run))
    for task, run in late:
        table.put_in(task, only=(run.offer, run.need))
    table.drop_unused()
    return bound


class _Rows:
    """Constraint rows under construction."""

    def __init__(self) -> None:
        self.rows: list[int] = []
        self.columns: list[int] = []
        self.values: list[float] = []
        self.low: list[float] = []
        self.high: list[float] = []

    def add(self, columns: Sequence[int], values: float | Sequence[float], low: float, high: float) -> None:
        each = [values] * len(columns) if isinstance(values, float) else values
        self.rows += [len(self.low)] * len(columns)
        self.columns += columns
        self.values += each
        self.low.append(low)
        self.high.append(high)


def _runs(world: World, tasks: Sequence[SiteTask], slot: float, slots: int) -> list[_Run]:
    """Every task on every offer that can take it, from every slot in which its data could be there."""
    found = []
    for i, task in enumerate(tasks):
        for j, offer in enumerate(world.offers):
            if not task.may(offer):
                continue
            for need in task.needs:
                if need.accelerator != offer.accelerator or need.count > offer.count:
                    continue
                ready, moved = 0.0, 0.0
                if task.data is not None:
                    way = world.best_way(task.data, offer.region)
                    if way is not None:
                        size = world.data[task.data][0]
                        ready, moved = way.hours(size), way.price * size
                for start in range(math.ceil(ready / slot - 1e-9), slots):
                    begin, end = start * slot, start * slot + need.hours
                    if end > min(task.deadline, offer.expires) + 1e-9:
                        break
                    run = task.rent(offer, need, world.hour + begin, world.hour + end)
                    if run + moved > task.budget:
                        continue
                    carbon = world.carbon_of(offer, need.count, need.hours) * world.carbon_price / 1000
                    cost = run + carbon + task.delay_price * end
                    found.append(_Run(i, j, need, start, math.ceil(need.hours / slot - 1e-9), cost))
    return found


def _copies(world: World, tasks: Sequence[SiteTask], slot: float, slots: int) -> list[_Copy]:
    """Every dataset by its cheapest way to every region that might use it, from every slot."""
    found = []
    for data in sorted({t.data for t in tasks if t.data is not None}):
        users = [t for t in tasks if t.data == data]
        for region in sorted({o.region for o in world.offers}):
            if not any(not t.regions or region in t.regions for t in users):
                continue
            way = world.best_way(data, region)
            if way is None:
                continue
            size = world.data[data][0]
            length = way.hours(size) / slot
            latest = max((t.deadline for t in users), default=math.inf)
            # What is copied in no time is copied at once: when makes no difference.
            for start in range(slots if length > AT_ONCE else 1):
                if (start + length) * slot > latest:
                    break
                found.append(_Copy(data, region, way, start, length, way.price * size))
    return found


def _capacities(world: World, runs: list[_Run], slot: float, slots: int, rows: _Rows) -> None:
    use: dict[tuple[int, int], list[int]] = {}
    for number, run in enumerate(runs):
        for at in range(run.start, min(run.start + run.slots, slots)):
            use.setdefault((run.offer, at), []).append(number)
    for (offer, at), members in sorted(use.items()):
        taken = sum(one.count for one in world.held if one.offer == offer and one.until > at * slot + 1e-9)
        free = max(0, world.offers[offer].count - taken)
        if sum(runs[m].need.count for m in members) > free:
            rows.add(members, [float(runs[m].need.count) for m in members], -np.inf, float(free))


def _links(world: World, copies: list[_Copy], base: int, slots: int, rows: _Rows) -> None:
    """A link carries what fits: a copy fills whole slots of each of its legs, one after the other, and parts of the
    first and last; nothing is copied twice."""
    use: dict[tuple[str, str, int], list[tuple[int, float]]] = {}
    for at, copy in enumerate(copies):
        size, begin = world.data[copy.data][0], float(copy.start)
        whole = copy.way.hours(size) or 1.0
        for leg, link in zip(copy.way.legs, copy.way.links, strict=True):
            end = begin + copy.slots * link.hours(size) / whole
            for step in range(int(begin + 1e-9), min(slots, math.ceil(end - 1e-9))):
                part = min(end, step + 1) - max(begin, step)
                use.setdefault((*leg, step), []).append((base + at, part))
            begin = end
    for _, members in sorted(use.items()):
        rows.add([m for m, _ in members], [p for _, p in members], -np.inf, 1.0)
    once: dict[tuple[str, str], list[int]] = {}
    for at, copy in enumerate(copies):
        once.setdefault((copy.data, copy.region), []).append(base + at)
    for _, same in sorted(once.items()):
        rows.add(same, 1.0, -np.inf, 1.0)


def _precedences(
    world: World, tasks: Sequence[SiteTask], runs: list[_Run], copies: list[_Copy], slots: int, rows: _Rows
) -> None:
    """Runs of a task in a region up to some slot are at most the copies there that have ended by then."""
    ended: dict[tuple[str, str], list[tuple[int, int]]] = {}
    for at, copy in enumerate(copies):
        ended.setdefault((copy.data, copy.region), []).append(
            (math.ceil(copy.start + copy.slots - 1e-9), len(runs) + at)
        )
    grouped: dict[tuple[int, str], list[tuple[int, int]]] = {}
    for at, run in enumerate(runs):
        grouped.setdefault((run.task, world.offers[run.offer].region), []).append((run.start, at))
    for (task, region), members in sorted(grouped.items()):
        data = tasks[task].data
        if data is None or (data, region) not in ended:
            continue
        copied = ended[(data, region)]
        if len(copied) == 1:
            late = [at for start, at in members if start >= copied[0][0]]
            rows.add([*late, copied[0][1]], [1.0] * len(late) + [-1.0], -np.inf, 0.0)
            early = [at for start, at in members if start < copied[0][0]]
            if early:
                rows.add(early, 1.0, -np.inf, 0.0)
            continue
        for slot in sorted({start for start, _ in members}):
            early = [at for start, at in members if start <= slot]
            there = [at for end, at in copied if end <= slot]
            rows.add(early + there, [1.0] * len(early) + [-1.0] * len(there), -np.inf, 0.0)


def _penalty(world: World, task: SiteTask, horizon: float) -> float:
    """What leaving a task out costs: more than any way of running it."""
    dearest = max((max(*o.price, *o.spot, 0.0) for o in world.offers), default=1.0)
    most = max((*task.charged.values(), *(n.count for n in task.needs)))
    largest = most * max(n.hours for n in task.needs)
    moved = 0.0
    if task.data is not None:
        moved = world.data[task.data][0] * max((link.price for link in world.links.values()), default=0.0)
    return 10.0 * (dearest * largest + moved + task.delay_price * horizon + 1.0)


def _read(table: Timetable, penalties: Sequence[float], bound: float) -> Plan:
    world, steps, unplaced, paid = table.world, [], [], set[tuple[str, str]]()
    for row, task in enumerate(table.tasks):
        if row not in table.placed:
            unplaced.append(task.name)
            continue
        one: Placed = table.placed[row]
        offer, end = world.offers[one.offer], one.start + one.need.hours
        key = (task.data or "", offer.region)
        copy = table.copies.get(key)
        price = copy.price if copy is not None and key not in paid else 0.0
        paid.add(key)
        steps.append(
            Step(
                task.name,
                one.offer,
                one.need,
                one.start if copy is None else copy.start,
                None if copy is None else copy.way.source,
                one.start,
                end,
                task.rent(offer, one.need, world.hour + one.start, world.hour + end),
                price,
                world.carbon_of(offer, one.need.count, one.need.hours),
                None if copy is None else copy.way.via,
            )
        )
    missing = sum(penalties[row] for row in range(len(table.tasks)) if row not in table.placed)
    return Plan(tuple(steps), tuple(unplaced), table.cost + missing, bound)
