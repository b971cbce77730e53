"""Use cases of schedules: make, change, delete, and begin what is due."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfoNotFoundError

from pydantic import ValidationError
from sqlalchemy import Select, String, cast, select, update

from ceyuan.data.pipelines import (
    CollectIn,
    CorpusIn,
    PipelineIn,
    start_collection,
    start_corpus,
    start_pipeline,
)
from ceyuan.data.schedules.cron import next_time
from ceyuan.data.schedules.errors import ScheduleGoesOn, ScheduleInvalid, ScheduleNotFound
from ceyuan.data.schedules.schemas import ScheduleChange, ScheduleIn
from ceyuan.data.schedules.tables import DataSchedule
from ceyuan.faults import words_of
from ceyuan.identity import require_role_in
from ceyuan.kernel.actor import Actor
from ceyuan.kernel.errors import CeyuanError
from ceyuan.kernel.ids import new_id
from ceyuan.kernel.jobs import Job
from ceyuan.kernel.platform import Platform
from ceyuan.kernel.work import UnitOfWork

logger = logging.getLogger(__name__)
_BODIES: dict[str, type[CollectIn | PipelineIn | CorpusIn]] = {
    "collect": CollectIn,
    "pipeline": PipelineIn,
    "corpus": CorpusIn,
}
_FAULTS = {
    "five fields": ("应有五个字段", "there must be five fields"),
    "no day ever fits": ("没有任何一天符合", "no day ever fits"),
    "Bad minute": ("分钟（0–59）", "the minute (0-59)"),
    "Bad hour": ("小时（0–23）", "the hour (0-23)"),
    "Bad day-of-month": ("日（1–31，且该月有这一天）", "the day of the month (1-31, and one that the month has)"),
    "Bad month": ("月（1–12）", "the month (1-12)"),
    "Bad day-of-week": ("星期（0–7）", "the day of the week (0-7)"),
}
"""What is wrong with a crontab line, by the words of what reads it."""
_OPEN = ("queued", "running")
_AT_ONCE = 50


async def create_schedule(uow: UnitOfWork, body: ScheduleIn) -> DataSchedule:
    """Make a schedule. Raises `ScheduleInvalid`."""
    await require_role_in(uow, body.org_id, "member")
    params = _checked(body.kind, body.params | {"org_id": body.org_id})
    now = uow.clock.now()
    row = DataSchedule(
        id=new_id("sch"),
        org_id=body.org_id,
        name=body.name,
        kind=body.kind,
        params=params,
        cron=body.cron,
        zone=body.zone,
        next_at=_next(body.cron, body.zone, now),
        last_at=None,
        last_job=None,
        last_error=None,
        created_by=uow.actor.id,
        creator=uow.actor.label,
        created_at=now,
    )
    uow.session.add(row)
    await uow.audit("data.schedule_create", row.id, row.org_id, name=row.name, kind=row.kind, cron=row.cron)
    return row


async def get_schedule(uow: UnitOfWork, schedule_id: str, *, lock: bool = False) -> DataSchedule:
    """The schedule; raises `ScheduleNotFound` for outsiders too."""
    uow.actor.require_known()
    query = select(DataSchedule).where(DataSchedule.id == schedule_id)
    row: DataSchedule | None = await uow.session.scalar(query.with_for_update() if lock else query)
    if row is None or not uow.actor.may(row.org_id):
        raise ScheduleNotFound()
    return row


def visible(actor: Actor, org_id: str | None, source_id: str | None = None) -> Select[DataSchedule]:
    """The schedules of the actor's organisations; with `source_id` those that collect it."""
    query = select(DataSchedule)
    if not (actor.kind == "system" or actor.is_admin):
        query = query.where(DataSchedule.org_id.in_(list(actor.roles)))
    if source_id:  # an id occurs in the parameters nowhere but among the sources
        query = query.where(cast(DataSchedule.params, String).contains(f'"{source_id}"', autoescape=True))
    return query.where(DataSchedule.org_id == org_id) if org_id else query


async def run_now(uow: UnitOfWork, schedule_id: str) -> Job:
    """Begin what the schedule holds at once, with the actor's own rights; its times stay as they are.

    Raises `ScheduleGoesOn` while its last run has not ended.
    """
    row = await get_schedule(uow, schedule_id, lock=True)
    uow.actor.require_role(row.org_id, "member")
    if await _goes_on(uow, row):
        raise ScheduleGoesOn((f"上一次运行 {row.last_job} 未结束", f"its last run {row.last_job} has not ended"))
    now = uow.clock.now()
    job = await _start(uow, row, f"data/schedule/{row.id}/{now.isoformat()}")
    row.last_at, row.last_job, row.last_error = now, job.id, None
    await uow.audit("data.schedule_run", row.id, row.org_id, job=job.id)
    return job


