"""Tasks: a command with what it needs, run where it fits, metered once, its results kept as revisions of the hub.

A task is described once (YAML or Python), checked before anything is queued, given seats in a pool when its turn comes,
driven by a durable job, and run by an executor. Offers and prices of suppliers are not this room's.
"""

from ceyuan.compute.tasks.description import Resources, TaskSpec
from ceyuan.compute.tasks.secrets import TaskSecrets
from ceyuan.compute.tasks.service import (
    check_task,
    create_task,
    find_task,
    read_log,
    resume_task,
    running_cost,
    show_task,
    stop_task,
)
from ceyuan.compute.tasks.tables import ComputeTask

__all__ = [
    "ComputeTask",
    "Resources",
    "TaskSecrets",
    "TaskSpec",
    "check_task",
    "create_task",
    "find_task",
    "read_log",
    "resume_task",
    "running_cost",
    "show_task",
    "stop_task",
]
