"""Whether what is served answers: asked when somebody looks, never on a call's way."""

from __future__ import annotations

import time
from dataclasses import dataclass

from ceyuan.kernel.work import UnitOfWork
from ceyuan.models.serving import repository
from ceyuan.models.serving.directory import ModelDirectory, key_context
from ceyuan.models.serving.engine import EngineState
from ceyuan.models.serving.files import FileReference, local_path
from ceyuan.models.serving.service import see_served
from ceyuan.models.serving.tables import Upstream

_TIMEOUT_S = 5.0
_SHOWN_MODELS = 500


@dataclass(frozen=True, slots=True)
class UpstreamHealth:
    """What an upstream says of itself."""

    healthy: bool
    reason: str | None
    latency_ms: float | None
    models: list[str]


@dataclass(frozen=True, slots=True)
class ServedHealth:
    """Whether a served model can be called now."""

    name: str
    state: str
    healthy: bool
    reason: str | None
    latency_ms: float | None
    engine: EngineState | None


async def ask_upstream(uow: UnitOfWork, upstream: Upstream) -> UpstreamHealth:
    """Ask an upstream for its models, as the gateway would call it."""
    import httpx

    headers = dict(upstream.headers.get("send", {}))
    if upstream.sealed_key is not None:
        key = uow.platform.vault.decrypt(upstream.sealed_key, key_context(upstream.id)).decode()
        headers["Authorization"] = f"Bearer {key}"
    began = time.monotonic()
    try:
        async with httpx.AsyncClient(timeout=_TIMEOUT_S) as client:
            answer = await client.get(f"{upstream.base_url}/models", headers=headers)
    except httpx.HTTPError as error:
        return UpstreamHealth(False, f"{type(error).__name__}: {error}"[:300], None, [])
    took = round((time.monotonic() - began) * 1000, 1)
    if answer.status_code != 200:
        return UpstreamHealth(False, f"HTTP {answer.status_code}", took, [])
    try:
        cards = answer.json().get("data", [])
        names = sorted(str(card["id"]) for card in cards)[:_SHOWN_MODELS]
    except (ValueError, AttributeError, TypeError, KeyError):
        return UpstreamHealth(False, "its list of models cannot be read", took, [])
    return UpstreamHealth(True, None, took, names)


async def upstream_health(uow: UnitOfWork, reference: str) -> UpstreamHealth:
    """The health of an upstream; only operators may ask."""
    uow.actor.require_duty("operator")
    return await ask_upstream(uow, await repository.get_upstream(uow.session, reference))


async def served_health(uow: UnitOfWork, reference: str) -> ServedHealth:
    """The health of a served model that the actor may see. A sleeping engine is healthy: a call wakes it."""
    row = await see_served(uow, reference)
    if row.state != "ready":
        return ServedHealth(row.name, row.state, False, row.fault or row.state, None, None)
    if row.upstream_id is not None:
        upstream = await repository.get_upstream(uow.session, row.upstream_id)
        health = await ask_upstream(uow, upstream)
        reason = health.reason
        if health.healthy and health.models and row.upstream_model not in health.models:
            reason = f"the upstream does not list {row.upstream_model}"
        return ServedHealth(row.name, row.state, reason is None, reason, health.latency_ms, None)
    if row.file is None:
        states = [state for d in uow.platform.find(ModelDirectory) for state in d.engine_states(row.id)]
        working = [state for state in states if state.state != "failed"]
        told = states[-1].last_error if states and not working else None
        return ServedHealth(row.name, row.state, told is None, told, None, next(iter(working or states), None))
    if local_path(uow.platform, FileReference.parse(row.file)) is None:
        return ServedHealth(row.name, row.state, False, "its file is not on this machine", None, None)
    state = next((d.engine_state(row.id) for d in uow.platform.find(ModelDirectory)), None)
    failing = state is not None and state.state == "backing_off"
    return ServedHealth(row.name, row.state, not failing, state.last_error if failing and state else None, None, state)
