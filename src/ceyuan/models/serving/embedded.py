"""Replicas in this process's own engines: what is wanted is declared to them, and they start what a call needs.

A model that is served plainly runs in every process that is called for it; a deployment, whose replicas are counted and
paid for, in one (`EngineHome`).
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from ceyuan.kernel.platform import Platform
from ceyuan.models.serving.engine import Engines, EngineSpec, EngineState, Load
from ceyuan.models.serving.errors import EngineUnavailable
from ceyuan.models.serving.files import FileReference, local_path
from ceyuan.models.serving.home import EngineHome
from ceyuan.models.serving.replicas import Offer, Wanted, offer_of, replica_of
from ceyuan.models.serving.routes import Place, Replica
from ceyuan.models.serving.settings import ServingSettings
from ceyuan.models.serving.tables import ServedModel
from ceyuan.models.serving.variants import DeploymentPlan, Variant

logger = logging.getLogger(__name__)


class EmbeddedReplicas:
    """The replicas that run in `engines`, which are there while the platform runs."""

    def __init__(self, platform: Platform, changed: Callable[[], None]) -> None:
        self._platform = platform
        self._settings = platform.section(ServingSettings)
        self._scales: dict[str, int] = {}
        self._changed = changed
        self.home = EngineHome(platform, changed)
        self.engines: Engines | None = None

    async def start(self) -> None:
        """Begin to look after the engines."""
        settings = self._settings
        self.engines = Engines(
            idle_s=settings.engine_idle_s,
            start_timeout_s=settings.engine_start_timeout_s,
            max_loaded=settings.engine_max_loaded,
        )
        await self.engines.start()
        await self.home.start()

    async def stop(self) -> None:
        """End all engines."""
        if self.engines is not None:
            await self.engines.close()
            self.engines = None
        await self.home.stop()

    def runs(self, plan: DeploymentPlan | None) -> bool:
        """Everything that names no pool."""
        return plan is None or plan.pool is None

    def take(self, wanted: Sequence[Wanted]) -> None:
        """Declare the engines that are wanted, and withdraw all others."""
        names: set[str] = set()
        for model, plan in wanted:
            if plan is not None and not self.home.here:
                continue
            try:
                names |= self._declare_all(model, plan)
            except Exception:
                logger.exception("the engines of %s cannot be declared", model.name)
        if self.engines is not None:
            for name in self.engines.names:
                if name not in names:
                    self.engines.withdraw(name)

    def _declare_all(self, model: ServedModel, plan: DeploymentPlan | None) -> set[str]:
        if plan is None:
            if model.file is not None:
                self._declare(model, model.id, model.file, keep_warm=model.keep_warm)
            return {model.id}
        names: set[str] = set()
        for variant in plan.variants:
            for index in range(self._count(model.id, plan, variant)):
                name = variant.engine(model.id, index)
                warm = index > 0 or plan.scale.least > 0 or variant.name != "stable"
                self._declare(model, name, variant.file, keep_warm=warm)
                names.add(name)
        return names

    def _declare(self, model: ServedModel, name: str, file: str, *, keep_warm: bool) -> None:
        if self.engines is None:
            return
        path = local_path(self._platform, FileReference.parse(file))
        spec = engine_spec(self._settings, model, path or Path("/missing"))
        self.engines.declare(name, spec, keep_warm=path is not None and (keep_warm or self._settings.engine_eager))

    def _count(self, served_id: str, plan: DeploymentPlan, variant: Variant) -> int:
        return self.wanted(served_id, plan) if variant.name == "stable" else 1

    def offer(self, model: ServedModel, plan: DeploymentPlan | None) -> Offer:
        """One that still loads gets no calls while another one can take them."""
        if plan is None:
            return Offer((Replica(model.id, "engine", model.name, engine=model.id, forces_tools=False),))
        parts = []
        for variant in plan.variants:
            names = [variant.engine(model.id, index) for index in range(self._count(model.id, plan, variant))]
            shown = [name for index, name in enumerate(names) if not index or self._is_ready(name)]
            parts.append((variant, [replace(replica_of(model, name, variant), forces_tools=False) for name in shown]))
        return offer_of(model, parts)

    def holds(self, name: str) -> bool:
        """Whether an engine of this name was declared."""
        return self.engines is not None and name in self.engines.names

    @asynccontextmanager
    async def place(self, name: str, *, wait_s: float, call_id: str = "") -> AsyncIterator[Place]:
        """The engine's socket, held for one call."""
        if self.engines is None:
            raise EngineUnavailable(("引擎正在关闭", "the engines are shutting down"))
        if not self.holds(name):
            self.home.require()
        async with self.engines.lease(name, wait_s=wait_s, call_id=call_id) as lease:
            yield Place("http://engine/v1", {}, lease.socket)

    def states(self, served_id: str) -> list[EngineState]:
        """The engines of a served model in this process."""
        if self.engines is None:
            return []
        names = [name for name in self.engines.names if name == served_id or name.startswith(f"{served_id}/")]
        if not names and not self.home.here:
            words = f"runs in the process {self.home.holder}"
            return [EngineState(f"{served_id}/0/0", "stopped", None, 0, None, None, None, 0, words, [], [])]
        return [state for name in sorted(names) if (state := self.engines.state(name)) is not None]

    def loads(self, model: ServedModel, plan: DeploymentPlan) -> list[Load]:
        """How busy the engines of the stable revision are."""
        if self.engines is None:
            return []
        names = [plan.stable.engine(model.id, index) for index in range(self.wanted(model.id, plan))]
        return [load for name in names if (load := self.engines.load(name)) is not None]

    def wanted(self, served_id: str, plan: DeploymentPlan) -> int:
        """The number that was set last, within the plan's bounds; an engine that sleeps counts as one."""
        return min(max(self._scales.get(served_id, plan.scale.least), plan.scale.least, 1), max(plan.scale.most, 1))

    def set_scale(self, served_id: str, replicas: int) -> None:
        """Want this many from now on."""
        self._scales[served_id] = replicas
        self._changed()

    def standing(self, served_id: str, variant: Variant) -> tuple[bool, str]:
        """By the state of the revision's first engine."""
        if not self.home.here:
            return False, f"the engines of this deployment run in the process {self.home.holder}"
        state = self.engines.state(variant.engine(served_id, 0)) if self.engines is not None else None
        if state is None:
            return False, ""
        return state.state == "ready", state.last_error or ""

    def _is_ready(self, engine: str) -> bool:
        state = self.engines.state(engine) if self.engines is not None else None
        return state is not None and state.state == "ready"


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
