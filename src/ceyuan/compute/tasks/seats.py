"""The queue as the engine of admission sees it: pools and nodes, what tasks hold, who waits, quotas."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property

from ceyuan.compute.admission import Claim, Held, Need, Node, Seat, Shares, Situation
from ceyuan.compute.catalogue import Tariff, read_tariffs
from ceyuan.compute.pools import (
    KINDS,
    LOCAL_NODE,
    LOCAL_POOL,
    ExecutorPool,
    PoolNode,
    Use,
    all_pools,
    ensure_local,
    nodes_of,
)
from ceyuan.compute.quotas import shares
from ceyuan.compute.tasks import repository
from ceyuan.compute.tasks.description import Resources, TaskSpec
from ceyuan.compute.tasks.money import lacking
from ceyuan.compute.tasks.settings import TaskSettings
from ceyuan.compute.tasks.tables import ComputeTask
from ceyuan.compute.tasks.tariffs import Way
from ceyuan.kernel.work import UnitOfWork

Guess = Callable[[str, int, float], float]
"""Seconds still to come for (organisation, accelerators, seconds already had)."""


@dataclass(frozen=True)
class Yard:
    """All pools with their nodes, the tariffs of those that deliver an offer, and the region of the platform's store,
    in which a pool lies of which nobody says so."""

    pools: dict[str, ExecutorPool]
    nodes: tuple[PoolNode, ...]
    sandbox: bool
    tariffs: Mapping[str, Tariff]
    home: str = ""

    def region(self, pool: ExecutorPool) -> str:
        """Where a pool lies."""
        return pool.region or self.home

    def isolated(self, node: PoolNode) -> bool:
        """Whether a task there is kept from the platform's files and other tasks."""
        return node.isolated and (self.sandbox or node.pool_id != LOCAL_POOL)

    def open(self, node: PoolNode) -> bool:
        """Whether the node takes new tasks."""
        return self.pools[node.pool_id].state == "active" and not node.draining and node.health == "up"

    def may(self, node: PoolNode, org_id: str, spec: TaskSpec, trusted: bool) -> bool:
        """Whether a task of the organisation may ever run on the node, by pool, region, image and isolation."""
        pool = self.pools[node.pool_id]
        if pool.org_id not in (None, org_id):
            return False
        if spec.pools and not {pool.id, pool.name} & set(spec.pools):
            return False
        if spec.regions and self.region(pool) not in spec.regions:
            return False
        if spec.image and not KINDS[pool.kind].takes_image(pool, spec.image):
            return False
        return trusted or self.isolated(node) or pool.org_id == org_id

    def ways(self, org_id: str, spec: TaskSpec, trusted: bool, wishes: Sequence[Resources]) -> list[list[Way]]:
        """For each wish how it would be charged on the nodes that may take it, each tariff and amount once."""
        may = [engine for node, engine in self._shapes if self.may(node, org_id, spec, trusted)]
        found = []
        for wish in wishes:
            need, own = need_of(wish), dict[tuple[str, Decimal], Way]()
            for node in may:
                if node.holds(need):
                    tariff, charged = self.tariffs.get(node.pool), node.charged(need) * need.nodes
                    key = (tariff.offer_id if tariff else "", charged)
                    own[key] = Way(wish, tariff, spec.interruptible, charged)
            found.append(list(own.values()) or [Way(wish, None, spec.interruptible)])
        return found

    @cached_property
    def _shapes(self) -> list[tuple[PoolNode, Node]]:
        """One node of each shape in each pool."""
        found: dict[tuple[object, ...], tuple[PoolNode, Node]] = {}
        for node in self.nodes:
            shape = (node.cpus, node.memory_mib, node.accelerator, node.accelerators, node.isolated)
            found.setdefault((node.pool_id, *shape), (node, self._engine_node(node)))
        return list(found.values())

    def charged(self, wish: Resources, seats: Sequence[Seat]) -> Decimal:
        """As how many accelerators or processors a wish on these seats is charged."""
        nodes, need = {node.id: node for node in self.nodes}, need_of(wish)
        return sum((self._engine_node(nodes[seat.node]).charged(need) for seat in seats), Decimal(0))

    def ways_of(self, task: ComputeTask) -> list[list[Way]]:
        """The same for a task."""
        spec = TaskSpec.model_validate(task.spec)
        return self.ways(task.org_id, spec, bool(task.trusted), spec.wishes)

    def engine_nodes(self) -> tuple[Node, ...]:
        """The nodes as the engine takes them."""
        return tuple(map(self._engine_node, self.nodes))

    def _engine_node(self, node: PoolNode) -> Node:
        figures = (node.cpus, node.memory_mib, node.accelerator, node.accelerators)
        return Node(node.id, node.pool_id, *figures, self.open(node))


