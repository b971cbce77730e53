"""Use cases of jobs: submit, look, cancel, resume."""

from __future__ import annotations

from typing import Any

from ceyuan.kernel.errors import Invalid, Text
from ceyuan.kernel.ids import new_id
from ceyuan.kernel.jobs import repository
from ceyuan.kernel.jobs.errors import JobFinished, JobNotFound, JobNotResumable
from ceyuan.kernel.jobs.registry import kind_of
from ceyuan.kernel.jobs.tables import Job
from ceyuan.kernel.work import UnitOfWork

__all__ = ["cancel", "charge", "find", "resume", "submit"]


async def submit(
    uow: UnitOfWork,
    kind: str,
    params: dict[str, Any],
    *,
    org_id: str | None = None,
    title: Text | None = None,
    key: str | None = None,
    parent_id: str | None = None,
    inputs: list[str] | None = None,
) -> Job:
    """Queue a job in this unit of work; it starts after the commit, exactly once.

    `key` is an idempotency key: a second submission with it returns the first job. `inputs` are the
    lineage ids of what goes in. Raises `Invalid` for a kind that nobody declared.
    """
    declared = kind_of(kind)
    if declared is None:
        raise Invalid((f"未知的任务类型 {kind}", f"unknown kind of job {kind}"))
    if key is not None and (known := await repository.by_key(uow.session, key)) is not None:
        return known
    words = title or declared.title
    job = Job(
        id=new_id("job"),
        kind=kind,
        title_zh=words[0][:200],
        title_en=words[1][:200],
        org_id=org_id,
        created_by=uow.actor.id,
        created_by_label=uow.actor.label[:120],
        parent_id=parent_id,
        idempotency_key=key,
        queue=declared.queue,
        state="queued",
        params=params,
        result=None,
        error=None,
        inputs=inputs or [],
        outputs=[],
        code_version=uow.platform.jobs.code_version,
        created_at=uow.clock.now(),
    )
    uow.session.add(job)
    await uow.session.flush()
    uow.after_commit(uow.platform.jobs.nudge)
    return job


async def charge(uow: UnitOfWork, job_id: str, micro: int) -> None:
    """Show on the job's page, and on those above it, what was posted for it; the ledger itself is metering's."""
    await repository.add_cost(uow.session, job_id, micro)


async def find(uow: UnitOfWork, job_id: str, *, lock: bool = False) -> Job:
    """The job if the actor may see it; raises `JobNotFound` otherwise."""
    actor = uow.actor
    actor.require_known()  # before the look: whoever has not signed in is not to learn which jobs there are
    job = await repository.get(uow.session, job_id, lock=lock)
    owns = actor.id == job.created_by or actor.is_admin or actor.kind == "system"
    if not owns and not (job.org_id and actor.may(job.org_id)):
        raise JobNotFound()
    return job


def _require_hand(uow: UnitOfWork, job: Job) -> None:
    if job.created_by != uow.actor.id and job.org_id is not None:
        uow.actor.require_role(job.org_id, "member")


async def cancel(uow: UnitOfWork, job_id: str) -> Job:
    """Ask the job, and its children, to stop; a queued one stops at once. Raises `JobFinished`."""
    job = await find(uow, job_id, lock=True)
    _require_hand(uow, job)
    if job.state not in repository.OPEN_STATES:
        raise JobFinished((f"任务已是 {job.state} 状态", f"the job is already {job.state}"))
    await _cancel_tree(uow, job)
    uow.after_commit(uow.platform.jobs.nudge)
    await uow.audit("job.cancel", job.id, job.org_id)
    return job


async def _cancel_tree(uow: UnitOfWork, job: Job) -> None:
    job.cancel_requested = True
    if job.state == "queued":
        job.state, job.finished_at = "cancelled", uow.clock.now()
        await uow.publish("job.finished", job_id=job.id, state="cancelled", kind=job.kind, org_id=job.org_id)
    for child in await repository.open_children(uow.session, job.id):
        await _cancel_tree(uow, child)


async def resume(uow: UnitOfWork, job_id: str) -> Job:
    """Start a failed or cancelled job again; finished steps are not repeated. Raises `JobNotResumable`."""
    job = await find(uow, job_id, lock=True)
    _require_hand(uow, job)
    if job.state not in ("failed", "cancelled"):
        raise JobNotResumable(
            (f"任务处于 {job.state} 状态", f"the job is {job.state}"),
            hint=("只有失败或已取消的任务可以恢复", "only a failed or cancelled job can be resumed"),
        )
    job.state, job.run, job.attempts = "queued", job.run + 1, 0
    job.error, job.finished_at, job.cancel_requested = None, None, False
    job.lease_owner = job.lease_until = job.not_before = None
    uow.after_commit(uow.platform.jobs.nudge)
    await uow.audit("job.resume", job.id, job.org_id)
    return job
