"""Where tasks run, and whether a wish can ever be met there."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ceyuan.compute.catalogue import Search, known_accelerator, usable_offers
from ceyuan.compute.executors import LocalExecutor, Machine, sandbox_works
from ceyuan.compute.tasks.description import Resources, TaskSpec
from ceyuan.compute.tasks.errors import TaskImpossible
from ceyuan.compute.tasks.settings import TaskSettings
from ceyuan.kernel.platform import Platform
from ceyuan.kernel.work import UnitOfWork


class LocalPlace:
    """This machine: its executor, and what a probe of it found."""

    def __init__(self, platform: Platform) -> None:
        self.root = platform.data_dir / "compute"
        self.executor = LocalExecutor(self.root / "runs")
        self._wanted = platform.section(TaskSettings).sandbox
        self._machine: Machine | None = None
        self._isolated: bool | None = None

    async def machine(self) -> Machine:
        """What is there; looked at once."""
        if self._machine is None:
            self._machine = await self.executor.probe()
        return self._machine

    async def isolated(self) -> bool:
        """Whether tasks are kept from the platform's files."""
        if self._isolated is None:
            self._isolated = self._wanted and await asyncio.to_thread(sandbox_works)
        return self._isolated

    def folder(self, task_id: str) -> Path:
        """Inputs and checkpoint of a task."""
        return self.root / "tasks" / task_id


def local_place(platform: Platform) -> LocalPlace:
    """The platform's own machine."""
    found = platform.find(LocalPlace)
    if not found:
        found = [LocalPlace(platform)]
        platform.provide(LocalPlace, found[0])
    return found[0]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a wish cannot be met, and what could be."""

    zh: str
    en: str
    nearest: dict[str, Any]


async def choose(uow: UnitOfWork, spec: TaskSpec) -> tuple[Resources, list[Refusal]]:
    """The first wish that can be met, with the refusals of those before it.

    Raises `TaskImpossible` if none can be, `AcceleratorUnknown` for a name that nobody knows.
    """
    for wish in spec.wishes:
        known_accelerator(wish.accelerator)
    machine = await local_place(uow.platform).machine()
    refusals: list[Refusal] = []
    for wish in spec.wishes:
        refusal = await _refuse(uow, wish, machine)
        if refusal is None:
            return wish, refusals
        refusals.append(refusal)
    raise TaskImpossible(
        (";".join(one.zh for one in refusals), "; ".join(one.en for one in refusals)),
        hint=("请减少资源或增加备选", "ask for less, or name alternatives"),
        refusals=[{"zh": one.zh, "en": one.en, "nearest": one.nearest} for one in refusals],
    )


async def _refuse(uow: UnitOfWork, wish: Resources, machine: Machine) -> Refusal | None:
    if wish.accelerators:
        offers = await usable_offers(uow, Search(accelerator=wish.accelerator))
        return Refusal(
            f"尚未接入 {wish.accelerator} 资源池",
            f"no pool with {wish.accelerator} is connected",
            {"accelerator": "cpu", "offers": [offer.id for offer in offers[:5]]},
        )
    if wish.nodes > 1:
        return Refusal("本机只有一个节点", "this machine is one node", {"nodes": 1})
    if wish.cpus > machine.cpus:
        return Refusal(
            f"本机只有 {machine.cpus} 个处理器", f"this machine has {machine.cpus} processors", {"cpus": machine.cpus}
        )
    if wish.memory_gib > machine.memory_gib:
        most = int(machine.memory_gib * 10) / 10
        return Refusal(f"本机只有 {most} GiB 内存", f"this machine has {most} GiB of memory", {"memory_gib": most})
    return None
