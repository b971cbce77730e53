from __future__ import annotations

import asyncio

from ceyuan.kernel.waiting import wait_at_most


async def test_it_says_whether_the_event_came() -> None:
    event = asyncio.Event()
    assert not await wait_at_most(event, 0.001)
    event.set()
    assert await wait_at_most(event, 60)


async def test_a_cancellation_that_comes_together_with_the_event_is_not_lost() -> None:
    event = asyncio.Event()

    async def work() -> None:
        while True:
            await wait_at_most(event, 60)
            event.clear()

    task = asyncio.create_task(work())
    await asyncio.sleep(0.01)
    event.set()
    await asyncio.sleep(0)
    task.cancel()
    done, _ = await asyncio.wait({task}, timeout=10)
    assert done == {task}
    assert task.cancelled()
