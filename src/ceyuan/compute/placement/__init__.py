"""Engine of placing on nodes: whole accelerators and fractions, so that what is left stays of use.

A ``Placer`` decides where on a fleet each task runs, from the expected mix alone; ``physical_limit`` says what no
placement can exceed; ``plan_moves`` says which tasks to move at their next checkpoint to make room. Which site a task
goes to, and when, is for others to decide.
"""

from ceyuan.compute.placement.defragmentation import Move, Moves, plan_moves
from ceyuan.compute.placement.errors import BadFleet, BadShape, PlacementError, UnknownPlacement
from ceyuan.compute.placement.placer import Placement, Placer
from ceyuan.compute.placement.relaxation import physical_limit
from ceyuan.compute.placement.shapes import Fleet, Mix, Shape
from ceyuan.compute.placement.workloads import arrivals, made_up, read_fleet, read_tasks

__all__ = [
    "BadFleet",
    "BadShape",
    "Fleet",
    "Mix",
    "Move",
    "Moves",
    "Placement",
    "PlacementError",
    "Placer",
    "Shape",
    "UnknownPlacement",
    "arrivals",
    "made_up",
    "physical_limit",
    "plan_moves",
    "read_fleet",
    "read_tasks",
]
