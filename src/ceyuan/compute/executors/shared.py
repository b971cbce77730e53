"""Executors whose runs lie in a folder that we see too: status and output are files, read here."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import shutil
from collections.abc import Iterable
from dataclasses import asdict, replace
from pathlib import Path

from ceyuan.compute.executors import agent, gang
from ceyuan.compute.executors.interface import ClusterNode, ExecutorFault, Launch, Machine, Run


class FolderExecutor:
    """Runs below the folder `root`, each in a folder of its key."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def work(self, key: str) -> Path:
        """The folder in which a run works."""
        return self.root / key / "work"

    def checked(self, key: str) -> str:
        """The key, if it is one; raises `ExecutorFault`."""
        if not agent.KEY.fullmatch(key):
            raise ExecutorFault("refused", f"{key!r} is no key")
        return key

    async def status(self, key: str) -> Run:
        """How a run stands: a few small files, read here."""
        return Run.of(await asyncio.to_thread(agent.status, str(self.root / self.checked(key)), key))

    async def logs(self, key: str, offset: int = 0, limit: int = 65_536) -> bytes:
        """Bytes of the run's output."""
        return await asyncio.to_thread(agent.logs, str(self.root), self.checked(key), offset, limit)


class ClusterExecutor(FolderExecutor):
    """Behind a queueing system whose nodes see `root`: it starts our supervisor there, which writes everything down."""

    async def drain(self, on: bool = True) -> int:
        """Take no new runs, or take them again; how many are at work."""
        self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        return int((await asyncio.to_thread(agent.drain, str(self.root), on))["running"])

    @property
    def draining(self) -> bool:
        """Whether new runs are refused."""
        return (self.root / "draining").exists()

    def as_one(self, nodes: Iterable[ClusterNode], running: int, python: str) -> Machine:
        """The cluster as one machine: sums of its nodes that are up."""
        up = [node for node in nodes if node.up]
        self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        space = os.statvfs(self.root)
        return Machine(
            sum(node.cpus for node in up),
            sum(node.memory_gib for node in up),
            space.f_bavail * space.f_frsize / 2**30,
            tuple((node.accelerator, 0.0) for node in up for _ in range(node.accelerators)),
            running,
            self.draining,
            python,
            False,
            str(self.root),
        )

    async def accept(self, key: str, launch: Launch) -> None:
        """Write down, once, what the supervisor will run under a key; raises `ExecutorFault` where that cannot be."""
        spec = json.loads(json.dumps(asdict(launch)))
        fault = await asyncio.to_thread(agent.accept, str(self.root), key, spec)
        if fault:
            raise ExecutorFault(fault, f"the cluster refused: {fault}")

    async def forget(self, key: str) -> None:
        """Remove what an ended run left."""
        if (await self.status(key)).state in ("running", "queued"):
            raise ExecutorFault("refused", "the run is still at work")
        await asyncio.to_thread(shutil.rmtree, self.root / key, ignore_errors=True)

    async def close(self) -> None:
        """No connection is kept."""
        return

    def place_file(self, source: Path) -> Path:
        """Put a program of ours where the nodes see it, once for each version."""
        content = source.read_bytes()
        target = self.root / f"{source.stem}-{hashlib.sha256(content).hexdigest()[:16]}.py"
        if not target.exists():
            self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
            fresh = target.with_name(f"{target.name}.{os.getpid()}")
            fresh.write_bytes(content)
            fresh.replace(target)
        return target

    def ganged(self, launch: Launch, folder: Path, python: str) -> Launch:
        """A launch on several nodes with the words by which rank 0 joins the others; on one node as it is."""
        if launch.nodes < 2:
            return launch
        programs = [str(self.place_file(Path(str(one.__file__)))) for one in (gang, agent)]
        joins = [python, "-I", programs[0], "join", programs[1], str(folder), str(launch.nodes)]
        return replace(launch, prefix=[*joins, *launch.prefix])

    def withdraw(self, key: str, reason: str) -> bool:
        """End a run that has not begun, for good: no supervisor can begin it afterwards. Whether that was so."""
        folder = str(self.root / key)
        try:
            agent.write(agent.at(folder, "started"), {}, once=True)
        except FileExistsError:
            return False
        agent.write(agent.at(folder, "result.json"), {"state": "cancelled", "reason": reason, "seconds": 0.0})
        return True

    def written(self, key: str) -> tuple[str, Run]:
        """How the supervisor's files say that a run stands: (`absent`, `accepted`, `started`, `ended`), and the run."""
        folder = str(self.root / key)
        if not os.path.exists(agent.at(folder, "spec.json")):
            return "absent", Run(key, "absent")
        agent.renew(folder)
        if result := agent.read(agent.at(folder, "result.json")):
            return "ended", Run.of({"key": key, **result})
        started = agent.read(agent.at(folder, "started"))
        if "started_at" not in started:
            return "accepted", Run(key, "queued")
        pulse = agent.read(agent.at(folder, "pulse"))
        began = float(started["started_at"])
        last = float(pulse.get("at", began))
        return "started", Run(
            key,
            "running",
            started_at=began,
            ended_at=last,
            seconds=max(0.0, last - began),
            cpu_seconds=pulse.get("cpu_seconds", 0.0),
            peak_mb=pulse.get("peak_mb", 0.0),
        )
