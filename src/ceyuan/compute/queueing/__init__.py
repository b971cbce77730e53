"""Engine of the queue: which task goes first when not all can, without anyone telling how long they will take.

``Durations`` learns from finished tasks and ranks those that wait and run; ``replay`` runs a history of tasks through
a cluster under a policy, to choose one by or to say when a task will start. Budgets, quotas and priorities are for
the room that uses it.
"""

from ceyuan.compute.queueing.durations import Durations
from ceyuan.compute.queueing.simulation import (
    FIFO,
    FIFO_BACKFILL,
    LEARNT,
    SJF,
    SRTF,
    Outcome,
    Policy,
    QueueingError,
    Tasks,
    made_up,
    read_tasks,
    replay,
)

__all__ = [
    "FIFO",
    "FIFO_BACKFILL",
    "LEARNT",
    "SJF",
    "SRTF",
    "Durations",
    "Outcome",
    "Policy",
    "QueueingError",
    "Tasks",
    "made_up",
    "read_tasks",
    "replay",
]
