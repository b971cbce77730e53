"""The registry of benchmark items that no training data may hold: this room declares it, evaluation fills it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from ceyuan.kernel.errors import Text
from ceyuan.kernel.work import UnitOfWork


@dataclass(frozen=True, slots=True)
class BenchmarkItems:
    """A benchmark: its name, its title, and (item, text) of everything that models are asked in it."""

    name: str
    title: Text
    items: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class BenchmarkSource:
    """A hook: `read(uow)` gives the benchmarks that a room knows."""

    read: Callable[[UnitOfWork], Awaitable[Sequence[BenchmarkItems]]]


async def registered(uow: UnitOfWork) -> list[BenchmarkItems]:
    """All benchmarks of all rooms, by name."""
    found = [one for source in uow.platform.find(BenchmarkSource) for one in await source.read(uow)]
    return sorted(found, key=lambda one: one.name)