async def read_yard(uow: UnitOfWork) -> Yard:
    """The pools as they are entered; this machine is entered at the first time."""
    if uow.writes:
        await ensure_local(uow)
    pools = {pool.id: pool for pool in await all_pools(uow.session)}
    nodes = await nodes_of(uow.session, list(pools))
    if not uow.writes and LOCAL_POOL not in pools:
        pool, node = await _unentered(uow)
        pools, nodes = {pool.id: pool, **pools}, [node, *nodes]
    offered = {pool.id: pool.offer_id for pool in pools.values() if pool.offer_id}
    known = await read_tariffs(uow.session, offered.values())
    tariffs = {pool_id: known[offer_id] for pool_id, offer_id in offered.items() if offer_id in known}
    settings = uow.platform.section(TaskSettings)
    return Yard(pools, tuple(nodes), settings.sandbox, tariffs, settings.region)


async def _unentered(uow: UnitOfWork) -> tuple[ExecutorPool, PoolNode]:
    """This machine before anybody wrote it down."""
    pool = ExecutorPool(id=LOCAL_POOL, name="local", kind="local", org_id=None, region="", state="active")
    (found,) = await KINDS["local"].look(uow.platform, pool)
    node = PoolNode(id=LOCAL_NODE, pool_id=LOCAL_POOL, name=found.name, draining=False, health="up")
    node.cpus, node.memory_mib, node.isolated = found.cpus, found.memory_mib, found.isolated
    node.accelerator, node.accelerators = "", 0
    return pool, node


def need_of(wish: Resources) -> Need:
    """A wish as the engine takes it."""
    kind = wish.accelerator if wish.accelerators else ""
    return Need(wish.cpus, round(wish.memory_gib * 1024), kind, wish.accelerators, wish.nodes)


def seats_of(task: ComputeTask) -> tuple[Seat, ...]:
    """The seats that a task holds."""
    held = (task.admission or {}).get("seats", [])
    return tuple(Seat(seat["node_id"], tuple(seat["devices"])) for seat in held)


def _limit(task: ComputeTask, spec: TaskSpec, now: datetime) -> float:
    return max(1.0, spec.ends_by(now))


def claim_of(
    task: ComputeTask,
    yard: Yard,
    now: datetime,
    guess: Guess | None,
    lacks: Sequence[int] = (),
    spec: TaskSpec | None = None,
    *,
    forgive: bool = False,
) -> Claim:
    """A waiting task as the engine takes it; `lacks` is the money it is short of for each wish, `spec` another
    description than its own, `forgive`: nodes that failed it count as any other."""
    spec = spec or TaskSpec.model_validate(task.spec)
    may = [node for node in yard.nodes if yard.may(node, task.org_id, spec, bool(task.trusted))]
    known = {node.id for node in may}
    # A pool whose nodes cannot be joined never holds several nodes of one task.
    needs = tuple(need_of(wish) for wish in spec.wishes)
    lonely = {node.id for node in may if not KINDS[yard.pools[node.pool_id].kind].gangs}
    shut = {node.id for node in yard.nodes} - known | (lonely if all(need.nodes > 1 for need in needs) else set())
    # Nodes that failed it come after all others, not never.
    failed = set() if forgive else set(task.avoid or ())
    if all(node.id in failed | shut or not yard.open(node) for node in yard.nodes):
        failed = set()
    longest = _limit(task, spec, now)
    expected = longest if guess is None else min(longest, guess(task.org_id, needs[0].accelerators, 0.0))
    return Claim(
        task.id,
        task.org_id,
        needs,
        (task.queued_at or task.created_at).timestamp(),
        expected,
        longest,
        spec.priority,
        frozenset(node.pool_id for node in may) or frozenset({"-"}),
        frozenset(shut | failed),
        spec.interruptible,
        lacks=tuple(lacks) if any(lacks) else (),
    )


