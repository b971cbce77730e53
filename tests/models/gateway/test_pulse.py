"""The pulse: calls that wait too long are cancelled; time in which the process itself stood still is not theirs."""

from __future__ import annotations

import asyncio
import time

import pytest

from ceyuan.models.gateway.pulse import Pulse


async def test_a_task_that_waits_too_long_is_cancelled_and_told_why() -> None:
    pulse = Pulse()
    timer = pulse.begin(0.05)
    with pytest.raises(asyncio.CancelledError):
        await asyncio.sleep(600)
    assert timer.was_late()
    pulse.end(timer)
    await asyncio.sleep(0)


async def test_time_in_which_the_process_stood_still_does_not_count() -> None:
    pulse = Pulse()
    timer = pulse.begin(0.3)
    before = timer.due
    time.sleep(0.6)
    while timer.due == before:
        await asyncio.sleep(0.01)
    assert timer.due >= before + 0.4
    assert not timer.late
    pulse.end(timer)


async def test_a_call_to_a_server_survives_a_pause_of_the_process_longer_than_its_patience() -> None:
    pulse = Pulse()
    answered = asyncio.Event()
    asyncio.get_running_loop().call_later(0.01, time.sleep, 0.6)
    asyncio.get_running_loop().call_later(0.02, answered.set)
    timer = pulse.begin(0.3)
    await answered.wait()
    assert not timer.late
    pulse.end(timer)
