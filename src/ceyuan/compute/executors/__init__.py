"""Executors: where tasks run. One interface (probe, submit, status, cancel, logs, drain, forget), any number of places.

Submission is idempotent by key; a run outlives the process that submitted it and is never executed twice under
one key. Who may run what, and who pays, is for the rooms above.
"""

from ceyuan.compute.executors.interface import ClusterNode, Executor, ExecutorFault, Launch, Machine, Run
from ceyuan.compute.executors.local import LocalExecutor
from ceyuan.compute.executors.sandbox import remote_prefix, sandbox_prefix, sandbox_works
from ceyuan.compute.executors.shared import ClusterExecutor, FolderExecutor
from ceyuan.compute.executors.slurm import SlurmCluster, SlurmExecutor
from ceyuan.compute.executors.ssh import SshExecutor, SshHost

__all__ = [
    "ClusterExecutor",
    "ClusterNode",
    "Executor",
    "ExecutorFault",
    "FolderExecutor",
    "Launch",
    "LocalExecutor",
    "Machine",
    "Run",
    "SlurmCluster",
    "SlurmExecutor",
    "SshExecutor",
    "SshHost",
    "remote_prefix",
    "sandbox_prefix",
    "sandbox_works",
]
