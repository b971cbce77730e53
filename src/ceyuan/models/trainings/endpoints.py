"""Training runs over HTTP."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Header, Query

from ceyuan.hub import errors as hub
from ceyuan.kernel.errors import Forbidden, Invalid, NotFound, Unauthenticated
from ceyuan.kernel.jobs.errors import JobFinished, JobNotResumable
from ceyuan.kernel.pages import Page, fetch_page
from ceyuan.kernel.routes import Router
from ceyuan.kernel.web import Paging, ReadWork, WriteWork, problems
from ceyuan.models.training import RECIPE_BOUNDS, SHAPE_BOUNDS, Recipe
from ceyuan.models.trainings import repository, service
from ceyuan.models.trainings.errors import NotADataset, RecipeInvalid, TorchNotInstalled, TrainingRunNotFound
from ceyuan.models.trainings.schemas import PointOut, RecipeOut, TrainingIn, TrainingOut
from ceyuan.models.trainings.tables import TrainingRun

router = Router(prefix="/api/v1/training", tags=["training"])
_SORTS = {"created_at": TrainingRun.created_at, "model": TrainingRun.model, "state": TrainingRun.state}


@router.get("/recipe", response_model=RecipeOut)
async def get_default_recipe() -> Any:
    """Show the default recipe and the range of every setting."""
    recipe = Recipe()
    return {
        "recipe": recipe.to_mapping(),
        "bounds": RECIPE_BOUNDS,
        "shape_bounds": SHAPE_BOUNDS,
        "parameters": recipe.shape.parameters,
        "tokens": recipe.steps * recipe.tokens_per_step,
    }


@router.post(
    "/runs",
    response_model=TrainingOut,
    status_code=201,
    responses=problems(
        Unauthenticated, Forbidden, NotFound, Invalid, RecipeInvalid, NotADataset, TorchNotInstalled, hub.NameRefused
    ),
)
async def start_training(
    body: TrainingIn,
    uow: WriteWork,
    idempotency_key: Annotated[str | None, Header(max_length=120)] = None,
) -> Any:
    """Start training a model from a dataset revision, as a job."""
    uow.actor.require_known()
    uow.actor.require_scope("training:write")
    key = f"training/{uow.actor.id}/{idempotency_key}" if idempotency_key else None
    return await service.create_run(
        uow,
        org_id=body.org_id,
        dataset=body.dataset,
        model=body.model,
        recipe=body.recipe,
        licence=body.licence,
        visibility=body.visibility,
        key=key,
    )


@router.get("/runs", response_model=Page[TrainingOut], responses=problems(Unauthenticated, Invalid))
async def list_trainings(
    uow: ReadWork,
    paging: Paging,
    state: Annotated[list[str] | None, Query(description="queued, running, succeeded, failed, cancelled")] = None,
    org_id: Annotated[str | None, Query(max_length=40)] = None,
    model: Annotated[str | None, Query(max_length=200, description="part of the model's name")] = None,
) -> Any:
    """List the training runs of the caller's organisations."""
    uow.actor.require_known()
    query = repository.visible_to(uow.actor)
    if state:
        query = query.where(TrainingRun.state.in_(state))
    if org_id:
        query = query.where(TrainingRun.org_id == org_id)
    if model:
        query = query.where(TrainingRun.model.contains(model, autoescape=True))
    rows = await fetch_page(uow.session, query, paging, key=TrainingRun.id, sorts=_SORTS, default="-created_at")
    return rows.page(TrainingOut)


@router.get("/runs/{run_id}", response_model=TrainingOut, responses=problems(Unauthenticated, TrainingRunNotFound))
async def get_training(run_id: str, uow: ReadWork) -> Any:
    """Show one training run with its latest figures."""
    return await service.find_run(uow, run_id)


@router.get(
    "/runs/{run_id}/points", response_model=list[PointOut], responses=problems(Unauthenticated, TrainingRunNotFound)
)
async def list_training_points(
    run_id: str,
    uow: ReadWork,
    after: Annotated[int, Query(ge=0, description="only points of later steps")] = 0,
    limit: Annotated[int, Query(ge=1, le=10_000)] = 2_000,
) -> Any:
    """Read the loss curve, also while the run goes on: ask again with `after` set to the last step."""
    return await service.read_points(uow, run_id, after, limit)


@router.post(
    "/runs/{run_id}/cancel",
    response_model=TrainingOut,
    responses=problems(Unauthenticated, Forbidden, TrainingRunNotFound, JobFinished),
)
async def cancel_training(run_id: str, uow: WriteWork) -> Any:
    """Stop a run; its last checkpoint is kept to go on from."""
    return await service.cancel_run(uow, run_id)


@router.post(
    "/runs/{run_id}/resume",
    response_model=TrainingOut,
    responses=problems(Unauthenticated, Forbidden, TrainingRunNotFound, JobNotResumable),
)
async def resume_training(run_id: str, uow: WriteWork) -> Any:
    """Go on with a failed or cancelled run from its last checkpoint."""
    return await service.resume_run(uow, run_id)
