"""The rule by which seats are chosen, as the twin finds it best for the tasks of late: admission takes it over.

Once a day, where enough has run, the installation's own tasks of the last days are replayed under each rule that
admission knows. The one that finishes most tasks with the shortest mean wait holds until the next replay.
"""

from __future__ import annotations

import asyncio
import json
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from ceyuan.compute.tasks import ComputeTask
from ceyuan.compute.tasks.admitting import RULES, Admission
from ceyuan.compute.twin.fleet import read_fleet
from ceyuan.compute.twin.history import recorded_tasks
from ceyuan.compute.twin.schemas import FleetIn, Recorded, ScenarioIn
from ceyuan.kernel.actor import SYSTEM
from ceyuan.kernel.jobs import Job, JobContext, job, submit
from ceyuan.kernel.platform import Platform
from ceyuan.kernel.work import UnitOfWork

JOB_KIND = "compute.rule"
DAYS, LEAST_TASKS = 7.0, 50
"""A rule rests on the tasks of so many days, and on so many at the least."""
_WORTH = 0.99
"""Another rule takes the usual one's place only where it is better by more than a hundredth."""
_MEMORY_MB, _TIME_S = 4000, 3600.0
_ENTRY = "ceyuan.compute.simulation.process:main"


@job(JOB_KIND, title=("选择安置规则", "Choose the rule of placing"), queue="heavy")
async def choose_rule(ctx: JobContext, params: dict[str, Any]) -> dict[str, Any]:
    """Replay what ran of late under each rule; the result names the best with the figures of all."""
    folder: Path = ctx.platform.data_dir / "work" / ctx.job_id
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    facts = await ctx.step("mix", lambda: _read_mix(ctx.platform, folder / "tasks.jsonl"))
    scenarios = [ScenarioIn(name=rule, placing=rule).model_dump(mode="json") for rule in RULES]
    arguments = {"world": facts["world"], "tasks": {"path": str(folder / "tasks.jsonl")}, "folder": str(folder)}

    async def replay() -> dict[str, Any]:
        results = await ctx.run_process(
            _ENTRY, arguments | {"scenarios": scenarios}, memory_mb=_MEMORY_MB, time_s=_TIME_S
        )
        return {"rule": best_of(results), "figures": [_figures(row) for row in results]}

    # Remembered before its folder goes: a kill in between must not ask for a replay of what is no more.
    found = await ctx.step("replay", replay)
    await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
    return {"rule": found["rule"], "tasks": facts["tasks"], "figures": found["figures"]}


async def _read_mix(platform: Platform, path: Path) -> dict[str, Any]:
    async with platform.work(SYSTEM, write=False) as uow:
        rows = await recorded_tasks(uow, "", Recorded(days=DAYS, everybody=True))
        world = await read_fleet(uow, rows[0]["owner"] if rows else "", FleetIn(), [])
    await asyncio.to_thread(path.write_text, "".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return {"world": world, "tasks": len(rows)}


def _figures(row: dict[str, Any]) -> dict[str, Any]:
    totals = row["totals"]
    waits = {f"wait_{name}_s": totals["wait_s"][name] for name in ("mean", "p95")}
    return {"rule": row["name"], "done": totals["done"], **waits}


def best_of(results: list[dict[str, Any]]) -> str:
    """The rule that finishes most with the shortest mean wait; the first (the usual one) unless another is better."""
    most = max(row["totals"]["done"] for row in results)
    full = [row for row in results if row["totals"]["done"] == most]
    usual, best = full[0], min(full, key=lambda row: row["totals"]["wait_s"]["mean"] or 0.0)
    better = (best["totals"]["wait_s"]["mean"] or 0.0) < _WORTH * (usual["totals"]["wait_s"]["mean"] or 0.0)
    return str((best if better else usual)["name"])


async def latest(uow: UnitOfWork) -> Job | None:
    """The job that chose the rule that holds."""
    query = select(Job).where(Job.kind == JOB_KIND, Job.state == "succeeded")
    return await uow.session.scalar(query.order_by(Job.created_at.desc(), Job.id.desc()).limit(1))


async def see_to_rule(platform: Platform) -> None:
    """Take over the rule that was chosen last, and have one chosen once a day where enough has run."""
    async with platform.work(SYSTEM, write=False) as uow:
        held, today = await latest(uow), uow.clock.now().date().isoformat()
        since = uow.clock.now() - timedelta(days=DAYS)
        query = select(func.count()).where(ComputeTask.finished_at >= since, ComputeTask.seconds > 0)
        enough = (await uow.session.scalar(query) or 0) >= LEAST_TASKS
        asked = await uow.session.scalar(select(Job.id).where(Job.idempotency_key == f"{JOB_KIND}/{today}"))
    for admission in platform.find(Admission):
        admission.rule = RULES[0] if held is None or held.result is None else str(held.result["rule"])
    if enough and asked is None:
        async with platform.work(SYSTEM) as uow:
            title = ("按近期任务选择安置规则", "Choose the rule of placing for the tasks of late")
            await submit(uow, JOB_KIND, {}, title=title, key=f"{JOB_KIND}/{today}")