def held_of(task: ComputeTask, now: datetime, guess: Guess | None) -> Held:
    """A task that holds seats as the engine takes it."""
    spec, placed = TaskSpec.model_validate(task.spec), Resources.model_validate(task.placed)
    since = float((task.admission or {}).get("since", now.timestamp()))
    latest = since + spec.time_limit_s + spec.notice_s
    if spec.deadline is not None:
        latest = min(latest, spec.deadline.timestamp() + spec.notice_s)
    if task.notice is not None:
        latest = min(latest, now.timestamp() + spec.notice_s)
    had = max(0.0, now.timestamp() - since)
    more = spec.time_limit_s - had if guess is None else guess(task.org_id, placed.accelerators, had)
    expected = min(latest, now.timestamp() + max(1.0, more))
    return Held(
        task.id,
        task.org_id,
        need_of(placed),
        seats_of(task),
        since,
        expected,
        max(latest, now.timestamp() + 1.0),
        spec.priority,
        spec.interruptible and task.notice is None,
        task.notice is not None,
    )


async def read_situation(uow: UnitOfWork, guess: Guess | None = None) -> tuple[Situation, Yard]:
    """Everything that an admission rests on, as of now."""
    yard = await read_yard(uow)
    now = uow.clock.now()
    holding, waiting = await repository.holding(uow.session), await repository.waiting(uow.session)
    tree: Shares = await shares(uow.session)
    situation = Situation(
        now.timestamp(),
        yard.engine_nodes(),
        tuple(held_of(task, now, guess) for task in holding),
        tuple([claim_of(task, yard, now, guess, await lacking(uow, task, yard.ways_of(task))) for task in waiting]),
        tree,
    )
    return situation, yard


class TaskUse:
    """Fills the pools' hook: what tasks hold, by node."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake

    async def held(self, uow: UnitOfWork) -> dict[str, Use]:
        """What is held, by node id."""
        found: dict[str, Use] = {}
        for task in await repository.holding(uow.session):
            need = need_of(Resources.model_validate(task.placed))
            for seat in seats_of(task):
                had = found.get(seat.node, Use())
                found[seat.node] = Use(
                    had.runs + 1,
                    had.cpus + need.cpus,
                    had.memory_mib + need.memory_mib,
                    had.accelerators + len(seat.devices),
                )
        return found

    async def move_away(self, uow: UnitOfWork, pool_id: str, node_id: str | None) -> int:
        """Ask what runs there to leave at its checkpoint."""
        asked = 0
        for task in await repository.holding(uow.session):
            there = task.pool_id == pool_id and (
                node_id is None or any(seat.node == node_id for seat in seats_of(task))
            )
            if there and task.notice is None:
                task.notice = "moved"
                asked += 1
        return asked

    def changed(self) -> None:
        """Capacity changed."""
        self._wake()


class Guesses:
    """Expected seconds from what has ended: the queue's engine where it is installed and there is a history."""

    _LEAST = 20
    _AGE_S = 60.0

    def __init__(self) -> None:
        self._made_at = float("-inf")
        self._guess: Guess | None = None

    async def now(self, uow: UnitOfWork) -> Guess | None:
        """How long tasks still take; `None` while too little has ended."""
        moment = uow.clock.now().timestamp()
        if moment - self._made_at > self._AGE_S:
            history = await repository.ended_lengths(uow.session)
            self._guess = await asyncio.to_thread(_learn, history) if len(history) >= self._LEAST else None
            self._made_at = moment
        return self._guess


def _learn(history: Sequence[tuple[str, int, float]]) -> Guess | None:
    try:
        from ceyuan.compute.queueing import Durations
    except ImportError:  # without the engines of `standard` limits take the place of expectations
        return None
    durations = Durations()
    durations.observe(history)
    return lambda org_id, accelerators, had: durations.remaining(org_id, accelerators, had)
