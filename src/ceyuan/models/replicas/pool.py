"""Replicas in compute pools, as the directory of models and the gateway take them: from memory, which a look at the
tables, the tasks and the replicas themselves renews again and again."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from ceyuan.kernel.platform import Platform
from ceyuan.kernel.waiting import wait_at_most
from ceyuan.kernel.work import UnitOfWork
from ceyuan.models.replicas.deciding import count_of
from ceyuan.models.replicas.keeping import Keeper
from ceyuan.models.replicas.loads import Loads, loads_of
from ceyuan.models.replicas.looking import TaskSeen, cost_of_task
from ceyuan.models.replicas.settings import ReplicaSettings
from ceyuan.models.replicas.starting import key_of
from ceyuan.models.replicas.tables import PoolReplica, ReplicaGroup
from ceyuan.models.serving import EngineState, EngineUnavailable, ModelDirectory, Place, ServedModel
from ceyuan.models.serving.engine import Load
from ceyuan.models.serving.replicas import Offer, Wanted, offer_of, replica_of
from ceyuan.models.serving.variants import DeploymentPlan, Variant

logger = logging.getLogger(__name__)
_ANY = "any"
_CONNECT_S = 2.0
_NOTHING_S = 30.0
"""Seconds between two looks where no deployment names a pool; a new one wakes us."""
_NO_ROOM_S = 15.0
"""A replica that has waited for room so long keeps no update from going on with those that have it."""


@dataclass(frozen=True, slots=True)
class Member:
    """A replica that gets calls: its id, its deployment's revision, where it listens, and its key."""

    id: str
    number: int
    base_url: str
    key: str

    def place(self) -> Place:
        """Where its calls go; what is inside is never sent through a proxy."""
        return Place(f"{self.base_url}/v1", {"Authorization": f"Bearer {self.key}"}, direct=True)


