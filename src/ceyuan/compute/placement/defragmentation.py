"""Which tasks to move at their next checkpoint so that one that waits fits."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from ceyuan.compute.placement.placer import Placement, Placer
from ceyuan.compute.placement.shapes import Columns, Shape
from ceyuan.compute.placement.templates import Room, best_place, copy_of


@dataclass(frozen=True, slots=True)
class Move:
    """A running task and where it goes on from its checkpoint."""

    placement: Placement
    node: int
    devices: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Moves:
    """Moves, in any order, after which the wanted task fits on ``node``."""

    moves: tuple[Move, ...]
    node: int

    @property
    def accelerators(self) -> float:
        """Accelerators whose tasks have to move."""
        return sum(move.placement.shape.accelerators for move in self.moves)


def plan_moves(placer: Placer, wanted: Shape, movable: Collection[int], most: int = 8) -> Moves | None:
    """The fewest moves (then the fewest accelerators moved) that make room for ``wanted``; ``None`` if ``most`` are not
    enough.

    ``movable`` are the numbers of placements that may move (those with a checkpoint). Every target is free now, so
    that no move waits for another.
    """
    room = placer.room()
    shapes = [wanted, *dict.fromkeys(p.shape for p in placer.running if p.shape != wanted)]
    columns = Columns.of(shapes, placer.fleet.models)
    row = {shape: i for i, shape in enumerate(shapes)}
    everywhere = np.arange(len(placer.fleet))
    if best_place(columns, room, everywhere, 0) is not None:
        return Moves((), int(best_place(columns, room, everywhere, 0)[0]))  # type: ignore[index]
    on_node: dict[int, list[Placement]] = {}
    for placement in placer.running:
        if placement.number in movable:
            on_node.setdefault(placement.node, []).append(placement)
    best: Moves | None = None
    for node, there in sorted(on_node.items()):
        found = _clear(columns, row, room, node, there, most if best is None else len(best.moves))
        if found is not None and (
            best is None or (len(found.moves), found.accelerators) < (len(best.moves), best.accelerators)
        ):
            best = found
    return best


def _clear(
    columns: Columns, row: dict[Shape, int], room: Room, node: int, there: list[Placement], most: int
) -> Moves | None:
    """Move tasks off a node, the smallest first, until shape 0 fits there; then do without those not needed."""
    here, others = np.array([node]), np.delete(np.arange(len(room.cpu)), node)
    chosen: list[Placement] = []
    for placement in sorted(there, key=lambda p: (p.shape.accelerators, p.shape.cpu, p.number)):
        chosen.append(placement)
        if _fits_without(columns, room, here, chosen):
            break
    else:
        return None
    for placement in list(chosen[:-1]):
        fewer = [p for p in chosen if p is not placement]
        if _fits_without(columns, room, here, fewer):
            chosen = fewer
    if len(chosen) > most:
        return None
    after = copy_of(room)
    moves = []
    for placement in sorted(chosen, key=lambda p: -p.shape.accelerators):
        place = best_place(columns, after, others, row[placement.shape])
        if place is None:
            return None
        after.take(columns, *place)
        moves.append(Move(placement, place[0], tuple(d for d in range(place[2].bit_length()) if place[2] >> d & 1)))
    return Moves(tuple(moves), node)


def _fits_without(columns: Columns, room: Room, here: np.ndarray, gone: list[Placement]) -> bool:
    after = copy_of(room)
    for placement in gone:
        after.cpu[placement.node] += placement.shape.cpu
        after.memory[placement.node] += placement.shape.memory
        for device in placement.devices:
            after.devices[placement.node, device] += placement.shape.milli
    return best_place(columns, after, here, 0) is not None
