"""The job of a task: fetch the inputs, run tries until one succeeds, meter each once, keep the outputs."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import Any

from ceyuan.compute.executors import Launch, Run, sandbox_prefix
from ceyuan.compute.tasks import repository
from ceyuan.compute.tasks.description import Resources, TaskSpec
from ceyuan.compute.tasks.errors import TaskFailed
from ceyuan.compute.tasks.money import cost_of, give_back, settle
from ceyuan.compute.tasks.places import local_place
from ceyuan.compute.tasks.service import JOB_KIND
from ceyuan.hub import (
    By,
    Content,
    Reference,
    commit_staged,
    create_repository,
    find_by_reference,
    local_snapshot,
    record_lineage,
    resolve,
    stage_folder,
)
from ceyuan.kernel.errors import Text
from ceyuan.kernel.jobs import JobContext, job
from ceyuan.kernel.work import UnitOfWork

LOOK_S = 0.25
_COST_EVERY = 8
"""Looks between two reckonings of the cost."""
_FINAL = frozenset({"budget", "deadline", "not_started"})
"""Reasons for which no further try is made."""
_SENTENCES: dict[str, Text] = {
    "time": ("超过时间上限", "it passed its time limit"),
    "memory": ("超过内存上限", "it passed its memory limit"),
    "budget": ("预算用尽", "the budget is used up"),
    "deadline": ("截止时间已过", "the deadline has passed"),
    "not_started": ("命令无法启动", "the command could not be started"),
    "supervisor": ("监护进程丢失", "its supervisor was lost"),
    "cancelled": ("已停止", "it was stopped"),
}


@job(JOB_KIND, title=("运行算力任务", "Run a task"), queue="heavy")
async def run_task(ctx: JobContext, params: dict[str, Any]) -> dict[str, Any]:
    """Drive one task (`task_id`); the result names its last try, what it used and the revisions that it made.

    The try itself runs under a supervisor of its own: when this process dies, the next one finds it by its key.
    """
    task_id = str(params["task_id"])
    facts = await ctx.transaction(f"begin-{ctx.run}", lambda uow: _begin(uow, task_id))
    spec, placed = TaskSpec.model_validate(facts["spec"]), Resources.model_validate(facts["placed"])
    await ctx.step("inputs", lambda: _fetch(ctx, task_id, facts["inputs"]))
    run: dict[str, Any] = {}
    for number in range(spec.retries + 1):
        key = f"{task_id}.{ctx.run}.{number}"
        await ctx.transaction(f"open-{key}", lambda uow, key=key: _open(uow, task_id, key))  # type: ignore[misc]
        run = await ctx.step(f"run-{key}", lambda key=key: _follow(ctx, task_id, key, spec, placed))  # type: ignore[misc]
        await ctx.transaction(f"settle-{key}", lambda uow, run=run: _settle(uow, task_id, run))  # type: ignore[misc]
        if run["state"] == "succeeded" or run["reason"] in _FINAL:
            break
    if run["state"] != "succeeded":
        raise TaskFailed(_words(run), run=run)
    staged = await ctx.step("stage", lambda: _stage(ctx, run["key"], spec))
    made = await ctx.transaction("keep", lambda uow: _keep(uow, ctx, task_id, staged))
    ctx.add_output(*made["nodes"])
    return {"task_id": task_id, "run": run, "outputs": made["outputs"]}


def _words(run: dict[str, Any]) -> Text:
    sentence = _SENTENCES.get(run["reason"])
    if sentence is not None:
        return sentence
    return (f"命令以退出码 {run['exit_code']} 结束", f"the command ended with exit code {run['exit_code']}")


async def _begin(uow: UnitOfWork, task_id: str) -> dict[str, Any]:
    task = await repository.get(uow.session, task_id, lock=True)
    task.state, task.started_at = "running", task.started_at or uow.clock.now()
    return {"spec": task.spec, "placed": task.placed, "inputs": task.inputs}


async def _fetch(ctx: JobContext, task_id: str, inputs: dict[str, str]) -> None:
    place = local_place(ctx.platform)
    folder = place.folder(task_id)
    for name in ("inputs", "checkpoint"):
        await asyncio.to_thread((folder / name).mkdir, parents=True, exist_ok=True)
    # Hard links into the blob store only where the sandbox lets nobody write to them.
    links = await place.isolated()
    for name, reference in inputs.items():
        ctx.progress(0.0, (f"取出 {name}", f"Fetching {name}"))
        await local_snapshot(ctx.platform, reference, folder / "inputs" / name, actor=ctx.actor, links=links)


async def _open(uow: UnitOfWork, task_id: str, key: str) -> None:
    (await repository.get(uow.session, task_id, lock=True)).attempt = key


async def _settle(uow: UnitOfWork, task_id: str, run: dict[str, Any]) -> None:
    task = await repository.get(uow.session, task_id, lock=True)
    task.reason = run["reason"]
    await settle(uow, task, Run(**run))


async def _launch(ctx: JobContext, task_id: str, key: str, spec: TaskSpec, placed: Resources) -> Launch:
    place = local_place(ctx.platform)
    folder, work = place.folder(task_id), place.executor.work(key)
    inputs, checkpoint = folder / "inputs", folder / "checkpoint"
    await asyncio.to_thread(work.mkdir, parents=True, exist_ok=True, mode=0o700)
    prefix: list[str] = []
    if await place.isolated():
        prefix = sandbox_prefix(work, readable=[inputs], writable=[checkpoint], network=spec.network)
    environment = {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": str(work),
        "LANG": "C.UTF-8",
        "OMP_NUM_THREADS": str(placed.cpus),
        **spec.environment,
        "CEYUAN_TASK": task_id,
        "CEYUAN_INPUTS": str(inputs),
        "CEYUAN_CHECKPOINT": str(checkpoint),
    }
    memory_mb = round(placed.memory_gib * 1073.741824)
    return Launch(spec.argv, environment, wall_s=spec.time_limit_s, memory_mb=memory_mb, prefix=prefix)


async def _follow(ctx: JobContext, task_id: str, key: str, spec: TaskSpec, placed: Resources) -> dict[str, Any]:
    """Submit a try, or find the one that runs already, and wait for its end."""
    executor, clock = local_place(ctx.platform).executor, ctx.platform.clock
    known = await executor.status(key)
    if known.state == "absent":
        known = await executor.submit(key, await _launch(ctx, task_id, key, spec, placed))
        ctx.log(f"try {key} started")
    reason, looks = "", 0
    while not known.ended:
        await asyncio.sleep(LOOK_S)
        known, looks = await executor.status(key), looks + 1
        ctx.progress(min(0.95, known.seconds / spec.time_limit_s), ("运行中", "Running"))
        if reason or known.ended:
            continue
        if spec.deadline is not None and clock.now() >= spec.deadline:
            reason = "deadline"
        elif spec.budget_micro is not None and looks % _COST_EVERY == 1:
            reason = await _over_budget(ctx, task_id, known, spec.budget_micro)
        if reason:
            ctx.log(_SENTENCES[reason][1], "warning", zh=_SENTENCES[reason][0])
            await executor.cancel(key)
    ended = asdict(known)
    if reason and known.state == "cancelled":
        ended |= {"state": "failed", "reason": reason}
    ctx.log(f"try {key} ended: {ended['state']} {ended['reason']}".rstrip(), exit_code=known.exit_code)
    return ended


async def _over_budget(ctx: JobContext, task_id: str, run: Run, budget_micro: int) -> str:
    async with ctx.platform.work(ctx.actor, write=False) as uow:
        task = await repository.get(uow.session, task_id)
        now = await cost_of(uow, task.org_id, run.seconds, Resources.model_validate(task.placed))
        return "budget" if task.cost_micro + now >= budget_micro else ""


async def _stage(ctx: JobContext, key: str, spec: TaskSpec) -> dict[str, list[list[Any]]]:
    work, staged = local_place(ctx.platform).executor.work(key), {}
    for folder in spec.outputs:
        if not (work / folder).is_dir():
            raise TaskFailed((f"没有输出文件夹 {folder}", f"the command left no folder {folder}"))
        found = await stage_folder(ctx.platform, work / folder)
        staged[folder] = [[path, asdict(content)] for path, content in found]
    return staged


async def _keep(uow: UnitOfWork, ctx: JobContext, task_id: str, staged: dict[str, list[list[Any]]]) -> dict[str, Any]:
    """Make the revisions, their lineage and the task's end, all in one transaction."""
    task = await repository.get(uow.session, task_id, lock=True)
    sources = [(await resolve(uow, reference), name) for name, reference in task.inputs.items()]
    outputs, nodes = {}, []
    for folder, files in staged.items():
        target = Reference.parse(task.spec["outputs"][folder])
        assert target.kind is not None
        await create_repository(uow, target.kind, target.owner, target.name, exist_ok=True)
        row = await find_by_reference(uow, task.spec["outputs"][folder])
        content = [(path, Content(**one)) for path, one in files]
        revision = await commit_staged(uow, row, content, message=f"Task {task.name}", origin=ctx.job_id)
        await record_lineage(
            uow,
            inputs=sources,
            output=revision,
            action="task",
            by=By("job", ctx.job_id, task.name),
            code={"package": "ceyuan", "version": uow.platform.jobs.code_version, "entry": "command"},
            settings={"command": task.spec["command"], "environment": task.spec["environment"]},
        )
        outputs[folder] = revision.ref
        nodes.append(revision.node_id)
    await give_back(uow, task)
    task.state, task.outputs, task.finished_at = "succeeded", outputs, uow.clock.now()
    await uow.audit("compute_task.finish", task.id, task.org_id, outputs=outputs)
    await uow.publish("compute.task_finished", task_id=task.id, org_id=task.org_id, state=task.state)
    return {"outputs": outputs, "nodes": nodes}
