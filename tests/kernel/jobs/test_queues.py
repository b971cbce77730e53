from __future__ import annotations

import threading

from ceyuan.kernel.jobs.queues import Bell


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
