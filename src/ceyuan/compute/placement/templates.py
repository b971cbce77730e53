"""From the relaxation to whole nodes: which tasks each empty node is kept for.

The amounts are rounded, shares are put together to the patterns that the programme chose, and the resulting bundles
are dealt to nodes so that CPU runs out with the accelerators: the greediest bundle to the node with the most CPU to
spare, the most modest to that with the least (longest processing time first, Graham 1969, on the surplus of CPU).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ceyuan.compute.placement.relaxation import Kind, Pattern, Relaxation
from ceyuan.compute.placement.shapes import WHOLE, Columns, Ints

Slot = tuple[int, int, int]
"""A place kept on a node for one task: (node, shape, bits of the accelerators)."""


@dataclass
class Room:
    """What is not yet spoken for on every node; a placer's plan eats it up."""

    cpu: Ints
    memory: Ints
    devices: Ints
    """Thousandths per node and accelerator."""
    model: Ints
    """Index of the node's accelerator model."""

    def take(self, shapes: Columns, node: int, shape: int, bits: int) -> Slot:
        """Keep room for a task."""
        self.cpu[node] -= shapes.cpu[shape]
        self.memory[node] -= shapes.memory[shape]
        for device in range(self.devices.shape[1]):
            if bits >> device & 1:
                self.devices[node, device] -= shapes.milli[shape]
        return node, shape, bits


def copy_of(room: Room) -> Room:
    """Another room with the same left."""
    return Room(room.cpu.copy(), room.memory.copy(), room.devices.copy(), room.model)


@dataclass
class _Bundle:
    """Tasks that go to one node together: on ``devices`` whole accelerators, or all on one as shares, or without."""

    devices: int
    tasks: list[int] = field(default_factory=list)
    cpu: int = 0
    memory: int = 0
    milli: int = 0

    def add(self, shapes: Columns, shape: int) -> None:
        self.tasks.append(shape)
        self.cpu += int(shapes.cpu[shape])
        self.memory += int(shapes.memory[shape])
        self.milli += int(shapes.milli[shape])


def deal(
    shapes: Columns, kinds: Sequence[Kind], relaxation: Relaxation, demand: Ints, room: Room, nodes: Ints
) -> list[Slot]:
    """Slots on the nodes of ``kinds`` (empty ones) for at most ``demand[c]`` tasks of each shape, taken out of
    ``room``; what the rounding leaves over goes where it fits on ``nodes``."""
    left = demand.copy()
    numbers = _rounded(relaxation.amounts, left)
    slots: list[Slot] = []
    for at, kind in enumerate(kinds):
        slots += _assemble(shapes, kind, _bundles(shapes, numbers[:, at], relaxation.patterns[at]), room)
    np.subtract.at(left, [slot[1] for slot in slots], 1)
    return slots + insert(shapes, left, room, nodes)


def _rounded(amounts: np.ndarray, limits: Ints) -> Ints:
    """Whole numbers whose sum over kinds is the rounded sum, at most the limit of each shape."""
    total = np.minimum(np.rint(amounts.sum(axis=1) + 1e-6), limits)
    scale = np.divide(total, amounts.sum(axis=1), out=np.zeros(len(total)), where=amounts.sum(axis=1) > 1e-9)
    upto = np.rint(np.cumsum(amounts * scale[:, None], axis=1))
    return np.asarray(np.diff(upto, axis=1, prepend=0), np.int64)


def _bundles(shapes: Columns, numbers: Ints, patterns: dict[Pattern, float]) -> list[_Bundle]:
    """Bundles of the tasks of one kind of node."""
    bundles: list[_Bundle] = []
    shares: dict[int, list[int]] = {}
    for shape in np.nonzero(numbers > 0)[0].tolist():
        count = int(numbers[shape])
        if shapes.devices[shape] == 1 and shapes.milli[shape] < WHOLE:
            shares.setdefault(int(shapes.milli[shape]), []).extend([shape] * count)
            continue
        for _ in range(count):
            bundle = _Bundle(int(shapes.devices[shape]))
            bundle.add(shapes, shape)
            bundles.append(bundle)
    for waiting in shares.values():
        waiting.sort(key=lambda shape: (int(shapes.cpu[shape]), shape))
    carried, dealt = 0.0, 0
    for pattern in sorted(patterns, reverse=True):
        carried += patterns[pattern]
        while dealt < round(carried):
            dealt += 1
            bundle = _Bundle(1)
            for turn, milli in enumerate(pattern):
                waiting = shares.get(milli, [])
                if waiting:
                    bundle.add(shapes, waiting.pop(-1 if turn % 2 == 0 else 0))
            if bundle.tasks:
                bundles.append(bundle)
    return bundles + _packed(shapes, shares)


