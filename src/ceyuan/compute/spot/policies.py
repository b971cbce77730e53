"""Where a job with a deadline works next: our arbiter, and the two published policies it is measured beside.

Every one keeps the same promise: it never makes a step after which on-demand capacity alone could not finish in time.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from ceyuan.compute.spot.market import IDLE, ON_DEMAND, Situation, Terms, Uptimes, overhead_of


class Policy(Protocol):
    """Decides at each step; ``learn`` is told each step's availability, before and during the job."""

    def learn(self, available: np.ndarray) -> None: ...

    def decide(self, terms: Terms, situation: Situation) -> int: ...


def safe(terms: Terms, situation: Situation, place: int) -> bool:
    """Whether, after one step at ``place``, on-demand capacity alone still finishes in time."""
    overhead = overhead_of(terms, situation, place)
    gained = 0.0 if place == IDLE else max(0.0, terms.step - overhead)
    if place == ON_DEMAND:
        return True
    work, time = situation.work - gained, situation.time - terms.step
    return work <= 0 or work + terms.changeover + terms.move <= time


class Greedy:
    """Interruptible capacity while it is there, waiting while it is not, on-demand to the end when waiting longer would
    miss the deadline (the baseline of Wu et al., "Can't Be Late", NSDI 2024)."""

    def __init__(self) -> None:
        self._committed = False

    def learn(self, available: np.ndarray) -> None:
        """It learns nothing."""

    def decide(self, terms: Terms, situation: Situation) -> int:
        if self._committed or not safe(terms, situation, IDLE):
            working = situation.place >= 0 and situation.available[situation.place]
            if not self._committed and working and safe(terms, situation, situation.place):
                return situation.place
            self._committed = True
            return ON_DEMAND
        return _spot(terms, situation, IDLE)


class UniformProgress:
    """Progress in proportion to time (Wu et al., NSDI 2024, section 5): interruptible capacity whenever it is there;
    without it on-demand while behind the line from zero to the deadline, until two changeovers ahead of it; on-demand
    to the end when nothing else is safe."""

    def __init__(self) -> None:
        self._committed = False

    def learn(self, available: np.ndarray) -> None:
        """It learns nothing."""

    def decide(self, terms: Terms, situation: Situation) -> int:
        if self._committed:
            return ON_DEMAND
        if not safe(terms, situation, IDLE):
            working = situation.place >= 0 and situation.available[situation.place]
            if working and safe(terms, situation, situation.place):
                return situation.place
            self._committed = True
            return ON_DEMAND
        chosen = _spot(terms, situation, IDLE)
        if chosen != IDLE and safe(terms, situation, chosen):
            return chosen
        done = situation.total_work - situation.work
        pace = situation.total_work / situation.total_time
        gone = situation.total_time - situation.time
        ahead = 2 * terms.changeover if situation.place == ON_DEMAND else 0.0
        return ON_DEMAND if done < pace * (gone + ahead) else IDLE


class Arbiter:
    """Ours: the zone whose capacity costs least per second of work, by price and by how long it is expected to last; on
    while it lasts; without any, waiting as long as what is expected of interruptible capacity finishes the work in the
    time left, on-demand otherwise. What to expect is learnt from what was seen before."""

    def __init__(self, terms: Terms, caution: float = 1.08) -> None:
        """``caution``: how many times the work left must fit in the expected interruptible time for it to be waited
        for."""
        self._uptimes = Uptimes(len(terms.spot), terms.step)
        self._caution = caution

    def learn(self, available: np.ndarray) -> None:
        """One step's availability."""
        self._uptimes.observe(available)

    def decide(self, terms: Terms, situation: Situation) -> int:
        """The zone, ``IDLE`` or ``ON_DEMAND`` for the next step."""
        place = situation.place
        if place >= 0 and situation.available[place] and safe(terms, situation, place):
            return place
        best, least = IDLE, np.inf
        for zone in np.nonzero(situation.available)[0].tolist():
            if safe(terms, situation, zone):
                lasts = min(self._uptimes.lasts(zone), situation.work)
                cost = terms.spot[zone] * (1 + overhead_of(terms, situation, zone) / max(lasts, terms.step))
                if cost < least:
                    best, least = zone, cost
        if best >= 0 and (place != ON_DEMAND or least < terms.on_demand):
            return best
        if place == ON_DEMAND and situation.work <= terms.step:
            return ON_DEMAND
        enough = self._uptimes.any_share * situation.time >= self._caution * situation.work
        return IDLE if enough and safe(terms, situation, IDLE) else ON_DEMAND


def _spot(terms: Terms, situation: Situation, otherwise: int) -> int:
    """The zone the job is in while it has capacity, else the first that has, else ``otherwise``."""
    if situation.place >= 0 and situation.available[situation.place]:
        return situation.place
    if situation.place >= 0 or not situation.available.any():
        return int(situation.available.argmax()) if situation.available.any() else otherwise
    return int(situation.available.argmax())
