"""A market whose buyer has money, and a price of core-seconds."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from ceyuan import metering
from ceyuan.compute.pools import ensure_local
from ceyuan.compute.tasks.closing import close_tasks
from tests.compute.market import YUAN, Market


class Yard:
    """Runs tasks on the account of the buyer `lab` as its owner li."""

    def __init__(self, market: Market) -> None:
        self.market = market

    def body(self, command: str, **fields: Any) -> dict[str, Any]:
        task = {"name": "t", "command": command, "resources": {"cpus": 1, "memory_gib": 0.5}, "time_limit_s": 60}
        return {"org_id": self.market.buyer, "task": task | fields}

    async def run(self, command: str, **fields: Any) -> dict[str, Any]:
        return await self.market.ok("li", "POST", "/tasks", self.body(command, **fields))

    async def task(self, task_id: str) -> dict[str, Any]:
        return await self.market.ok("li", "GET", f"/tasks/{task_id}")

    async def until(self, task_id: str, *states: str, seconds: float = 180) -> dict[str, Any]:
        async with asyncio.timeout(seconds):
            while (task := await self.task(task_id))["state"] not in states or task["closing"]:
                await self.market.platform.dispatcher.drain()
                await close_tasks(self.market.platform)
                await asyncio.sleep(0.1)
        return task

    async def log(self, task_id: str, **params: Any) -> dict[str, Any]:
        return await self.market.ok("li", "GET", f"/tasks/{task_id}/log", **params)

    async def until_log(self, task_id: str, text: str) -> None:
        async with asyncio.timeout(180):
            while text not in (await self.log(task_id))["text"]:
                await asyncio.sleep(0.1)

    async def see_this_machine(self) -> None:
        """Enter the platform's own machine as a pool, as the first task does."""
        async with self.market.platform.work() as uow:
            await ensure_local(uow)

    async def metered(self) -> tuple[int, int]:
        """(micro-yuan that were spent, usage events of tasks)."""
        from sqlalchemy import func, select

        from ceyuan.metering.usage.tables import UsageRow

        async with self.market.platform.work(write=False) as uow:
            query = select(func.coalesce(func.sum(UsageRow.cost_micro), 0), func.count()).where(
                UsageRow.resource == "compute.core_second"
            )
            spent, count = (await uow.session.execute(query)).one()
        return int(spent), int(count)


async def furnish(market: Market) -> Yard:
    """Give the buyer ten yuan and core-seconds a price of a thousandth."""
    async with market.platform.work() as uow:
        await metering.top_up(uow, market.buyer, 10 * YUAN, reference="pay-1")
        await metering.set_price(uow, metering.NewPrice("compute.core_second", 1000, 1))
    return Yard(market)


@pytest.fixture
async def yard(market: Market) -> Yard:
    return await furnish(market)
