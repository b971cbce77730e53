"""The job of a task: fetch the inputs, run tries until one succeeds, meter each once, keep the outputs.

A try that was asked to leave, or whose node died, costs the task nothing but time: it waits for other seats and goes on
from its checkpoint under a new key. Each key is run at most once and paid once.
"""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import Any

from ceyuan.compute.executors import Run
from ceyuan.compute.tasks import repository
from ceyuan.compute.tasks.admitting import leave_seats, wake_after
from ceyuan.compute.tasks.description import Resources, TaskSpec
from ceyuan.compute.tasks.errors import TaskFailed
from ceyuan.compute.tasks.following import SENTENCES, follow
from ceyuan.compute.tasks.money import give_back, settle
from ceyuan.compute.tasks.places import Ticket, open_place, task_folder
from ceyuan.compute.tasks.seats import read_yard
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

_SEAT_S = 0.5
_MOST_MOVES = 50
"""Moves and losses after which a task is given up: it may be what kills its nodes."""
_FINAL = frozenset({"budget", "deadline", "not_started"})
"""Reasons for which no further try is made."""
_MOVED = frozenset({"preempted", "moved", "gang"})
"""Reasons that are not the task's own: it goes on elsewhere."""


@job(JOB_KIND, title=("运行算力任务", "Run a task"), queue="placed")
async def run_task(ctx: JobContext, params: dict[str, Any]) -> dict[str, Any]:
    """Drive one task (`task_id`); the result names its last try, what it used and the revisions that it made.

    The try itself runs under a supervisor of its own: when this process dies, the next one finds it by its key.
    """
    task_id = str(params["task_id"])
    facts = await ctx.transaction(f"begin-{ctx.run}", lambda uow: _begin(uow, task_id))
    spec = TaskSpec.model_validate(facts["spec"])
    await ctx.step("inputs", lambda: _fetch(ctx, task_id, facts["inputs"], facts["isolated"]))
    run: dict[str, Any] = {}
    ticket: Ticket | None = None
    faults = moves = 0
    while faults <= spec.retries and moves <= _MOST_MOVES:
        key = f"{task_id}.{ctx.run}.{faults + moves}"
        seat = await ctx.step(f"seat-{key}", lambda: _seated(ctx, task_id))
        ticket, placed = Ticket.of(task_id, key, seat), Resources.model_validate(seat["placed"])
        await ctx.transaction(f"open-{key}", lambda uow, key=key: _open(uow, task_id, key))  # type: ignore[misc]
        run = await ctx.step(
            f"run-{key}",
            lambda ticket=ticket, placed=placed: follow(ctx, ticket, spec, placed),  # type: ignore[misc]
        )
        elsewhere = run["state"] == "lost" or run["reason"] in _MOVED
        await ctx.transaction(
            f"settle-{key}",
            lambda uow, run=run, away=elsewhere: _settle(uow, task_id, run, away),  # type: ignore[misc]
        )
        if run["state"] == "succeeded" or run["reason"] in _FINAL:
            break
        faults, moves = faults + (not elsewhere), moves + elsewhere
    if run["state"] != "succeeded" or ticket is None:
        raise TaskFailed(_words(run), run=run)
    won = ticket
    staged = await ctx.step("stage", lambda: _stage(ctx, won, spec))
    made = await ctx.transaction("keep", lambda uow: _keep(uow, ctx, task_id, staged))
    ctx.add_output(*made["nodes"])
    return {"task_id": task_id, "run": run, "outputs": made["outputs"]}


def _words(run: dict[str, Any]) -> Text:
    sentence = SENTENCES.get(run["reason"])
    if sentence is not None:
        return sentence
    return (f"命令以退出码 {run['exit_code']} 结束", f"the command ended with exit code {run['exit_code']}")


async def _begin(uow: UnitOfWork, task_id: str) -> dict[str, Any]:
    task = await repository.get(uow.session, task_id, lock=True)
    task.state, task.started_at = "running", task.started_at or uow.clock.now()
    yard, spec = await read_yard(uow), TaskSpec.model_validate(task.spec)
    may = [node for node in yard.nodes if yard.may(node, task.org_id, spec, bool(task.trusted))]
    return {"spec": task.spec, "inputs": task.inputs, "isolated": all(yard.isolated(node) for node in may)}


async def _fetch(ctx: JobContext, task_id: str, inputs: dict[str, str], links: bool) -> None:
    folder = task_folder(ctx.platform, task_id)
    for name in ("inputs", "checkpoint"):
        await asyncio.to_thread((folder / name).mkdir, parents=True, exist_ok=True)
    # Hard links into the blob store only where a sandbox lets nobody write to them.
    for name, reference in inputs.items():
        ctx.progress(0.0, (f"取出 {name}", f"Fetching {name}"))
        await local_snapshot(ctx.platform, reference, folder / "inputs" / name, actor=ctx.actor, links=links)


async def _seated(ctx: JobContext, task_id: str) -> dict[str, Any]:
    """Wait for seats; at the first try they are there already."""
    while True:
        async with ctx.platform.work(ctx.actor, write=False) as uow:
            task = await repository.get(uow.session, task_id)
            if task.pool_id is not None and task.admission is not None:
                return {**task.admission, "pool_id": task.pool_id, "placed": task.placed}
            spec = TaskSpec.model_validate(task.spec)
            if spec.ends_by(uow.clock.now()) < 1:
                raise TaskFailed(SENTENCES["deadline"])
        ctx.progress(0.0, ("排队中", "Waiting for its turn"))
        await asyncio.sleep(_SEAT_S)


async def _open(uow: UnitOfWork, task_id: str, key: str) -> None:
    task = await repository.get(uow.session, task_id, lock=True)
    task.attempt, task.state = key, "running"


async def _settle(uow: UnitOfWork, task_id: str, run: dict[str, Any], elsewhere: bool) -> None:
    """Post a try; of one that goes on elsewhere, free the seats and put the task into the queue again."""
    task = await repository.get(uow.session, task_id, lock=True)
    task.reason = run["reason"]
    seats = [seat["node_id"] for seat in (task.admission or {}).get("seats", [])]
    await settle(uow, task, Run(**run))
    if elsewhere:
        if run["reason"] in ("unreachable", "lease", "gang"):
            # The nodes that failed last are tried again only after others.
            task.avoid = seats
        elif run["reason"] == "preempted":
            task.avoid = None
        leave_seats(task)
        task.state = "queued"
        wake_after(uow)


async def _stage(ctx: JobContext, ticket: Ticket, spec: TaskSpec) -> dict[str, list[list[Any]]]:
    place, staged = await open_place(ctx.platform, ticket), {}
    for folder in spec.outputs:
        found = await place.result(folder)
        if found is None:
            raise TaskFailed((f"没有输出文件夹 {folder}", f"the command left no folder {folder}"))
        files = await stage_folder(ctx.platform, found)
        staged[folder] = [[path, asdict(content)] for path, content in files]
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
    leave_seats(task)
    wake_after(uow)
    task.state, task.outputs, task.finished_at = "succeeded", outputs, uow.clock.now()
    await uow.audit("compute_task.finish", task.id, task.org_id, outputs=outputs)
    await uow.publish("compute.task_finished", task_id=task.id, org_id=task.org_id, state=task.state)
    return {"outputs": outputs, "nodes": nodes}