class PoolReplicas:
    """Fills the hook `Replicas` for deployments that name a pool."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._loads = Loads(shared=platform.database.url.startswith("postgresql"))
        self._wanted: dict[str, Wanted] = {}
        self._members: dict[str, list[Member]] = {}
        self._changed = asyncio.Event()
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.keeper: Keeper | None = None

    async def start(self) -> None:
        """Begin to look; what ran before is found again."""
        self.keeper = Keeper(self._platform, self._loads)
        self._task = asyncio.create_task(self._run(), name="pool-replicas")

    async def stop(self) -> None:
        """Look no more; the tasks go on, and are found again at the next start."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self.keeper is not None:
            await self.keeper.looker.close()
            self.keeper = None

    async def _run(self) -> None:
        while True:
            try:
                await self.tick()
            except Exception:
                logger.exception("the replicas in pools could not be looked after; it is tried again")
            self._wake.clear()
            busy = self._wanted or (self.keeper is not None and (self.keeper.kept or self.keeper.groups))
            pause = self._platform.section(ReplicaSettings).look_s if busy else _NOTHING_S
            await wait_at_most(self._wake, pause)

    async def tick(self) -> None:
        """Look once, and make the routes anew where other replicas get calls now."""
        assert self.keeper is not None
        await self.keeper.tick(self._wanted)
        members = {
            served_id: [self._member(row) for row, _ in rows if self._answers(row)]
            for served_id, rows in self.keeper.kept.items()
        }
        if members != self._members:
            self._members = members
            self._changed.set()
            self._changed = asyncio.Event()
            for directory in self._platform.find(ModelDirectory):
                directory.refresh()

    def _answers(self, row: PoolReplica) -> bool:
        assert self.keeper is not None
        look = self.keeper.looker.of(row.id)
        return row.state == "ready" and look.attempt == row.attempt and bool(look.answers)

    def _member(self, row: PoolReplica) -> Member:
        return Member(row.id, row.number, f"http://{row.host}:{row.port}", key_of(self._platform, row))

    def runs(self, plan: DeploymentPlan | None) -> bool:
        """Everything that names a pool."""
        return plan is not None and plan.pool is not None

    def take(self, wanted: Sequence[Wanted]) -> None:
        """Want these; the next look starts and ends what that means."""
        self._wanted = {one[0].id: one for one in wanted}
        self._wake.set()

    def _ready(self, served_id: str, number: int) -> list[Member]:
        return [one for one in self._members.get(served_id, ()) if one.number == number]

    def offer(self, model: ServedModel, plan: DeploymentPlan | None) -> Offer:
        """All that are ready, and behind those of the stable revision one that waits until any is."""
        assert plan is not None
        parts = []
        for variant in plan.variants:
            names = [variant.replica(model.id, one.id) for one in self._ready(model.id, variant.number)]
            members = [replica_of(model, name, variant) for name in names]
            if variant.name == "shadow":
                members = [replica_of(model, variant.replica(model.id, _ANY), variant)]
            if variant.name == "stable":
                members.append(replica_of(model, variant.replica(model.id, _ANY), variant, standby=True))
            parts.append((variant, members))
        return offer_of(model, parts)

    def holds(self, name: str) -> bool:
        """Whether it names a replica of a deployment in a pool."""
        return name.partition("/")[0] in self._wanted

    @asynccontextmanager
    async def place(self, name: str, *, wait_s: float, call_id: str = "") -> AsyncIterator[Place]:
        """The address of a replica, held for one call; of any that can be reached, where none is named."""
        served_id, number, replica_id = name.split("/")
        if replica_id == _ANY:
            member = await self._any(served_id, int(number), wait_s)
        else:
            found = [one for one in self._ready(served_id, int(number)) if one.id == replica_id]
            if not found:
                raise EngineUnavailable(("该副本已不在", "this replica is gone"), retry_after_s=1)
            member = found[0]
        with self._loads.at(served_id, member.id):
            yield member.place()

    async def _any(self, served_id: str, number: int, wait_s: float) -> Member:
        """The least busy replica that can be reached; the call waits in line while there is none."""
        calls = self._loads.of(served_id)
        calls.waiting += 1
        self._wake.set()
        try:
            async with asyncio.timeout(wait_s):
                while True:
                    changed = self._changed
                    for member in sorted(self._ready(served_id, number), key=lambda one: calls.held[one.id]):
                        if await _reachable(member):
                            return member
                    await changed.wait()
        except TimeoutError:
            raise self._unavailable(served_id, number) from None
        finally:
            calls.waiting -= 1

    def _unavailable(self, served_id: str, number: int) -> EngineUnavailable:
        faults = [state.last_error for state in self.states(served_id) if state.last_error]
        return EngineUnavailable(
            ("模型的副本正在启动", "a replica of the model is being started"),
            hint=("请稍后重试", "try again in a moment"),
            retry_after_s=10,
            reason=faults[-1] if faults else None,
        )

    def _rows(self, served_id: str) -> list[tuple[PoolReplica, TaskSeen]]:
        return self.keeper.kept.get(served_id, []) if self.keeper is not None else []

    def states(self, served_id: str) -> list[EngineState]:
        """The replicas with their tasks; those that failed last with the engine's last words."""
        return [self._state(row, task) for row, task in self._rows(served_id)]

    def _state(self, row: PoolReplica, task: TaskSeen) -> EngineState:
        lines = (row.fault or "").splitlines()
        load_s = (row.ready_at - row.created_at).total_seconds() if row.ready_at is not None else None
        return EngineState(
            name=f"{row.served_id}/{row.number}/{row.id}",
            state="queued" if row.state == "starting" and task.state == "queued" else row.state,  # type: ignore[arg-type]
            pid=None,
            in_flight=self._loads.of(row.served_id).held[row.id],
            threads=None,
            load_s=load_s,
            rss_mb=None,
            restarts=row.failures,
            last_error="; ".join([lines[0], *lines[1:][-2:]]) if lines else None,
            selftest=[],
            log=lines[1:],
            task_id=row.task_id,
            address=f"{row.host}:{row.port}" if row.port else None,
        )

    async def cost_micro(self, uow: UnitOfWork, served_id: str) -> int:
        """What the tasks of a deployment's replicas cost since it was made."""
        group = await uow.session.get(ReplicaGroup, served_id)
        live = [row for row, task in self._rows(served_id) if task.state != "ended"]
        return (group.spent_micro if group is not None else 0) + sum(
            [await cost_of_task(uow, row.task_id) for row in live]
        )

    def loads(self, model: ServedModel, plan: DeploymentPlan) -> list[Load]:
        """How busy the ready replicas are in this process, and who waits for one."""
        calls = self._loads.of(model.id)
        ready = len(self._ready(model.id, plan.stable.number))
        return loads_of(plan, ready, sum(calls.held.values()), calls.waiting, calls.mean_s)

    def wanted(self, served_id: str, plan: DeploymentPlan) -> int:
        """The number that was decided last."""
        group = self.keeper.groups.get(served_id) if self.keeper is not None else None
        return min(max(group.wanted if group is not None else 0, plan.scale.least), plan.scale.most)

    def standing(self, served_id: str, variant: Variant) -> tuple[bool, str]:
        """A revision takes its part when all its replicas are ready, but for those that find no room in the pool."""
        rows = [(row, task) for row, task in self._rows(served_id) if row.number == variant.number]
        failed = [row for row, _ in rows if row.state == "failed"]
        if failed:
            return False, (failed[-1].fault or "")[:1000]
        wanted = self._wanted.get(served_id)
        if wanted is None or wanted[1] is None:
            return False, ""
        ready = len(self._ready(served_id, variant.number))
        now = self._platform.clock.now()
        crowded = [
            row
            for row, task in rows
            if row.state == "starting"
            and task.state == "queued"
            and (now - row.created_at).total_seconds() > _NO_ROOM_S
        ]
        due = count_of(wanted[1], variant.name, self.wanted(served_id, wanted[1]))
        return ready > 0 and ready + len(crowded) >= due, ""


async def _reachable(member: Member) -> bool:
    """Whether it takes connections: it may have died since it was looked at."""
    host, _, port = member.base_url.removeprefix("http://").rpartition(":")
    try:
        async with asyncio.timeout(_CONNECT_S):
            _reader, writer = await asyncio.open_connection(host.strip("[]"), int(port))
    except (TimeoutError, OSError):
        return False
    writer.close()
    return True
