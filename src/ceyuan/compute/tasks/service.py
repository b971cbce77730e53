"""Use cases of tasks: check, start, look, stop, go on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ceyuan.compute.tasks import repository
from ceyuan.compute.tasks.description import Resources, TaskSpec
from ceyuan.compute.tasks.errors import DeadlinePassed, NotIsolated, TaskNotFound, TaskNotOpen
from ceyuan.compute.tasks.money import check_budget, cost_of, hold_for
from ceyuan.compute.tasks.places import Refusal, choose, local_place
from ceyuan.compute.tasks.tables import ComputeTask
from ceyuan.hub import Reference, find_by_reference, require_change, resolve
from ceyuan.hub.errors import RepositoryNotFound
from ceyuan.identity import org_by_name
from ceyuan.kernel import jobs
from ceyuan.kernel.errors import Invalid
from ceyuan.kernel.ids import new_id
from ceyuan.kernel.work import UnitOfWork

JOB_KIND = "compute.task"


@dataclass(frozen=True, slots=True)
class Checked:
    """What a dry run says: what would be taken, what was refused, the resolved inputs, what it costs at least and at
    most, and whether it is kept from the platform's files."""

    placed: Resources
    refusals: list[Refusal]
    inputs: dict[str, str]
    least_micro: int
    most_micro: int
    isolated: bool


async def check_task(uow: UnitOfWork, org_id: str, spec: TaskSpec) -> Checked:
    """Everything that can be known to be wrong before a task is queued; changes nothing.

    Raises `TaskImpossible`, `AcceleratorUnknown`, `DeadlinePassed`, `BudgetTooSmall`, `NotIsolated`, and what the hub
    says of inputs and outputs that do not exist.
    """
    uow.actor.require_role(org_id, "member")
    isolated = await local_place(uow.platform).isolated()
    if not isolated and not uow.actor.is_admin:
        raise NotIsolated(
            hint=(
                "请管理员安装 bubblewrap,或由管理员运行",
                "an administrator must install bubblewrap, or run it",
            )
        )
    if spec.ends_by(uow.clock.now()) < 1:
        raise DeadlinePassed()
    placed, refusals = await choose(uow, spec)
    inputs = {name: (await resolve(uow, reference)).ref for name, reference in spec.inputs.items()}
    for reference in spec.outputs.values():
        await _check_output(uow, reference)
    least, most = await check_budget(uow, org_id, spec, placed)
    return Checked(placed, refusals, inputs, least, most, isolated)


async def _check_output(uow: UnitOfWork, reference: str) -> None:
    """Raise unless the actor may make a revision there, in a repository that exists or is yet to be made."""
    target = Reference.parse(reference)
    if target.kind is None or target.revision is not None:
        raise Invalid(
            (f"“{reference}”不是输出仓库", f"“{reference}” is no repository to write to"),
            hint=("形如 datasets/owner/name", "write it as datasets/owner/name"),
        )
    try:
        require_change(uow.actor, await find_by_reference(uow, target))
    except RepositoryNotFound:
        owner = await org_by_name(uow, target.owner)
        if owner is None:
            raise
        uow.actor.require_role(owner.id, "member")


async def create_task(uow: UnitOfWork, org_id: str, spec: TaskSpec, *, key: str | None = None) -> ComputeTask:
    """Queue a task; with the same idempotency `key` the first one is returned. Raises what `check_task` raises, and
    `InsufficientFunds` where the organisation cannot pay for one try."""
    checked = await check_task(uow, org_id, spec)
    task_id = new_id("tsk")
    whole = None if key is None else f"task:{org_id}:{key}"
    title = (f"算力任务:{spec.name}", f"Task: {spec.name}")
    job = await jobs.submit(uow, JOB_KIND, {"task_id": task_id}, org_id=org_id, title=title, key=whole)
    known = await repository.of_job(uow.session, job.id)
    if known is not None:
        return known
    task = ComputeTask(
        id=task_id,
        org_id=org_id,
        job_id=job.id,
        name=spec.name,
        spec=spec.model_dump(mode="json"),
        placed=checked.placed.model_dump(),
        inputs=checked.inputs,
        outputs={},
        state="queued",
        closing=None,
        reason="",
        attempt=None,
        attempts=[],
        hold_id=await hold_for(uow, org_id, f"task:{task_id}:1", task_id, checked.most_micro),
        seconds=0.0,
        cost_micro=0,
        created_by=uow.actor.id,
        created_at=uow.clock.now(),
        started_at=None,
        finished_at=None,
    )
    uow.session.add(task)
    await uow.session.flush()
    await uow.audit("compute_task.create", task.id, org_id, name=task.name, job_id=job.id)
    return task


