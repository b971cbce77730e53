"""The engine of durable jobs, on DBOS: queues with limits, recovery after a crash, leases, cancel, back-off.

The job's row is the truth of its state and its steps; DBOS carries each run (`<job id>.<run>`) through
its queue exactly once per start and hands it out again after a crash. A lease on the row keeps two
processes from running the same job.
"""

from __future__ import annotations

import asyncio
import logging
import traceback
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from weakref import WeakValueDictionary

import sqlalchemy as sa

from ceyuan.kernel.actor import SYSTEM, Actor
from ceyuan.kernel.database import explained_faults
from ceyuan.kernel.errors import CeyuanError
from ceyuan.kernel.jobs import repository
from ceyuan.kernel.jobs.context import JobContext
from ceyuan.kernel.jobs.durable import DBOS, DBOSConfig, SetWorkflowID
from ceyuan.kernel.jobs.errors import JobFailed
from ceyuan.kernel.jobs.executors import ExecutorHold
from ceyuan.kernel.jobs.queues import QueueWorkers
from ceyuan.kernel.jobs.registry import JobKind, kind_of
from ceyuan.kernel.jobs.tables import Job
from ceyuan.kernel.waiting import wait_at_most

if TYPE_CHECKING:
    from ceyuan.kernel.platform import Platform

logger = logging.getLogger(__name__)
LEASE = timedelta(seconds=30)
_TICK_S = 1.0
_LOOK_S = 0.25
"""How often the workers look while runs wait, or where other processes hand runs over too."""
_REST_S = 5.0
"""How often they look where nothing is known to wait."""
_current: Jobs | None = None


class ActorResolver(Protocol):
    """Hook: who a job runs as. The identity room fills it; without it jobs run as the platform."""

    async def actor(self, platform: Platform, actor_id: str) -> Actor:
        """The actor with today's rights; raises `Forbidden` for one who may no longer act."""
        ...


@DBOS.workflow(name="ceyuan_job")
async def _run_job(job_id: str, run: int) -> str:
    assert _current is not None
    return await _current.execute_at_home(job_id, run)


