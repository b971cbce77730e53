"""Deployments over HTTP."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from ceyuan.compute.catalogue.errors import AcceleratorUnknown
from ceyuan.compute.tasks.errors import NotIsolated, TaskImpossible
from ceyuan.hub import tellable
from ceyuan.hub.errors import RepositoryNotFound
from ceyuan.kernel.errors import Forbidden, Invalid, Unauthenticated
from ceyuan.kernel.routes import Router
from ceyuan.kernel.web import ReadWork, WriteWork, problems
from ceyuan.kernel.work import UnitOfWork
from ceyuan.metering import InsufficientFunds, statistics
from ceyuan.models.deployments import service
from ceyuan.models.deployments.controller import REPLICA_SECONDS
from ceyuan.models.deployments.errors import DeploymentUnknown, NoModelFile, NoVariant, RollRunning, SeveralProcesses
from ceyuan.models.deployments.schemas import DeploymentIn, DeploymentOut, ScaleIn, ShareIn, UpdateIn
from ceyuan.models.gateway import GatewayApp
from ceyuan.models.replicas import PoolReplicas
from ceyuan.models.serving import EngineOptions, EngineState, ModelDirectory, NameTaken, ServedModel
from ceyuan.models.serving.errors import InvalidServedModel
from ceyuan.models.serving.replicas import estimated_delay_s
from ceyuan.models.serving.variants import DeploymentPlan, Scale, Variant

router = Router(prefix="/api/v1/models/deployments", tags=["models"])
_DAYS = 30


def _shown_variant(uow: UnitOfWork, served_id: str, variant: Variant, named: Set[str]) -> dict[str, Any]:
    (app,) = uow.platform.find(GatewayApp)
    figures = None
    if variant.name == "shadow" and app.gateway is not None:
        figures = app.gateway.forwarder.shadows.figures(variant.replica(served_id, "any" if not variant.file else "0"))
    kept = asdict(variant)
    return {
        **{name: kept[name] for name in ("name", "number", "revision", "file", "released", "percent")},
        **({} if variant.revision in named else {"revision": None, "file": None}),
        "copies": figures.calls if figures else None,
        "copies_failed": figures.failed if figures else None,
        "same": figures.same if figures else None,
        "p95_ms": figures.p95_ms() if figures else None,
    }


def _shown_engine(plan: DeploymentPlan, state: EngineState, *, own: bool, full: bool) -> dict[str, Any]:
    """An engine as operators see it (`full`), those who run the deployment (`own`), or anybody who may call it."""
    number = int(state.name.split("/")[1])
    name = next((one.name for one in plan.variants if one.number == number), "")
    shown = {**asdict(state), "variant": name}
    if full:
        return shown
    return shown | {"pid": None, "address": None} | ({} if own else {"log": [], "last_error": None})


async def _cost(uow: UnitOfWork, row: ServedModel, plan: DeploymentPlan) -> int | None:
    """What its replicas cost, for those who may know."""
    if row.owner_org_id is None or not (uow.actor.has_duty("operator") or uow.actor.may(row.owner_org_id)):
        return None
    if plan.pool is not None:
        (pool,) = uow.platform.find(PoolReplicas)
        return await pool.cost_micro(uow, row.id)
    now = uow.clock.now()
    points = await statistics(
        uow,
        org_id=row.owner_org_id,
        start=now - timedelta(days=_DAYS),
        end=now + timedelta(hours=1),
        filters={"resource": REPLICA_SECONDS, "model": row.price_model},
    )
    return sum(point.cost_micro for point in points)


async def _shown(uow: UnitOfWork, row: ServedModel, plan: DeploymentPlan) -> dict[str, Any]:
    (directory,) = uow.platform.find(ModelDirectory)
    full = uow.actor.has_duty("operator")
    own = row.owner_org_id is not None and uow.actor.may(row.owner_org_id, "maintainer")
    revisions = [one.revision for one in plan.variants]
    named = set(revisions) if full else await tellable(uow, revisions)
    return {
        **{
            name: getattr(row, name)
            for name in ("id", "name", "title", "state", "fault", "job_id", "released", "capabilities", "owner_org_id")
        },
        "scale": asdict(plan.scale),
        "pool": None if plan.pool is None else asdict(plan.pool),
        "replicas": directory.scale_of(row.id, plan),
        "delay_ms": estimated_delay_s(directory.loads_of(row, plan)) * 1000,
        "variants": [
            _shown_variant(uow, row.id, one, named) for one in sorted(plan.variants, key=lambda one: one.number)
        ],
        "engines": [_shown_engine(plan, state, own=own, full=full) for state in directory.engine_states(row.id)],
        "cost_micro": await _cost(uow, row, plan),
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    }


async def _see(uow: UnitOfWork, reference: str) -> dict[str, Any]:
    return await _shown(uow, *await service.see_deployment(uow, reference))


@router.get("", response_model=list[DeploymentOut], responses=problems(Unauthenticated))
async def list_deployments(uow: ReadWork) -> Any:
    """List the deployments that the caller may call."""
    return [await _shown(uow, row, plan) for row, plan in await service.list_deployments(uow)]


@router.post(
    "",
    response_model=DeploymentOut,
    status_code=201,
    responses=problems(
        *(Unauthenticated, Forbidden, RepositoryNotFound, NameTaken, NoModelFile, InvalidServedModel, Invalid),
        *(TaskImpossible, AcceleratorUnknown, NotIsolated, InsufficientFunds, SeveralProcesses),
    ),
)
async def create_deployment(body: DeploymentIn, uow: WriteWork) -> Any:
    """Run a revision of the hub behind a public name."""
    given = body.model_dump()
    engine, wanted = EngineOptions(**given.pop("engine")), Scale(**given.pop("scale"))
    pool = body.pool.run() if given.pop("pool") and body.pool is not None else None
    row = await service.deploy(uow, service.NewDeployment(engine=engine, scale=wanted, pool=pool, **given))
    return await _see(uow, row.id)


@router.get("/{deployment_id}", response_model=DeploymentOut, responses=problems(Unauthenticated, DeploymentUnknown))
async def get_deployment(deployment_id: str, uow: ReadWork) -> Any:
    """Look at a deployment, its engines and their last words."""
    return await _see(uow, deployment_id)


@router.put(
    "/{deployment_id}/scale",
    response_model=DeploymentOut,
    responses=problems(Unauthenticated, Forbidden, DeploymentUnknown, Invalid),
)
async def set_deployment_scale(deployment_id: str, body: ScaleIn, uow: WriteWork) -> Any:
    """Say how many replicas may run, and when one more is started."""
    return await _see(uow, (await service.scale(uow, deployment_id, Scale(**body.model_dump()))).id)


@router.post(
    "/{deployment_id}/updates",
    response_model=DeploymentOut,
    status_code=202,
    responses=problems(
        Unauthenticated,
        Forbidden,
        DeploymentUnknown,
        RepositoryNotFound,
        RollRunning,
        NoModelFile,
        SeveralProcesses,
        Invalid,
    ),
)
async def update_deployment(deployment_id: str, body: UpdateIn, uow: WriteWork) -> Any:
    """Bring another revision in: in place of the present one, as a canary, or as a shadow."""
    row = await service.bring(
        uow, deployment_id, model=body.model, path=body.path, as_=body.variant, percent=body.percent
    )
    return await _see(uow, row.id)


@router.post(
    "/{deployment_id}/promotion",
    response_model=DeploymentOut,
    responses=problems(Unauthenticated, Forbidden, DeploymentUnknown, NoVariant),
)
async def promote_canary(deployment_id: str, uow: WriteWork) -> Any:
    """Let the canary answer all calls."""
    return await _see(uow, (await service.promote(uow, deployment_id)).id)


@router.put(
    "/{deployment_id}/share",
    response_model=DeploymentOut,
    responses=problems(Unauthenticated, Forbidden, DeploymentUnknown, NoVariant, Invalid),
)
async def set_variant_share(deployment_id: str, body: ShareIn, uow: WriteWork) -> Any:
    """Give the canary or shadow another share; 0 ends it."""
    return await _see(uow, (await service.set_share(uow, deployment_id, body.variant, body.percent)).id)


@router.delete("/{deployment_id}", status_code=204, responses=problems(Unauthenticated, Forbidden, DeploymentUnknown))
async def remove_deployment(deployment_id: str, uow: WriteWork) -> None:
    """Run a deployment no longer; its replicas finish their calls."""
    await service.remove(uow, deployment_id)
