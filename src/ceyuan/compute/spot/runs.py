"""A job with a deadline run through a trace of availability."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ceyuan.compute.spot.market import IDLE, ON_DEMAND, Bools, Situation, SpotError, Terms, overhead_of
from ceyuan.compute.spot.policies import Policy


@dataclass(frozen=True)
class Run:
    """What a job cost (in the prices' currency), when it ended (seconds from its start), whether in time, and how often
    it lost its machine or moved."""

    cost: float
    seconds: float
    in_time: bool
    starts: int
    on_demand_seconds: float


def run(policy: Policy, terms: Terms, available: Bools, start: int, work: float, time: float) -> Run:
    """Run ``work`` seconds of a job from step ``start`` with ``time`` seconds until its deadline.

    ``available[zone, step]``; the policy has seen what came before (call its ``learn``) and is shown one step at a
    time. Raises ``SpotError`` where the job could not be done in time even on demand.
    """
    if work + terms.changeover + terms.move + terms.step > time:
        raise SpotError(f"{work:.0f} s of work and {terms.changeover:.0f} s of start do not fit in {time:.0f} s")
    if start + int(np.ceil(time / terms.step)) > available.shape[1]:
        raise SpotError("the trace ends before the deadline")
    left, clock, cost, on_demand, starts = work, 0.0, 0.0, 0.0, 0
    place, last, overhead = IDLE, IDLE, 0.0
    for step in range(start, available.shape[1]):
        now = available[:, step]
        policy.learn(now)
        if place >= 0 and not now[place]:
            place, overhead = IDLE, 0.0
        situation = Situation(left, time - clock, place, last, overhead, now, work, time)
        chosen = policy.decide(terms, situation)
        if chosen >= 0 and not now[chosen]:
            raise SpotError(f"the policy chose zone {chosen}, which has no capacity")
        if chosen != place:
            overhead = overhead_of(terms, situation, chosen)
            starts += chosen != IDLE
            place = chosen
        if place == IDLE:
            clock += terms.step
            continue
        last = place
        price = terms.on_demand if place == ON_DEMAND else terms.spot[place]
        lost = min(overhead, terms.step)
        worked = min(left, terms.step - lost)
        overhead, left = overhead - lost, left - worked
        cost += price * (lost + worked) / 3600
        clock += lost + worked
        on_demand += (lost + worked) if place == ON_DEMAND else 0.0
        if left <= 1e-9:
            break
    return Run(cost, clock, left <= 1e-9 and clock <= time + 1e-6, starts, on_demand)
