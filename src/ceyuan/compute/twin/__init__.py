"""The digital twin: what would come of other nodes, quotas, prices, links or rules, for tasks that were or might be.

A study is a workload and scenarios; a durable job replays them in a process of its own (`compute.simulation`, which
lets the engines of admission and placement decide) and keeps what came of them. It changes nothing in the real queue.
"""

from ceyuan.compute.twin.service import create_study, find_study
from ceyuan.compute.twin.tables import TwinStudy

__all__ = ["TwinStudy", "create_study", "find_study"]
