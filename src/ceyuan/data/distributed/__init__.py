"""Corpus runs spread over machines: the same operators, searches and files as in one process, as tasks of Ray.

Every part that grows with the texts is cut: measuring by raw shard, the search for near-duplicates by hash of the band
key, then of the document, then of the component, writing by shard of the dataset. No stage of the search is one task.
What is left to the process that starts it are a few columns per document and the report. Shards lie in a folder that
all machines see. ``RayWorkers`` goes into ``ceyuan.data.corpus.build``; ``applied`` puts operators on a Ray dataset.
"""

from ceyuan.data.distributed.components import connected
from ceyuan.data.distributed.datasets import applied
from ceyuan.data.distributed.pools import LocalPool, Pool, RayPool
from ceyuan.data.distributed.search import distributed_search
from ceyuan.data.distributed.workers import PoolWorkers, ray_workers

__all__ = [
    "LocalPool",
    "Pool",
    "PoolWorkers",
    "RayPool",
    "applied",
    "connected",
    "distributed_search",
    "ray_workers",
]
