"""Slurm's controller by its command line: `sbatch`, `squeue`, `scontrol`, `sinfo`, `scancel`, `sacct`."""

from __future__ import annotations

import os
import re
from typing import Any

from ceyuan.compute.executors.interface import ExecutorFault
from ceyuan.compute.executors.programs import run_program
from ceyuan.compute.executors.slurm_controller import RUNS, Controller, Submission, Told


class Commands(Controller):
    """The commands, which must be installed here; `conf` names another `slurm.conf` than Slurm's default."""

    def __init__(self, conf: str, partition: str) -> None:
        self._conf, self._partition = conf, partition

    async def _ask(self, *words: str, stdin: bytes = b"") -> str:
        environment = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8"}
        if self._conf:
            environment["SLURM_CONF"] = self._conf
        try:
            status, out, err = await run_program(*words, env=environment, stdin=stdin)
        except FileNotFoundError as error:
            raise ExecutorFault("unreachable", f"{words[0]} is not installed here") from error
        if status:
            text = err.decode(errors="replace").strip()[-300:]
            gone = "Invalid job id" in text
            raise ExecutorFault("gone" if gone else _code_of(words[0], text), f"{words[0]}: {text}")
        return out.decode(errors="replace")

    async def nodes(self) -> list[Told]:
        words = ["sinfo", "--noheader", "--Node", "--format=%N|%c|%m|%G|%T"]
        if self._partition:
            words.append(f"--partition={self._partition}")
        found: dict[str, Told] = {}
        for line in (await self._ask(*words)).splitlines():
            name, cpus, memory, gres, state = line.strip().split("|")
            up = state.rstrip("*$@#!%-+^~").lower() in ("idle", "mixed", "allocated", "completing") and "*" not in state
            found[name] = Told(name, int(cpus.rstrip("+")), int(memory.rstrip("+")), gres, up)
        return list(found.values())

    async def jobs(self) -> dict[str, str]:
        told = await self._ask("squeue", "--noheader", "--me", "--states=all", "--format=%i|%T")
        return dict(line.strip().split("|", 1) for line in told.splitlines() if "|" in line)

    async def named(self, key: str) -> str | None:
        told = (await self._ask("squeue", "--noheader", "--states=all", f"--name={key}", "--format=%i")).split()
        return told[0] if told else None

    async def submit(self, job: Submission) -> str:
        words = ["sbatch", "--parsable", f"--job-name={job.key}", "--no-requeue", "--export=NONE", "--output=/dev/null"]
        words += [f"--chdir={job.folder}", f"--nodes={job.nodes}", "--ntasks-per-node=1"]
        words += [f"--cpus-per-task={job.cpus}", f"--mem={job.memory_mib}M"]
        if job.minutes:
            words.append(f"--time={job.minutes}")
        words += [f"--{name}={value}" for name, value in job.limits(self._partition).items()]
        return (await self._ask(*words, stdin=job.script.encode())).strip().split(";")[0]

    async def state(self, number: str) -> str:
        try:
            told = await self._ask("scontrol", "--oneliner", "show", "job", number)
        except ExecutorFault as fault:
            if fault.code != "gone":
                raise
            return str((await self._sacct(number)).get("state", "GONE"))
        found = re.search(r"JobState=(\w+)", told)
        return found[1] if found else "GONE"

    async def books(self, number: str) -> dict[str, Any] | None:
        try:
            told = await self._ask("scontrol", "--oneliner", "show", "job", number)
        except ExecutorFault as fault:
            if fault.code != "gone":
                raise
            found: dict[str, Any] = {"source": "none"}
        else:
            facts = dict(word.split("=", 1) for word in told.split() if "=" in word)
            if facts.get("JobState") in RUNS:
                return None
            found = {
                "source": "scontrol",
                "state": facts.get("JobState", ""),
                "elapsed_s": _seconds(facts.get("RunTime", "00:00:00")),
                "nodes": facts.get("NodeList", ""),
                "resources": facts.get("TRES", ""),
            }
        kept = await self._sacct(number)
        return {**found, **kept, "source": "sacct"} if kept else found

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

    async def withdraw(self, number: str) -> None:
        await self._ask("scancel", number)

    async def close(self) -> None:
        return


def _seconds(text: str) -> int:
    days, _, clock = text.rpartition("-")
    hours, minutes, seconds = (int(part) for part in clock.split(":"))
    return int(days or 0) * 86_400 + hours * 3600 + minutes * 60 + seconds


def _code_of(command: str, text: str) -> str:
    """`refused` where Slurm understood and said no, `unreachable` where it did not answer."""
    silent = ("Unable to contact", "Connection refused", "timed out", "munge", "Communication", "resolve")
    return "unreachable" if command != "sbatch" or any(word in text for word in silent) else "refused"
