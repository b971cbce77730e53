"""What an admission looks at: nodes, what is held on them, who waits, who may how much."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from ceyuan.compute.admission.quotas import Shares

MEMORY = "memory_mib"
_THOUSANDTH = Decimal("0.001")


@dataclass(frozen=True, slots=True)
class Need:
    """What is taken of each of `nodes` different nodes of one pool: processors, memory in MiB, whole `accelerators` of
    the kind `accelerator` (empty: none)."""

    cpus: int
    memory_mib: int
    accelerator: str = ""
    accelerators: int = 0
    nodes: int = 1

    @property
    def total(self) -> dict[str, float]:
        """All that is taken, by resource: `cpus` and the accelerator's name."""
        amounts: dict[str, float] = {"cpus": float(self.cpus * self.nodes)}
        if self.accelerators:
            amounts[self.accelerator] = float(self.accelerators * self.nodes)
        return amounts

    @property
    def weight(self) -> dict[str, float]:
        """What the order of owners weighs: the same, and memory in MiB, which no quota limits."""
        return self.total | {MEMORY: float(self.memory_mib * self.nodes)}


@dataclass(frozen=True, slots=True)
class Node:
    """A machine of a pool; only an `open` one takes new work."""

    name: str
    pool: str
    cpus: int
    memory_mib: int
    accelerator: str = ""
    accelerators: int = 0
    open: bool = True

    def holds(self, need: Need) -> bool:
        """Whether one seat of the need fits here while nothing else is held."""
        if self.cpus < need.cpus or self.memory_mib < need.memory_mib:
            return False
        return not need.accelerators or (
            self.accelerator == need.accelerator and self.accelerators >= need.accelerators
        )

    def charged(self, need: Need) -> Decimal:
        """The accelerators (of a need without any: the processors) that one seat of the need is charged as here: as
        many of the node's as its dominant share, the largest of its parts of processors, memory and accelerators,
        because nobody else can use them. To thousandths; never less than it asks for. Slurm does the same under
        `PriorityFlags=MAX_TRES`."""
        asked, whole = need.accelerators or need.cpus, self.accelerators if need.accelerators else self.cpus
        parts = [(need.cpus, self.cpus), (need.memory_mib, self.memory_mib)]
        share = max(Decimal(part) / have if have else Decimal(0) for part, have in parts)
        return max(Decimal(asked), (whole * min(share, Decimal(1))).quantize(_THOUSANDTH))


@dataclass(frozen=True, slots=True)
class Seat:
    """A place on a node: its name and the indices of the accelerators taken there."""

    node: str
    devices: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Held:
    """What runs. `expected_end` and `latest_end` are seconds since 1970: the first is a guess, the second a limit that
    ends it. An `interruptible` one may be asked to leave; one that is `leaving` was asked already."""

    key: str
    owner: str
    need: Need
    seats: tuple[Seat, ...]
    since: float
    expected_end: float
    latest_end: float
    priority: int = 0
    interruptible: bool = False
    leaving: bool = False


@dataclass(frozen=True, slots=True)
class Claim:
    """Who waits: `needs` are alternatives in the order wished for, `since` when it came, `expected` and `longest` how
    many seconds it takes and may take. `pools` limits where (empty: anywhere), `prefers` names pools that are tried
    first, in this order, `avoid` nodes it must not get. `lacks`: the money that its owner is short of, for each of the
    needs (empty: all are paid for)."""

    key: str
    owner: str
    needs: tuple[Need, ...]
    since: float
    expected: float
    longest: float
    priority: int = 0
    pools: frozenset[str] = frozenset()
    avoid: frozenset[str] = frozenset()
    interruptible: bool = False
    prefers: tuple[str, ...] = ()
    lacks: tuple[int, ...] = ()

    def paid(self, need: int) -> bool:
        """Whether its owner can pay for a need."""
        return not self.lacks or not self.lacks[need]


@dataclass(frozen=True)
class Situation:
    """Everything that a decision rests on, at `now` (seconds since 1970)."""

    now: float
    nodes: tuple[Node, ...]
    held: tuple[Held, ...] = ()
    claims: tuple[Claim, ...] = ()
    shares: Shares = field(default_factory=Shares)

    @property
    def capacity(self) -> Mapping[str, float]:
        """Resources of all open nodes, memory in MiB included."""
        amounts: dict[str, float] = {}
        for node in self.nodes:
            if node.open:
                amounts["cpus"] = amounts.get("cpus", 0.0) + node.cpus
                amounts[MEMORY] = amounts.get(MEMORY, 0.0) + node.memory_mib
                if node.accelerators:
                    amounts[node.accelerator] = amounts.get(node.accelerator, 0.0) + node.accelerators
        return amounts
