"""Durable jobs of serving: bringing a model's file to this machine."""

from __future__ import annotations

from typing import Any

from ceyuan.kernel.errors import CeyuanError
from ceyuan.kernel.jobs import JobContext, JobFailed, job
from ceyuan.models.serving import service
from ceyuan.models.serving.catalogue import find_file
from ceyuan.models.serving.files import FileReference, bring_from_hub, local_path, model_cache
from ceyuan.models.serving.settings import ServingSettings


@job(service.PREPARE, title=("准备模型文件", "Prepare a model file"), queue="light", retries=1)
async def prepare(ctx: JobContext, params: dict[str, Any]) -> dict[str, Any]:
    """Fetch or copy the file of a served model, then serve it; a failure is shown with the model."""
    reference = FileReference.parse(params["file"])
    try:
        if local_path(ctx.platform, reference) is None:
            await _bring(ctx, reference)
        fault = None
    except (CeyuanError, JobFailed) as error:
        fault = error
    words = None if fault is None else str(fault)
    await ctx.transaction(
        f"serve {ctx.run}", lambda uow: service.finish_preparing(uow, params["served_id"], params["file"], words)
    )
    if fault is not None:
        raise fault
    return {"file": params["file"]}


async def _bring(ctx: JobContext, reference: FileReference) -> None:
    if reference.kind == "hub":
        await bring_from_hub(ctx.platform, reference, ctx.actor)
        return
    known = find_file(reference.place)
    settings = ctx.platform.section(ServingSettings)
    ctx.log(f"{known.filename}: {known.licence}, {known.licence_url}, {known.size / 1e6:.0f} MB")
    await ctx.run_process(
        "ceyuan.models.serving.fetch:main",
        {
            "name": known.name,
            # The licence was accepted when the model was served: see `serve_model`.
            "accept_licence": True,
            "mirror": settings.model_mirror,
            "hub": settings.model_hub,
            "cache": str(model_cache(ctx.platform).folder),
        },
    )
