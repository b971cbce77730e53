"""Use cases of training runs: start, look, stop, go on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ceyuan.hub import Reference, Visibility, resolve
from ceyuan.identity import require_role_in
from ceyuan.kernel import jobs
from ceyuan.kernel.ids import new_id
from ceyuan.kernel.work import UnitOfWork
from ceyuan.models.training import Recipe, RecipeFault, torch_installed
from ceyuan.models.trainings import repository
from ceyuan.models.trainings.errors import NotADataset, RecipeInvalid, TorchNotInstalled, TrainingRunNotFound
from ceyuan.models.trainings.tables import TrainingPoint, TrainingRun

JOB_KIND = "models.train"


def read_recipe(settings: Mapping[str, Any]) -> Recipe:
    """The recipe that these settings make of the default one; raises `RecipeInvalid`."""
    try:
        return Recipe.from_mapping(settings)
    except RecipeFault as fault:
        raise RecipeInvalid(fault) from fault


async def create_run(
    uow: UnitOfWork,
    *,
    org_id: str,
    dataset: str,
    model: str,
    recipe: Mapping[str, Any],
    licence: str = "",
    visibility: Visibility = "private",
    key: str | None = None,
    parent_id: str | None = None,
) -> TrainingRun:
    """Start a run as a job, below `parent_id` if another job asks; with the same idempotency `key` the first run
    is returned.

    Raises `RecipeInvalid`, `NotADataset`, `TorchNotInstalled`, and what the hub says of references that do not exist.
    """
    await require_role_in(uow, org_id, "member")
    params = {
        "dataset": dataset,
        "model": model,
        "recipe": dict(recipe),
        "licence": licence,
        "visibility": visibility,
    }
    address = _address(model)
    title = (f"训练 {address}", f"Train {address}")
    job = await jobs.submit(uow, JOB_KIND, params, org_id=org_id, title=title, key=key, parent_id=parent_id)
    known = await repository.of_job(uow.session, job.id)
    return known or await register(uow, job.id, org_id, params)


async def register(uow: UnitOfWork, job_id: str, org_id: str, params: Mapping[str, Any]) -> TrainingRun:
    """Check what a job is asked to do and write down the run; see `create_run` for what is raised."""
    if not torch_installed():
        raise TorchNotInstalled()
    recipe = read_recipe(params.get("recipe") or {})
    source = await resolve(uow, str(params["dataset"]))
    if source.kind != "dataset":
        raise NotADataset((f"{source.label} 不是数据集", f"{source.label} is not a dataset"))
    model = _address(str(params["model"]))
    run = TrainingRun(
        id=new_id("trn"),
        org_id=org_id,
        job_id=job_id,
        dataset=source.ref,
        model=model,
        recipe=recipe.to_mapping(),
        state="queued",
        steps=recipe.steps,
        summary=None,
        revision=None,
        created_by=uow.actor.id,
        created_at=uow.clock.now(),
        finished_at=None,
    )
    uow.session.add(run)
    await uow.session.flush()
    await uow.audit("training.start", run.id, org_id, dataset=run.dataset, model=run.model)
    return run


async def find_run(uow: UnitOfWork, run_id: str) -> TrainingRun:
    """The run if the actor may see it; raises `TrainingRunNotFound`."""
    uow.actor.require_known()
    run = await repository.get(uow.session, run_id)
    if not uow.actor.may(run.org_id):
        raise TrainingRunNotFound()
    return run


async def read_points(uow: UnitOfWork, run_id: str, after: int, limit: int) -> Sequence[TrainingPoint]:
    """Points of the curve after a step; also while the run goes on."""
    run = await find_run(uow, run_id)
    return await repository.points(uow.session, run.id, after, limit)


async def cancel_run(uow: UnitOfWork, run_id: str) -> TrainingRun:
    """Stop the run; its last checkpoint is kept, and `resume_run` goes on from there. Raises `JobFinished`."""
    run = await find_run(uow, run_id)
    await jobs.cancel(uow, run.job_id)
    return run


async def resume_run(uow: UnitOfWork, run_id: str) -> TrainingRun:
    """Go on with a failed or cancelled run from its last checkpoint. Raises `JobNotResumable`."""
    run = await find_run(uow, run_id)
    await jobs.resume(uow, run.job_id)
    run.state, run.finished_at = "queued", None
    return run


def _address(model: str) -> str:
    reference = Reference.parse(model)
    return f"{reference.owner}/{reference.name}"
