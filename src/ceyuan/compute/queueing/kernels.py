"""The event-driven simulation of one cluster, compiled.

Gangs are consolidated: a task of up to a node's accelerators runs on one node, a larger one on whole nodes.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ceyuan.compute.queueing.compiling import compiled
from ceyuan.compute.queueing.durations import bin_of, blend, gittins

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

ARRIVAL, DURATION, REMAINING, LEARNT = 0, 1, 2, 3
"""What tasks are ordered by: arrival; true duration; true remaining time; Gittins's rank learnt from finished ones."""
WAITING, RUNNING, FINISHED = 1, 2, 3
NEVER = 1e18


class Rules(NamedTuple):
    """How to schedule: ``order`` (above); ``skip``: a task that does not fit lets later ones pass; ``preempt``;
    ``cost``: seconds added to a task by each preemption; ``margin``: a task is preempted only for one whose rank is
    smaller by this factor; ``size_power``: ranks are multiplied by accelerators to this power; ``patience``: seconds
    of waiting that halve a rank (0: never); ``tick``: seconds between looks at ranks that change by themselves;
    ``reserve``: seconds after which a waiting task of a whole node or more gets nodes kept free for it (0: never)."""

    order: int
    skip: bool
    preempt: bool
    cost: float
    margin: float
    patience: float
    tick: float
    reserve: float
    size_power: float


class Cluster(NamedTuple):
    """State: per node ``free`` accelerators, ``tasks[n, i]`` and ``busy`` (how many); ``kept`` (reserved for task, -1
    none). Per task ``state``, ``left`` (seconds of work), ``served``, when it last ``began``, first ``started`` (-1
    never) and did ``finish``, its ``preemptions``, its (last) ``node`` and current ``rank``."""

    free: Ints
    tasks: Ints
    busy: Ints
    kept: Ints
    state: Ints
    left: Floats
    served: Floats
    began: Floats
    finish: Floats
    started: Floats
    preemptions: Ints
    node: Ints
    rank: Floats


@compiled
def simulate(
    submit: Floats,
    work: Floats,
    size: Ints,
    group: Ints,
    parents: Ints,
    counts: Floats,
    edges: Floats,
    lean: float,
    nodes: int,
    width: int,
    rules: Rules,
) -> Cluster:
    """Run all tasks (sorted by ``submit``) to the end. ``counts`` (finished tasks before the start, per group and bin)
    is updated with each completion, and the ranks made anew every day from it: nothing else is known of durations."""
    total = len(submit)
    c = Cluster(
        np.full(nodes, width),
        np.full((nodes, width), -1),
        np.zeros(nodes, np.int64),
        np.full(nodes, -1),
        np.zeros(total, np.int64),
        work.copy(),
        np.zeros(total),
        np.zeros(total),
        np.zeros(total),
        np.full(total, -1.0),
        np.zeros(total, np.int64),
        np.full(total, -1),
        np.zeros(total),
    )
    waiting = np.empty(total, np.int64)
    running = np.empty(nodes * width, np.int64)
    numbers = np.zeros(2, np.int64)
    queue, active, arrived, ended = 0, 0, 0, 0
    learnt = gittins(blend(counts, parents, lean), edges)
    relearn, next_tick = submit[0] + 86400.0, NEVER
    while ended < total:
        now = submit[arrived] if arrived < total else NEVER
        first = -1
        for i in range(active):
            end = c.began[running[i]] + c.left[running[i]]
            if end < now or (end == now and first < 0):
                now, first = end, i
        if queue > 0 and next_tick < now:
            now, first = next_tick, -1
        elif first >= 0:
            j = running[first]
            active -= 1
            running[first] = running[active]
            vacate(c, j, size[j], width)
            c.state[j], c.finish[j] = FINISHED, now
            ended += 1
            g = group[j]
            while g >= 0:
                counts[g, bin_of(edges, work[j])] += 1.0
                g = parents[g]
        else:
            c.state[arrived] = WAITING
            waiting[queue] = arrived
            queue += 1
            arrived += 1
            while arrived < total and submit[arrived] == now:
                c.state[arrived] = WAITING
                waiting[queue] = arrived
                queue += 1
                arrived += 1
        if now >= relearn:
            learnt = gittins(blend(counts, parents, lean), edges)
            relearn = now + 86400.0
        if queue > 0:
            queue, active = schedule(
                c, waiting, queue, running, active, now, submit, work, size, group, learnt, edges, width, numbers, rules
            )
        next_tick = now + rules.tick if rules.tick > 0 else NEVER
    return c