async def find_task(uow: UnitOfWork, task_id: str) -> ComputeTask:
    """The task if the actor may see it; raises `TaskNotFound`."""
    uow.actor.require_known()
    task = await repository.get(uow.session, task_id)
    if not uow.actor.may(task.org_id):
        raise TaskNotFound()
    return task


async def stop_task(uow: UnitOfWork, task_id: str) -> ComputeTask:
    """Stop a task; what it used is metered, its checkpoint is kept. Raises `JobFinished`."""
    task = await find_task(uow, task_id)
    uow.actor.require_role(task.org_id, "member")
    await jobs.cancel(uow, task.job_id)
    return task


async def resume_task(uow: UnitOfWork, task_id: str) -> ComputeTask:
    """Go on with a failed or stopped task: a new try with the old checkpoint. Raises `TaskNotOpen`."""
    task = await find_task(uow, task_id)
    uow.actor.require_role(task.org_id, "member")
    if task.closing is not None or task.state not in ("failed", "cancelled"):
        raise TaskNotOpen(
            hint=("只有已失败或已停止的任务可以继续", "only a failed or stopped task can go on"), state=task.state
        )
    spec = TaskSpec.model_validate(task.spec)
    if spec.ends_by(uow.clock.now()) < 1:
        raise DeadlinePassed()
    _, most = await check_budget(uow, task.org_id, spec, Resources.model_validate(task.placed))
    job = await jobs.resume(uow, task.job_id)
    task.hold_id = await hold_for(uow, task.org_id, f"task:{task.id}:{job.run}", task.id, most)
    task.state, task.reason, task.finished_at = "queued", "", None
    return task


async def show_task(uow: UnitOfWork, task: ComputeTask) -> dict[str, Any]:
    """The task with what it cost so far, the try at work included."""
    fields = {column.key: getattr(task, column.key) for column in ComputeTask.__table__.columns}
    fields["cost_so_far_micro"] = task.cost_micro
    if task.attempt is not None:
        run = await local_place(uow.platform).executor.status(task.attempt)
        fields["seconds"] = task.seconds + run.seconds
        fields["cost_so_far_micro"] += await cost_of(
            uow, task.org_id, run.seconds, Resources.model_validate(task.placed)
        )
    return fields


async def read_log(uow: UnitOfWork, task_id: str, attempt: str | None, offset: int) -> dict[str, Any]:
    """Output of a try (the last one, if none is named) from an offset in bytes on, and whether more may come."""
    task = await find_task(uow, task_id)
    known = [one["key"] for one in task.attempts] + ([task.attempt] if task.attempt else [])
    key = attempt or (known[-1] if known else None)
    if key is None or key not in known:
        return {"attempt": None, "text": "", "next_offset": 0, "ended": task.finished_at is not None}
    raw = await local_place(uow.platform).executor.logs(key, offset)
    # A character that is cut in two waits for its rest.
    whole = raw[: len(raw) - _cut(raw)] or raw
    ended = key != task.attempt and len(raw) < 65_536
    return {
        "attempt": key,
        "text": whole.decode(errors="replace"),
        "next_offset": offset + len(whole),
        "ended": ended,
    }


def _cut(raw: bytes) -> int:
    """How many bytes at the end begin a character of UTF-8 that is not whole."""
    for back in range(1, min(4, len(raw)) + 1):
        byte = raw[-back]
        if byte & 0xC0 == 0xC0:
            length = 2 if byte & 0xE0 == 0xC0 else 3 if byte & 0xF0 == 0xE0 else 4
            return back if back < length else 0
        if byte & 0x80 == 0:
            return 0
    return 0
