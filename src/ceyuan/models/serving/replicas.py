"""What a place that runs replicas can do. The embedded engines of this process are one such place, compute pools
another; the directory asks the one that a deployment's plan names, and nobody else has to know which it is."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from ceyuan.models.serving.engine import EngineState, Load
from ceyuan.models.serving.routes import Place, Replica
from ceyuan.models.serving.tables import ServedModel
from ceyuan.models.serving.variants import DeploymentPlan, Variant

Wanted = tuple[ServedModel, DeploymentPlan | None]
"""A served model that engines of ours run, with its plan where it is a deployment."""


@dataclass(frozen=True, slots=True)
class Offer:
    """The part of a route that depends on where replicas run: see `Route`."""

    replicas: tuple[Replica, ...]
    shares: tuple[tuple[str, int], ...] = ()
    shadow: tuple[Replica, int] | None = None
    strategy: str = "weighted"

    def fields(self) -> dict[str, Any]:
        """As a route takes them."""
        return {name: getattr(self, name) for name in self.__slots__}


class Replicas(Protocol):
    """Replicas in one kind of place. All methods but `start`, `stop` and `place` answer from memory."""

    def runs(self, plan: DeploymentPlan | None) -> bool:
        """Whether replicas of such a plan run here."""
        ...

    def take(self, wanted: Sequence[Wanted]) -> None:
        """Run these from now on; replicas of anything else finish their calls and end."""
        ...

    def offer(self, model: ServedModel, plan: DeploymentPlan | None) -> Offer:
        """Which replicas get calls just now."""
        ...

    def holds(self, name: str) -> bool:
        """Whether the replica of this name is one of these."""
        ...

    def place(self, name: str, *, wait_s: float, call_id: str = "") -> AbstractAsyncContextManager[Place]:
        """Where a call goes that this replica answers; held meanwhile, started first where it sleeps. Raises
        `EngineUnavailable`."""
        ...

    def states(self, served_id: str) -> list[EngineState]:
        """The replicas of a served model, for pages and health checks."""
        ...

    def loads(self, model: ServedModel, plan: DeploymentPlan) -> list[Load]:
        """How busy the replicas of the stable revision are."""
        ...

    def wanted(self, served_id: str, plan: DeploymentPlan) -> int:
        """How many replicas of the stable revision are wanted just now."""
        ...

    def standing(self, served_id: str, variant: Variant) -> tuple[bool, str]:
        """Whether a revision can take its part of the calls, and the last words of what failed to load it."""
        ...

    async def start(self) -> None:
        """Begin to look after the replicas."""
        ...

    async def stop(self) -> None:
        """Look after them no longer."""
        ...


def replica_of(model: ServedModel, name: str, variant: Variant, *, standby: bool = False) -> Replica:
    """A replica as the gateway knows it; one of a candidate answers its owner's calls only."""
    only_for = None if variant.released else frozenset({variant.owner_org_id})
    return Replica(
        name,
        "engine",
        model.name,
        tier=int(standby),
        engine=name,
        variant=variant.name,
        only_for=only_for,
        standby=standby,
    )


def offer_of(model: ServedModel, parts: Sequence[tuple[Variant, Sequence[Replica]]]) -> Offer:
    """The offer of a deployment's variants: the stable one and the canary answer, a shadow gets copies."""
    replicas: list[Replica] = []
    shadow = None
    for variant, members in parts:
        if variant.name == "shadow":
            shadow = (members[0], variant.percent) if members and variant.percent else None
        elif variant.name == "stable" or (variant.name == "canary" and variant.percent):
            replicas += members
    shares = tuple((one.name, one.percent) for one, _ in parts if one.name == "canary" and one.percent)
    return Offer(tuple(replicas), shares, shadow, "least_pending")


def estimated_delay_s(loads: list[Load]) -> float:
    """How long a further call would wait, in seconds; 0 where a place is free."""
    ready = [load for load in loads if load.ready]
    places = sum(load.parallel for load in ready)
    held = sum(load.in_flight for load in loads)
    if held < places:
        return 0.0
    usual = max((load.mean_s for load in ready), default=1.0) or 1.0
    return (held - places + 1) * usual / max(places, 1)
