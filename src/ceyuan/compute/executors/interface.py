"""What every executor can do, and the values that go in and out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

RunState = Literal["absent", "queued", "running", "succeeded", "failed", "cancelled", "lost"]
ENDED: frozenset[str] = frozenset({"succeeded", "failed", "cancelled", "lost"})


class ExecutorFault(Exception):
    """An executor refused or could not be reached. `code`: `key_reused`, `draining`, `unreachable`, `refused`."""

    def __init__(self, code: str, text: str) -> None:
        self.code = code
        super().__init__(text)


@dataclass(frozen=True, slots=True)
class Launch:
    """A command with all that it gets: nothing else of our environment reaches it.

    `wall_s` and `memory_mb` end it when they are passed (0: no limit); `prefix` is put before `argv` (a sandbox). With
    `lease_s` it ends by itself when nobody asks for its status for so long. `cpus`, `accelerators` of the kind
    `accelerator` and `nodes` are what a queueing system behind the executor must reserve; `passes` names variables of
    that system which the command may see; `where` is the node it shall run on (empty: any). `readable` and `writable`
    are the folders besides its own that a container around the run must show, `network` whether it may reach others,
    `image` what that container is made of (empty: the executor's own choice).
    """

    argv: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    wall_s: float = 0.0
    memory_mb: int = 0
    grace_s: float = 5.0
    prefix: Sequence[str] = ()
    lease_s: float = 0.0
    cpus: int = 1
    accelerator: str = ""
    accelerators: int = 0
    nodes: int = 1
    passes: Sequence[str] = ()
    where: str = ""
    readable: Sequence[str] = ()
    writable: Sequence[str] = ()
    network: bool = False
    image: str = ""


@dataclass(frozen=True, slots=True)
class Run:
    """How a run stands. `seconds` is its wall time so far, `reason` why it ended if not by itself, `accounting` what
    the executor's own books say of it (a queueing system's elapsed seconds, job number, nodes)."""

    key: str
    state: RunState
    exit_code: int | None = None
    reason: str = ""
    started_at: float | None = None
    ended_at: float | None = None
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    peak_mb: float = 0.0
    accounting: Mapping[str, Any] | None = None

    @property
    def ended(self) -> bool:
        return self.state in ENDED

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> Run:
        """From what the agent answers."""
        return cls(**{name: answer[name] for name in cls.__slots__ if name in answer})


@dataclass(frozen=True, slots=True)
class Machine:
    """What a probe finds: processors, memory, free disk, accelerators as (name, memory in GiB), runs at work, whether
    bubblewrap works, and the folder of the runs as a whole path."""

    cpus: int
    memory_gib: float
    disk_gib: float
    accelerators: tuple[tuple[str, float], ...]
    running: int
    draining: bool
    python: str
    sandbox: bool
    root: str = ""


@dataclass(frozen=True, slots=True)
class ClusterNode:
    """A node of a cluster with a queueing system of its own; `accelerator` as the cluster calls it, `up` if it takes
    work."""

    name: str
    cpus: int
    memory_gib: float
    accelerator: str = ""
    accelerators: int = 0
    up: bool = True


class Executor(Protocol):
    """A place where tasks run. Every method may raise `ExecutorFault`."""

    async def probe(self) -> Machine:
        """Look at the machine."""
        ...

    async def submit(self, key: str, launch: Launch) -> Run:
        """Start a run under a key; the same key again starts nothing and tells how the run stands."""
        ...

    async def status(self, key: str) -> Run:
        """How a run stands, and what it used so far: its meter. `absent` if the key was never submitted."""
        ...

    async def cancel(self, key: str, reason: str = "cancelled") -> Run:
        """Ask a run to end: TERM to its whole group, KILL after its grace. The first reason given is kept."""
        ...

    async def logs(self, key: str, offset: int = 0, limit: int = 65_536) -> bytes:
        """Bytes of the run's output from `offset` on."""
        ...

    async def drain(self, on: bool = True) -> int:
        """Take no new runs (or take them again); the number of runs still at work."""
        ...

    async def forget(self, key: str) -> None:
        """Remove what an ended run left."""
        ...

    async def close(self) -> None:
        """End kept connections; the runs go on."""
        ...
