"""Looking at replicas: how their tasks stand, where they listen, whether they answer, and their last words."""

from __future__ import annotations

import asyncio
import ipaddress
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from ceyuan.compute.pools import open_executors
from ceyuan.compute.tasks import ComputeTask, find_task, read_log, show_task
from ceyuan.kernel.errors import NotFound
from ceyuan.kernel.platform import Platform
from ceyuan.kernel.work import UnitOfWork
from ceyuan.models.replicas.launcher import announced
from ceyuan.models.replicas.settings import ReplicaSettings
from ceyuan.models.replicas.starting import key_of
from ceyuan.models.replicas.tables import PoolReplica

if TYPE_CHECKING:
    import httpx

_ANSWER_S = 5.0
_PIECE = 65_536
_WORDS = 2000
"""Characters of an engine's last words."""
_AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class TaskSeen:
    """How a replica's task stands: `queued`, `running` or `ended`; its try at work, its seat, since when it has it."""

    state: str
    attempt: str | None = None
    pool_id: str | None = None
    node_id: str | None = None
    since: float = 0.0

    @classmethod
    def of(cls, task: ComputeTask) -> TaskSeen:
        if task.finished_at is not None and task.closing is None and task.state not in ("queued", "running"):
            return cls("ended")
        seats = (task.admission or {}).get("seats") or []
        if not seats or task.pool_id is None:
            return cls("queued")
        since = float((task.admission or {}).get("since", 0.0))
        return cls("running", task.attempt, task.pool_id, seats[0]["node_id"], since)


async def see_task(uow: UnitOfWork, task_id: str) -> TaskSeen:
    """How a task stands; one that is gone has ended."""
    try:
        return TaskSeen.of(await find_task(uow, task_id))
    except NotFound:
        return TaskSeen("ended")


async def cost_of_task(uow: UnitOfWork, task_id: str) -> int:
    """What a task cost so far, in micro-yuan."""
    try:
        return int((await show_task(uow, await find_task(uow, task_id)))["cost_so_far_micro"])
    except NotFound:
        return 0


async def last_words(uow: UnitOfWork, task_id: str) -> str:
    """The end of what a task wrote. Its length is not known, so the end is searched for by halves."""

    async def piece(offset: int) -> str:
        return str((await read_log(uow, task_id, None, offset))["text"])

    try:
        low, high = 0, _PIECE
        while await piece(high):
            low, high = high, 2 * high
        while high - low > _PIECE:
            middle = (low + high) // 2
            low, high = (middle, high) if await piece(middle) else (low, middle)
        lines = [await piece(max(0, low - _WORDS)), await piece(low)] if low else [await piece(0)]
    except NotFound:
        return ""
    found = [line for line in "".join(lines[-1:] if len(lines[-1]) > _WORDS else lines).splitlines() if line.strip()]
    return "\n".join(line for line in found if not announced(line + "\n"))[-_WORDS:]


@dataclass(slots=True)
class Look:
    """What is known of one replica in this process: the address of its try, whether it answered, misses in a row."""

    attempt: str | None = None
    host: str = ""
    port: int = 0
    answers: bool | None = None
    misses: int = 0


class Looker:
    """Asks the replicas of all deployments, many at once. Their addresses are those of nodes that an operator has
    registered; a log tells nothing but the port."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._settings = platform.section(ReplicaSettings)
        self._limit = asyncio.Semaphore(_AT_ONCE)
        self._looks: dict[str, Look] = {}

    @cached_property
    def _client(self) -> httpx.AsyncClient:
        # A platform without replicas at work does without the client's memory.
        import httpx

        return httpx.AsyncClient(timeout=_ANSWER_S, trust_env=False, follow_redirects=False)

    async def close(self) -> None:
        """Close the connections."""
        if "_client" in self.__dict__:
            await self._client.aclose()

    def of(self, replica_id: str) -> Look:
        """What is known of a replica."""
        return self._looks.setdefault(replica_id, Look())

    def ill(self, replica_id: str) -> bool:
        """Whether it failed to answer too often."""
        return self.of(replica_id).misses >= self._settings.misses

    async def look(self, seen: list[tuple[PoolReplica, TaskSeen, str]]) -> None:
        """Look at replicas with their tasks and public names."""
        for gone in self._looks.keys() - {row.id for row, _, _ in seen}:
            del self._looks[gone]
        await asyncio.gather(*(self._look(*one) for one in seen))

    async def _look(self, row: PoolReplica, task: TaskSeen, name: str) -> None:
        look = self.of(row.id)
        if task.state != "running" or task.attempt is None:
            look.answers = None
            return
        if look.attempt != task.attempt:
            look.attempt, look.host, look.port, look.answers, look.misses = task.attempt, "", 0, None, 0
            if row.attempt == task.attempt and row.port:
                look.host, look.port = row.host, row.port
        async with self._limit:
            if not look.port:
                await self._find(look, row, task)
            if look.port:
                await self._ask(look, row, name)

    async def _find(self, look: Look, row: PoolReplica, task: TaskSeen) -> None:
        """Where it listens: the port from its log, the host from the pool's node."""
        assert task.pool_id is not None
        assert task.node_id is not None
        async with self._platform.work(write=False) as uow:
            log = await read_log(uow, row.task_id, task.attempt, 0)
        port = announced(str(log["text"]))
        if port is None:
            return
        try:
            kind, _executor, node = await open_executors(self._platform).find(task.pool_id, task.node_id)
        except NotFound:
            return
        look.host = "127.0.0.1" if kind.name == "local" else _bracketed(node.address or node.name)
        look.port = port

    async def _ask(self, look: Look, row: PoolReplica, name: str) -> None:
        import httpx

        base = f"http://{look.host}:{look.port}"
        try:
            answer = await self._client.get(f"{base}/health")
            well = answer.status_code in (200, 404)
            if well and (not look.answers or answer.status_code == 404):
                well = await self._lists(base, row, name)
        except httpx.ConnectError:
            well = False
        except httpx.HTTPError:
            # Slow or cut off, but somebody is there: it keeps its calls until that was so too often.
            look.misses += 1
            look.answers = bool(look.answers) and not self.ill(row.id)
            return
        look.answers = well
        look.misses = 0 if well else look.misses + 1

    async def _lists(self, base: str, row: PoolReplica, name: str) -> bool:
        """Whether it serves the model under its public name, to us."""
        key = key_of(self._platform, row)
        answer = await self._client.get(f"{base}/v1/models", headers={"Authorization": f"Bearer {key}"})
        if answer.status_code != 200:
            return False
        try:
            return name in [card["id"] for card in answer.json()["data"]]
        except (ValueError, TypeError, KeyError):
            return False


def _bracketed(host: str) -> str:
    try:
        return f"[{host}]" if ipaddress.ip_address(host).version == 6 else host
    except ValueError:
        return host