async def change_schedule(uow: UnitOfWork, schedule_id: str, change: ScheduleChange) -> DataSchedule:
    """Change name or times, pause or go on. Raises `ScheduleInvalid`."""
    row = await get_schedule(uow, schedule_id, lock=True)
    uow.actor.require_role(row.org_id, "member")
    row.name, row.cron, row.zone = change.name or row.name, change.cron or row.cron, change.zone or row.zone
    paused = row.next_at is None if change.paused is None else change.paused
    at = _next(row.cron, row.zone, uow.clock.now())
    row.next_at = None if paused else at
    await uow.audit("data.schedule_change", row.id, row.org_id, **change.model_dump(exclude_none=True))
    return row


async def delete_schedule(uow: UnitOfWork, schedule_id: str) -> None:
    """Delete a schedule; what it started stays."""
    row = await get_schedule(uow, schedule_id, lock=True)
    uow.actor.require_role(row.org_id, "member")
    await uow.session.delete(row)
    await uow.audit("data.schedule_delete", row.id, row.org_id, name=row.name)


async def begin_due(platform: Platform) -> None:
    """Begin what is due, each in a transaction of its own, with the rights that its maker has today."""
    now = platform.clock.now()
    async with platform.work(write=False) as uow:
        query = select(DataSchedule.id).where(DataSchedule.next_at <= now).order_by(DataSchedule.next_at)
        due = list(await uow.session.scalars(query.limit(_AT_ONCE)))
    for schedule_id in due:
        try:
            await _begin(platform, schedule_id, now)
        except CeyuanError as error:
            async with platform.work() as uow:
                await _moved_on(uow, schedule_id, now, last_error=" / ".join(error.title)[:300])
        except Exception:
            logger.exception("the schedule %s could not begin", schedule_id)


async def _begin(platform: Platform, schedule_id: str, now: datetime) -> None:
    async with platform.work(write=False) as uow:
        row = await uow.session.get(DataSchedule, schedule_id)
        if row is None:
            return
        maker = row.created_by
    actor = await platform.jobs.actor_of(maker)
    async with platform.work(actor) as uow:
        row = await _moved_on(uow, schedule_id, now, last_error=None)
        if row is None or await _goes_on(uow, row):
            return
        job = await _start(uow, row, f"data/schedule/{row.id}/{now.isoformat()}")
        row.last_at, row.last_job = now, job.id


async def _moved_on(uow: UnitOfWork, schedule_id: str, now: datetime, **more: Any) -> DataSchedule | None:
    """The schedule with its next time set, if no other process was first."""
    row: DataSchedule | None = await uow.session.get(DataSchedule, schedule_id)
    if row is None or row.next_at is None or row.next_at > now:
        return None
    values = {"next_at": _next(row.cron, row.zone, now), **more}
    guarded = update(DataSchedule).where(DataSchedule.id == row.id, DataSchedule.next_at == row.next_at)
    done: Any = await uow.session.execute(guarded.values(**values).execution_options(synchronize_session=False))
    if done.rowcount != 1:
        return None
    await uow.session.refresh(row)
    return row


async def _goes_on(uow: UnitOfWork, row: DataSchedule) -> bool:
    last = await uow.session.get(Job, row.last_job) if row.last_job else None
    return last is not None and last.state in _OPEN


async def _start(uow: UnitOfWork, row: DataSchedule, key: str) -> Job:
    if row.kind == "collect":
        return await start_collection(uow, CollectIn.model_validate(row.params), key)
    if row.kind == "pipeline":
        return await start_pipeline(uow, PipelineIn.model_validate(row.params), key)
    return await start_corpus(uow, CorpusIn.model_validate(row.params), key)


def _checked(kind: str, params: dict[str, Any]) -> dict[str, Any]:
    try:
        return _BODIES[kind].model_validate(params).model_dump(mode="json")
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "params"
        zh, en = words_of(first)
        raise ScheduleInvalid((f"参数 {where} 无效：{zh}", f"{where}: {en}")) from error


def _next(cron: str, zone: str, now: datetime) -> datetime:
    try:
        return next_time(cron, zone, now)
    except (ZoneInfoNotFoundError, OSError) as error:
        raise ScheduleInvalid((f"没有时区“{zone}”", f"no such time zone: {zone}")) from error
    except ValueError as error:
        zh, en = _FAULTS.get(str(error), (str(error), str(error)))
        raise ScheduleInvalid(
            (f"时间表达式无效：{zh}", f"the times are not valid: {en}"),
            hint=("例如 30 2 * * * 表示每天 2:30", "30 2 * * * is every day at 2:30"),
        ) from error
