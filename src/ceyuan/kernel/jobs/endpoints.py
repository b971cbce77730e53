"""Jobs over HTTP: list, look, follow the log live, cancel, resume."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any

import orjson
from fastapi import Query, Request
from fastapi.responses import StreamingResponse
from pydantic import Field
from sqlalchemy import select
from sqlalchemy.orm import defer

from ceyuan.kernel.errors import Forbidden, Invalid, Unauthenticated
from ceyuan.kernel.jobs import repository, service
from ceyuan.kernel.jobs.errors import JobFinished, JobNotFound, JobNotResumable
from ceyuan.kernel.jobs.schemas import JobDetail, JobLogOut, JobOut, JobStepOut
from ceyuan.kernel.jobs.tables import Job
from ceyuan.kernel.pages import Page, fetch_page
from ceyuan.kernel.platform import Platform
from ceyuan.kernel.routes import Router
from ceyuan.kernel.web import CurrentActor, CurrentPlatform, Paging, ReadWork, WriteWork, problems

router = Router(prefix="/api/v1/jobs", tags=["jobs"])
_UNLISTED = tuple(defer(column) for column in (Job.params, Job.result, Job.error, Job.inputs, Job.outputs))
_SORTS = {"created_at": Job.created_at, "state": Job.state, "kind": Job.kind, "progress": Job.progress}


@router.get("", response_model=Page[JobOut], responses=problems(Unauthenticated, Invalid))
async def list_jobs(
    uow: ReadWork,
    paging: Paging,
    state: Annotated[list[str] | None, Query(description="queued, running, succeeded, failed, cancelled")] = None,
    kind: Annotated[list[Annotated[str, Field(max_length=80)]] | None, Query(description="one of these")] = None,
    org_id: Annotated[str | None, Query(max_length=40)] = None,
    parent_id: Annotated[str | None, Query(max_length=40)] = None,
    roots: Annotated[bool, Query(description="only jobs that no other job started")] = False,
    text: Annotated[str | None, Query(max_length=100, description="part of the title")] = None,
) -> Any:
    """List the jobs of the caller and of the caller's organisations."""
    uow.actor.require_known()
    query = repository.visible_to(uow.actor)
    if state:
        query = query.where(Job.state.in_(state))
    if kind:
        query = query.where(Job.kind.in_(kind))
    if org_id:
        query = query.where(Job.org_id == org_id)
    if parent_id:
        query = query.where(Job.parent_id == parent_id)
    if roots:
        query = query.where(Job.parent_id.is_(None))
    if text:
        query = query.where(Job.title_zh.contains(text, autoescape=True) | Job.title_en.contains(text, autoescape=True))
    # Parameters and results may be long, and a list shows none of them.
    query = query.options(*_UNLISTED)
    rows = await fetch_page(uow.session, query, paging, key=Job.id, sorts=_SORTS, default="-created_at")
    return rows.page(JobOut)


@router.get("/{job_id}", response_model=JobDetail, responses=problems(Unauthenticated, JobNotFound))
async def get_job(job_id: str, uow: ReadWork) -> Any:
    """Show one job with its steps and children."""
    job = await service.find(uow, job_id)
    children = await uow.session.scalars(select(Job).where(Job.parent_id == job.id).order_by(Job.created_at, Job.id))
    own = {c.key: getattr(job, c.key) for c in Job.__table__.columns}
    steps = [JobStepOut.model_validate(s, from_attributes=True) for s in await repository.steps(uow.session, job.id)]
    return {**own, "steps": steps, "children": [JobOut.model_validate(c, from_attributes=True) for c in children]}


@router.post(
    "/{job_id}/cancel", response_model=JobOut, responses=problems(Unauthenticated, Forbidden, JobNotFound, JobFinished)
)
async def cancel_job(job_id: str, uow: WriteWork) -> Any:
    """Ask a job to stop; what it has finished is kept and a later resume goes on from there."""
    return await service.cancel(uow, job_id)


@router.post(
    "/{job_id}/resume",
    response_model=JobOut,
    responses=problems(Unauthenticated, Forbidden, JobNotFound, JobNotResumable),
)
async def resume_job(job_id: str, uow: WriteWork) -> Any:
    """Start a failed or cancelled job again from its last finished step."""
    return await service.resume(uow, job_id)


@router.get("/{job_id}/log", response_model=list[JobLogOut], responses=problems(Unauthenticated, JobNotFound))
async def read_job_log(
    job_id: str,
    uow: ReadWork,
    after: Annotated[
        int | None, Query(ge=0, description="only lines with a greater seq; without it the last lines")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=2000)] = 500,
) -> Any:
    """Read lines of a job's log."""
    await service.find(uow, job_id)
    if after is None:
        return await repository.log_tail(uow.session, job_id, limit)
    return await repository.log_after(uow.session, job_id, after, limit)


@router.get(
    "/{job_id}/events",
    response_class=StreamingResponse,
    responses={
        **problems(Unauthenticated, JobNotFound),
        200: {"content": {"text/event-stream": {}}, "description": "live"},
    },
)
async def follow_job(
    job_id: str, request: Request, platform: CurrentPlatform, actor: CurrentActor
) -> StreamingResponse:
    """Follow a job live as server-sent events: `log` lines, `job` when its row changes, `end` when it ended.

    A client that reconnects sends `Last-Event-ID`, and no line is lost.
    """
    async with platform.work(actor, write=False) as uow:
        await service.find(uow, job_id)
    last = request.headers.get("last-event-id", "0")
    return StreamingResponse(
        _events(platform, job_id, int(last) if last.isdigit() else 0),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


def _sse(event: str, data: Any, event_id: int | None = None) -> bytes:
    head = f"id: {event_id}\n" if event_id is not None else ""
    return f"{head}event: {event}\ndata: ".encode() + orjson.dumps(data) + b"\n\n"


async def _events(platform: Platform, job_id: str, seq: int) -> AsyncIterator[bytes]:
    shown: dict[str, Any] | None = None
    quiet = 0
    while True:
        async with platform.database.session(write=False) as session:
            job = await session.get(Job, job_id)
            lines = await repository.log_after(session, job_id, seq, 500)
        if job is None:
            return
        for line in lines:
            seq = line.seq
            yield _sse("log", JobLogOut.model_validate(line, from_attributes=True).model_dump(mode="json"), seq)
        now = JobOut.model_validate(job, from_attributes=True).model_dump(mode="json")
        if now != shown:
            shown, quiet = now, 0
            yield _sse("job", now)
        if job.state not in repository.OPEN_STATES and len(lines) < 500:
            yield _sse("end", {"state": job.state})
            return
        if not lines:
            quiet += 1
            if quiet % 15 == 0:
                yield b": still here\n\n"
            await platform.jobs.changed(job_id, timeout_s=1.0)
            await asyncio.sleep(0.1)