class Jobs:
    """Starts, watches, cancels and resumes the jobs of one process."""

    def __init__(self, platform: Platform, *, database_url: str, heavy: int, code_version: str, executor: str) -> None:
        self.platform = platform
        self.code_version = code_version
        self._database_url = database_url
        self._heavy = heavy
        self._executor = executor
        # The functions at work, by job and run: what a cancel reaches.
        self._tasks: dict[tuple[str, int], asyncio.Task[Any]] = {}
        self._runs: set[asyncio.Task[str]] = set()  # what writes down how each ended: never cancelled
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wake = asyncio.Event()
        self._changes: WeakValueDictionary[str, asyncio.Event] = WeakValueDictionary()  # those who wait hold them
        self._relay: asyncio.Task[None] | None = None
        self._workers: QueueWorkers | None = None
        self._stopping = False
        self._hold = ExecutorHold(platform.database, executor)

    async def start(self) -> None:
        """Launch DBOS in this event loop and begin to hand jobs over; raises `ExecutorTaken`."""
        global _current
        await self._hold.take()
        self._loop = asyncio.get_running_loop()
        _current = self
        _keep_one_log()
        config: DBOSConfig = {
            "name": "ceyuan",
            "system_database_url": self._database_url,
            "application_version": "ceyuan-jobs-1",  # a restart with newer code must recover older runs
            "executor_id": self._executor,
            "log_level": "WARNING",
            "enable_otlp": False,
        }
        if self._database_url.startswith("sqlite"):
            config["db_engine_kwargs"] = {"connect_args": {"timeout": 30}}
        engine = DBOS(config=config)
        DBOS.listen_queues([])  # by workers of our own
        with explained_faults():
            if self._database_url.startswith("sqlite"):
                await asyncio.to_thread(self._try_file)
            DBOS.launch()
        limits = {"light": 16, "heavy": self._heavy, "flow": 32, "placed": 256}
        self._workers = QueueWorkers(engine)
        pause = _REST_S if self._database_url.startswith("sqlite") else _LOOK_S
        for name, limit in limits.items():
            queue = await DBOS.register_queue_async(
                name, worker_concurrency=limit, polling_interval_sec=pause, on_conflict="always_update"
            )
            self._workers.add(queue)
        self._relay = asyncio.create_task(self._keep_relaying(), name="job-relay")

    def _try_file(self) -> None:
        """Touch the engine's file before DBOS does, which would print a trace of a fault that is told in words."""
        engine = sa.create_engine(self._database_url)
        try:
            with engine.connect() as connection:
                names = sa.inspect(connection).get_table_names()
                connection.execute(sa.text("SELECT 1" if not names else f'SELECT count(*) FROM "{names[0]}"'))
        finally:
            engine.dispose()

    async def stop(self) -> None:
        """Stop cleanly: running jobs keep their state and go on at the next start."""
        global _current
        self._stopping = True
        if self._relay is not None:
            self._relay.cancel()
            await asyncio.gather(self._relay, return_exceptions=True)
        for task in list(self._tasks.values()):
            task.cancel()
        await asyncio.gather(*self._runs, return_exceptions=True)
        if self._workers is not None:
            await self._workers.stop()
        await asyncio.to_thread(DBOS.destroy, workflow_completion_timeout_sec=0)
        _current = None
        await self._hold.release()

    async def nudge(self) -> None:
        """There may be something to hand over or to cancel."""
        self._wake.set()

    # --- waiting for changes (log streams, parents) ---

    def notify(self, job_id: str) -> None:
        """Tell those who wait that the job's row, log or progress changed."""
        if event := self._changes.pop(job_id, None):
            event.set()

    async def changed(self, job_id: str, *, timeout_s: float) -> None:
        """Wait until the job changes in this process, at most `timeout_s` (other processes are polled)."""
        event = self._changes.get(job_id)
        if event is None:
            event = self._changes[job_id] = asyncio.Event()
        await wait_at_most(event, timeout_s)

    def leave_if_stopping(self) -> None:
        """While the process stops, nothing is a failure: leave the job as it is; it goes on at the next start."""
        if self._stopping:
            raise asyncio.CancelledError

    # --- handing over ---

    async def _keep_relaying(self) -> None:
        while True:
            waiting = True
            try:
                waiting = await self._relay_once()
            except Exception:
                logger.exception("handing over jobs failed; it will be tried again")
            await wait_at_most(self._wake, _LOOK_S if waiting else _TICK_S)
            self._wake.clear()

    async def _relay_once(self) -> bool:
        """Hand over, requeue and cancel what is to be; whether runs wait that no worker took up yet."""
        now = self.platform.clock.now()
        async with self.platform.database.session(write=False) as session:
            fresh = [(j.id, j.run, j.queue) for j in await repository.to_hand_over(session, now)]
            lost = [(j.id, j.run) for j in await repository.orphaned(session, now)]
            cancelled = set(await repository.to_cancel(session, [job_id for job_id, _ in self._tasks]))
            waiting = await repository.awaited(session, self._executor)
        assert self._workers is not None
        for job_id, run, queue in fresh:
            with SetWorkflowID(f"{job_id}.{run}"):
                await DBOS.enqueue_workflow_async(queue, _run_job, job_id, run)
            self._workers.ring((queue,))
            async with self.platform.work(SYSTEM) as uow:
                await repository.change_if_open(uow.session, job_id, run, handed_run=run)
        for job_id, run in lost:
            if (job_id, run) in self._tasks:
                continue  # it is at work here; its heartbeat comes late on a busy machine
            async with self.platform.work(SYSTEM) as uow:
                await repository.requeue_orphan(uow.session, job_id, run, now)
            self._wake.set()
        for job_id, run in [at for at in self._tasks if at[0] in cancelled]:
            self._cancel(job_id, run)
        queues = {queue for job_id, run, queue in waiting if (job_id, run) not in self._tasks}
        self._workers.ring(queues)
        return bool(queues or fresh)

    def _cancel(self, job_id: str, run: int) -> None:
        """Stop the function, once: a second cancel would break into its cleaning up."""
        task = self._tasks.get((job_id, run))
        if task is not None and not task.cancelling():
            task.cancel()

    # --- running ---

    async def execute_at_home(self, job_id: str, run: int) -> str:
        """`execute` in the platform's event loop: DBOS calls from one of its own while that one does not turn."""
        assert self._loop is not None
        if asyncio.get_running_loop() is self._loop:
            return await self.execute(job_id, run)
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(self.execute(job_id, run), self._loop))

    async def execute(self, job_id: str, run: int) -> str:
        """Run a job in this process unless it is ended, superseded or another's; returns its state."""
        async with self.platform.work(SYSTEM) as uow:
            now = uow.clock.now()
            if not await repository.claim(uow.session, job_id, run, self._executor, now, now + LEASE):
                return "skipped"
            job = await repository.get(uow.session, job_id)
        kind = kind_of(job.kind)
        if kind is None:
            await self._end(
                job, "failed", error=JobFailed((f"未知的任务类型 {job.kind}", f"unknown kind of job {job.kind}"))
            )
            return "failed"
        try:
            actor = await self.actor_of(job.created_by)
        except CeyuanError as error:  # whoever asked for the job may no longer act
            await self._end(job, "failed", error=error)
            return "failed"
        self.leave_if_stopping()
        context = JobContext(self.platform, job, actor)
        if job.attempts == 1:
            context.log(f"run {run} started", zh=f"第 {run} 次运行开始")
        else:
            context.log(
                f"run {run} goes on (start {job.attempts})", zh=f"第 {run} 次运行继续（第 {job.attempts} 次启动）"
            )
        work = asyncio.create_task(kind.function(context, dict(job.params)), name=f"job {job_id}")
        self._tasks[job_id, run] = work
        guard = asyncio.create_task(self._guarded(kind, work, context, job), name=f"run {run} of job {job_id}")
        self._runs.add(guard)
        beat = asyncio.create_task(self._heartbeat(job_id, run))
        flusher = asyncio.create_task(context.keep_flushing())
        try:
            return await asyncio.shield(guard)
        finally:
            self._tasks.pop((job_id, run), None)
            self._runs.discard(guard)
            beat.cancel()
            flusher.cancel()
            self.notify(job_id)

    async def actor_of(self, actor_id: str) -> Actor:
        """The actor of this id with today's rights; raises `Forbidden` for one who may no longer act."""
        for resolver in self.platform.find(ActorResolver):  # type: ignore[type-abstract]
            return await resolver.actor(self.platform, actor_id)
        return SYSTEM

    async def _guarded(self, kind: JobKind, work: asyncio.Task[dict[str, Any]], context: JobContext, job: Job) -> str:
        started = self.platform.clock.now()
        state, result, error = "succeeded", None, None
        try:
            result = await work
        except asyncio.CancelledError:
            if self._stopping:
                await context.flush()
                raise
            state = "cancelled"
            context.log("cancelled", "warning", zh="已取消")
        except CeyuanError as problem:
            state, error = "failed", problem
        except Exception as unexpected:
            if self._stopping:  # what it works with is being taken down
                await context.flush()
                raise asyncio.CancelledError from unexpected
            logger.exception("job %s (%s) failed", job.id, kind.name)
            text = f"{type(unexpected).__name__}: {unexpected}"[:500]
            state, error = "failed", JobFailed((f"任务出错:{text}", text), trace=traceback.format_exc()[-6000:])
        if error is not None and await self._asked_to_stop(job.id):  # it heard of its stopped child first
            state, error = "cancelled", None
        if error is not None:
            context.log(error.line("en"), "error", zh=error.line("zh"), trace=error.fields.get("trace"))
        await context.flush()
        if error is not None:
            self.leave_if_stopping()
        if (
            state == "failed"
            and job.attempts <= kind.retries
            and not (error and error.status in (401, 402, 403, 404, 409, 422))
        ):
            return await self._retry_later(job, context)
        wall = (self.platform.clock.now() - started).total_seconds()
        await self._end(job, state, result=result, error=error, wall=wall)
        return state

    async def _asked_to_stop(self, job_id: str) -> bool:
        async with self.platform.database.session(write=False) as session:
            return bool(await repository.to_cancel(session, [job_id]))

    async def _retry_later(self, job: Job, context: JobContext) -> str:
        delay = min(0.5 * 2.0**job.attempts, 300.0)
        context.log(f"will be tried again in {delay:.0f} s", "warning", zh=f"{delay:.0f} 秒后重试")
        await context.flush()
        async with self.platform.work(SYSTEM) as uow:
            await repository.change_if_open(
                uow.session,
                job.id,
                job.run,
                state="queued",
                run=job.run + 1,
                lease_owner=None,
                lease_until=None,
                not_before=uow.clock.now() + timedelta(seconds=delay),
            )
        return "queued"

    async def _end(
        self,
        job: Job,
        state: str,
        *,
        result: dict[str, Any] | None = None,
        error: CeyuanError | None = None,
        wall: float = 0.0,
    ) -> None:
        body = None
        if error is not None:
            body = {
                "code": error.code,
                "message": list(error.message),
                "hint": list(error.hint) if error.hint else None,
            }
            body |= {k: v for k, v in error.fields.items() if k in ("child_id",)}
        async with self.platform.work(SYSTEM) as uow:
            values: dict[str, Any] = {"state": state, "result": result, "error": body, "finished_at": uow.clock.now()}
            values |= {"lease_owner": None, "lease_until": None, "wall_seconds": Job.wall_seconds + wall}
            if state == "succeeded":
                values["progress"] = 1.0
            if await repository.change_if_open(uow.session, job.id, job.run, **values):
                ended = await repository.get(uow.session, job.id)
                await uow.session.refresh(ended)
                await uow.publish(
                    "job.finished",
                    job_id=job.id,
                    kind=job.kind,
                    state=state,
                    org_id=job.org_id,
                    run=job.run,
                    created_by=job.created_by,
                    cpu_seconds=ended.cpu_seconds,
                    wall_seconds=ended.wall_seconds,
                )
        self.notify(job.id)

    async def _heartbeat(self, job_id: str, run: int) -> None:
        while True:
            await asyncio.sleep(LEASE.total_seconds() / 3)
            try:
                async with self.platform.work(SYSTEM) as uow:
                    now = uow.clock.now()
                    if not await repository.change_if_open(uow.session, job_id, run, lease_until=now + LEASE):
                        self._cancel(job_id, run)
            except Exception:
                logger.exception("the heartbeat of job %s failed", job_id)


def engine_url(database_url: str, data_dir: Path) -> str:
    """Where DBOS keeps its tables: the same PostgreSQL, or a second SQLite file beside ours."""
    if database_url.startswith("sqlite"):
        return f"sqlite:///{data_dir / 'jobs.sqlite'}"
    return sa.make_url(database_url).set(drivername="postgresql").render_as_string(hide_password=False)


def _keep_one_log() -> None:
    """Let the engine's words go the way of all others: redacted, in one form, to where the log goes now."""
    log = logging.getLogger("dbos")
    log.setLevel(logging.WARNING)
    if not log.handlers:
        # With none it adds one of its own to whatever standard error is at that moment, past the redaction.
        log.addHandler(logging.NullHandler())
