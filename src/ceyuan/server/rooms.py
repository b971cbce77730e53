"""The only list of rooms: their routers, their wiring, and their lean handlers of byte paths."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from fastapi import APIRouter

from ceyuan.kernel.platform import Platform


@dataclass(frozen=True, slots=True)
class ByteHandler:
    """A lean ASGI application below FastAPI, and which paths are its own."""

    matches: Callable[[str], bool]
    app: Any


@dataclass(frozen=True, slots=True)
class Room:
    """A room: modules that hold a `router`, the module that holds `wire(platform)`, and the module of its
    byte paths, which holds `byte_handlers(platform)` -> [(matches, asgi app)] and `openapi_paths()`."""

    name: str
    routers: Sequence[str] = ()
    wiring: str | None = None
    bytes: str | None = None

    def byte_handlers(self, platform: Platform) -> list[ByteHandler]:
        if self.bytes is None:
            return []
        return [ByteHandler(matches, app) for matches, app in import_module(self.bytes).byte_handlers(platform)]

    def byte_path_items(self) -> dict[str, Any]:
        """The OpenAPI path items of the room's byte paths."""
        return {} if self.bytes is None else import_module(self.bytes).openapi_paths()


ROOMS: tuple[Room, ...] = (
    Room("jobs", routers=("ceyuan.kernel.jobs.endpoints",)),
    Room("audit", routers=("ceyuan.kernel.audit.endpoints",), wiring="ceyuan.kernel.audit.wiring"),
    Room("blobs", wiring="ceyuan.kernel.blobs.wiring"),
    Room(
        "workflow",
        routers=("ceyuan.kernel.workflow.endpoints", "ceyuan.kernel.workflow.review_endpoints"),
        wiring="ceyuan.kernel.workflow.wiring",
    ),
    Room(
        "identity",
        routers=(
            "ceyuan.identity.sessions.endpoints",
            "ceyuan.identity.sign_on.endpoints",
            "ceyuan.identity.second_factor.endpoints",
            "ceyuan.identity.people.endpoints",
            "ceyuan.identity.tokens.endpoints",
            "ceyuan.identity.invitations.endpoints",
            "ceyuan.identity.organisations.endpoints",
            "ceyuan.identity.organisations.team_endpoints",
            "ceyuan.identity.notices.endpoints",
            "ceyuan.identity.notices.webhook_endpoints",
            "ceyuan.identity.privacy.endpoints",
            "ceyuan.identity.administration.endpoints",
        ),
        wiring="ceyuan.identity.wiring",
    ),
    Room(
        "metering",
        routers=(
            "ceyuan.metering.desk.routes.prices",
            "ceyuan.metering.desk.routes.ledger",
            "ceyuan.metering.desk.routes.wallets",
            "ceyuan.metering.desk.routes.usage",
            "ceyuan.metering.desk.routes.quotas",
            "ceyuan.metering.desk.routes.bills",
        ),
        wiring="ceyuan.metering.wiring",
    ),
    Room(
        "hub",
        routers=(
            "ceyuan.hub.repositories.endpoints",
            "ceyuan.hub.commits.endpoints",
            "ceyuan.hub.browsing.endpoints",
            "ceyuan.hub.viewer.endpoints",
            "ceyuan.hub.safety.endpoints",
            "ceyuan.hub.discussions.endpoints",
            "ceyuan.hub.gating.endpoints",
            "ceyuan.hub.social.endpoints",
            "ceyuan.hub.inspection.endpoints",
            "ceyuan.hub.signing.endpoints",
            "ceyuan.hub.scrubbing.endpoints",
            "ceyuan.hub.mirrors.endpoints",
            "ceyuan.hub.lineage.endpoints",
        ),
        wiring="ceyuan.hub.wiring",
        bytes="ceyuan.hub.bytes",
    ),
    Room(
        "compute",
        routers=(
            "ceyuan.compute.catalogue.endpoints",
            "ceyuan.compute.catalogue.partner_endpoints",
            "ceyuan.compute.capacity.endpoints",
        ),
        wiring="ceyuan.compute.catalogue.wiring",
    ),
    Room("pools", routers=("ceyuan.compute.pools.endpoints",), wiring="ceyuan.compute.pools.wiring"),
    Room("quotas", routers=("ceyuan.compute.quotas.endpoints",), wiring="ceyuan.compute.quotas.wiring"),
    Room("links", routers=("ceyuan.compute.links.endpoints",)),
    Room("tasks", routers=("ceyuan.compute.tasks.endpoints",), wiring="ceyuan.compute.tasks.wiring"),
    Room("twin", routers=("ceyuan.compute.twin.endpoints",), wiring="ceyuan.compute.twin.wiring"),
    Room("overview", routers=("ceyuan.compute.overview.endpoints",), wiring="ceyuan.compute.overview.wiring"),
    Room(
        "data",
        routers=(
            "ceyuan.data.sources.endpoints",
            "ceyuan.data.mapping.endpoints",
            "ceyuan.data.pipelines.endpoints",
            "ceyuan.data.schedules.endpoints",
            "ceyuan.data.history.endpoints",
            "ceyuan.data.study.endpoints",
            "ceyuan.data.reviews.endpoints",
            "ceyuan.data.use.endpoints",
        ),
        wiring="ceyuan.data.wiring",
    ),
    Room("batches", wiring="ceyuan.models.batches.wiring", bytes="ceyuan.models.batches.bytes"),
    Room("serving", routers=("ceyuan.models.serving.endpoints",), wiring="ceyuan.models.serving.wiring"),
    Room(
        "gateway",
        routers=("ceyuan.models.gateway.endpoints",),
        wiring="ceyuan.models.gateway.wiring",
        bytes="ceyuan.models.gateway.bytes",
    ),
    Room("embedding", wiring="ceyuan.server.embedding"),
    Room("replicas", wiring="ceyuan.models.replicas.wiring"),
    Room("prompts", routers=("ceyuan.models.prompts.endpoints",), wiring="ceyuan.models.prompts.wiring"),
    Room(
        "deployments",
        routers=("ceyuan.models.deployments.endpoints",),
        wiring="ceyuan.models.deployments.wiring",
    ),
    Room("releases", routers=("ceyuan.models.releases.endpoints",), wiring="ceyuan.models.releases.wiring"),
    Room("evaluation", routers=("ceyuan.evaluation.runs.endpoints",), wiring="ceyuan.evaluation.runs.wiring"),
    Room("moderation", wiring="ceyuan.governance.moderation.wiring"),
    Room("safety", routers=("ceyuan.governance.safety.endpoints",), wiring="ceyuan.governance.safety.wiring"),
    Room(
        "monitoring",
        routers=("ceyuan.governance.monitoring.endpoints",),
        wiring="ceyuan.governance.monitoring.wiring",
    ),
    Room("vouchers", routers=("ceyuan.programmes.vouchers.endpoints",), wiring="ceyuan.programmes.vouchers.wiring"),
    Room("law", routers=("ceyuan.scenarios.law.endpoints",), wiring="ceyuan.scenarios.law.wiring"),
    Room(
        "training",
        routers=("ceyuan.models.trainings.endpoints",),
        wiring="ceyuan.models.trainings.wiring",
    ),
    Room("loop", routers=("ceyuan.demo.endpoints",), wiring="ceyuan.demo.wiring"),
)


def routers() -> list[APIRouter]:
    """Every router of every room."""
    return [import_module(name).router for room in ROOMS for name in room.routers]


def wire(platform: Platform) -> None:
    """Let every room subscribe to events, fill hooks and declare its jobs."""
    for room in ROOMS:
        if room.wiring is not None:
            import_module(room.wiring).wire(platform)


def load_tables() -> None:
    """Import every room, so that the metadata knows every table."""
    routers()
    for room in ROOMS:
        if room.wiring is not None:
            import_module(room.wiring)
