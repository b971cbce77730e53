"""Capacity planning: what training a model takes in operations, memory, accelerators, network, storage and energy.

Plain arithmetic over a model's shape and an accelerator's facts; formulae name their papers, assumptions are named
constants. Prices, offers and people are for the rooms above.
"""

from ceyuan.models.planning.arithmetic import training_flops, training_flops_per_token
from ceyuan.models.planning.efficiency import SPREAD, Efficiency, expected_efficiency
from ceyuan.models.planning.faults import DoesNotFit, GoalInvalid, PlanningFault, TooLate
from ceyuan.models.planning.goals import Node, TrainingGoal
from ceyuan.models.planning.memory import Memory, Split, activation_bytes_per_token, checkpoint_gib, training_memory
from ceyuan.models.planning.plan import Storage, TrainingPlan, plan_training
from ceyuan.models.planning.published import PUBLISHED, PublishedRun, estimated_hours
from ceyuan.models.planning.shape import ModelShape, infer_shape

__all__ = [
    "PUBLISHED",
    "SPREAD",
    "DoesNotFit",
    "Efficiency",
    "GoalInvalid",
    "Memory",
    "ModelShape",
    "Node",
    "PlanningFault",
    "PublishedRun",
    "Split",
    "Storage",
    "TooLate",
    "TrainingGoal",
    "TrainingPlan",
    "activation_bytes_per_token",
    "checkpoint_gib",
    "estimated_hours",
    "expected_efficiency",
    "infer_shape",
    "plan_training",
    "training_flops",
    "training_flops_per_token",
    "training_memory",
]
