"""A placer: decides where tasks run, keeps room for those expected, plans anew as the mix and the fleet change."""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ceyuan.compute.placement import kernels
from ceyuan.compute.placement.contents import Contents
from ceyuan.compute.placement.errors import UnknownPlacement
from ceyuan.compute.placement.relaxation import Programme, kinds_of
from ceyuan.compute.placement.shapes import WHOLE, Columns, Fleet, Floats, Ints, Mix, Shape
from ceyuan.compute.placement.templates import Room, Slot, copy_of, deal, insert

PLANS_PER_FILL = 8
"""A plan is made anew each time this part of the fleet's accelerators was asked for."""
CPU_PARTS = (0.97, 0.95, 0.93)
"""Parts of a node's CPU that the relaxation may count on when contents are dealt: whole tasks never use the last of
it."""
WORTH_ONE = 96_000.0
"""Thousandths of a core that, asked for without an accelerator, are planned for like one accelerator."""
WELL_KNOWN = 2000
"""Tasks behind a mix from which on it is trusted; with fewer, plans are made more often."""


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a task runs: ``node`` (row of the fleet) and ``devices`` (indices of its accelerators)."""

    number: int
    shape: Shape
    node: int
    devices: tuple[int, ...]


class Placer:
    """Places tasks one after another on a fleet, never moves one, and knows of the future only the expected mix.

    From the mix it solves the relaxation on the nodes that are free, rounds it to slots (room kept on certain nodes for
    certain shapes) and gives each arrival a slot of its shape; without one it takes room beside the slots, and without
    that the slots least likely to be needed. It never refuses a task that fits somewhere. What arrives is counted into
    the mix, and the plan is made anew from the live fleet and mix every eighth of the fleet.
    """

    def __init__(self, fleet: Fleet, mix: Mix, *, evidence: int = 10_000) -> None:
        """``evidence``: how many tasks the expected mix rests on; arrivals are weighed against it."""
        self.fleet = fleet
        self._evidence = evidence
        self._shapes = list(mix.shapes)
        self._row = {shape: row for row, shape in enumerate(self._shapes)}
        self._prior = np.asarray(mix.weights, np.float64)
        self._counts = np.zeros(len(self._shapes))
        width = int(fleet.devices.max(initial=0))
        devices = np.where(np.arange(width)[None, :] < fleet.devices[:, None], WHOLE, 0).astype(np.int64)
        self._left = Room(fleet.cpu.copy(), fleet.memory.copy(), devices, fleet.model)
        self._placed: dict[int, Placement] = {}
        self._running = np.zeros(len(fleet), np.int64)
        self._next = 0
        self._since = 0.0
        self._programme: Programme | None = None
        self._contents = Contents()
        self._state: kernels.State
        self._slots: list[Slot] = []
        self.plans = 0
        self.planning_seconds = 0.0
        self.plan()

    @property
    def allocated(self) -> float:
        """Accelerators in use, fractions included."""
        return float(self.fleet.accelerators - self._left.devices.sum() / WHOLE)

    @property
    def running(self) -> list[Placement]:
        """What was placed and not released."""
        return list(self._placed.values())

    def room(self) -> Room:
        """A copy of what is free on every node."""
        return copy_of(self._left)

    def place(self, shape: Shape) -> Placement | None:
        """Where one task goes, or ``None`` where it fits on no node now."""
        return self.place_all([shape])[0]

    def place_all(self, tasks: Sequence[Shape]) -> list[Placement | None]:
        """Place tasks in the order given; each is decided without looking at those after it."""
        rows = np.fromiter((self._known(shape) for shape in tasks), np.int64, len(tasks))
        sizes = np.array([shape.accelerators for shape in self._shapes])
        found: list[Placement | None] = []
        start = 0
        while start < len(rows):
            due = self._due()
            upto = np.cumsum(sizes[rows[start:]])
            stop = min(start + int(np.searchsorted(upto, due)) + 1, len(rows))
            found += self._decide(rows[start:stop])
            self._since += float(upto[stop - start - 1])
            if self._due() <= 0:
                self.plan()
            start = stop
        return found

    def release(self, placement: Placement) -> None:
        """A task ended: its room is free again, and kept for nobody until the next plan."""
        if placement.number not in self._placed:
            raise UnknownPlacement(f"placement {placement.number} is not running")
        held = self._placed.pop(placement.number)
        row, node, state = self._row[held.shape], held.node, self._state
        for cpu, memory, devices in (
            (state.cpu_left, state.memory_left, state.device_left),
            (state.cpu_slack, state.memory_slack, state.device_slack),
        ):
            cpu[node] += state.cpu[row]
            memory[node] += state.memory[row]
            for device in held.devices:
                devices[node, device] += state.milli[row]
        self._running[node] -= 1

    def occupy(self, shape: Shape, node: int, devices: tuple[int, ...]) -> Placement:
        """Enter a task that runs already, or one that moved: its place is not chosen but told.

        Raises ``UnknownPlacement`` where the node has no such room.
        """
        row, left = self._known(shape), self._left
        fits = left.cpu[node] >= shape.cpu and left.memory[node] >= shape.memory and len(devices) == shape.devices
        if not fits or any(left.devices[node, d] < shape.milli for d in devices):
            raise UnknownPlacement(f"node {node} has no room for {shape} on accelerators {devices}")
        state = self._state
        bits = sum(1 << d for d in devices)
        # Slots in the way are given up: this task is there already.
        for i in range(int(state.slots[node]) - 1, -1, -1):
            kernels.give_back(state, node, i)
        kernels.take_slack(state, node, row, bits)
        left.cpu[node] -= shape.cpu
        left.memory[node] -= shape.memory
        for device in devices:
            left.devices[node, device] -= shape.milli
        state.touched[node] = True
        placement = self._placed[self._next] = Placement(self._next, shape, node, tuple(devices))
        self._running[node] += 1
        self._next += 1
        return placement

    def plan(self) -> None:
        """Solve the relaxation for the free nodes and the live mix, and keep slots accordingly."""
        began = time.process_time()
        self.plans += 1
        self._since = 0.0
        mix = self._mix()
        columns = Columns.of(self._shapes, self.fleet.models)
        if self._programme is None or len(self._programme.shapes.cpu) != len(columns.cpu):
            self._programme = Programme(columns)
            self._contents = Contents()
        expected = self._expected(mix, columns)
        demand = np.floor(np.cumsum(mix) * expected + 0.5)
        demand = np.diff(demand, prepend=0).astype(np.int64)
        empty = np.nonzero(self._running == 0)[0]
        busy = np.nonzero(self._running > 0)[0]
        room = self.room()
        slots = self._kept(columns, demand, room)
        for slot in slots:
            demand[slot[1]] -= 1
        if len(empty):
            slots += self._fill(columns, demand, room, empty)
        slots += insert(columns, demand, room, np.concatenate([busy, empty]))
        self._adopt(columns, mix, expected, room, slots)
        self.planning_seconds += time.process_time() - began

    def _fill(self, columns: Columns, demand: Ints, room: Room, empty: Ints) -> list[Slot]:
        """Slots on empty nodes, taken out of ``room`` and ``demand``."""
        assert self._programme is not None
        kinds, values = kinds_of(self.fleet, empty), _values(columns)
        # Contents of earlier plans still serve: later plans add those of one part each.
        parts = CPU_PARTS if self.plans == 1 else CPU_PARTS[self.plans % len(CPU_PARTS) :][:1]
        for part in parts:
            narrower = [replace(kind, cpu=int(kind.cpu * part)) for kind in kinds]
            relaxed = self._programme.solve(narrower, demand.astype(np.float64), values)
            self._contents.add(kinds, deal(columns, kinds, relaxed, demand, copy_of(room), empty))
        slots: list[Slot] = []
        for kind, chosen in zip(kinds, self._contents.solve(kinds, demand.astype(np.float64), values), strict=True):
            nodes = iter(kind.nodes.tolist())
            for content, times in chosen:
                for node in itertools.islice(nodes, times):
                    for shape, bits in content:
                        if demand[shape] > 0:
                            demand[shape] -= 1
                            slots.append(room.take(columns, node, shape, bits))
        return slots

    def _mix(self) -> Floats:
        """The expected mix and what has arrived, weighed by the number of tasks behind each."""
        weights = self._prior * self._evidence + self._counts
        return np.asarray(weights / weights.sum())

    def _expected(self, mix: Floats, columns: Columns) -> float:
        """Tasks of this mix that the free accelerators could take."""
        mean = float(mix @ columns.accelerators)
        free = self._left.devices.sum() / WHOLE
        if mean <= 0:
            return float(self._left.cpu.sum() / max(1.0, float(mix @ columns.cpu)))
        return float(free / mean)

    def _kept(self, columns: Columns, demand: Ints, room: Room) -> list[Slot]:
        """Open slots on nodes in use stay while their shape is still expected."""
        if self.plans == 1:
            return []
        kept, left, state = [], demand.copy(), self._state
        for node in np.nonzero(self._running > 0)[0][
            np.argsort(state.slots[self._running > 0], kind="stable")
        ].tolist():
            for i in range(int(state.slots[node])):
                shape = int(state.slot_shape[node, i])
                if left[shape] > 0:
                    left[shape] -= 1
                    kept.append(room.take(columns, node, shape, int(state.slot_bits[node, i])))
        return kept

    def _adopt(self, columns: Columns, mix: Floats, expected: float, room: Room, slots: list[Slot]) -> None:
        count = np.bincount([slot[0] for slot in slots], minlength=len(self.fleet)).astype(np.int64)
        shape = np.zeros((len(self.fleet), max(1, int(count.max(initial=0)))), np.int64)
        bits = np.zeros_like(shape)
        open_slots = np.zeros((len(self._shapes), len(self.fleet)), np.int32)
        filled = np.zeros(len(self.fleet), np.int64)
        for node, row, mask in slots:
            shape[node, filled[node]], bits[node, filled[node]] = row, mask
            filled[node] += 1
            open_slots[row, node] += 1
        self._state = kernels.State(
            cpu_left=self._left.cpu,
            memory_left=self._left.memory,
            device_left=self._left.devices,
            cpu_slack=room.cpu,
            memory_slack=room.memory,
            device_slack=room.devices,
            model=self.fleet.model,
            touched=self._running > 0,
            slots=count,
            slot_shape=shape,
            slot_bits=bits,
            open_slots=open_slots,
            cpu=columns.cpu,
            memory=columns.memory,
            devices=columns.devices,
            milli=columns.milli,
            allowed=columns.allowed,
            value=np.rint(_values(columns) * 1e6).astype(np.int64),
            share=np.rint(mix * 1e9).astype(np.int64),
            kept=open_slots.sum(axis=1).astype(np.int64),
            expected=np.array([int(expected)], np.int64),
        )

    def _known(self, shape: Shape) -> int:
        row = self._row.get(shape)
        if row is None:
            row = self._row[shape] = len(self._shapes)
            self._shapes.append(shape)
            self._prior = np.append(self._prior, 0.0)
            self._counts = np.append(self._counts, 0.0)
            columns, state = Columns.of(self._shapes, self.fleet.models), self._state
            self._state = state._replace(
                cpu=columns.cpu,
                memory=columns.memory,
                devices=columns.devices,
                milli=columns.milli,
                allowed=columns.allowed,
                value=np.rint(_values(columns) * 1e6).astype(np.int64),
                share=np.append(state.share, 0),
                kept=np.append(state.kept, 0),
                open_slots=np.vstack([state.open_slots, np.zeros((1, len(self.fleet)), np.int32)]),
            )
        return row

    def _due(self) -> float:
        """Accelerators still to be asked for before the next plan; sooner while the mix rests on few tasks."""
        known = min(1.0, (self._evidence + float(self._counts.sum())) / WELL_KNOWN)
        return self.fleet.accelerators / PLANS_PER_FILL * max(0.1, known) - self._since

    def _decide(self, rows: Ints) -> list[Placement | None]:
        nodes, bits = np.empty(len(rows), np.int64), np.empty(len(rows), np.int64)
        kernels.place_many(self._state, rows, nodes, bits)
        np.add.at(self._counts, rows, 1)
        found: list[Placement | None] = []
        for row, node, mask in zip(rows.tolist(), nodes.tolist(), bits.tolist(), strict=True):
            if node < 0:
                found.append(None)
                continue
            placement = self._placed[self._next] = Placement(self._next, self._shapes[row], node, _indices(mask))
            self._running[node] += 1
            found.append(placement)
            self._next += 1
        return found


def _indices(bits: int) -> tuple[int, ...]:
    return tuple(d for d in range(bits.bit_length()) if bits >> d & 1)


def _values(columns: Columns) -> Floats:
    """Worth of one placed task in accelerators; one without is worth a little, so that it gets the CPU that others
    leave."""
    return np.where(columns.devices > 0, columns.accelerators, columns.cpu / WORTH_ONE)
