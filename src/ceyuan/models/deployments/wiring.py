"""Puts deployments into the platform."""

from __future__ import annotations

from ceyuan.identity import ScopeRoom
from ceyuan.kernel.platform import Platform
from ceyuan.metering import Resource
from ceyuan.models.deployments import tasks  # noqa: F401 - declares the job
from ceyuan.models.deployments.controller import REPLICA_SECONDS, Controller


def wire(platform: Platform) -> None:
    """Look after the deployments while the platform runs; tokens can be limited to `deployments`."""
    controller = Controller()
    platform.provide(Controller, controller)
    platform.services.append(controller)
    platform.provide(
        Resource,
        Resource(REPLICA_SECONDS, unit=("秒", "seconds"), title=("模型副本时长", "Replica time of deployments")),
    )
    platform.provide(
        ScopeRoom, ScopeRoom("deployments", ("模型部署", "Deployments"), paths=("/api/v1/models/deployments",))
    )
