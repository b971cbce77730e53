"""The shapes in which versions of slurmrestd's interface tell of nodes and jobs, and take a job.

`v0.0.38` came with Slurm 22.05 and went with 24.05; from `v0.0.40` (23.11) on states are lists, numbers that may be
missing are objects, and a job may be forbidden to be requeued (src/plugins/data_parser of Slurm's sources). What is
asked here is the same from v0.0.40 to v0.0.46.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from ceyuan.compute.executors.slurm_controller import Submission, Told

PARSED = tuple(f"v0.0.{number}" for number in range(46, 39, -1))
"""Versions of the later shape, the newest first."""
PLAIN = "v0.0.38"
_UP = frozenset({"IDLE", "MIXED", "ALLOCATED"})
_OUT = frozenset({"DRAIN", "FAIL", "NOT_RESPONDING", "MAINTENANCE", "POWER_DOWN", "POWERED_DOWN", "INVALID_REG"})
"""Flags of a node that takes no new work."""
_FLAGS = (
    "COMPLETING",
    "STAGE_OUT",
    "CONFIGURING",
    "RESIZING",
    "REQUEUED",
    "REQUEUE_FED",
    "REQUEUE_HOLD",
    "SPECIAL_EXIT",
    "STOPPED",
    "REVOKED",
    "RESV_DEL_HOLD",
    "SIGNALING",
)
"""Flags of a job that squeue shows in place of its state, the first that is set."""


class Dialect(ABC):
    """One shape of the interface."""

    @abstractmethod
    def node(self, row: dict[str, Any]) -> Told:
        """A node."""

    @abstractmethod
    def state(self, row: dict[str, Any]) -> str:
        """A job's state as squeue(1) names it."""

    @abstractmethod
    def moment(self, value: Any) -> int:
        """Seconds since 1970; 0 where there is none."""

    @abstractmethod
    def job(self, job: Submission, partition: str) -> dict[str, Any]:
        """The body that submits a job."""


class Plain(Dialect):
    """v0.0.38: plain words and numbers."""

    def node(self, row: dict[str, Any]) -> Told:
        up = row["state"].upper() in _UP | {"COMPLETING"} and not _OUT & set(row["state_flags"])
        return Told(row["name"], int(row["cpus"]), int(row["real_memory"]), row["gres"] or "", up)

    def state(self, row: dict[str, Any]) -> str:
        return str(row["job_state"])

    def moment(self, value: Any) -> int:
        return int(value or 0)

    def job(self, job: Submission, partition: str) -> dict[str, Any]:
        wanted = _common(job) | {
            "nodes": job.nodes,
            "memory_per_node": job.memory_mib,
            "environment": {"PATH": job.path},
            **job.limits(partition),
        }
        if job.minutes:
            wanted["time_limit"] = job.minutes
        return {"script": job.script, "job": wanted}


class Parsed(Dialect):
    """v0.0.40 and later: lists of states, numbers as objects."""

    def node(self, row: dict[str, Any]) -> Told:
        states = set(row["state"])
        up = bool(states & _UP) and not _OUT & states
        return Told(row["name"], int(row["cpus"]), int(row["real_memory"]), row["gres"] or "", up)

    def state(self, row: dict[str, Any]) -> str:
        states = row["job_state"]
        return next((flag for flag in _FLAGS if flag in states), str(states[0]))

    def moment(self, value: Any) -> int:
        return int(value["number"]) if value["set"] and not value["infinite"] else 0

    def job(self, job: Submission, partition: str) -> dict[str, Any]:
        named = job.limits(partition)
        where, gres = named.pop("nodelist", ""), named.pop("gres", "")
        wanted = _common(job) | {
            "nodes": str(job.nodes),
            "memory_per_node": _number(job.memory_mib),
            "environment": [f"PATH={job.path}"],
            "requeue": False,
            **named,
        }
        if where:
            wanted["required_nodes"] = where.split(",")
        if gres:
            wanted["tres_per_node"] = f"gres/{gres}"
        if job.minutes:
            wanted["time_limit"] = _number(job.minutes)
        return {"script": job.script, "job": wanted}


def _common(job: Submission) -> dict[str, Any]:
    return {
        "name": job.key,
        "current_working_directory": job.folder,
        "standard_output": "/dev/null",
        "tasks_per_node": 1,
        "cpus_per_task": job.cpus,
    }


def _number(value: int) -> dict[str, Any]:
    return {"set": True, "infinite": False, "number": value}


DIALECTS: dict[str, Dialect] = {**dict.fromkeys(PARSED, Parsed()), PLAIN: Plain()}
"""Every version that is spoken, the newest first."""
