"""Engine of interruptible capacity: work that must be done by a deadline, at the least price, in several zones.

``Arbiter`` decides step by step where a job works (a zone, on demand, nowhere) and never risks the deadline;
``checkpoint_interval`` says how often to write one; ``run`` replays a job over a trace of availability. Starting and
stopping machines is for the executors.
"""

from ceyuan.compute.spot.market import (
    IDLE,
    ON_DEMAND,
    Situation,
    SpotError,
    Terms,
    Uptimes,
    checkpoint_interval,
    made_up,
    read_traces,
)
from ceyuan.compute.spot.policies import Arbiter, Greedy, UniformProgress
from ceyuan.compute.spot.runs import Run, run

__all__ = [
    "IDLE",
    "ON_DEMAND",
    "Arbiter",
    "Greedy",
    "Run",
    "Situation",
    "SpotError",
    "Terms",
    "UniformProgress",
    "Uptimes",
    "checkpoint_interval",
    "made_up",
    "read_traces",
    "run",
]
