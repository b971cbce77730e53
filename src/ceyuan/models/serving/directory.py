"""What is served just now: routes in memory, and the engines and upstreams behind them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping, Sequence, Set
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from ceyuan.hub import tellable
from ceyuan.kernel.actor import ANONYMOUS
from ceyuan.kernel.events import Event
from ceyuan.kernel.platform import Platform
from ceyuan.models.serving import repository
from ceyuan.models.serving.embedded import EmbeddedReplicas
from ceyuan.models.serving.engine import Engines, EngineState, Load
from ceyuan.models.serving.errors import EngineUnavailable
from ceyuan.models.serving.replicas import Replicas, Wanted
from ceyuan.models.serving.routes import Place, Replica, Route
from ceyuan.models.serving.service import bring_missing
from ceyuan.models.serving.tables import ServedModel, Upstream
from ceyuan.models.serving.variants import DeploymentPlan, Variant, plan_of

logger = logging.getLogger(__name__)
_CHANGED = "serving.changed"
_RELOAD_S = 30.0


class ModelDirectory:
    """The served models by public name; a service of the platform. `engine_place` says where an engine's call goes.

    Replicas run in this process's engines (`embedded`) and in every further kind of place that is provided as
    `Replicas`."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._routes: dict[str, Route] = {}
        self._rows: Sequence[ServedModel] = ()
        self._upstreams: Mapping[str, Upstream] = {}
        self._named: Set[str] = frozenset()
        self._keeper: asyncio.Task[None] | None = None
        self._reloading = asyncio.Lock()
        self.embedded = EmbeddedReplicas(platform, self.refresh)
        platform.subscriptions.on_volatile(_CHANGED, self._on_changed)

    async def start(self, platform: Platform) -> None:
        """Read what is served and begin to look after the replicas."""
        for kind in self._kinds():
            await kind.start()
        await self.reload()
        try:
            await bring_missing(platform)
        except Exception:
            # What is served from elsewhere must not wait for this; a call of the model says that its file is missing.
            logger.exception("the files of served models could not be looked for")
        self._keeper = asyncio.create_task(self._keep_fresh(), name="model-directory")

    async def stop(self, platform: Platform) -> None:
        """End all engines of this process."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        for kind in self._kinds():
            await kind.stop()

    def _kinds(self) -> list[Replicas]:
        return [self.embedded, *self._platform.find(Replicas)]  # type: ignore[type-abstract]

    def _kind(self, plan: DeploymentPlan | None) -> Replicas:
        """Where the replicas of a plan run; raises `EngineUnavailable` where nothing is there that runs such."""
        for kind in self._kinds():
            if kind.runs(plan):
                return kind
        raise EngineUnavailable(("没有能运行该部署的资源", "nothing here runs such a deployment"))

    @property
    def engines(self) -> Engines | None:
        """The engines of this process, while it runs."""
        return self.embedded.engines

    def find(self, name: str, org_id: str) -> Route | None:
        """The route of a model, `None` if there is none that the organisation may use."""
        route = self._routes.get(name)
        return route if route is not None and route.is_open_to(org_id) else None

    def replica(self, served_id: str, upstream: str) -> Replica | None:
        """The server of this upstream that answers for a served model, `None` if there is none any more."""
        for route in self._routes.values():
            if route.served_id == served_id:
                return next((one for one in route.replicas if one.upstream == upstream), None)
        return None

    def routes(self) -> list[Route]:
        """Every route, by name."""
        return [route for _, route in sorted(self._routes.items())]

    def visible(self, org_id: str) -> list[Route]:
        """The models that the organisation may use, by name."""
        return [route for _, route in sorted(self._routes.items()) if route.is_open_to(org_id)]

    @asynccontextmanager
    async def engine_place(self, engine: str, *, wait_s: float, call_id: str = "") -> AsyncIterator[Place]:
        """Where a call goes that this replica answers; holds it meanwhile, started first where it sleeps. `call_id`
        stands in the replica's log."""
        kind = next((one for one in self._kinds() if one.holds(engine)), self.embedded)
        async with kind.place(engine, wait_s=wait_s, call_id=call_id) as place:
            yield place

    def engine_state(self, served_id: str) -> EngineState | None:
        """The state of a served model's engine in this process, of a deployment's first one."""
        states = self.engine_states(served_id)
        return states[0] if states else None

    def engine_states(self, served_id: str) -> list[EngineState]:
        """The states of all replicas of a served model that this process knows of."""
        return [state for kind in self._kinds() for state in kind.states(served_id)]

    def deployed(self) -> list[tuple[ServedModel, DeploymentPlan]]:
        """The deployments that are ready to be called."""
        found = ((row, plan_of(row.routing)) for row in self._rows if row.state == "ready")
        return [(row, plan) for row, plan in found if plan is not None]

    def scale_of(self, served_id: str, plan: DeploymentPlan) -> int:
        """How many replicas of the stable revision are wanted just now."""
        return self._kind(plan).wanted(served_id, plan)

    def loads_of(self, model: ServedModel, plan: DeploymentPlan) -> list[Load]:
        """How busy the replicas of the stable revision are."""
        return self._kind(plan).loads(model, plan)

    def standing(self, served_id: str, plan: DeploymentPlan, variant: Variant) -> tuple[bool, str]:
        """Whether a revision can take its part of the calls, and the last words of what failed to load it."""
        return self._kind(plan).standing(served_id, variant)

    def refresh(self) -> None:
        """Make the routes anew of what was read last: engines are ready that were not."""
        self._take(self._rows, self._upstreams)

    async def reload(self) -> None:
        """Read the tables anew; engines that are no longer wanted finish their requests and end."""
        # One at a time: a slow reading must not put what it saw over what a later one saw.
        async with self._reloading:
            async with self._platform.work(write=False) as uow:
                rows = await repository.all_served(uow.session)
                upstreams = await repository.all_upstreams(uow.session)
                self._named = await tellable(uow, [row.revision for row in rows], ANONYMOUS)
            self._take(rows, upstreams)

    def _take(self, rows: Sequence[ServedModel], upstreams: Mapping[str, Upstream]) -> None:
        self._rows, self._upstreams = rows, upstreams
        ready = [row for row in rows if row.state == "ready"]
        wanted: list[Wanted] = [(row, plan_of(row.routing)) for row in ready if row.upstream_id is None]
        for kind in self._kinds():
            kind.take([one for one in wanted if kind.runs(one[1])])
        routes: dict[str, Route] = {}
        for model in ready:
            try:
                route = self._route(model, upstreams)
            except Exception:
                logger.exception("the served model %s cannot be routed", model.name)
                continue
            routes[route.name] = route
        self._routes = routes

    def _route(self, model: ServedModel, upstreams: Mapping[str, Upstream]) -> Route:
        routing = model.routing or {}
        common: dict[str, Any] = {
            "served_id": model.id,
            "name": model.name,
            "title": model.title,
            "capabilities": frozenset(model.capabilities),
            "price_model": model.price_model,
            "created": int(model.created_at.timestamp()),
            "visible_to": _callers(model),
            "released": model.released,
            "revision": model.revision,
            "revision_open": model.revision in self._named,
            "owner_org_id": model.owner_org_id,
            "context": model.context,
            "max_concurrency": model.max_concurrency,
            "label": model.label,
        }
        if model.upstream_id is None:
            plan = plan_of(model.routing)
            return Route(**common, **self._kind(plan).offer(model, plan).fields())
        named = [{"upstream_id": model.upstream_id, "model": model.upstream_model}, *routing.get("replicas", ())]
        replicas = [self._replica(upstreams[entry["upstream_id"]], entry, model.upstream_model) for entry in named]
        replicas[0] = replace(replicas[0], weight=routing.get("weight", 1), tier=routing.get("tier", 0))
        return Route(
            **common,
            replicas=tuple(replicas),
            strategy=routing.get("strategy", "weighted"),
            retries=routing.get("retries", 2),
            hedge_s=routing.get("hedge_ms", 0) / 1000,
        )

    def _replica(self, upstream: Upstream, entry: Mapping[str, Any], model: str) -> Replica:
        traits = upstream.headers
        return Replica(
            id=f"{upstream.id}/{entry.get('model') or model}",
            upstream=upstream.name,
            model=entry.get("model") or model,
            base_url=upstream.base_url.rstrip("/"),
            headers=self._headers(upstream),
            weight=entry.get("weight", 1),
            tier=entry.get("tier", 0),
            outside=bool(traits.get("outside", False)),
            price=float(traits.get("price", 0.0)),
            reports_stream_usage=bool(traits.get("stream_usage", True)),
            usage_url=traits.get("usage_url") or None,
        )

    def _headers(self, upstream: Upstream) -> dict[str, str]:
        headers = dict(upstream.headers.get("send", {}))
        if upstream.sealed_key is not None:
            key = self._platform.vault.decrypt(upstream.sealed_key, key_context(upstream.id)).decode()
            headers["Authorization"] = f"Bearer {key}"
        return headers

    async def _on_changed(self, platform: Platform, event: Event) -> None:
        await self.reload()

    async def _keep_fresh(self) -> None:
        while True:
            await asyncio.sleep(_RELOAD_S)
            try:
                await self.reload()
            except Exception:
                logger.exception("the served models could not be read; the known ones stay")


def _callers(model: ServedModel) -> frozenset[str] | None:
    """The organisations that may call a model, `None` = all; a candidate is its owner's alone."""
    if not model.released:
        return frozenset({model.owner_org_id} if model.owner_org_id else ())
    return None if model.visibility == "public" else frozenset(model.visible_to)


def key_context(upstream_id: str) -> str:
    """What an upstream's key is sealed for."""
    return f"upstream.key:{upstream_id}"
