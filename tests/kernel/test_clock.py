from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta

import pytest

from ceyuan.kernel import clock
from ceyuan.kernel.clock import SystemClock


class Machine:
    """A machine's two clocks, turned by hand."""

    def __init__(self) -> None:
        self.at = datetime(2026, 5, 1, tzinfo=UTC)
        self.ticks = 100.0

    def now(self, _zone: object) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.ticks

    def wait(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)
        self.ticks += seconds


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    machine = Machine()
    monkeypatch.setattr(clock, "datetime", type("Stood", (datetime,), {"now": machine.now}))
    monkeypatch.setattr(clock, "time", machine)
    return machine


def test_a_clock_that_is_set_back_goes_on_at_half_its_pace_until_it_has_caught_up(
    machine: Machine, caplog: pytest.LogCaptureFixture
) -> None:
    ours = SystemClock()
    before = ours.now()
    machine.at -= timedelta(hours=1)
    with caplog.at_level(logging.WARNING):
        assert ours.now() == before
        machine.wait(600)
        assert ours.now() == before + timedelta(seconds=300)
    assert [r.message for r in caplog.records] == [
        "the machine's clock was set back by 1:00:00: time goes on at half its pace until it has caught up"
    ]
    for _ in range(3):
        machine.wait(3600)
        ours.now()
    assert ours.now() == machine.at


def test_the_time_of_a_clock_that_goes_right_is_the_machines(machine: Machine) -> None:
    ours = SystemClock()
    ours.now()
    machine.wait(5)
    assert ours.now() == machine.at
