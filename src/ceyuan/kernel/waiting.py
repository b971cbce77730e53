"""Waiting for an event, but not for ever."""

from __future__ import annotations

import asyncio


async def wait_at_most(event: asyncio.Event, seconds: float) -> bool:
    """Wait for the event at most so long; whether it came.

    For loops that end by being cancelled: `asyncio.wait_for` of Python 3.11 loses a cancellation that comes together
    with what it waits for (https://github.com/python/cpython/issues/86296), and the loop would never end.
    """
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True
