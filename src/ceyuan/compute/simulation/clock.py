"""The clock of a replay: what happens when, with every decision left to the engines of admission and placement."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from ceyuan.compute.admission import Claim, Held, Node, Seat, Situation, Start, decide
from ceyuan.compute.simulation.choosing import Steering, Wish
from ceyuan.compute.simulation.learning import Lengths
from ceyuan.compute.simulation.values import Place, Policy, TwinTask, World

MOVED_S = 60.0
"""Seconds of work that being moved costs: what came after the last checkpoint, and starting again."""
NOTICE_S = 30.0
"""Seconds between being asked to leave and leaving."""
MOST_WAITING = 2000
"""Claims that one admission looks at, as on the platform."""
Report = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Stay:
    """A time on seats: which of the task's needs, where, since when (seconds), how much of it went into copying."""

    task: int
    need: int
    place: int
    seats: tuple[Seat, ...]
    start: float
    end: float
    copying: float


@dataclass
class Replay:
    """What came of it. `first` and `ended` in seconds since the start per task (`None`: never), `fate` per task:
    `done`, `late` (its deadline came first), `limit` (its limit did), `waiting` (it never started, or never ended)."""

    world: World
    tasks: tuple[TwinTask, ...]
    stays: list[Stay]
    first: list[float | None]
    ended: list[float | None]
    fate: list[str]
    moves: int
    copied_gb: float
    copy_cost: float
    span: float


@dataclass
class _Run:
    stay: Stay
    held: Held
    work: float
    """Seconds of work of its need that this stay can do at most."""


@dataclass
class _State:
    world: World
    tasks: tuple[TwinTask, ...]
    policy: Policy
    clock: list[tuple[float, int, str, int]] = field(default_factory=list)
    waiting: dict[int, Claim] = field(default_factory=dict)
    running: dict[int, _Run] = field(default_factory=dict)
    down: set[str] = field(default_factory=set)
    number: int = 0

    def __post_init__(self) -> None:
        count = len(self.tasks)
        self.left = [1.0] * count
        self.first: list[float | None] = [None] * count
        self.ended: list[float | None] = [None] * count
        self.fate = ["waiting"] * count
        self.stays: list[Stay] = []
        self.moves, self.copied_gb, self.copy_cost = 0, 0.0, 0.0
        self.place_of = {place.name: at for at, place in enumerate(self.world.places)}
        self.lengths = Lengths() if self.policy.learns else None
        self.steering = Steering(self.world, self.policy)
        self.nodes = self.world.nodes
        self.pool_of = {node.name: node.pool for node in self.nodes}

    def at(self, moment: float, kind: str, subject: int) -> None:
        self.number += 1
        heapq.heappush(self.clock, (moment, self.number, kind, subject))


def replay(world: World, tasks: Sequence[TwinTask], policy: Policy, report: Report | None = None) -> Replay:
    """Run the tasks on the world. `report` hears how much of it is done (0 to 1).

    A task holds its seats while its data is copied, as on the platform; a copy stays where it was made. Of a task that
    is moved, or whose place fails, the work up to its last checkpoint stands.
    """
    state = _State(world, tuple(sorted(tasks, key=lambda task: (task.submit, task.key))), policy)
    for row, task in enumerate(state.tasks):
        state.at(task.submit, "arrive", row)
    for row, outage in enumerate(world.outages):
        state.at(outage.start, "fail", row)
        state.at(outage.end, "mend", row)
    last, done = float("-inf"), 0
    while state.clock:
        now = max(state.clock[0][0], last + policy.tick if state.waiting else float("-inf"))
        while state.clock and state.clock[0][0] <= now:
            moment, _, kind, subject = heapq.heappop(state.clock)
            _HAPPENS[kind](state, moment, subject)
            done += kind == "arrive"
        if state.waiting:
            _admit(state, now)
            last = now
        if report is not None and done and done % 50 == 0:
            report(done / len(state.tasks))
    span = max([stay.end for stay in state.stays] + [task.submit for task in state.tasks], default=0.0)
    return Replay(
        world, state.tasks, state.stays, state.first, state.ended, state.fate,
        state.moves, state.copied_gb, state.copy_cost, span,
    )  # fmt: skip


def _arrive(state: _State, now: float, row: int) -> None:
    task = state.tasks[row]
    places = state.steering.open_to(task)
    needs = tuple(
        Wish(
            n.cpus,
            n.memory_mib,
            n.accelerator,
            n.accelerators,
            n.nodes,
            task.data,
            task.gigabytes,
            task.homes,
            task.limit,
            task.interruptible,
        )
        for n in task.needs
    )
    fair = state.policy.order == "fair"
    state.waiting[row] = Claim(
        task.key,
        task.owner if fair else "",
        needs,
        task.submit,
        task.limit,
        task.limit,
        task.priority if fair else 0,
        places or frozenset({"-"}),
        frozenset(),
        task.interruptible,
    )


