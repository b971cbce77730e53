"""The job of a study: read the workload, replay its scenarios in a process of their own, keep what came of it."""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path
from typing import Any

from ceyuan.compute.accelerators import power_of
from ceyuan.compute.twin import service
from ceyuan.compute.twin.history import recorded_tasks
from ceyuan.compute.twin.schemas import MadeUp, ScenarioIn, StudyPlan, Trace
from ceyuan.compute.twin.traces import traced_tasks
from ceyuan.kernel.events import Event
from ceyuan.kernel.jobs import JobContext, find, job
from ceyuan.kernel.platform import Platform
from ceyuan.kernel.work import UnitOfWork

_MEMORY_MB, _TIME_S = 4000, 4 * 3600.0
_ENTRY = "ceyuan.compute.simulation.process:main"


@job(service.JOB_KIND, title=("数字孪生推演", "Digital twin"), queue="heavy")
async def run_study(ctx: JobContext, params: dict[str, Any]) -> dict[str, Any]:
    """Replay every scenario of a study (`study_id`); after a crash those that are done are not replayed again."""
    study_id = str(params["study_id"])
    facts = await ctx.transaction("begin", lambda uow: _begin(uow, study_id))
    plan, folder = StudyPlan.model_validate(facts["plan"]), _folder(ctx.platform, study_id)
    if (names := await _kept(ctx, study_id)) is not None:
        # Killed after it was kept: its folder may be gone already.
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
        return {"study_id": study_id, "scenarios": names}
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    path = folder / "tasks.jsonl"
    await ctx.step("workload", lambda: _read_workload(ctx, facts["org_id"], plan, path))
    arguments = {"world": facts["world"], "tasks": _workload(plan, path), "folder": str(folder)}
    arguments["scenarios"] = [_as_read(one) for one in plan.scenarios]
    # What is done lies in the folder: no step is needed to keep it, and its figures do not pass through the job's own.
    results = await ctx.run_process(_ENTRY, arguments, memory_mb=_MEMORY_MB, time_s=_TIME_S)
    await ctx.transaction("keep", lambda uow: _keep(uow, study_id, results))
    await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
    return {"study_id": study_id, "scenarios": [row["name"] for row in results]}


def _folder(platform: Platform, study_id: str) -> Path:
    return platform.data_dir / "work" / study_id


def _workload(plan: StudyPlan, path: Path) -> dict[str, Any]:
    if isinstance(plan.workload, MadeUp):
        return {"mixture": plan.workload.model_dump(exclude={"kind"})}
    return {"path": str(path)}


def _as_read(scenario: ScenarioIn) -> dict[str, Any]:
    """A scenario as the engine reads it."""
    found = scenario.model_dump(mode="json")
    for row in found["more_nodes"]:
        power, _ = power_of(row["accelerator"], row["region"], row["pue"], row["carbon"][0])
        row |= {
            "memory_mib": round(row["memory_gib"] * 1024),
            "watts": power["watts"],
            "core_watts": power["core_watts"],
        }
    found["faster"] = [
        {"from": row["one"], "to": row["other"], "gbps": row["gbps"], "price": row["yuan_per_gb"]}
        for row in found["faster"]
    ]
    return found


async def _begin(uow: UnitOfWork, study_id: str) -> dict[str, Any]:
    study = await service.get(uow.session, study_id, lock=True)
    study.state = "running"
    return {"plan": study.plan, "world": study.world, "org_id": study.org_id}


async def _read_workload(ctx: JobContext, org_id: str, plan: StudyPlan, path: Path) -> int:
    """Write recorded or traced tasks down, so that every scenario, today or after a crash, replays the same ones."""
    if isinstance(plan.workload, MadeUp):
        return 0
    async with ctx.platform.work(ctx.actor, write=False) as uow:
        if isinstance(plan.workload, Trace):
            rows = await traced_tasks(uow, plan.workload)
        else:
            rows = await recorded_tasks(uow, org_id, plan.workload)
    text = "".join(json.dumps(row) + "\n" for row in rows)
    await asyncio.to_thread(path.write_text, text, encoding="utf-8")
    return len(rows)


async def _kept(ctx: JobContext, study_id: str) -> list[str] | None:
    """The scenarios of a study whose results are kept already."""
    async with ctx.platform.work(ctx.actor, write=False) as uow:
        study = await service.get(uow.session, study_id)
        return [row["name"] for row in study.results] if study.state == "succeeded" else None


async def _keep(uow: UnitOfWork, study_id: str, results: list[dict[str, Any]]) -> None:
    study = await service.get(uow.session, study_id, lock=True)
    study.results, study.tasks = results, int(results[0]["totals"]["tasks"])
    study.state, study.finished_at = "succeeded", uow.clock.now()


async def on_job_finished(uow: UnitOfWork, event: Event) -> None:
    """Mark a study whose job failed or was cancelled."""
    if event.data.get("kind") != service.JOB_KIND:
        return
    ended = await find(uow, str(event.data["job_id"]))
    study = await service.get(uow.session, str(ended.params["study_id"]), lock=True)
    if ended.state in ("failed", "cancelled") and study.state in service.OPEN:
        study.state, study.finished_at = ended.state, uow.clock.now()
