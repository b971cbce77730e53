"""The durable job of a batch: reads the requests, asks them a few at a time, keeps each result as it comes.

A job that is killed goes on where it was: results that reached the spool are not asked again, and a call that was
answered but not written down yet is answered again from its idempotency key, free of charge.
"""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from ceyuan.kernel.actor import Actor
from ceyuan.kernel.errors import CeyuanError
from ceyuan.kernel.ids import new_id
from ceyuan.kernel.jobs import JobContext, job
from ceyuan.kernel.platform import Platform
from ceyuan.kernel.work import UnitOfWork
from ceyuan.models.batches import repository, service
from ceyuan.models.batches.lines import Line, Spool, read_requests, repeat_key
from ceyuan.models.batches.settings import BatchSettings
from ceyuan.models.batches.tables import Batch
from ceyuan.models.gateway.course import Incoming
from ceyuan.models.gateway.funds import Payer
from ceyuan.models.gateway.gateway import Gateway
from ceyuan.models.gateway.keys import Caller
from ceyuan.models.gateway.memory import Memory
from ceyuan.models.gateway.prompt import PATHS
from ceyuan.models.gateway.running import GatewayService

_AGAIN = frozenset(
    {"rate_limit_exceeded", "concurrency_limit_exceeded", "overloaded", "no_replica", "engine_unavailable"}
)
"""Refusals that pass by themselves."""
_AGAIN_STATUSES = frozenset({429, 503, 529})
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.5, 30.0
_TELL_EVERY_S = 1.0


def folder_of(platform: Platform, batch_id: str) -> Path:
    """Where the results of a batch lie until it ends."""
    return platform.data_dir / "gateway" / "batches" / batch_id


@job(service.KIND, title=("批处理", "Batch of requests"), queue="light", retries=3)
async def run_batch(ctx: JobContext, params: dict[str, Any]) -> dict[str, Any]:
    """Work a batch off; its outcome is in its own row."""
    batch_id = str(params["batch_id"])
    lines = await _requests(ctx, batch_id)
    if lines is None:
        return {"batch": batch_id, "status": "failed"}
    work = _Work(ctx, await _load(ctx, batch_id), lines)
    try:
        await work.run()
    finally:
        work.close()
    status = await _close(ctx, batch_id, work)
    await asyncio.to_thread(shutil.rmtree, work.folder, ignore_errors=True)
    return {"batch": batch_id, "status": status, "completed": work.completed, "failed": work.failed}


async def _load(ctx: JobContext, batch_id: str) -> Batch:
    async with ctx.platform.work(ctx.actor, write=False) as uow:
        batch = await repository.any_batch(uow.session, batch_id)
    assert batch is not None
    return batch


async def _requests(ctx: JobContext, batch_id: str) -> list[Line] | None:
    """The requests of the batch; `None` where its file cannot be understood, and then the batch says why."""
    batch = await _load(ctx, batch_id)
    async with ctx.platform.work(ctx.actor, write=False) as uow:
        file = await repository.file(uow.session, batch.org_id, batch.input_file_id)
    most = ctx.platform.section(BatchSettings).max_lines
    lines, faults = await read_requests(ctx.platform.blobs.stream(file.sha256), batch.endpoint, most)

    async def begin(uow: UnitOfWork) -> bool:
        row = await repository.any_batch(uow.session, batch_id, lock=True)
        assert row is not None
        if faults:
            row.faults = [fault.document() for fault in faults]
            service.advance(uow, row, "failed")
        else:
            row.total = len(lines)
            if row.status == "validating":
                service.advance(uow, row, "in_progress")
        return not faults

    return lines if await ctx.transaction("begin", begin) else None