def _admit(state: _State, now: float) -> None:
    """One admission: what may no longer start is given up, the rest is the engine's to decide."""
    for row in [row for row in state.waiting if state.tasks[row].deadline - now < 1.0]:
        del state.waiting[row]
        state.fate[row] = "late"
    rows = {state.tasks[row].key: row for row in list(state.waiting)[:MOST_WAITING]}
    claims = tuple(_expected(state, row, now) for row in rows.values())
    held = {run.held.key: row for row, run in state.running.items()}
    situation = Situation(
        now, state.nodes, tuple(run.held for run in state.running.values()), claims, state.world.shares
    )
    state.steering.now = now
    decision = decide(situation, state.steering.pick(situation))
    for start in decision.starts:
        _seat(state, now, rows[start.key], start)
    for key in decision.leave:
        run = state.running[held[key]]
        if run.held.interruptible:
            run.held = replace(run.held, interruptible=False)
            state.at(now + NOTICE_S, "leave", held[key])


def _expected(state: _State, row: int, now: float) -> Claim:
    claim, task = state.waiting[row], state.tasks[row]
    if state.policy.order == "arrival":
        return replace(claim, expected=1.0)
    longest = min(task.limit, max(1.0, task.deadline - now))
    guess = longest if state.lengths is None else state.lengths.of(task.owner, task.needs[0].accelerators, longest)
    return replace(claim, expected=min(longest, guess), longest=longest)


def _seat(state: _State, now: float, row: int, start: Start) -> None:
    task, claim = state.tasks[row], state.waiting.pop(row)
    name = state.pool_of[start.seats[0].node]
    place: Place = state.world.places[state.place_of[name]]
    copying, gigabytes, price = state.steering.copy(task, place.region, now)
    state.copied_gb += gigabytes
    state.copy_cost += price
    work = task.seconds[start.need] * state.left[row]
    limit = min(task.limit, task.deadline - now)
    end = now + min(copying + work, copying + limit)
    stay = Stay(row, start.need, state.place_of[name], start.seats, now, end, copying)
    held = Held(
        claim.key, claim.owner, claim.needs[start.need], start.seats, now, end,
        now + copying + limit, claim.priority, claim.interruptible,
    )  # fmt: skip
    state.running[row] = _Run(stay, held, work)
    if state.first[row] is None:
        state.first[row] = now
    state.at(end, "end", row)


def _end(state: _State, now: float, row: int) -> None:
    run = state.running.get(row)
    if run is None or run.stay.end != now:  # it was moved meanwhile
        return
    del state.running[row]
    state.stays.append(run.stay)
    task = state.tasks[row]
    ran = now - run.stay.start - run.stay.copying
    state.ended[row] = now
    if ran + 1e-6 >= run.work:
        state.fate[row] = "done"
        if state.lengths is not None:
            state.lengths.saw(task.owner, task.needs[run.stay.need].accelerators, task.seconds[run.stay.need], now)
    else:
        state.fate[row] = "late" if now + 1e-6 >= task.deadline else "limit"


def _leave(state: _State, now: float, row: int) -> None:
    """Give the seats back and wait again with what is left of the work."""
    run = state.running.pop(row, None)
    if run is None:
        return
    state.stays.append(replace(run.stay, end=now))
    ran = max(0.0, now - run.stay.start - run.stay.copying - MOVED_S)
    whole = state.tasks[row].seconds[run.stay.need]
    state.left[row] = max(0.0, state.left[row] - ran / whole) if whole > 0 else 0.0
    state.moves += 1
    _arrive(state, now, row)


def _fail(state: _State, now: float, number: int) -> None:
    name = state.world.outages[number].place
    state.down.add(name)
    _open_nodes(state)
    for row in [row for row, run in state.running.items() if state.world.places[run.stay.place].name == name]:
        _leave(state, now, row)


def _mend(state: _State, now: float, number: int) -> None:
    state.down.discard(state.world.outages[number].place)
    _open_nodes(state)


def _open_nodes(state: _State) -> None:
    def seen(node: Node) -> Node:
        return replace(node, open=False) if node.pool in state.down else node

    state.nodes = tuple(seen(node) for node in state.world.nodes)


def _leave_if_asked(state: _State, now: float, row: int) -> None:
    run = state.running.get(row)
    if run is not None and run.stay.start <= now - NOTICE_S:
        _leave(state, now, row)


_HAPPENS: dict[str, Callable[[_State, float, int], None]] = {
    "arrive": _arrive,
    "end": _end,
    "leave": _leave_if_asked,
    "fail": _fail,
    "mend": _mend,
}
