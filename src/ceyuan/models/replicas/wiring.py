"""Puts replicas in pools into the platform."""

from __future__ import annotations

from ceyuan.compute.tasks import TaskSecrets
from ceyuan.kernel.platform import Platform
from ceyuan.models.replicas.pool import PoolReplicas
from ceyuan.models.replicas.starting import ReplicaSecrets
from ceyuan.models.serving.replicas import Replicas


def wire(platform: Platform) -> None:
    """Offer the directory of models a further kind of place, and tasks of replicas their keys."""
    pool = PoolReplicas(platform)
    platform.provide(PoolReplicas, pool)
    platform.provide(Replicas, pool)  # type: ignore[type-abstract]
    platform.provide(TaskSecrets, ReplicaSecrets())  # type: ignore[type-abstract]