class _Work:
    """The asking of one batch."""

    def __init__(self, ctx: JobContext, batch: Batch, lines: list[Line]) -> None:
        self._ctx = ctx
        self._batch = batch
        self._lines = lines
        self._settings = ctx.platform.section(BatchSettings)
        self.folder = folder_of(ctx.platform, batch.id)
        self.answers = Spool(self.folder / "output.jsonl")
        self.faults = Spool(self.folder / "errors.jsonl")
        self.completed, self.failed = len(self.answers.done), len(self.faults.done)
        self.status = "completed"
        self._told = 0.0

    def close(self) -> None:
        """Put what came on the disk."""
        self.answers.close()
        self.faults.close()

    async def run(self) -> None:
        """Ask everything that has no result yet, until the batch is cancelled or its time is over."""
        done = self.answers.done | self.faults.done
        left = iter([line for line in self._lines if line.custom_id not in done])
        askers = [asyncio.create_task(self._ask_all(left)) for _ in range(self._settings.parallel)]
        try:
            await asyncio.gather(*askers)
        finally:
            for asker in askers:
                asker.cancel()
            await asyncio.gather(*askers, return_exceptions=True)
        await self._tell(force=True)

    async def _ask_all(self, left: Iterator[Line]) -> None:
        for line in left:
            await self._tell()
            if self.status != "completed":
                return
            result, fine = await self._ask(line)
            (self.answers if fine else self.faults).add(result)
            if fine:
                self.completed += 1
            else:
                self.failed += 1

    async def _tell(self, *, force: bool = False) -> None:
        """Write the counts down now and then, and hear whether to go on."""
        now = time.monotonic()
        if not force and now - self._told < _TELL_EVERY_S:
            return
        self._told = now
        count, total = self.completed + self.failed, len(self._lines)
        self._ctx.progress(count / max(total, 1), (f"{count}/{total} 个请求", f"{count} of {total} requests"))
        async with self._ctx.platform.work(self._ctx.actor) as uow:
            row = await repository.any_batch(uow.session, self._batch.id, lock=True)
            assert row is not None
            row.completed, row.failed = self.completed, self.failed
            if row.status == "cancelling":
                self.status = "cancelled"
            elif uow.clock.now() > row.expires_at and count < total:
                self.status = "expired"

    async def _ask(self, line: Line) -> tuple[dict[str, Any], bool]:
        """The result of one request as OpenAI words it, and whether it belongs into the output."""
        ends, pause = time.monotonic() + self._settings.patience_s, _FIRST_PAUSE_S
        while True:
            request_id, sink = new_id("req"), Memory()
            await _gateway(self._ctx.platform).handle(self._incoming(request_id, line), sink)
            wait = _wait_of(sink)
            if wait is None or time.monotonic() + pause > ends or self.status != "completed":
                return _result(line, request_id, sink)
            await asyncio.sleep(max(pause, min(wait, _LONGEST_PAUSE_S)))
            pause = min(pause * 2, _LONGEST_PAUSE_S)

    def _incoming(self, request_id: str, line: Line) -> Incoming:
        batch = self._batch
        body = orjson.dumps({name: value for name, value in line.body.items() if name != "stream"})

        async def read() -> bytes:
            return body

        return Incoming(
            id=request_id,
            at=time.time(),
            began=time.monotonic(),
            endpoint=PATHS[batch.endpoint],
            caller=_caller(self._ctx.actor, batch),
            body=read,
            scenario="",
            tags={"batch": batch.id},
            repeat_key=repeat_key(batch.id, line.custom_id),
        )


def _gateway(platform: Platform) -> Gateway:
    (room,) = platform.find(GatewayService)
    if room.gateway is None:
        raise CeyuanError(("网关尚未启动", "the gateway has not started"))
    return room.gateway


def _caller(actor: Actor, batch: Batch) -> Caller:
    person = actor.id if actor.kind == "person" else ""
    return Caller(batch.key_id, actor, Payer(batch.org_id, batch.key_id, person, batch.project))


def _wait_of(sink: Memory) -> float | None:
    """How long to wait before a request is tried again; `None` where that would not help."""
    if sink.error is not None:
        again = sink.error.code in _AGAIN or (
            sink.error.code == "idempotency_conflict" and "retry_after_s" in sink.error.fields
        )
        return float(sink.error.fields.get("retry_after_s", 1)) if again else None
    return 1.0 if sink.status in _AGAIN_STATUSES else None


def _result(line: Line, request_id: str, sink: Memory) -> tuple[dict[str, Any], bool]:
    result: dict[str, Any] = {"id": new_id("batchreq"), "custom_id": line.custom_id, "response": None, "error": None}
    if sink.error is not None:
        result["error"] = {"code": sink.error.code, "message": sink.error.message[1]}
        result["response"] = {"status_code": sink.error.status, "request_id": request_id, "body": None}
        return result, False
    raw = b"".join(sink.parts)
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError:
        body = raw.decode("utf-8", "replace")
    result["response"] = {"status_code": sink.status, "request_id": sink.call_id or request_id, "body": body}
    if sink.status >= 400:
        result["error"] = {"code": "upstream_refused", "message": f"HTTP {sink.status}"}
    return result, sink.status < 400


async def _close(ctx: JobContext, batch_id: str, work: _Work) -> str:
    """Keep the results as files and give the batch its last status, in one transaction."""
    blobs = {
        name: await ctx.platform.blobs.put_file(spool.path)
        for name, spool, count in (("output", work.answers, work.completed), ("error", work.faults, work.failed))
        if count
    }

    async def close(uow: UnitOfWork) -> str:
        row = await repository.any_batch(uow.session, batch_id, lock=True)
        assert row is not None
        for name, blob in blobs.items():
            filename = f"{batch_id}_{name}.jsonl"
            file = await service.keep_file(uow, row.org_id, blob, purpose="batch_output", filename=filename)
            setattr(row, f"{name}_file_id", file.id)
        row.completed, row.failed = work.completed, work.failed
        service.advance(uow, row, work.status)
        return work.status

    return await ctx.transaction("close", close)
