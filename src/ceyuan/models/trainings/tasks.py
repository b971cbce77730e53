"""The job of a training run: fetch the dataset, train in a process of its own, keep the model."""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ceyuan.hub import (
    By,
    Content,
    Reference,
    Revision,
    Visibility,
    commit_staged,
    create_repository,
    find_by_reference,
    local_snapshot,
    record_lineage,
    resolve,
    stage_folder,
)
from ceyuan.kernel.errors import Invalid
from ceyuan.kernel.jobs import JobContext, job
from ceyuan.kernel.platform import Platform
from ceyuan.kernel.work import UnitOfWork
from ceyuan.models.trainings import repository, service
from ceyuan.models.trainings.curve import CurveKeeper
from ceyuan.models.trainings.settings import TrainingSettings

ENTRY = "ceyuan.models.training.process:main"
# Threads that wait asleep leave a shared machine usable; OpenMP reads it when its threads start.
ENVIRONMENT = {"OMP_WAIT_POLICY": "PASSIVE"}


@job(service.JOB_KIND, title=("训练模型", "Train a model"), queue="heavy")
async def train_model(ctx: JobContext, params: dict[str, Any]) -> dict[str, Any]:
    """Train a model from a dataset revision.

    Parameters: `dataset` (reference), `model` (owner/name), and optionally `recipe` (settings that differ from
    the default), `licence`, `visibility` (of a repository that is made), `org_id` where the job has no
    organisation of its own. The result names the run, the model's revision, its content hash and its held-out
    perplexity.
    """
    run = await ctx.transaction("register", lambda uow: _register(uow, ctx, params))
    found = await ctx.step("train", lambda: _train(ctx, run, str(params.get("licence") or "")))
    staged = await ctx.step("stage", lambda: _stage(ctx))
    visibility: Visibility = params.get("visibility") or "private"
    made = await ctx.transaction("keep", lambda uow: _keep(uow, ctx, run, found, staged, visibility))
    ctx.add_output(made["node_id"])
    await asyncio.to_thread(shutil.rmtree, scratch(ctx.platform, ctx.job_id), ignore_errors=True)
    return {"run_id": run["id"], "model": made["ref"], "tree": made["tree"], **found}


def scratch(platform: Platform, job_id: str) -> Path:
    """Where a job works; what lies there is enough to go on after a crash."""
    return platform.data_dir / "work" / job_id


async def _register(uow: UnitOfWork, ctx: JobContext, params: dict[str, Any]) -> dict[str, Any]:
    run = await repository.of_job(uow.session, ctx.job_id)
    if run is None:
        org_id = ctx.org_id or params.get("org_id")
        if not org_id:
            raise Invalid(("训练任务需要所属组织", "a training job needs an organisation"))
        run = await service.register(uow, ctx.job_id, str(org_id), params)
    run.state, run.finished_at = "running", None
    return {"id": run.id, "dataset": run.dataset, "model": run.model, "recipe": run.recipe}


async def _train(ctx: JobContext, run: dict[str, Any], licence: str) -> dict[str, Any]:
    """Run the engine; its folder outlives a crash, so that the next try goes on from the last checkpoint."""
    async with ctx.platform.work(ctx.actor) as uow:
        (await repository.get(uow.session, run["id"])).state = "running"
        source = await resolve(uow, run["dataset"])
    place, settings = scratch(ctx.platform, ctx.job_id), ctx.platform.section(TrainingSettings)
    ctx.progress(0.0, ("取出数据集", "Fetching the dataset"))
    corpus = await local_snapshot(
        ctx.platform, run["dataset"], place / "corpus", actor=ctx.actor, only=["*.parquet"], links=True
    )
    arguments = {
        "corpus": str(corpus),
        "output": str(place / "run"),
        "recipe": run["recipe"],
        "name": run["model"],
        # The content's identity, not the commit's: the card of the same training is the same text.
        "dataset": f"{source.owner}/{source.name}@{source.tree[:16]}",
        "licence": licence,
    }
    async with CurveKeeper(ctx.platform, run["id"]) as curve:
        result = await ctx.run_process(
            ENTRY,
            arguments,
            memory_mb=settings.memory_mb,
            time_s=settings.time_s,
            span=(0.02, 0.97),
            environment=ENVIRONMENT,
            on_report=curve.hear,
        )
    kept = ("content_hash", "parameters", "train_tokens", "loss", "perplexity", "seconds")
    return {key: result[key] for key in kept}


async def _stage(ctx: JobContext) -> list[list[Any]]:
    ctx.progress(0.98, ("保存模型", "Keeping the model"))
    staged = await stage_folder(ctx.platform, scratch(ctx.platform, ctx.job_id) / "run" / "model", ignore=[".*"])
    return [[path, asdict(content)] for path, content in staged]


async def _keep(
    uow: UnitOfWork,
    ctx: JobContext,
    run: dict[str, Any],
    found: dict[str, Any],
    staged: list[list[Any]],
    visibility: Visibility,
) -> dict[str, Any]:
    """Make the revision, its lineage and the run's end, all in one transaction."""
    target = Reference.parse(run["model"])
    await create_repository(uow, "model", target.owner, target.name, visibility=visibility, exist_ok=True)
    row = await find_by_reference(uow, f"models/{run['model']}")
    source = await resolve(uow, run["dataset"])
    revision: Revision = await commit_staged(
        uow,
        row,
        [(path, Content(**content)) for path, content in staged],
        message=f"Train on {source.label}",
        description=f"Held-out perplexity {found['perplexity']['value']:.2f}",
        origin=ctx.job_id,
    )
    await record_lineage(
        uow,
        inputs=[(source, "train")],
        output=revision,
        action="train",
        by=By("job", ctx.job_id, f"Train {run['model']}"),
        code={"package": "ceyuan", "version": uow.platform.jobs.code_version, "entry": ENTRY},
        settings={"recipe": run["recipe"], "content_hash": found["content_hash"]},
    )
    kept = await repository.get(uow.session, run["id"])
    kept.state, kept.finished_at = "succeeded", uow.clock.now()
    kept.revision, kept.summary = revision.ref, {**(kept.summary or {}), **found}
    await uow.audit("training.finish", kept.id, kept.org_id, revision=revision.ref, tree=revision.tree)
    await uow.publish(
        "training.finished", run_id=kept.id, org_id=kept.org_id, model=revision.ref, dataset=run["dataset"]
    )
    return {"ref": revision.ref, "tree": revision.tree, "node_id": revision.node_id}
