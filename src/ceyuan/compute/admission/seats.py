"""What is free, and where something fits."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from ceyuan.compute.admission.values import Claim, Held, Need, Node, Seat

__all__ = ["Free", "Pick", "Seat", "best_fit", "free_of", "release", "take"]


@dataclass(slots=True)
class Free:
    """What is free on a node; `devices` are indices of free accelerators."""

    node: Node
    cpus: int
    memory_mib: int
    devices: set[int]

    def fits(self, need: Need) -> bool:
        """Whether one seat of the need fits here now."""
        if self.cpus < need.cpus or self.memory_mib < need.memory_mib:
            return False
        return not need.accelerators or (
            self.node.accelerator == need.accelerator and len(self.devices) >= need.accelerators
        )


Pick = Callable[[Need, list[Free]], tuple[Seat, ...] | None]
"""Chooses seats for a need among nodes on which one may take them; the default is `best_fit`."""


def free_of(nodes: Iterable[Node], held: Iterable[Held]) -> dict[str, Free]:
    """What is free on each node once everything held is taken off it."""
    free = {node.name: Free(node, node.cpus, node.memory_mib, set(range(node.accelerators))) for node in nodes}
    for one in held:
        take(free, one.need, one.seats)
    return free


def take(free: dict[str, Free], need: Need, seats: Iterable[Seat]) -> None:
    """Take seats off what is free; seats on nodes that are gone are left out."""
    for seat in seats:
        if (row := free.get(seat.node)) is not None:
            row.cpus -= need.cpus
            row.memory_mib -= need.memory_mib
            row.devices -= set(seat.devices)


def release(free: dict[str, Free], need: Need, seats: Iterable[Seat]) -> None:
    """Give seats back."""
    for seat in seats:
        if (row := free.get(seat.node)) is not None:
            row.cpus += need.cpus
            row.memory_mib += need.memory_mib
            row.devices |= set(seat.devices)


def allowed(claim: Claim, free: dict[str, Free], without: Collection[str] = ()) -> list[Free]:
    """The nodes that a claim may get, in their order."""
    return [
        row
        for name, row in free.items()
        if row.node.open
        and name not in without
        and name not in claim.avoid
        and (not claim.pools or row.node.pool in claim.pools)
    ]


def best_fit(need: Need, rows: list[Free]) -> tuple[Seat, ...] | None:
    """Seats where least is left over: accelerators first, then processors, then memory; of equal nodes the first.

    A need without accelerators goes to nodes without any, if it can. Several nodes are of one pool.
    """
    pools = list(dict.fromkeys(row.node.pool for row in rows))
    found: list[tuple[tuple[int, ...], tuple[Seat, ...]]] = []
    for order, pool in enumerate(pools):
        fitting = [row for row in rows if row.node.pool == pool and row.fits(need)]
        fitting.sort(key=lambda row: _left_over(need, row))
        if len(fitting) >= need.nodes:
            chosen = fitting[: need.nodes]
            worst = max(_left_over(need, row) for row in chosen)
            found.append(((*worst, order), tuple(_seat(need, row) for row in chosen)))
    return min(found)[1] if found else None


def _left_over(need: Need, row: Free) -> tuple[int, ...]:
    return len(row.devices) - need.accelerators, row.cpus - need.cpus, row.memory_mib - need.memory_mib


def _seat(need: Need, row: Free) -> Seat:
    return Seat(row.node.name, tuple(sorted(row.devices)[: need.accelerators]))