def _packed(shapes: Columns, shares: dict[int, list[int]]) -> list[_Bundle]:
    """What the rounded patterns did not hold: largest share first, each to the fullest accelerator that takes it."""
    bundles: list[_Bundle] = []
    for milli in sorted(shares, reverse=True):
        for shape in reversed(shares[milli]):
            fitting = [b for b in bundles if b.milli + milli <= WHOLE]
            target = max(fitting, key=lambda b: b.milli, default=None)
            if target is None:
                target = _Bundle(1)
                bundles.append(target)
            target.add(shapes, shape)
    return bundles


def _assemble(shapes: Columns, kind: Kind, bundles: list[_Bundle], room: Room) -> list[Slot]:
    """Bundles on the kind's nodes; those that fit nowhere are left out."""
    ones = [b for b in bundles if b.devices == 1]
    usual = sum(b.cpu for b in ones) / len(ones) if ones else 0.0
    order = sorted(bundles, key=lambda b: (-b.devices if b.devices > 1 else 0, -(b.cpu - usual * b.devices)))
    nodes = kind.nodes
    free = np.full(len(nodes), kind.devices, np.int64)
    slots: list[Slot] = []
    for bundle in order:
        fits = (free >= bundle.devices) & (room.cpu[nodes] >= bundle.cpu) & (room.memory[nodes] >= bundle.memory)
        if not fits.any():
            continue
        surplus = room.cpu[nodes] - usual * free
        if bundle.devices > 1 or bundle.cpu - usual * bundle.devices > 0:
            chosen = int(np.where(fits, surplus, -np.inf).argmax())
        else:
            chosen = int(np.where(fits, surplus, np.inf).argmin())
        first = kind.devices - int(free[chosen])
        bits = ((1 << bundle.devices) - 1) << first
        free[chosen] -= bundle.devices
        slots += [
            room.take(shapes, int(nodes[chosen]), shape, bits if shapes.devices[shape] else 0) for shape in bundle.tasks
        ]
    return slots


def insert(shapes: Columns, demand: Ints, room: Room, nodes: Ints) -> list[Slot]:
    """Slots for up to ``demand[c]`` tasks of each shape in what is left of ``room`` on ``nodes`` (both shrink): the
    largest first, each where least remains of the accelerator, then of the CPU."""
    slots: list[Slot] = []
    weight = shapes.accelerators * 1e6 + shapes.cpu
    for shape in np.argsort(-weight, kind="stable").tolist():
        for _ in range(int(demand[shape])):
            place = best_place(shapes, room, nodes, shape)
            if place is None:
                break
            slots.append(room.take(shapes, *place))
            demand[shape] -= 1
    return slots


def best_place(shapes: Columns, room: Room, nodes: Ints, shape: int) -> Slot | None:
    """The node and accelerators where a task leaves least over, or none."""
    cpu, devices, milli = shapes.cpu[shape], int(shapes.devices[shape]), int(shapes.milli[shape])
    spare = room.cpu[nodes] - cpu
    fits = (spare >= 0) & (room.memory[nodes] >= shapes.memory[shape]) & shapes.allowed[shape, room.model[nodes]]
    if not fits.any():
        return None
    nodes, spare = nodes[fits], spare[fits]
    free = room.devices[nodes]
    if devices == 0:
        return int(nodes[spare.argmin()]), shape, 0
    if milli < WHOLE:
        rest = np.where(free >= milli, free - milli, 2 * WHOLE)
        least = rest.min(axis=1)
        chosen = int(np.lexsort((spare, least))[0])
        if least[chosen] >= 2 * WHOLE:
            return None
        return int(nodes[chosen]), shape, 1 << int(rest[chosen].argmin())
    whole = (free == WHOLE).sum(axis=1)
    chosen = int(np.lexsort((spare, np.where(whole >= devices, whole, 10**6)))[0])
    if whole[chosen] < devices:
        return None
    taken = np.nonzero(free[chosen] == WHOLE)[0][:devices]
    return int(nodes[chosen]), shape, int((1 << taken).sum())
