"""Durable jobs: everything long. A job has progress, a live log, cost, cancel and resume; it survives kill -9
and repeats no finished step. Heavy parts run in their own process. What a job does is the rooms' business."""

from ceyuan.kernel.jobs.context import JobContext
from ceyuan.kernel.jobs.errors import EngineRefused, JobFailed
from ceyuan.kernel.jobs.executors import executor_name
from ceyuan.kernel.jobs.registry import all_kinds, job
from ceyuan.kernel.jobs.runner import ActorResolver, Jobs, engine_url
from ceyuan.kernel.jobs.service import cancel, charge, find, resume, submit
from ceyuan.kernel.jobs.tables import Job, JobLog

__all__ = [
    "ActorResolver",
    "EngineRefused",
    "Job",
    "JobContext",
    "JobFailed",
    "JobLog",
    "Jobs",
    "all_kinds",
    "cancel",
    "charge",
    "engine_url",
    "executor_name",
    "find",
    "job",
    "resume",
    "submit",
]
