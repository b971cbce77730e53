"""The durable job that brings another revision in: its file, then its engine, then its part of the calls."""

from __future__ import annotations

import asyncio
from typing import Any

from ceyuan.kernel.errors import CeyuanError
from ceyuan.kernel.jobs import JobContext, JobFailed, job
from ceyuan.models.deployments import service
from ceyuan.models.replicas import ReplicaSettings
from ceyuan.models.serving import ModelDirectory
from ceyuan.models.serving.files import FileReference, bring_from_hub, local_path
from ceyuan.models.serving.settings import ServingSettings
from ceyuan.models.serving.variants import Variant

_LOOK_S = 0.2


@job(service.ROLL, title=("更新部署", "Update a deployment"), queue="light")
async def roll(ctx: JobContext, params: dict[str, Any]) -> dict[str, Any]:
    """Load a revision beside those that answer; where it cannot be loaded they go on as before."""
    served_id, number, percent = str(params["served_id"]), int(params["number"]), int(params["percent"])
    try:
        variant = await _variant(ctx, served_id, number)
        if variant.file:
            await _bring_file(ctx, FileReference.parse(variant.file))
        ctx.progress(0.5, ("载入模型", "loading the model"))
        await _await_ready(ctx, served_id, variant)
    except (CeyuanError, JobFailed) as error:
        words = error.line()
        await ctx.transaction("give up", lambda uow: service.give_up(uow, served_id, number, words))
        raise
    part = await ctx.transaction("take part", lambda uow: service.take_part(uow, served_id, number, percent))
    return {"deployment": served_id, "variant": part, "revision": variant.revision}


async def _variant(ctx: JobContext, served_id: str, number: int) -> Variant:
    async with ctx.platform.work(ctx.actor, write=False) as uow:
        _, plan = await service.see_deployment(uow, served_id)
    found = next((one for one in plan.variants if one.number == number), None)
    if found is None:
        raise JobFailed(("该版本已撤销", "the revision was withdrawn"))
    return found


async def _bring_file(ctx: JobContext, reference: FileReference) -> None:
    if local_path(ctx.platform, reference) is None:
        ctx.progress(0.1, ("取得模型文件", "bringing the model's file"))
        await bring_from_hub(ctx.platform, reference, ctx.actor)


async def _await_ready(ctx: JobContext, served_id: str, variant: Variant) -> None:
    """Wait until replicas of the revision run; raises `JobFailed` with their last words where they do not."""
    (directory,) = ctx.platform.find(ModelDirectory)
    await directory.reload()
    embedded = bool(variant.file)
    patience = (
        ctx.platform.section(ServingSettings).engine_start_timeout_s
        if embedded
        else ctx.platform.section(ReplicaSettings).start_timeout_s
    )
    ends = asyncio.get_running_loop().time() + patience
    while asyncio.get_running_loop().time() < ends:
        plan = next((plan for row, plan in directory.deployed() if row.id == served_id), None)
        if plan is None or all(one.number != variant.number for one in plan.variants):
            raise JobFailed(("该版本已撤销", "the revision was withdrawn"))
        ready, fault = directory.standing(served_id, plan, variant)
        if ready:
            return
        if fault:
            raise JobFailed((f"引擎无法载入:{fault}", f"the engine cannot load it: {fault}"))
        await asyncio.sleep(_LOOK_S)
    raise JobFailed(("引擎未能按时就绪", "the engine was not ready in time"))
