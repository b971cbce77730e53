"""Replicas of deployments that run as compute tasks in pools: a revision of the hub served by vLLM, SGLang or a command
of the operator's, found again after a crash, looked after, replaced without a failed call, and scaled by the wait that
calls have. What shall run is for deployments to say, where a task runs and what it costs for compute, and which replica
gets a call for the gateway."""

from ceyuan.models.replicas.engines import SERVERS, check_engine
from ceyuan.models.replicas.pool import PoolReplicas
from ceyuan.models.replicas.settings import ReplicaSettings
from ceyuan.models.replicas.starting import REACHED, keeper_of, spec_of

__all__ = ["REACHED", "SERVERS", "PoolReplicas", "ReplicaSettings", "check_engine", "keeper_of", "spec_of"]
