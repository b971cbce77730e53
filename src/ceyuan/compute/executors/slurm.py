"""Slurm, by its command line: `sbatch` starts our supervisor on a node that shares a folder with us.

A key is submitted once: the job bears it as its name, so that after a crash between `sbatch` and our note of its number
the job is found again instead of being submitted anew; and the supervisor executes a key at most once, come what may.
Slurm never requeues our jobs: a lost run goes on under another key. What Slurm's own books say (sacct, or `scontrol`
where there is no accounting) goes with the meter.
"""

from __future__ import annotations

import asyncio
import json
import math
import os
import re
import shlex
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from ceyuan.compute.executors import agent, on_slurm
from ceyuan.compute.executors.interface import ClusterNode, ExecutorFault, Launch, Machine, Run
from ceyuan.compute.executors.programs import run_program
from ceyuan.compute.executors.shared import ClusterExecutor

_FRESH_S = 0.7
"""One `squeue` answers all questions of so many seconds."""
_LOOKS = 12
"""Looks at a job that has ended until its books are closed."""
_PULSE_S = 20.0
"""A supervisor that wrote so recently is at work, even while the controller does not answer."""
_WAITS = frozenset({"PENDING", "CONFIGURING", "REQUEUED", "REQUEUE_HOLD", "RESV_DEL_HOLD"})
_RUNS = frozenset({"RUNNING", "COMPLETING", "SUSPENDED", "STAGE_OUT", "SIGNALING", "STOPPED"})
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
    `npu:` with our own name."""

    root: Path
    conf: str = ""
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
        self._seen: dict[str, str] = {}
        self._seen_at = float("-inf")
        self._asking = asyncio.Lock()
        self._submitting = asyncio.Lock()

    async def _ask(self, *words: str, stdin: bytes = b"") -> str:
        environment = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8"}
        if self.cluster.conf:
            environment["SLURM_CONF"] = self.cluster.conf
        try:
            status, out, err = await run_program(*words, env=environment, stdin=stdin)
        except FileNotFoundError as error:
            raise ExecutorFault("unreachable", f"{words[0]} is not installed here") from error
        if status:
            text = err.decode(errors="replace").strip()[-300:]
            gone = "Invalid job id" in text
            raise ExecutorFault("gone" if gone else _code_of(words[0], text), f"{words[0]}: {text}")
        return out.decode(errors="replace")

    async def nodes(self) -> list[ClusterNode]:
        """The cluster's nodes (of the partition, if one is set)."""
        words = ["sinfo", "--noheader", "--Node", "--format=%N|%c|%m|%G|%T"]
        if self.cluster.partition:
            words.append(f"--partition={self.cluster.partition}")
        found: dict[str, ClusterNode] = {}
        for line in (await self._ask(*words)).splitlines():
            name, cpus, memory, gres, state = line.strip().split("|")
            kind, count = self._accelerators(gres)
            up = state.rstrip("*$@#!%-+^~").lower() in ("idle", "mixed", "allocated", "completing") and "*" not in state
            found[name] = ClusterNode(name, int(cpus.rstrip("+")), int(memory.rstrip("+")) / 1024, kind, count, up)
        return list(found.values())

    def _accelerators(self, gres: str) -> tuple[str, int]:
        ours = {theirs: name for name, theirs in self.cluster.gres.items()}
        for family, kind, count in _GRES.findall(gres):
            return ours.get(f"{family}:{kind}", (kind or family).lower()), int(count)
        return "", 0

    async def probe(self) -> Machine:
        """The cluster as one machine: sums of its nodes that are up."""
        nodes = [node for node in await self.nodes() if node.up]
        self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        space = os.statvfs(self.root)
        cards = tuple((node.accelerator, 0.0) for node in nodes for _ in range(node.accelerators))
        running = sum(state in _RUNS for state in (await self._jobs()).values())
        return Machine(
            sum(node.cpus for node in nodes),
            sum(node.memory_gib for node in nodes),
            space.f_bavail * space.f_frsize / 2**30,
            cards,
            running,
            self.draining,
            self.cluster.python,
            False,
            str(self.root),
        )

    async def submit(self, key: str, launch: Launch) -> Run:
        """Submit a run under a key, once."""
        folder = self.root / self.checked(key)
        self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        spec = json.loads(json.dumps(asdict(self._of_slurm(launch))))
        fault = await asyncio.to_thread(agent.accept, str(self.root), key, spec)
        if fault:
            raise ExecutorFault(fault, f"the cluster refused: {fault}")
        async with self._submitting:
            if await self._number(key) is None and self.written(key)[0] == "accepted":
                number = await self._sbatch(key, folder, launch)
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
        told = (await self._ask("squeue", "--noheader", "--states=all", f"--name={key}", "--format=%i")).split()
        if not told:
            return None
        agent.write(str(folder / "slurm.json"), {"job": told[0]})
        return told[0]

    async def _sbatch(self, key: str, folder: Path, launch: Launch) -> str:
        cluster = self.cluster
        words = ["sbatch", "--parsable", f"--job-name={key}", "--no-requeue", "--export=NONE", "--output=/dev/null"]
        words += [f"--chdir={folder}", f"--nodes={launch.nodes}", "--ntasks-per-node=1"]
        words += [f"--cpus-per-task={launch.cpus}", f"--mem={max(1, math.ceil(launch.memory_mb / 1.048576))}M"]
        if launch.wall_s:
            # Our own limit comes first; Slurm's is there if the supervisor is not.
            words.append(f"--time={math.ceil((launch.wall_s + launch.grace_s) / 60) + 1}")
        for name in ("partition", "account", "qos"):
            if value := getattr(cluster, name):
                words.append(f"--{name}={value}")
        if launch.where:
            words.append(f"--nodelist={launch.where}")
        variable = ""
        if launch.accelerators:
            theirs = cluster.gres.get(launch.accelerator) or await self._gres_of(launch.accelerator)
            words.append(f"--gres={theirs}:{launch.accelerators}")
            variable = _VISIBLE.get(theirs.partition(":")[0], "")
        starter, supervisor = self.place_file(Path(on_slurm.__file__)), self.place_file(Path(agent.__file__))
        line = shlex.join([cluster.python, "-I", str(starter), str(supervisor), str(folder), variable])
        setting = f"export SLURM_CONF={shlex.quote(cluster.conf)}\n" if cluster.conf else ""
        path = f"export PATH={shlex.quote(os.environ.get('PATH', os.defpath))}\n"
        answer = await self._ask(*words, stdin=f"#!/bin/sh\n{path}{setting}exec {line}\n".encode())
        return answer.strip().split(";")[0]

    async def _gres_of(self, accelerator: str) -> str:
        """How the nodes call an accelerator: the family and type under which one of them offers it."""
        told = await self._ask("sinfo", "--noheader", "--format=%G")
        for family, kind, _count in _GRES.findall(told):
            if (kind or family).lower() == accelerator:
                return f"{family}:{kind}" if kind else family
        raise ExecutorFault("refused", f"no node of the cluster offers {accelerator}")

    async def _jobs(self) -> dict[str, str]:
        """States of our jobs by number, at most a moment old."""
        async with self._asking:
            if time.monotonic() - self._seen_at > _FRESH_S:
                told = await self._ask("squeue", "--noheader", "--me", "--states=all", "--format=%i|%T")
                self._seen = dict(line.strip().split("|", 1) for line in told.splitlines() if "|" in line)
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
            state = (await self._jobs()).get(number) or await self._state_of(number)
        except ExecutorFault:
            if run.ended_at is not None and time.time() - run.ended_at < _PULSE_S:
                return replace(run, ended_at=None)
            raise
        if state in _RUNS:
            return replace(run, ended_at=None)
        if state in _WAITS and phase == "accepted":
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

    async def _state_of(self, number: str) -> str:
        """The state of a job that `squeue` does not list any more."""
        try:
            told = await self._ask("scontrol", "--oneliner", "show", "job", number)
        except ExecutorFault as fault:
            if fault.code != "gone":
                raise
            return str((await self._sacct(number)).get("state", "GONE"))
        found = re.search(r"JobState=(\w+)", told)
        return found[1] if found else "GONE"

    async def _sacct(self, number: str) -> dict[str, Any]:
        """What the accounting database says; empty where there is none."""
        words = ["sacct", "--noheader", "--parsable2", "--allocations", f"--jobs={number}"]
        try:
            told = (await self._ask(*words, "--format=State,ElapsedRaw,NodeList,AllocTRES")).strip()
        except ExecutorFault:
            return {}
        if not told:
            return {}
        state, elapsed, nodes, resources = told.splitlines()[0].split("|")
        return {"state": state.split()[0], "elapsed_s": int(elapsed or 0), "nodes": nodes, "resources": resources}

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
            if found := await self._from_controller(number):
                books = await self._sacct(number)
                return {**found, **books, "source": "sacct"} if books else found
            await asyncio.sleep(_FRESH_S / 2)
        return None

    async def _from_controller(self, number: str) -> dict[str, Any] | None:
        """The controller's own record, kept for some minutes after a job's end (MinJobAge)."""
        try:
            told = await self._ask("scontrol", "--oneliner", "show", "job", number)
        except ExecutorFault as fault:
            if fault.code != "gone":
                raise
            return {"source": "none"}
        facts = dict(word.split("=", 1) for word in told.split() if "=" in word)
        if facts.get("JobState") in _RUNS:
            return None
        days, _, clock = facts.get("RunTime", "00:00:00").rpartition("-")
        hours, minutes, seconds = (int(part) for part in clock.split(":"))
        elapsed = int(days or 0) * 86_400 + hours * 3600 + minutes * 60 + seconds
        return {
            "source": "scontrol",
            "state": facts.get("JobState", ""),
            "elapsed_s": elapsed,
            "nodes": facts.get("NodeList", ""),
            "resources": facts.get("TRES", ""),
        }

    async def cancel(self, key: str, reason: str = "cancelled") -> Run:
        """Ask a run to end: one that waits leaves Slurm's queue, one that runs is told by its supervisor."""
        folder = self.root / self.checked(key)
        phase, run = self.written(key)
        if phase in ("absent", "ended"):
            return run
        await asyncio.to_thread(agent.ask_to_end, str(folder), reason)
        if phase == "accepted":
            number = await self._number(key)
            if number is not None:
                await self._ask("scancel", "--state=PENDING", number)
            self._seen_at = float("-inf")
            waits = number is not None and (await self._state_of(number)) in (_WAITS | _RUNS)
            if not waits and self.written(key)[0] == "accepted":
                agent.write(
                    str(folder / "result.json"),
                    {"state": "cancelled", "reason": agent.read(str(folder / "cancel")).get("reason"), "seconds": 0.0},
                )
        return await self.status(key)


def _code_of(command: str, text: str) -> str:
    """`refused` where Slurm understood and said no, `unreachable` where it did not answer."""
    silent = ("Unable to contact", "Connection refused", "timed out", "munge", "Communication", "resolve")
    return "unreachable" if command != "sbatch" or any(word in text for word in silent) else "refused"
