"""Slurm's controller by its REST interface: slurmrestd in the newest of its versions that we speak (`slurm_dialects`).

Which that is, is found out by asking, and again where it is answered no more: a cluster may be upgraded. Whoever
submits is named by a token of the cluster's own (`scontrol token`, auth/jwt), which goes in headers
(slurm.schedmd.com/rest.html). Of the accounting database nothing is asked; the controller's record stands for it.
"""

from __future__ import annotations

import time
from http import HTTPStatus
from typing import Any

from ceyuan.compute.executors.interface import ExecutorFault
from ceyuan.compute.executors.slurm_controller import RUNS, Controller, Submission, Told
from ceyuan.compute.executors.slurm_dialects import DIALECTS, Dialect

_GONE = 2017
"""ESLURM_INVALID_JOB_ID (slurm_errno.h)."""
_SILENT = ("Unable to contact", "Connection refused", "timed out", "Communication", "authentication", "Authentication")


class Rest(Controller):
    """A slurmrestd: its address (`https://…`, here `http://…` or `unix:` and a path), the user, its token."""

    def __init__(self, url: str, user: str, token: str, authority: str, partition: str) -> None:
        from ceyuan.compute.executors.calling import Service

        headers = {"X-SLURM-USER-NAME": user, "X-SLURM-USER-TOKEN": token} if token else {}
        self._service, self._user, self._partition = Service(url, headers, authority), user, partition
        self._version = ""

    async def _spoken(self) -> tuple[str, Dialect]:
        """The version that is spoken, and its shape: the newest that the service knows."""
        if not self._version:
            for version in DIALECTS:
                number, _answer = await self._service.call("GET", f"/slurm/{version}/ping")
                if number != HTTPStatus.NOT_FOUND:
                    self._version = version
                    break
            else:
                known = ", ".join(DIALECTS)
                raise ExecutorFault("unreachable", f"slurmrestd speaks none of the versions {known}")
        return self._version, DIALECTS[self._version]

    async def _ask(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        version, _dialect = await self._spoken()
        number, answer = await self._service.call(method, f"/slurm/{version}/{path}", body)
        if number == HTTPStatus.NOT_FOUND and not _known(answer):
            self._version = ""
            raise ExecutorFault("unreachable", f"slurmrestd knows {version} no more")
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
        rows, (_version, dialect) = (await self._ask("GET", "nodes"))["nodes"], await self._spoken()
        return [dialect.node(row) for row in rows if not self._partition or self._partition in row["partitions"]]

    async def _rows(self) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = (await self._ask("GET", "jobs"))["jobs"]
        return [row for row in rows if not self._user or row["user_name"] == self._user]

    async def jobs(self) -> dict[str, str]:
        rows, (_version, dialect) = await self._rows(), await self._spoken()
        return {str(row["job_id"]): dialect.state(row) for row in rows}

    async def named(self, key: str) -> str | None:
        return next((str(row["job_id"]) for row in await self._rows() if row["name"] == key), None)

    async def submit(self, job: Submission) -> str:
        _version, dialect = await self._spoken()
        answer = await self._ask("POST", "job/submit", dialect.job(job, self._partition))
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
        return "GONE" if row is None else (await self._spoken())[1].state(row)

    async def books(self, number: str) -> dict[str, Any] | None:
        row = await self._row(number)
        if row is None:
            return {"source": "none"}
        version, dialect = await self._spoken()
        if (state := dialect.state(row)) in RUNS:
            return None
        began, ended = dialect.moment(row["start_time"]), dialect.moment(row["end_time"])
        return {
            "source": "slurmrestd",
            "version": version,
            "state": state,
            "elapsed_s": max(0, min(ended, int(time.time())) - began) if began else 0,
            "nodes": row["nodes"] or "",
            "resources": row["tres_alloc_str"] or row["tres_req_str"] or "",
        }

    async def withdraw(self, number: str) -> None:
        await self._ask("DELETE", f"job/{number}")

    async def close(self) -> None:
        await self._service.close()


def _known(answer: Any) -> bool:
    """Whether an answer that something is not found is about a job, not about the address."""
    return isinstance(answer, dict) and any(
        _GONE in (one.get("error_number"), one.get("error_code")) for one in answer.get("errors") or []
    )
