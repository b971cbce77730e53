"""How the servers of each model stand in this process: calls in flight, latency, breaker; and mending a breaker."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Literal

from ceyuan.kernel.actor import Actor
from ceyuan.kernel.work import UnitOfWork
from ceyuan.models.gateway.errors import ModelUnknown
from ceyuan.models.gateway.gateway import Gateway
from ceyuan.models.gateway.routing import FAILURES, Health
from ceyuan.models.serving import Replica, Route, see_served

Breaker = Literal["closed", "open", "trying"]
"""Calls pass; the server is left alone for a while; one call tries whether it is back."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A server of a model. `share` is its part of the calls by weight within its tier, 0 to 1; `left_alone_s` how much
    longer its breaker keeps calls away; counts are this process's since its start. `address` is for operators."""

    id: str
    upstream: str
    model: str
    address: str | None
    weight: int
    tier: int
    share: float
    outside: bool
    price: float
    breaker: Breaker
    left_alone_s: float
    pending: int
    calls: int
    failed: int
    failures: int
    latency_ms: float | None


@dataclass(frozen=True, slots=True)
class RouteStanding:
    """A model with its servers. `waiting` calls stand in line for their turn."""

    served_id: str
    name: str
    title: str
    capabilities: list[str]
    released: bool
    strategy: str
    retries: int
    hedge_ms: int
    max_concurrency: int
    waiting: int
    embedded: bool
    replicas: list[Standing]


def _breaker(known: Health, now: float) -> Breaker:
    if known.closed_until > now:
        return "open"
    return "trying" if known.failures >= FAILURES else "closed"


def _standing(gateway: Gateway, route: Route, replica: Replica, *, full: bool, now: float) -> Standing:
    known = gateway.router.known(replica.id) or Health()
    mates = sum(one.weight for one in route.replicas if one.tier == replica.tier)
    return Standing(
        id=replica.id,
        upstream=replica.upstream,
        model=replica.model,
        address=replica.base_url if full else None,
        weight=replica.weight,
        tier=replica.tier,
        share=round(replica.weight / mates, 4) if mates else 0.0,
        outside=replica.outside,
        price=replica.price,
        breaker=_breaker(known, now),
        left_alone_s=round(max(known.closed_until - now, 0.0), 1),
        pending=known.pending,
        calls=known.calls,
        failed=known.failed,
        failures=known.failures,
        latency_ms=round(known.latency_s * 1000, 1) if known.latency_s else None,
    )


def _route(gateway: Gateway, route: Route, *, full: bool) -> RouteStanding:
    now = time.monotonic()
    return RouteStanding(
        served_id=route.served_id,
        name=route.name,
        title=route.title,
        capabilities=sorted(route.capabilities),
        released=route.released,
        strategy=route.strategy,
        retries=route.retries,
        hedge_ms=round(route.hedge_s * 1000),
        max_concurrency=route.max_concurrency,
        waiting=gateway.gates.waiting().get(route.name, 0),
        embedded=route.embedded,
        replicas=[_standing(gateway, route, replica, full=full, now=now) for replica in route.replicas],
    )


def _visible(gateway: Gateway, actor: Actor) -> list[Route]:
    routes = gateway.directory.routes()
    if actor.has_duty("operator"):
        return routes
    return [route for route in routes if any(route.is_open_to(org) for org in actor.roles)]


def list_standings(gateway: Gateway, actor: Actor) -> list[RouteStanding]:
    """The models that the actor may call (operators: all), by name, with how their servers stand."""
    actor.require_known()
    full = actor.has_duty("operator")
    return [_route(gateway, route, full=full) for route in _visible(gateway, actor)]


def see_standing(gateway: Gateway, actor: Actor, reference: str) -> RouteStanding:
    """The same for one model by its id or name; raises `ModelUnknown`."""
    actor.require_known()
    for route in _visible(gateway, actor):
        if reference in (route.served_id, route.name):
            return _route(gateway, route, full=actor.has_duty("operator"))
    raise ModelUnknown(reference)


async def forgive(uow: UnitOfWork, reference: str, replica_id: str) -> None:
    """Close a server's breaker in every process; only operators may. Audited."""
    uow.actor.require_duty("operator")
    row = await see_served(uow, reference)
    await uow.audit("gateway.breaker_closed", row.id, None, name=row.name, replica=replica_id)
    await uow.publish("gateway.breaker_closed", replica_id=replica_id)
