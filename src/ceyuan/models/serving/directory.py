"""What is served just now: routes in memory, and the engines and upstreams behind them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from ceyuan.kernel.events import Event
from ceyuan.kernel.platform import Platform
from ceyuan.models.serving import repository
from ceyuan.models.serving.engine import Engines, EngineSpec, EngineState
from ceyuan.models.serving.errors import EngineUnavailable
from ceyuan.models.serving.files import FileReference, local_path
from ceyuan.models.serving.routes import Place, Replica, Route
from ceyuan.models.serving.settings import ServingSettings
from ceyuan.models.serving.tables import ServedModel, Upstream
from ceyuan.models.serving.variants import DeploymentPlan, plan_of

logger = logging.getLogger(__name__)
_CHANGED = "serving.changed"
_RELOAD_S = 30.0


class ModelDirectory:
    """The served models by public name; a service of the platform. `engine_place` says where an engine's call goes."""

    def __init__(self, platform: Platform) -> None:
        settings = platform.section(ServingSettings)
        self._platform = platform
        self._settings = settings
        self._routes: dict[str, Route] = {}
        self._rows: Sequence[ServedModel] = ()
        self._upstreams: Mapping[str, Upstream] = {}
        self._scales: dict[str, int] = {}
        self._keeper: asyncio.Task[None] | None = None
        self._reloading = asyncio.Lock()
        self.engines: Engines | None = None
        platform.subscriptions.on_volatile(_CHANGED, self._on_changed)

    async def start(self, platform: Platform) -> None:
        """Read what is served and begin to look after the engines."""
        settings = self._settings
        self.engines = Engines(
            idle_s=settings.engine_idle_s,
            start_timeout_s=settings.engine_start_timeout_s,
            max_loaded=settings.engine_max_loaded,
        )
        await self.engines.start()
        await self.reload()
        self._keeper = asyncio.create_task(self._keep_fresh(), name="model-directory")

    async def stop(self, platform: Platform) -> None:
        """End all engines."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        if self.engines is not None:
            await self.engines.close()
            self.engines = None

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
    async def engine_place(self, engine: str, *, wait_s: float) -> AsyncIterator[Place]:
        """Where a call goes that this embedded engine answers; holds the engine meanwhile, started first where it
        sleeps."""
        if self.engines is None:
            raise EngineUnavailable(("引擎正在关闭", "the engines are shutting down"))
        async with self.engines.lease(engine, wait_s=wait_s) as lease:
            yield Place("http://engine/v1", {}, lease.socket)

    def engine_state(self, served_id: str) -> EngineState | None:
        """The state of a served model's engine in this process, of a deployment's first one."""
        states = self.engine_states(served_id)
        return states[0] if states else None

    def engine_states(self, served_id: str) -> list[EngineState]:
        """The states of all engines of a served model in this process."""
        if self.engines is None:
            return []
        names = [name for name in self.engines.names if name == served_id or name.startswith(f"{served_id}/")]
        return [state for name in sorted(names) if (state := self.engines.state(name)) is not None]

    def deployed(self) -> list[tuple[ServedModel, DeploymentPlan]]:
        """The deployments that are ready to be called."""
        found = ((row, plan_of(row.routing)) for row in self._rows if row.state == "ready")
        return [(row, plan) for row, plan in found if plan is not None]

    def scale_of(self, served_id: str, plan: DeploymentPlan) -> int:
        """How many replicas of the stable revision are wanted just now."""
        return min(max(self._scales.get(served_id, plan.scale.least), plan.scale.least, 1), max(plan.scale.most, 1))

    def set_scale(self, served_id: str, replicas: int) -> None:
        """Want this many from now on."""
        self._scales[served_id] = replicas
        self.refresh()

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
            self._take(rows, upstreams)

    def _take(self, rows: Sequence[ServedModel], upstreams: Mapping[str, Upstream]) -> None:
        self._rows, self._upstreams = rows, upstreams
        routes: dict[str, Route] = {}
        wanted: set[str] = set()
        for model in rows:
            if model.state != "ready":
                continue
            try:
                route = self._route(model, upstreams)
            except Exception:
                logger.exception("the served model %s cannot be routed", model.name)
                continue
            routes[route.name] = route
            wanted |= self._engines_of(model)
        self._routes = routes
        if self.engines is not None:
            for name in self.engines.names:
                if name not in wanted:
                    self.engines.withdraw(name)

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
            "context": model.context,
            "max_concurrency": model.max_concurrency,
            "label": model.label,
        }
        if model.upstream_id is None:
            return Route(**common, **self._engine_route(model))
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

    def _engine_route(self, model: ServedModel) -> dict[str, Any]:
        """The replicas of a model that embedded engines run; the engines are declared along the way."""
        plan = plan_of(model.routing)
        if plan is None:
            if model.file is not None:
                self._declare(model, model.id, model.file, keep_warm=model.keep_warm)
            return {"replicas": (Replica(model.id, "engine", model.name, engine=model.id),)}
        replicas: list[Replica] = []
        shadow = None
        for variant in plan.variants:
            count = self.scale_of(model.id, plan) if variant.name == "stable" else 1
            for index in range(count):
                name = variant.engine(model.id, index)
                warm = index > 0 or plan.scale.least > 0 or variant.name != "stable"
                self._declare(model, name, variant.file, keep_warm=warm)
                # One that still loads gets no calls while another one can take them.
                if index and not self._is_ready(name):
                    continue
                only_for = None if variant.released else frozenset({variant.owner_org_id})
                replica = Replica(name, "engine", model.name, engine=name, variant=variant.name, only_for=only_for)
                if variant.name == "shadow":
                    shadow = (replica, variant.percent)
                elif variant.name == "stable" or (variant.name == "canary" and variant.percent):
                    replicas.append(replica)
        shares = tuple((one.name, one.percent) for one in plan.variants if one.name == "canary" and one.percent)
        return {"replicas": tuple(replicas), "shares": shares, "shadow": shadow, "strategy": "least_pending"}

    def _engines_of(self, model: ServedModel) -> set[str]:
        """The engines that a model wants."""
        if model.upstream_id is not None:
            return set()
        plan = plan_of(model.routing)
        if plan is None:
            return {model.id}
        return {
            variant.engine(model.id, index)
            for variant in plan.variants
            for index in range(self.scale_of(model.id, plan) if variant.name == "stable" else 1)
        }

    def _is_ready(self, engine: str) -> bool:
        state = self.engines.state(engine) if self.engines is not None else None
        return state is not None and state.state == "ready"

    def _declare(self, model: ServedModel, name: str, file: str, *, keep_warm: bool) -> None:
        if self.engines is None:
            return
        path = local_path(self._platform, FileReference.parse(file))
        spec = engine_spec(self._settings, model, path or Path("/missing"))
        self.engines.declare(name, spec, keep_warm=path is not None and (keep_warm or self._settings.engine_eager))

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


def engine_spec(settings: ServingSettings, model: ServedModel, path: Path) -> EngineSpec:
    """How to run a model: the platform's settings, with what the model sets for itself."""
    own = model.engine
    return EngineSpec(
        model_path=str(path),
        alias=model.name,
        context=own.get("context") or settings.engine_context,
        parallel=own.get("parallel") or settings.engine_parallel,
        max_tokens=own.get("max_tokens") or settings.engine_max_tokens,
        threads=own.get("threads") or settings.engine_threads,
        embeddings="embeddings" in model.capabilities,
        chat_template=own.get("chat_template") or "",
        spin=settings.engine_spin,
    )


def key_context(upstream_id: str) -> str:
    """What an upstream's key is sealed for."""
    return f"upstream.key:{upstream_id}"
