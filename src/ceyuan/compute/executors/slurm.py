"""Slurm, by its command line or by slurmrestd: a job starts our supervisor on a node that shares a folder with us.

A key is submitted once: the job bears it as its name, so that after a crash between its submission and our note of its
number the job is found again instead of being submitted anew; and the supervisor executes a key at most once, come what
may, even where Slurm requeues its job: a lost run goes on under another key. What Slurm's own books say (sacct, or the
controller's record where there is no accounting) goes with the meter.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import os
import re
import shlex
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ceyuan.compute.executors import agent, on_slurm
from ceyuan.compute.executors.interface import ClusterNode, ExecutorFault, Launch, Machine, Run
from ceyuan.compute.executors.shared import ClusterExecutor
from ceyuan.compute.executors.slurm_commands import Commands
from ceyuan.compute.executors.slurm_controller import RUNS, WAITS, Controller, Submission
from ceyuan.compute.executors.slurm_rest import Rest

_FRESH_S = 0.7
"""One `squeue` answers all questions of so many seconds."""
_LOOKS = 12
"""Looks at a job that has ended until its books are closed."""
_PULSE_S = 20.0
"""A supervisor that wrote so recently is at work, even while the controller does not answer."""
_ENDS: dict[str, tuple[str, str]] = {
    "NODE_FAIL": ("lost", "unreachable"),
    "BOOT_FAIL": ("lost", "unreachable"),
    "PREEMPTED": ("cancelled", "preempted"),
    "CANCELLED": ("cancelled", "cancelled"),
    "TIMEOUT": ("failed", "time"),
    "DEADLINE": ("failed", "time"),
    "OUT_OF_MEMORY": ("failed", "memory"),
}
"""States of Slurm (squeue(1)) in which a job ended without our supervisor writing so, and what they mean."""
_VISIBLE = {"npu": "ASCEND_RT_VISIBLE_DEVICES", "mlu": "MLU_VISIBLE_DEVICES"}
_GRES = re.compile(r"([a-z_]+):(?:([A-Za-z0-9_.-]+):)?(\d+)")


@dataclass(frozen=True, slots=True)
class SlurmCluster:
    """A cluster: the shared folder of the runs, `slurm.conf` (empty: Slurm's default), partition, account, quality of
    service, Python on the nodes, and how Slurm calls an accelerator (`h800` -> `gpu:h800`) where it is not `gpu:` or
    `npu:` with our own name. With `url` it is spoken to through slurmrestd, as `user` with its `token`; `authority` is
    the PEM of who vouches for its certificate."""

    root: Path
    conf: str = ""
    url: str = ""
    user: str = ""
    token: str = field(default="", repr=False)
    authority: str = ""
    partition: str = ""
    account: str = ""
    qos: str = ""
    python: str = "/usr/bin/python3"
    gres: Mapping[str, str] = field(default_factory=dict)


class SlurmExecutor(ClusterExecutor):
    """Runs on one cluster."""

    def __init__(self, cluster: SlurmCluster) -> None:
        super().__init__(cluster.root)
        self.cluster = cluster
        self._slurm: Controller = Commands(cluster.conf, cluster.partition)
        if cluster.url:
            self._slurm = Rest(cluster.url, cluster.user, cluster.token, cluster.authority, cluster.partition)
        self._seen: dict[str, str] = {}
        self._seen_at = float("-inf")
        self._asking = asyncio.Lock()
        self._submitting = asyncio.Lock()

    async def nodes(self) -> list[ClusterNode]:
        """The cluster's nodes (of the partition, if one is set)."""
        return [
            ClusterNode(one.name, one.cpus, one.memory_mib / 1024, *self._accelerators(one.gres), one.up)
            for one in await self._slurm.nodes()
        ]

    def _accelerators(self, gres: str) -> tuple[str, int]:
        ours = {theirs: name for name, theirs in self.cluster.gres.items()}
        for family, kind, count in _GRES.findall(gres):
            return ours.get(f"{family}:{kind}", (kind or family).lower()), int(count)
        return "", 0

    async def probe(self) -> Machine:
        """The cluster as one machine: sums of its nodes that are up."""
        running = sum(state in RUNS for state in (await self._jobs()).values())
        return self.as_one(await self.nodes(), running, self.cluster.python)

    async def submit(self, key: str, launch: Launch) -> Run:
        """Submit a run under a key, once."""
        folder = self.root / self.checked(key)
        self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        await self.accept(key, self._of_slurm(launch))
        async with self._submitting:
            if await self._number(key) is None and self.written(key)[0] == "accepted":
                number = await self._hand_in(key, folder, launch)
                agent.write(str(folder / "slurm.json"), {"job": number})
                self._seen_at = float("-inf")
        return await self.status(key)

    def _of_slurm(self, launch: Launch) -> Launch:
        """What the supervisor runs: on several nodes one copy of the command on each."""
        passes: list[str] = []
        if launch.accelerators:
            passes += ["CUDA_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES", *_VISIBLE.values()]
        prefix = list(launch.prefix)
        if launch.nodes > 1:
            passes.append("SLURM_*")
            prefix = [
                "srun",
                f"--nodes={launch.nodes}",
                "--ntasks-per-node=1",
                "--kill-on-bad-exit=1",
                "--export=ALL",
                *prefix,
            ]
        return replace(launch, prefix=prefix, passes=passes)

    async def _number(self, key: str) -> str | None:
        """The job of a key: as we noted it, or as Slurm knows it by its name."""
        folder = self.root / key
        noted = agent.read(str(folder / "slurm.json"))
        if noted:
            return str(noted["job"])
        number = await self._slurm.named(key)
        if number is not None:
            agent.write(str(folder / "slurm.json"), {"job": number})
        return number

    async def _hand_in(self, key: str, folder: Path, launch: Launch) -> str:
        cluster, variable, gres = self.cluster, "", ""
        if launch.accelerators:
            theirs = cluster.gres.get(launch.accelerator) or await self._gres_of(launch.accelerator)
            gres, variable = f"{theirs}:{launch.accelerators}", _VISIBLE.get(theirs.partition(":")[0], "")
        starter, supervisor = self.place_file(Path(on_slurm.__file__)), self.place_file(Path(agent.__file__))
        line = shlex.join([cluster.python, "-I", str(starter), str(supervisor), str(folder), variable])
        setting = f"export SLURM_CONF={shlex.quote(cluster.conf)}\n" if cluster.conf else ""
        path = os.environ.get("PATH", os.defpath)
        return await self._slurm.submit(
            Submission(
                key,
                str(folder),
                f"#!/bin/sh\nexport PATH={shlex.quote(path)}\n{setting}exec {line}\n",
                launch.nodes,
                launch.cpus,
                max(1, math.ceil(launch.memory_mb / 1.048576)),
                # Our own limit comes first; Slurm's is there if the supervisor is not.
                math.ceil((launch.wall_s + launch.grace_s) / 60) + 1 if launch.wall_s else 0,
                cluster.account,
                cluster.qos,
                launch.where,
                gres,
                path,
            )
        )

    async def _gres_of(self, accelerator: str) -> str:
        """How the nodes call an accelerator: the family and type under which one of them offers it."""
        for node in await self._slurm.nodes():
            for family, kind, _count in _GRES.findall(node.gres):
                if (kind or family).lower() == accelerator:
                    return f"{family}:{kind}" if kind else family
        raise ExecutorFault("refused", f"no node of the cluster offers {accelerator}")

    async def _jobs(self) -> dict[str, str]:
        """States of our jobs by number, at most a moment old."""
        async with self._asking:
            if time.monotonic() - self._seen_at > _FRESH_S:
                self._seen = await self._slurm.jobs()
                self._seen_at = time.monotonic()
            return self._seen

    async def status(self, key: str) -> Run:
        """How a run stands: what its supervisor wrote, and what Slurm says where it wrote nothing."""
        phase, run = self.written(self.checked(key))
        if phase == "absent":
            return run
        if phase == "ended":
            return replace(run, accounting=await self._accounting(key))
        try:
            number = await self._number(key)
            if number is None:
                return Run(key, "absent")
            state = (await self._jobs()).get(number) or await self._slurm.state(number)
            if state in WAITS and phase == "started":
                # The list may be older than the supervisor's word.
                state = await self._slurm.state(number)
        except ExecutorFault:
            if run.ended_at is not None and time.time() - run.ended_at < _PULSE_S:
                return replace(run, ended_at=None)
            raise
        if state in RUNS:
            return replace(run, ended_at=None)
        if state in WAITS and phase == "accepted":
            return run
        # The supervisor may have written its last word while we asked.
        again, ended = self.written(key)
        if again == "ended":
            return replace(ended, accounting=await self._accounting(key))
        outcome, reason = _ENDS.get(state, ("lost", "supervisor"))
        spent = ended.seconds if again == "started" else 0.0
        result = {"state": outcome, "reason": reason, "seconds": spent, "started_at": ended.started_at}
        result |= {"ended_at": ended.ended_at, "cpu_seconds": ended.cpu_seconds, "peak_mb": ended.peak_mb}
        agent.write(str(self.root / key / "result.json"), result)
        return replace(Run.of({"key": key, **result}), accounting=await self._accounting(key))

    async def _accounting(self, key: str) -> dict[str, Any] | None:
        """What Slurm's books say of an ended run, asked once and kept."""
        path = self.root / key / "accounting.json"
        if kept := agent.read(str(path)):
            return kept
        try:
            number = await self._number(key)
            if number is None:
                return None
            found = await self._closed_books(number)
        except ExecutorFault:
            return None
        if found is None:
            return None
        found["job"] = number
        agent.write(str(path), found)
        return found

    async def _closed_books(self, number: str) -> dict[str, Any] | None:
        """The books of a job whose supervisor has ended: Slurm closes them a moment later."""
        for _look in range(_LOOKS):
            if (found := await self._slurm.books(number)) is not None:
                return found
            await asyncio.sleep(_FRESH_S / 2)
        return None

    async def cancel(self, key: str, reason: str = "cancelled") -> Run:
        """Ask a run to end: one that waits leaves Slurm's queue, one that runs is told by its supervisor."""
        folder = self.root / self.checked(key)
        phase, run = self.written(key)
        if phase in ("absent", "ended"):
            return run
        await asyncio.to_thread(agent.ask_to_end, str(folder), reason)
        told = str(agent.read(str(folder / "cancel")).get("reason") or reason)
        if phase == "accepted" and self.withdraw(key, told):
            # Ended for good: a job that stays in the queue after all finds nothing to do.
            with contextlib.suppress(ExecutorFault):
                if (number := await self._number(key)) is not None:
                    await self._slurm.withdraw(number)
            self._seen_at = float("-inf")
        return await self.status(key)

    async def close(self) -> None:
        """End kept connections."""
        await self._slurm.close()
