"""Run an engine function in its own process, with limits on memory and time, and follow its reports."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import orjson
import psutil

from ceyuan.kernel.jobs.errors import EngineRefused, JobFailed, MemoryLimit, TimeLimit

_LINE_LIMIT = 64 * 1024 * 1024
_TICK_S = 0.5


@dataclass(slots=True)
class ProcessOutcome:
    """What the function returned, and what it used: CPU and wall seconds, peak resident bytes."""

    result: Any
    cpu_seconds: float
    wall_seconds: float
    peak_bytes: int


@dataclass(slots=True)
class _Usage:
    cpu_seconds: float = 0.0
    peak_bytes: int = 0


def _kill(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        try:
            tree = psutil.Process(process.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            tree = []
        for one in tree:
            try:
                one.kill()
            except psutil.NoSuchProcess:
                pass
        try:
            process.kill()
        except ProcessLookupError:
            pass


def _measure(pid: int, usage: _Usage) -> None:
    try:
        top = psutil.Process(pid)
        family = [top, *top.children(recursive=True)]
        total, cpu = 0, 0.0
        for one in family:
            try:
                total += one.memory_info().rss
                times = one.cpu_times()
                cpu += times.user + times.system
            except psutil.NoSuchProcess:
                continue
        usage.peak_bytes = max(usage.peak_bytes, total)
        usage.cpu_seconds = max(usage.cpu_seconds, cpu)
    except psutil.NoSuchProcess:
        pass


async def _watch(pid: int, usage: _Usage, memory_mb: int | None, time_s: float | None) -> Exception:
    """Ends, with the reason, when a limit is passed."""
    started = time.monotonic()
    while True:
        _measure(pid, usage)
        if memory_mb is not None and usage.peak_bytes > memory_mb * 1_000_000:
            return MemoryLimit(memory_mb)
        if time_s is not None and time.monotonic() - started > time_s:
            return TimeLimit(time_s)
        await asyncio.sleep(_TICK_S)


def _error_of(body: dict[str, Any]) -> JobFailed:
    if body.get("message"):
        hint = tuple(body["hint"]) if body.get("hint") else None
        return EngineRefused(tuple(body["message"]), hint=hint, trace=body.get("trace"))
    text = f"{body['type']}: {body['text']}"[:600]
    return JobFailed((f"处理过程出错:{text}", text), trace=body.get("trace"))


async def _all(*parts: Awaitable[Any]) -> None:
    await asyncio.gather(*parts)


async def run_process(
    entry: str,
    arguments: dict[str, Any],
    *,
    on_report: Callable[[dict[str, Any]], Awaitable[None]],
    on_line: Callable[[str], Awaitable[None]],
    memory_mb: int | None = None,
    time_s: float | None = None,
    environment: dict[str, str] | None = None,
) -> ProcessOutcome:
    """Run `module:function(arguments, report)` in a fresh interpreter.

    Reports go to `on_report`, what the process prints to `on_line`. Raises `MemoryLimit`, `TimeLimit`,
    or `JobFailed` with the function's own error. Cancelling the call kills the process and its children.
    """
    started = time.monotonic()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "ceyuan.kernel.worker", entry, str(os.getpid())),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        limit=_LINE_LIMIT,
        env={**os.environ, "PYTHONUNBUFFERED": "1", **(environment or {})},
        start_new_session=True,  # Ctrl-C in the terminal is the platform's to handle
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    usage, final, last_lines = _Usage(), dict[str, Any](), list[str]()

    async def read_messages(stream: asyncio.StreamReader) -> None:
        while line := await stream.readline():
            message = orjson.loads(line)
            if "report" in message:
                await on_report(message["report"])
            else:
                final.update(message)

    async def read_lines(stream: asyncio.StreamReader) -> None:
        while line := await stream.readline():
            text = line.decode(errors="replace").rstrip()
            last_lines[:] = [*last_lines[-19:], text]
            await on_line(text)

    watch: asyncio.Task[Any] = asyncio.create_task(_watch(process.pid, usage, memory_mb, time_s))
    work: asyncio.Task[Any] = asyncio.create_task(
        _all(read_messages(process.stdout), read_lines(process.stderr), process.wait())
    )
    try:
        process.stdin.write(orjson.dumps(arguments))
        try:
            await process.stdin.drain()
            process.stdin.close()
        except (BrokenPipeError, ConnectionResetError):
            pass
        await asyncio.wait([watch, work], return_when=asyncio.FIRST_COMPLETED)
        if not work.done():
            raise watch.result()
        await work
    finally:
        _measure(process.pid, usage)
        watch.cancel()
        _kill(process)
        await asyncio.gather(work, watch, return_exceptions=True)
    own = final.get("usage", {})
    usage.cpu_seconds = max(usage.cpu_seconds, own.get("cpu_seconds", 0.0))
    usage.peak_bytes = max(usage.peak_bytes, own.get("peak_bytes", 0))
    if "error" in final:
        raise _error_of(final["error"])
    if "result" not in final:
        words = " | ".join(last_lines[-3:]) or "no output"
        raise JobFailed(
            (
                f"进程意外终止(退出码 {process.returncode})",
                f"the process ended unexpectedly (exit code {process.returncode}): {words}",
            ),
            hint=("请查看任务日志;可能内存不足", "see the job's log; the machine may have run out of memory"),
        )
    return ProcessOutcome(final["result"], usage.cpu_seconds, time.monotonic() - started, usage.peak_bytes)
