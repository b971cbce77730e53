"""What is asked of Slurm's controller, by whichever way it is spoken to."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

WAITS = frozenset({"PENDING", "CONFIGURING", "REQUEUED", "REQUEUE_HOLD", "RESV_DEL_HOLD"})
RUNS = frozenset({"RUNNING", "COMPLETING", "SUSPENDED", "STAGE_OUT", "SIGNALING", "STOPPED"})
"""States of a job (squeue(1)) that waits, and of one that holds its nodes."""


@dataclass(frozen=True, slots=True)
class Told:
    """A node as Slurm tells of it; memory in MiB, `gres` as configured (`gpu:h800:4`)."""

    name: str
    cpus: int
    memory_mib: int
    gres: str
    up: bool


@dataclass(frozen=True, slots=True)
class Submission:
    """A job: it bears the run's key as its name. `minutes` is Slurm's own limit (0: none); `where` names nodes, `gres`
    what is asked for on each; `path` is the PATH of the script."""

    key: str
    folder: str
    script: str
    nodes: int
    cpus: int
    memory_mib: int
    minutes: int = 0
    account: str = ""
    qos: str = ""
    where: str = ""
    gres: str = ""
    path: str = ""

    def limits(self, partition: str) -> dict[str, str]:
        """What narrows where and for whom it runs, by Slurm's names; only what is set."""
        named = {
            "partition": partition,
            "account": self.account,
            "qos": self.qos,
            "nodelist": self.where,
            "gres": self.gres,
        }
        return {name: value for name, value in named.items() if value}


class Controller(ABC):
    """A way to speak with slurmctld. Every method may raise `ExecutorFault`."""

    @abstractmethod
    async def nodes(self) -> list[Told]:
        """The nodes (of the partition, if one is set)."""

    @abstractmethod
    async def jobs(self) -> dict[str, str]:
        """States of our jobs by number; of those that ended lately too."""

    @abstractmethod
    async def named(self, key: str) -> str | None:
        """The job that bears a key as its name."""

    @abstractmethod
    async def submit(self, job: Submission) -> str:
        """Submit a job; its number."""

    @abstractmethod
    async def state(self, number: str) -> str:
        """The state of a job that `jobs` does not list any more; `GONE` of one that nobody knows."""

    @abstractmethod
    async def books(self, number: str) -> dict[str, Any] | None:
        """What the books say of a job that has ended: `source`, `state`, `elapsed_s`, `nodes`, `resources`; nothing
        while it still runs."""

    @abstractmethod
    async def withdraw(self, number: str) -> None:
        """Take a job away."""

    @abstractmethod
    async def close(self) -> None:
        """End kept connections."""
