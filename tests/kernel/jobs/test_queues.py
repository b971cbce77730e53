from __future__ import annotations

import logging
import threading

import pytest

from ceyuan.kernel.jobs.queues import Bell
from ceyuan.kernel.platform import Platform


def test_a_bell_that_rang_before_keeps_nobody_waiting_once() -> None:
    bell = Bell()
    bell.ring()
    assert bell.wait(3600) is False
    assert bell.wait(0.0) is False


def test_a_bell_that_rings_wakes_who_waits() -> None:
    bell, woken = Bell(), threading.Event()
    waiter = threading.Thread(target=lambda: (bell.wait(3600), woken.set()), daemon=True)
    waiter.start()
    while not woken.wait(0.01):
        bell.ring()
    waiter.join()
    assert not bell.is_set()


def test_a_bell_that_is_set_ends_every_wait() -> None:
    bell = Bell()
    bell.set()
    assert bell.wait(3600) is True
    assert bell.wait(3600) is True


async def test_what_the_engine_says_goes_the_way_of_the_platforms_own_log(
    platform: Platform, caplog: pytest.LogCaptureFixture
) -> None:
    assert platform.jobs is not None
    logging.getLogger("dbos").warning("a queue stood still")
    assert "a queue stood still" in caplog.messages
