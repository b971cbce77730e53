"""Small job kinds for the tests, and what their heavy parts run."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ceyuan.kernel.jobs import JobContext, job
from ceyuan.kernel.work import UnitOfWork

TITLE = ("测试", "test")


@job("test.append", title=TITLE)
async def append(ctx: JobContext, params: dict[str, Any]) -> dict[str, Any]:
    """Three steps, each writes a line to a file; the second waits as long as a gate file is missing."""
    out = Path(params["out"])

    async def write(name: str) -> str:
        with out.open("a") as file:
            file.write(name + "\n")
        return name

    await ctx.step("one", lambda: write("one"))
    ctx.progress(0.3, ("一", "one"))
    ctx.log("one is done", number=1)
    gate = params.get("gate")
    while gate and not Path(gate).exists():
        await asyncio.sleep(0.02)
    await ctx.step("two", lambda: write("two"))

    async def audit(uow: UnitOfWork) -> str:
        return "three"

    return {"last": await ctx.transaction("three", audit)}


@job("test.fail", title=TITLE, retries=2)
async def fail(ctx: JobContext, params: dict[str, Any]) -> dict[str, Any]:
    """Fails until its file has as many lines as asked for."""
    out = Path(params["out"])
    with out.open("a") as file:
        file.write("try\n")
    if len(out.read_text().splitlines()) < params["needs"]:
        raise RuntimeError("not yet")
    return {}


@job("test.slow_to_stop", title=TITLE)
async def slow_to_stop(ctx: JobContext, params: dict[str, Any]) -> dict[str, Any]:
    """Waits to be cancelled, then takes its time to clean up; ends at once where its file is there already."""
    out = Path(params["out"])
    if out.exists():
        return {"again": True}
    out.write_text("begun\n")
    try:
        await asyncio.Event().wait()
    finally:
        await asyncio.sleep(0.4)
        out.write_text("begun\ncleaned up\n")
    return {}


@job("test.process", title=TITLE, queue="heavy")
async def process(ctx: JobContext, params: dict[str, Any]) -> dict[str, Any]:
    result: dict[str, Any] = await ctx.run_process(
        f"tests.kernel.jobs.kinds:{params['entry']}",
        params,
        memory_mb=params.get("memory_mb"),
        time_s=params.get("time_s"),
    )
    return result


@job("test.parent", title=TITLE, queue="flow")
async def parent(ctx: JobContext, params: dict[str, Any]) -> dict[str, Any]:
    return await ctx.child("inner", params["kind"], params["params"])


def double(arguments: dict[str, Any], report: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    report({"progress": 0.5, "message": ("半", "half"), "loss": 1.5})
    print("a stray line")  # noqa: T201
    return {"value": arguments["value"] * 2}


def sleep(arguments: dict[str, Any], report: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    time.sleep(60)
    return {}


def grow(arguments: dict[str, Any], report: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    hoard = []
    while True:
        hoard.append(bytearray(10_000_000))
        time.sleep(0.01)


def raise_value_error(arguments: dict[str, Any], report: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    raise ValueError("the seventh row is empty")


def vanish(arguments: dict[str, Any], report: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    import os
    import signal

    os.kill(os.getpid(), signal.SIGKILL)
    return {}
