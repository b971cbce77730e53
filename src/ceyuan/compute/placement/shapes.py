"""What is placed and where: shapes of tasks, fleets of nodes, the expected mix."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from ceyuan.compute.placement.errors import BadFleet, BadShape

WHOLE = 1000
"""Thousandths of one accelerator: fractions are counted in them."""
MOST_DEVICES = 16
"""Accelerators that one node may hold."""

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Shape:
    """What one task asks of one node.

    ``cpu`` in thousandths of a core, ``memory`` in MiB, ``devices`` accelerators of which ``milli`` thousandths each
    (1000 is a whole one; a fraction is asked of one accelerator only), on nodes whose accelerator is one of ``models``
    (empty: any).
    """

    cpu: int
    memory: int
    devices: int = 0
    milli: int = 0
    models: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if self.cpu < 0 or self.memory < 0 or not 0 <= self.devices <= MOST_DEVICES:
            raise BadShape(f"cpu, memory and devices must not be negative, devices at most {MOST_DEVICES}: {self}")
        if self.devices == 0 and self.milli:
            raise BadShape(f"a fraction of no accelerator: {self}")
        if self.devices and not 0 < self.milli <= WHOLE:
            raise BadShape(f"a share must lie between 1 and {WHOLE} thousandths: {self}")
        if self.devices > 1 and self.milli != WHOLE:
            raise BadShape(f"several accelerators can only be taken whole: {self}")

    @property
    def accelerators(self) -> float:
        """Accelerators taken, fractions included."""
        return self.devices * self.milli / WHOLE


@dataclass(frozen=True)
class Fleet:
    """Nodes as columns of one length: ``cpu`` (thousandths of a core), ``memory`` (MiB), ``devices`` (accelerators),
    ``model`` (index into ``models``). Order matters: of equal nodes the first is taken."""

    cpu: Ints
    memory: Ints
    devices: Ints
    model: Ints
    models: tuple[str, ...]

    def __post_init__(self) -> None:
        if len({len(self.cpu), len(self.memory), len(self.devices), len(self.model)}) != 1:
            raise BadFleet("columns of a fleet differ in length")
        if len(self.cpu) and (min(self.cpu.min(), self.memory.min(), self.devices.min()) < 0):
            raise BadFleet("a node with negative capacity")
        if len(self.cpu) and self.devices.max() > MOST_DEVICES:
            raise BadFleet(f"a node with more than {MOST_DEVICES} accelerators")

    def __len__(self) -> int:
        return len(self.cpu)

    @property
    def accelerators(self) -> int:
        """Accelerators of all nodes."""
        return int(self.devices.sum())

    @classmethod
    def of(cls, nodes: Iterable[tuple[int, int, int, str]]) -> Fleet:
        """From rows of (cpu, memory, devices, model)."""
        rows = list(nodes)
        models = tuple(sorted({row[3] for row in rows}))
        cpu, memory, devices = (np.array([row[i] for row in rows], np.int64) for i in range(3))
        return cls(cpu, memory, devices, np.array([models.index(row[3]) for row in rows], np.int64), models)


@dataclass(frozen=True)
class Mix:
    """The expected mix of tasks: distinct shapes and how often each comes (``weights``, made to sum to one).

    It is all that a placer may know of the future. Take it from history; it need not hold every shape that comes.
    """

    shapes: tuple[Shape, ...]
    weights: Floats = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.shapes) != len(self.weights) or len(set(self.shapes)) != len(self.shapes):
            raise BadShape("a mix needs distinct shapes and one weight for each")
        total = float(self.weights.sum()) if len(self.weights) else 1.0
        if not np.isfinite(total) or total <= 0 or (len(self.weights) and self.weights.min() < 0):
            raise BadShape("weights of a mix must not be negative and not all be zero")
        object.__setattr__(self, "weights", np.asarray(self.weights, np.float64) / total)

    @property
    def accelerators(self) -> float:
        """Accelerators that one task takes on average."""
        return float(sum(w * s.accelerators for s, w in zip(self.shapes, self.weights, strict=True)))

    @classmethod
    def of(cls, tasks: Sequence[Shape]) -> Mix:
        """The mix of a history of tasks."""
        counts: dict[Shape, int] = {}
        for shape in tasks:
            counts[shape] = counts.get(shape, 0) + 1
        return cls(tuple(counts), np.array(list(counts.values()), np.float64))


@dataclass(frozen=True)
class Columns:
    """Shapes as columns for compiled code; ``allowed[c, m]`` says whether shape c may run on accelerator model m."""

    cpu: Ints
    memory: Ints
    devices: Ints
    milli: Ints
    allowed: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, shapes: Sequence[Shape], models: Sequence[str]) -> Columns:
        allowed = np.ones((len(shapes), len(models)), np.bool_)
        for row, shape in enumerate(shapes):
            if shape.models:
                allowed[row] = [model in shape.models for model in models]
        names = ("cpu", "memory", "devices", "milli")
        cpu, memory, devices, milli = (np.array([getattr(s, name) for s in shapes], np.int64) for name in names)
        return cls(cpu, memory, devices, milli, allowed)

    @property
    def accelerators(self) -> Floats:
        """Accelerators that each shape takes."""
        return self.devices * self.milli / WHOLE
