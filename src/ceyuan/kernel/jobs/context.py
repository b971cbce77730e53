"""What a job's function works with: remembered steps, progress, log, its own process, child jobs, cost."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import update

from ceyuan.kernel.actor import Actor
from ceyuan.kernel.errors import Text
from ceyuan.kernel.jobs import repository, service
from ceyuan.kernel.jobs.errors import ChildFailed
from ceyuan.kernel.jobs.process import ProcessOutcome, run_process
from ceyuan.kernel.jobs.tables import Job, JobLog, JobStep
from ceyuan.kernel.work import UnitOfWork

if TYPE_CHECKING:
    from ceyuan.kernel.platform import Platform

logger = logging.getLogger(__name__)
R = TypeVar("R")
_FLUSH_S = 0.3


class JobContext:
    """The hands of one running job."""

    def __init__(self, platform: Platform, job: Job, actor: Actor) -> None:
        self.platform = platform
        self.job_id = job.id
        self.run = job.run
        self.org_id = job.org_id
        self.actor = actor
        """The person or service on whose behalf the job runs, with today's rights."""
        self._began = platform.clock.now()
        self._lines: list[dict[str, Any]] = []
        self._progress: dict[str, Any] = {}
        self._cpu_seconds = 0.0
        self._cost = 0
        self._position = 0
        self._outputs: list[str] = []
        self._flushing = asyncio.Lock()

    async def renew_actor(self) -> None:
        """Take the actor's rights of this moment, after a step that changed them."""
        self.actor = await self.platform.jobs.actor_of(self.actor.id)

    # --- remembered steps ---

    async def step(self, name: str, function: Callable[[], Awaitable[R]]) -> R:
        """Run `function` unless an earlier run finished it; its JSON-able result is remembered.

        A crash between the work and the remembering repeats the work, so what `function` does must be
        repeatable (write to the same place, use an idempotency key). For database effects use
        `transaction`.
        """
        known, result = await self._begin(name)
        if known:
            return result  # type: ignore[no-any-return]
        value = await function()
        async with self.platform.work(self.actor) as uow:
            await self._finish(uow, name, value)
        return value

    async def transaction(self, name: str, function: Callable[[UnitOfWork], Awaitable[R]]) -> R:
        """Run `function(uow)` and remember its JSON-able result in the same transaction: exactly once."""
        known, result = await self._begin(name)
        if known:
            return result  # type: ignore[no-any-return]
        async with self.platform.work(self.actor) as uow:
            value = await function(uow)
            await self._finish(uow, name, value)
        return value

    async def _begin(self, name: str) -> tuple[bool, Any]:
        self._position += 1
        async with self.platform.work(self.actor) as uow:
            row = await uow.session.get(JobStep, (self.job_id, name))
            if row is not None and row.state == "done":
                return True, row.result
            if row is None:
                row = JobStep(
                    job_id=self.job_id,
                    name=name,
                    position=self._position,
                    state="running",
                    result=None,
                    started_at=uow.clock.now(),
                    finished_at=None,
                )
                uow.session.add(row)
        return False, None

    async def _finish(self, uow: UnitOfWork, name: str, value: Any) -> None:
        row = await uow.session.get(JobStep, (self.job_id, name))
        assert row is not None
        row.state, row.result, row.finished_at = "done", value, uow.clock.now()

    # --- what people see ---

    def progress(self, fraction: float, message: Text = ("", "")) -> None:
        """Show how far the job is: `fraction` of 1, and what it does now."""
        self._progress = {
            "progress": min(max(fraction, 0.0), 1.0),
            "message_zh": message[0][:300],
            "message_en": message[1][:300],
        }

    def log(self, message: str, level: str = "info", **data: Any) -> None:
        """Add a line to the job's log; `data` must be JSON-able."""
        now = self.platform.clock.now()
        self._lines.append({"at": now, "level": level, "message": message[:4000], "data": data or None})

    def add_cost(self, micro: int) -> None:
        """Count money that the job spent, in micro-yuan; for the job's page, the ledger is metering's."""
        self._cost += micro

    def add_output(self, *lineage_ids: str) -> None:
        """Name what the job made."""
        self._outputs.extend(i for i in lineage_ids if i not in self._outputs)

    async def flush(self) -> None:
        """Write what was reported since the last time; the runner calls it a few times a second.

        What could not be written (a full disk, a database that is away) stays for the next time.
        """
        async with self._flushing:
            await self._flush()

    async def _flush(self) -> None:
        lines, values, cost, cpu = self._lines[:], dict(self._progress), self._cost, self._cpu_seconds
        outputs = self._outputs[:]
        if not (lines or values or cost or cpu or outputs):
            return
        async with self.platform.work(self.actor) as uow:
            uow.session.add_all(JobLog(job_id=self.job_id, **line) for line in lines)
            if cost:
                await repository.add_cost(uow.session, self.job_id, cost)
            if cpu:
                values["cpu_seconds"] = Job.cpu_seconds + cpu
            if outputs:
                job = await repository.get(uow.session, self.job_id, lock=True)
                job.outputs = [*job.outputs, *(o for o in outputs if o not in job.outputs)]
            if values:
                await uow.session.execute(
                    update(Job)
                    .where(Job.id == self.job_id)
                    .values(**values)
                    .execution_options(synchronize_session=False)
                )
        del self._lines[: len(lines)], self._outputs[: len(outputs)]
        self._progress = {k: v for k, v in self._progress.items() if values.get(k) != v}
        self._cost -= cost
        self._cpu_seconds -= cpu
        self.platform.jobs.notify(self.job_id)

    async def keep_flushing(self) -> None:
        while True:
            await asyncio.sleep(_FLUSH_S)
            try:
                await self.flush()
            except Exception:
                logger.exception("the log of job %s could not be written; it is tried again", self.job_id)

    # --- the heavy part ---

    async def run_process(
        self,
        entry: str,
        arguments: dict[str, Any],
        *,
        memory_mb: int | None = None,
        time_s: float | None = None,
        span: tuple[float, float] = (0.0, 1.0),
        environment: dict[str, str] | None = None,
        on_report: Callable[[dict[str, Any]], None] | None = None,
    ) -> Any:
        """Run the engine function `module:function` in its own process and return its result.

        Its reports `{"progress": 0..1, "message": str | (zh, en), "level": ..., ...}` become the job's
        progress (mapped into `span`) and log. Raises `JobFailed`, `MemoryLimit` or `TimeLimit`.
        """

        async def hear(report: dict[str, Any]) -> None:
            if on_report is not None:
                on_report(report)
            message = report.pop("message", None)
            text: Text = (
                (str(message[0]), str(message[1])) if isinstance(message, list | tuple) else (str(message or ""),) * 2
            )
            fraction = report.pop("progress", None)
            if fraction is not None:
                self.progress(span[0] + (span[1] - span[0]) * float(fraction), text)
            level = str(report.pop("level", "info"))
            if message or report:
                self.log(text[1], level, **({"zh": text[0]} if text[0] != text[1] else {}), **report)

        async def hear_line(line: str) -> None:
            if line.strip():
                self.log(line, "debug")

        try:
            outcome: ProcessOutcome = await run_process(
                entry,
                arguments,
                on_report=hear,
                on_line=hear_line,
                memory_mb=memory_mb,
                time_s=time_s,
                environment=environment,
            )
        except Exception:
            self.platform.jobs.leave_if_stopping()
            raise
        self._cpu_seconds += outcome.cpu_seconds
        self.log(
            f"process finished: {outcome.cpu_seconds:.1f} CPU s, {outcome.wall_seconds:.1f} s, "
            f"peak {outcome.peak_bytes / 1e6:.0f} MB",
            "debug",
            zh=f"进程结束：CPU {outcome.cpu_seconds:.1f} 秒，历时 {outcome.wall_seconds:.1f} 秒，"
            f"内存峰值 {outcome.peak_bytes / 1e6:.0f} MB",
        )
        return outcome.result

    # --- children ---

    async def child(self, name: str, kind: str, params: dict[str, Any], *, title: Text | None = None) -> dict[str, Any]:
        """Submit a child job under `name` (once, whatever crashes) and wait for its result.

        Raises `ChildFailed` with the child's own words when it fails or is cancelled. When this job is
        resumed, a failed child is resumed too.
        """

        key = f"{self.job_id}/{name}"
        async with self.platform.work(self.actor) as uow:
            job = await service.submit(
                uow, kind, params, org_id=self.org_id, title=title, key=key, parent_id=self.job_id
            )
        return await self.wait_for(job.id)

    async def wait_for(self, job_id: str) -> dict[str, Any]:
        """Wait for a job, also one that a room's own use case submitted; its result, or `ChildFailed` with its words.

        One that had ended badly before this job went on is resumed first, one that is still stopping when it has.
        """
        async with self.platform.work(self.actor) as uow:
            found = await repository.get(uow.session, job_id, lock=True)
            stopping = found.cancel_requested
            before = found.finished_at is not None and found.finished_at < self._began
            if found.state == "cancelled" or (found.state == "failed" and before):
                await self._take_up(uow, found)
                stopping = False
        while True:
            async with self.platform.database.session(write=False) as session:
                job = await repository.get(session, job_id)
            if job.state == "succeeded":
                return job.result or {}
            if stopping and job.state in ("failed", "cancelled"):
                stopping = False
                async with self.platform.work(self.actor) as uow:
                    await self._take_up(uow, await repository.get(uow.session, job_id, lock=True))
            elif job.state in ("failed", "cancelled"):
                error = job.error or {}
                words = error.get("message") or (
                    f"子任务「{job.title_zh}」{'失败' if job.state == 'failed' else '已取消'}",
                    f"child job {job.title_en} {'failed' if job.state == 'failed' else 'was cancelled'}",
                )
                hint = error.get("hint")
                raise ChildFailed((words[0], words[1]), hint=tuple(hint) if hint else None, child_id=job_id)
            await self.platform.jobs.changed(job_id, timeout_s=1.0)

    async def _take_up(self, uow: UnitOfWork, child: Job) -> None:
        """Resume a child that ended badly, unless another did so or this job is itself asked to stop."""
        own = await repository.get(uow.session, self.job_id)
        if child.state in ("failed", "cancelled") and not own.cancel_requested:
            await service.resume(uow, child.id)
