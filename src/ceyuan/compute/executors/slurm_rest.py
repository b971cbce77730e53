"""Slurm's controller by its REST interface: slurmrestd with the plug-in `openapi/v0.0.38` (Slurm 22.05 to 23.11).

Whoever submits is named by a token of the cluster's own (`scontrol token`, auth/jwt), which goes in headers
(slurm.schedmd.com/rest.html). Of the accounting database nothing is asked; the controller's record stands for it.
"""

from __future__ import annotations

import time
from typing import Any

from ceyuan.compute.executors.interface import ExecutorFault
from ceyuan.compute.executors.slurm_controller import RUNS, Controller, Submission, Told

_BASE = "/slurm/v0.0.38"
_GONE = 2017
"""ESLURM_INVALID_JOB_ID (slurm_errno.h)."""
_SILENT = ("Unable to contact", "Connection refused", "timed out", "Communication", "authentication", "Authentication")
_UP = frozenset({"idle", "mixed", "allocated", "completing"})
_OUT = frozenset({"DRAIN", "FAIL", "NOT_RESPONDING", "MAINTENANCE", "POWER_DOWN", "POWERED_DOWN", "INVALID_REG"})
"""Flags of a node that takes no new work."""


class Rest(Controller):
    """A slurmrestd: its address (`https://…`, here `http://…` or `unix:` and a path), the user, its token."""

    def __init__(self, url: str, user: str, token: str, authority: str, partition: str) -> None:
        from ceyuan.compute.executors.calling import Service

        headers = {"X-SLURM-USER-NAME": user, "X-SLURM-USER-TOKEN": token} if token else {}
        self._service, self._user, self._partition = Service(url, headers, authority), user, partition

    async def _ask(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        number, answer = await self._service.call(method, f"{_BASE}/{path}", body)
        if not isinstance(answer, dict):
            raise ExecutorFault("unreachable", f"slurmrestd answers {number}: {str(answer)[:200]}")
        if faults := answer.get("errors"):
            told = "; ".join(str(one.get("error") or one.get("description") or one) for one in faults)[:300]
            codes = {one.get("error_number", one.get("error_code")) for one in faults}
            silent = method != "POST" or any(word in told for word in _SILENT)
            code = "gone" if _GONE in codes else "unreachable" if silent else "refused"
            raise ExecutorFault(code, f"slurmrestd: {told}")
        return answer

    async def nodes(self) -> list[Told]:
        found = []
        for row in (await self._ask("GET", "nodes"))["nodes"]:
            if self._partition and self._partition not in row["partitions"]:
                continue
            up = row["state"].lower() in _UP and not _OUT & set(row["state_flags"])
            found.append(Told(row["name"], int(row["cpus"]), int(row["real_memory"]), row["gres"] or "", up))
        return found

    async def _rows(self) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = (await self._ask("GET", "jobs"))["jobs"]
        return [row for row in rows if not self._user or row["user_name"] == self._user]

    async def jobs(self) -> dict[str, str]:
        return {str(row["job_id"]): str(row["job_state"]) for row in await self._rows()}

    async def named(self, key: str) -> str | None:
        return next((str(row["job_id"]) for row in await self._rows() if row["name"] == key), None)

    async def submit(self, job: Submission) -> str:
        wanted: dict[str, Any] = {
            "name": job.key,
            "current_working_directory": job.folder,
            "standard_output": "/dev/null",
            "nodes": job.nodes,
            "tasks_per_node": 1,
            "cpus_per_task": job.cpus,
            "memory_per_node": job.memory_mib,
            "environment": {"PATH": job.path},
            **job.limits(self._partition),
        }
        if job.minutes:
            wanted["time_limit"] = job.minutes
        answer = await self._ask("POST", "job/submit", {"script": job.script, "job": wanted})
        return str(answer["job_id"])

    async def _row(self, number: str) -> dict[str, Any] | None:
        try:
            rows = (await self._ask("GET", f"job/{number}"))["jobs"]
        except ExecutorFault as fault:
            if fault.code != "gone":
                raise
            return None
        return rows[0] if rows else None

    async def state(self, number: str) -> str:
        row = await self._row(number)
        return "GONE" if row is None else str(row["job_state"])

    async def books(self, number: str) -> dict[str, Any] | None:
        row = await self._row(number)
        if row is None:
            return {"source": "none"}
        if row["job_state"] in RUNS:
            return None
        began, ended = int(row["start_time"] or 0), int(row["end_time"] or 0)
        return {
            "source": "slurmrestd",
            "state": row["job_state"],
            "elapsed_s": max(0, min(ended, int(time.time())) - began) if began else 0,
            "nodes": row["nodes"] or "",
            "resources": row["tres_alloc_str"] or row["tres_req_str"] or "",
        }

    async def withdraw(self, number: str) -> None:
        await self._ask("DELETE", f"job/{number}")

    async def close(self) -> None:
        await self._service.close()
