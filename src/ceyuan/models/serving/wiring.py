"""Puts serving into the platform."""

from __future__ import annotations

from ceyuan.identity import ScopeRoom
from ceyuan.kernel.platform import Platform
from ceyuan.models.serving import tasks  # noqa: F401 - declares the jobs
from ceyuan.models.serving.directory import ModelDirectory


def wire(platform: Platform) -> None:
    """Provide the directory of served models and look after its engines; tokens can be limited to `serving`."""
    directory = ModelDirectory(platform)
    platform.provide(ModelDirectory, directory)
    platform.services.append(directory)
    platform.provide(
        ScopeRoom,
        ScopeRoom(
            "serving", ("模型服务", "Model serving"), paths=("/api/v1/models/served", "/api/v1/models/upstreams")
        ),
    )
