"""Engine of the digital twin: a workload replayed on declared capacity under changed assumptions.

It holds no model of scheduling of its own: who starts where is decided by the engines of admission and placement, as
the platform's scheduler has them decide. What it adds is time: tasks come, copy their data, run, make room and end;
places fail and come back; prices and carbon run by the hour. Plain Python over plain values; same input, same output.
"""

from ceyuan.compute.simulation.clock import Replay, replay
from ceyuan.compute.simulation.figures import summarise
from ceyuan.compute.simulation.ring import ring_world
from ceyuan.compute.simulation.scenarios import Scenario, applied
from ceyuan.compute.simulation.values import ORDERS, PLACINGS, Outage, Place, Policy, TwinTask, World
from ceyuan.compute.simulation.workloads import Mixture, made_up

__all__ = [
    "ORDERS",
    "PLACINGS",
    "Mixture",
    "Outage",
    "Place",
    "Policy",
    "Replay",
    "Scenario",
    "TwinTask",
    "World",
    "applied",
    "made_up",
    "replay",
    "ring_world",
    "summarise",
]
