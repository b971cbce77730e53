"""The hook by which the room above says what runs in pools."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from ceyuan.kernel.platform import Platform
from ceyuan.kernel.work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Use:
    """What is held on a node: runs, processors, memory in MiB, accelerators."""

    runs: int = 0
    cpus: int = 0
    memory_mib: int = 0
    accelerators: int = 0


class PoolUse(Protocol):
    """Hook: who uses pools. Tasks fill it."""

    async def held(self, uow: UnitOfWork) -> dict[str, Use]:
        """What is held, by node id."""
        ...

    async def move_away(self, uow: UnitOfWork, pool_id: str, node_id: str | None) -> int:
        """Ask everything in a pool (or on a node) to leave at its checkpoint; how many were asked."""
        ...

    def changed(self) -> None:
        """Capacity changed: there may be something to start."""
        ...


async def held_by_node(uow: UnitOfWork) -> dict[str, Use]:
    """What is held on every node."""
    found: dict[str, Use] = {}
    for hook in uow.platform.find(PoolUse):  # type: ignore[type-abstract]
        found |= await hook.held(uow)
    return found


def tell_changed(platform: Platform) -> None:
    """Let those who wait for room look again."""
    for hook in platform.find(PoolUse):  # type: ignore[type-abstract]
        hook.changed()
