"""Puts serving into the platform."""

from __future__ import annotations

from ceyuan.identity import ScopeRoom
from ceyuan.kernel.events import Event
from ceyuan.kernel.platform import Platform
from ceyuan.kernel.work import UnitOfWork
from ceyuan.models.serving import tasks  # noqa: F401 - declares the jobs
from ceyuan.models.serving.bundle import BundleService
from ceyuan.models.serving.candidates import note_release
from ceyuan.models.serving.directory import ModelDirectory
from ceyuan.models.serving.settings import ServingSettings


def wire(platform: Platform) -> None:
    """Provide the directory of served models and look after its engines; tokens can be limited to `serving`."""
    directory = ModelDirectory(platform)
    platform.provide(ModelDirectory, directory)
    if (archive := platform.section(ServingSettings).bundle) is not None:
        platform.services.append(BundleService(archive))
    platform.services.append(directory)
    platform.subscriptions.on("model.release_decided", hear_release)
    platform.provide(
        ScopeRoom,
        ScopeRoom(
            "serving", ("模型服务", "Model serving"), paths=("/api/v1/models/served", "/api/v1/models/upstreams")
        ),
    )


async def hear_release(uow: UnitOfWork, event: Event) -> None:
    """A released revision may be called by all whom its visibility names; any other outcome keeps it its owner's."""
    if node := event.data.get("model_node"):
        await note_release(uow, str(node), released=event.data["state"] == "released")
