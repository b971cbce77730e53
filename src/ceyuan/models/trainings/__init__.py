"""Training runs: a job that turns a dataset revision into a model revision, with its curve readable while it runs.

The work itself is the engine `models.training`; this room keeps who started what with which recipe, the points
of the loss curve, and the way from dataset to model in the hub. The job `models.train` takes plain parameters
(`dataset`, `model`, `recipe`), so that other jobs can have it as a child.
"""

from ceyuan.models.trainings.service import create_run, find_run
from ceyuan.models.trainings.tables import TrainingPoint, TrainingRun

__all__ = ["TrainingPoint", "TrainingRun", "create_run", "find_run"]
