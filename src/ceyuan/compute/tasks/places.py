"""Where a try works: the folders of a task, here or copied to a host, and the launch of its command there."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ceyuan.compute.accelerators import ACCELERATORS
from ceyuan.compute.executors import (
    ClusterExecutor,
    Executor,
    ExecutorFault,
    FolderExecutor,
    Launch,
    SshExecutor,
    remote_prefix,
)
from ceyuan.compute.executors import sandbox_prefix as local_prefix
from ceyuan.compute.executors.sandbox import devices_of
from ceyuan.compute.pools import LOCAL_POOL, Kind, open_executors
from ceyuan.compute.tasks.description import Resources, TaskSpec
from ceyuan.compute.tasks.settings import TaskSettings
from ceyuan.kernel.platform import Platform

MOST_DEVICES = 16
"""Accelerators that one node may hold."""
_LONGEST_LOG = 8 * 2**20
"""Bytes of a host's output that are kept here once a try has ended."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """A try and its seats, as remembered by the task's job."""

    task_id: str
    key: str
    pool_id: str
    node_id: str
    devices: tuple[int, ...]
    nodes: tuple[str, ...]

    @classmethod
    def of(cls, task_id: str, key: str, admission: dict[str, Any]) -> Ticket:
        """From what the admission wrote down."""
        seat = admission["seats"][0]
        names = tuple(str(one["node"]) for one in admission["seats"])
        return cls(task_id, key, admission["pool_id"], seat["node_id"], tuple(seat["devices"]), names)


def task_folder(platform: Platform, task_id: str) -> Path:
    """Inputs, checkpoint and kept logs of a task on this machine."""
    return platform.data_dir / "compute" / "tasks" / task_id


class Place(ABC):
    """The place of one try. `lease_s`: after so long without an answer the try there has ended by itself."""

    lease_s = 0.0

    def __init__(self, platform: Platform, ticket: Ticket, executor: Executor, isolated: bool) -> None:
        self.platform = platform
        self.ticket = ticket
        self.executor = executor
        self.isolated = isolated
        self.folder = task_folder(platform, ticket.task_id)

    @abstractmethod
    async def launch(self, spec: TaskSpec, placed: Resources) -> Launch:
        """Bring there what the try needs, and say how it is launched."""

    async def save(self) -> None:
        """Bring the checkpoint here, so that it outlives the place; where folders are shared it is here."""
        return

    @abstractmethod
    async def result(self, name: str) -> Path | None:
        """An output folder, here; `None` if the command left none."""

    async def tidy(self) -> None:
        """Keep the log, and remove what the try needs no more; where folders are shared the sweep does."""
        return

    def _environment(
        self, spec: TaskSpec, placed: Resources, work: str, inputs: str, checkpoint: str
    ) -> tuple[dict[str, str], list[str]]:
        """Variables, and words for the sandbox that show the accelerators."""
        words: list[str] = []
        shown: dict[str, str] = {}
        if self.ticket.devices:
            # Which ones a cluster allots it decides, and shows, by itself.
            clustered = isinstance(self.executor, ClusterExecutor)
            devices = range(MOST_DEVICES) if clustered else self.ticket.devices
            words, shown = devices_of(ACCELERATORS[placed.accelerator].vendor, devices)
            shown = {} if clustered else shown
        environment = {
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "HOME": work,
            "LANG": "C.UTF-8",
            "OMP_NUM_THREADS": str(placed.cpus),
            **shown,
            **spec.environment,
            "CEYUAN_TASK": self.ticket.task_id,
            "CEYUAN_INPUTS": inputs,
            "CEYUAN_CHECKPOINT": checkpoint,
        }
        return environment, words

    def _launch(self, spec: TaskSpec, placed: Resources, environment: dict[str, str], prefix: list[str]) -> Launch:
        memory_mb = round(placed.memory_gib * 1073.741824)
        return Launch(
            spec.argv,
            environment,
            wall_s=spec.time_limit_s,
            memory_mb=memory_mb,
            grace_s=spec.notice_s if spec.interruptible else min(spec.notice_s, 5.0),
            prefix=prefix,
            lease_s=self.lease_s,
            cpus=placed.cpus,
            accelerator=placed.accelerator if placed.accelerators else "",
            accelerators=placed.accelerators,
            nodes=placed.nodes,
            where=",".join(self.ticket.nodes),
            network=spec.network,
            image=spec.image,
        )


class SharedPlace(Place):
    """A machine, or nodes of a cluster, that see our folders: nothing is copied. `contained`: the cluster puts a
    container around the command, which shows it only what the launch names."""

    def __init__(
        self, platform: Platform, ticket: Ticket, executor: Executor, isolated: bool, contained: bool = False
    ) -> None:
        super().__init__(platform, ticket, executor, isolated)
        self._contained = contained
        if isinstance(executor, ClusterExecutor):
            self.lease_s = platform.section(TaskSettings).lease_s

    def _work(self) -> Path:
        assert isinstance(self.executor, FolderExecutor)
        return self.executor.work(self.ticket.key)

    async def launch(self, spec: TaskSpec, placed: Resources) -> Launch:
        work, inputs, checkpoint = self._work(), self.folder / "inputs", self.folder / "checkpoint"
        await asyncio.to_thread(work.mkdir, parents=True, exist_ok=True, mode=0o700)
        environment, words = self._environment(spec, placed, str(work), str(inputs), str(checkpoint))
        prefix: list[str] = []
        if self.isolated and not self._contained:
            prefix = local_prefix(work, readable=[inputs], writable=[checkpoint], network=spec.network)
            prefix = prefix[:-2] + words + prefix[-2:]
        launch = self._launch(spec, placed, environment, prefix)
        return replace(launch, readable=[str(inputs)], writable=[str(checkpoint)]) if self._contained else launch

    async def result(self, name: str) -> Path | None:
        folder = self._work() / name
        return folder if folder.is_dir() else None


class HostPlace(Place):
    """A host behind SSH: inputs and checkpoint are copied there, checkpoint, results and log back."""

    executor: SshExecutor

    def __init__(self, platform: Platform, ticket: Ticket, executor: Executor, isolated: bool) -> None:
        super().__init__(platform, ticket, executor, isolated)
        self.lease_s = platform.section(TaskSettings).lease_s
        # Each try has folders of its own there: a try that was given up for lost may still write to its own.
        self._there = f".tasks/{ticket.key}"

    async def launch(self, spec: TaskSpec, placed: Resources) -> Launch:
        for name in ("inputs", "checkpoint"):
            await self.executor.send(self.folder / name, f"{self._there}/{name}")
        root = self.executor.host.root
        work = f"{root}/{self.ticket.key}/work"
        inputs, checkpoint = (f"{root}/{self._there}/{name}" for name in ("inputs", "checkpoint"))
        environment, words = self._environment(spec, placed, work, inputs, checkpoint)
        prefix: list[str] = []
        if self.isolated:
            prefix = remote_prefix(work, readable=[inputs], writable=[checkpoint], network=spec.network)
            prefix = prefix[:-2] + words + prefix[-2:]
        return self._launch(spec, placed, environment, prefix)

    async def save(self) -> None:
        await self.executor.fetch(f"{self._there}/checkpoint", self.folder / "checkpoint")

    async def result(self, name: str) -> Path | None:
        target = self.folder / "results" / self.ticket.key / name
        await self.executor.fetch(f"{self.ticket.key}/work/{name}", target)
        return target if any(target.iterdir()) else None

    async def tidy(self) -> None:
        kept = self.folder / "logs" / f"{self.ticket.key}.log"
        if not kept.exists():
            text = await self.executor.logs(self.ticket.key, 0, _LONGEST_LOG)
            await asyncio.to_thread(kept.parent.mkdir, parents=True, exist_ok=True)
            await asyncio.to_thread(kept.write_bytes, text)
        await self.executor.remove(f"{self._there}")


async def open_place(platform: Platform, ticket: Ticket) -> Place:
    """The place of a try; raises `PoolNotFound`, `NodeNotFound` where it was removed."""
    kind, executor, node = await open_executors(platform).find(ticket.pool_id, ticket.node_id)
    return place_of(platform, ticket, kind, executor, isolated(platform, ticket.pool_id, node.isolated))


def place_of(platform: Platform, ticket: Ticket, kind: Kind, executor: Executor, sandboxed: bool) -> Place:
    """The place of a try on an executor that is open already."""
    if not kind.shares_folders:
        return HostPlace(platform, ticket, executor, sandboxed)
    return SharedPlace(platform, ticket, executor, sandboxed, kind.contains)


def isolated(platform: Platform, pool_id: str, works: bool) -> bool:
    """Whether a sandbox is used: where it works, and on this machine only if the settings want it."""
    return works and (pool_id != LOCAL_POOL or platform.section(TaskSettings).sandbox)


async def read_output(platform: Platform, ticket: Ticket, offset: int) -> bytes:
    """Output of a try from an offset on: what is kept here, or what the place tells; empty while it cannot be asked."""
    kept = task_folder(platform, ticket.task_id) / "logs" / f"{ticket.key}.log"
    if kept.exists():
        return await asyncio.to_thread(_part, kept, offset)
    try:
        _kind, executor, _node = await open_executors(platform).find(ticket.pool_id, ticket.node_id)
        return await executor.logs(ticket.key, offset)
    except ExecutorFault:
        return b""


def _part(path: Path, offset: int) -> bytes:
    with path.open("rb") as file:
        file.seek(offset)
        return file.read(65_536)