@compiled
def rank_of(
    c: Cluster,
    j: int,
    now: float,
    submit: Floats,
    work: Floats,
    size: Ints,
    group: Ints,
    learnt: Floats,
    edges: Floats,
    rules: Rules,
) -> float:
    """The smaller, the sooner."""
    if rules.order == ARRIVAL:
        return float(submit[j])
    if rules.order == DURATION:
        return float(work[j])
    runs = now - c.began[j] if c.state[j] == RUNNING else 0.0
    if rules.order == REMAINING:
        return float(c.left[j] - runs)
    rank = float(learnt[group[j], bin_of(edges, c.served[j] + runs)] * size[j] ** rules.size_power)
    if rules.patience > 0:
        waited = now - submit[j] - c.served[j] - runs
        rank = rank / (1.0 + waited / rules.patience)
    return rank


@compiled
def schedule(
    c: Cluster,
    waiting: Ints,
    queue: int,
    running: Ints,
    active: int,
    now: float,
    submit: Floats,
    work: Floats,
    size: Ints,
    group: Ints,
    learnt: Floats,
    edges: Floats,
    width: int,
    numbers: Ints,
    rules: Rules,
) -> tuple[int, int]:
    """Start what should run now; returns how many wait and how many run."""
    for i in range(queue):
        c.rank[waiting[i]] = rank_of(c, waiting[i], now, submit, work, size, group, learnt, edges, rules)
    if rules.preempt:
        for i in range(active):
            c.rank[running[i]] = rank_of(c, running[i], now, submit, work, size, group, learnt, edges, rules)
    if rules.order != ARRIVAL:
        waiting[:queue] = waiting[:queue][np.argsort(c.rank[waiting[:queue]], kind="mergesort")]
    if rules.reserve > 0:
        c.kept[:] = -1
    numbers[0], numbers[1] = active, queue
    blocked, reserved, most = width * len(c.free) + 1, False, c.free.max()
    for i in range(queue):
        j = waiting[i]
        if size[j] >= blocked:
            continue
        placed = fit(c, j, size[j], width, most)
        if not placed and rules.preempt and make_room(c, j, now, waiting, running, size, width, numbers, rules):
            placed = fit(c, j, size[j], width, width)
        if placed:
            c.state[j], c.began[j] = RUNNING, now
            if c.started[j] < 0:
                c.started[j] = now
            running[numbers[0]] = j
            numbers[0] += 1
            most = c.free.max()
            continue
        if not rules.skip:
            break
        waits = now - submit[j] - c.served[j]
        if rules.reserve > 0 and not reserved and size[j] >= width and waits > rules.reserve:
            reserve(c, j, (size[j] + width - 1) // width)
            reserved = True
        blocked = size[j]
        if blocked <= 1:
            break
    kept = 0
    for i in range(numbers[1]):
        if c.state[waiting[i]] == WAITING:
            waiting[kept] = waiting[i]
            kept += 1
    return kept, numbers[0]


@compiled
def fit(c: Cluster, j: int, size: int, width: int, most: int) -> bool:
    """Occupy the fullest node that takes the task, or whole free nodes; false if there are none."""
    if size > width:
        need, found = (size + width - 1) // width, 0
        for n in range(len(c.free)):
            if c.free[n] == width and (c.kept[n] < 0 or c.kept[n] == j):
                found += 1
        if found < need:
            return False
        for n in range(len(c.free)):
            if need > 0 and c.free[n] == width and (c.kept[n] < 0 or c.kept[n] == j):
                occupy(c, j, n, width)
                need -= 1
        return True
    if most < size:
        return False
    chosen, least = -1, width + 1
    for n in range(len(c.free)):
        if size <= c.free[n] < least and (c.kept[n] < 0 or c.kept[n] == j):
            chosen, least = n, c.free[n]
    if chosen < 0:
        return False
    occupy(c, j, chosen, size)
    return True


@compiled
def occupy(c: Cluster, j: int, n: int, size: int) -> None:
    """Put a task, or a gang's part, on a node."""
    c.tasks[n, c.busy[n]] = j
    c.busy[n] += 1
    c.free[n] -= size
    c.node[j] = n


@compiled
def vacate(c: Cluster, j: int, size: int, width: int) -> None:
    """Take a task off its nodes."""
    first, last = (c.node[j], c.node[j] + 1) if size <= width else (0, len(c.free))
    for n in range(first, last):
        for i in range(c.busy[n]):
            if c.tasks[n, i] == j:
                c.busy[n] -= 1
                c.tasks[n, i] = c.tasks[n, c.busy[n]]
                c.free[n] += min(size, width)
                break


@compiled
def reserve(c: Cluster, j: int, need: int) -> None:
    """Keep the emptiest nodes for a task that has waited long: nothing else starts there."""
    for _ in range(need):
        chosen = -1
        for n in range(len(c.free)):
            if c.kept[n] < 0 and (chosen < 0 or c.free[n] > c.free[chosen]):
                chosen = n
        if chosen >= 0:
            c.kept[chosen] = j


@compiled
def clearing(
    c: Cluster, n: int, j: int, need: int, size: Ints, width: int, rules: Rules, victims: Ints
) -> tuple[float, int]:
    """The completions per second that are put off when ``need`` accelerators of a node are freed for task ``j`` by
    preempting those of the largest rank, and how many these are (in ``victims``); -1 if it cannot be."""
    if c.kept[n] >= 0 and c.kept[n] != j:
        return -1.0, 0
    free, found, loss = c.free[n], 0, 0.0
    limit = rules.margin * c.rank[j] + rules.cost
    while free < need:
        worst = -1
        for i in range(c.busy[n]):
            k = c.tasks[n, i]
            if c.rank[k] <= limit or c.state[k] != RUNNING:
                continue
            chosen = False
            for v in range(found):
                chosen = chosen or victims[v] == k
            if not chosen and (worst < 0 or c.rank[k] > c.rank[worst]):
                worst = k
        if worst < 0:
            return -1.0, 0
        victims[found] = worst
        found += 1
        loss += 1.0 / c.rank[worst]
        free += min(size[worst], width)
    return loss, found


@compiled
def make_room(
    c: Cluster, j: int, now: float, waiting: Ints, running: Ints, size: Ints, width: int, numbers: Ints, rules: Rules
) -> bool:
    """Preempt tasks of larger rank where that puts off least; false if no such tasks give room enough."""
    victims = np.empty(width, np.int64)
    whole = (size[j] + width - 1) // width
    need = min(size[j], width)
    losses = np.full(len(c.free), NEVER)
    able = 0
    for n in range(len(c.free)):
        loss, _ = clearing(c, n, j, need, size, width, rules, victims)
        if loss >= 0:
            losses[n] = loss
            able += 1
    if able < whole:
        return False
    for _ in range(whole):
        n = int(np.argmin(losses))
        losses[n] = NEVER
        _, found = clearing(c, n, j, need, size, width, rules, victims)
        for v in range(found):
            preempt(c, victims[v], now, waiting, running, size, width, numbers, rules)
    return True


@compiled
def preempt(
    c: Cluster, k: int, now: float, waiting: Ints, running: Ints, size: Ints, width: int, numbers: Ints, rules: Rules
) -> None:
    """Stop a task at its checkpoint; it waits again, with the cost of stopping and starting added to its work."""
    vacate(c, k, size[k], width)
    ran = now - c.began[k]
    c.state[k] = WAITING
    c.served[k] += ran
    c.left[k] += rules.cost - ran
    c.preemptions[k] += 1
    waiting[numbers[1]] = k
    numbers[1] += 1
    for i in range(numbers[0]):
        if running[i] == k:
            numbers[0] -= 1
            running[i] = running[numbers[0]]
            break
