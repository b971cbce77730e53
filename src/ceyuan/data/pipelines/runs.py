"""What a pipeline run did so far: from what its process reports, live from the job's log, in the end its result."""

from __future__ import annotations

import time
from typing import Any

from sqlalchemy import select

from ceyuan.data.pipelines.errors import NotARun
from ceyuan.data.pipelines.service import CORPUS, PIPELINE, describe_recipes
from ceyuan.kernel.jobs import Job
from ceyuan.kernel.jobs import find as find_job
from ceyuan.kernel.jobs.repository import log_tail
from ceyuan.kernel.work import UnitOfWork

_PARTS = ("operators", "stages", "change", "documents")
_EVERY_S = 1.0
_LINES = 400


class Heard:
    """What a run's process reported last, by part; figures by operator reach the log once a second at most."""

    def __init__(self) -> None:
        self.told: dict[str, Any] = {}
        self._logged = 0.0

    def __call__(self, report: dict[str, Any]) -> None:
        self.told |= {name: report[name] for name in _PARTS if name in report}
        if "operators" in report:
            now = time.monotonic()
            if now - self._logged < _EVERY_S:
                del report["operators"]
            else:
                self._logged = now


async def describe_run(uow: UnitOfWork, job_id: str) -> dict[str, Any]:
    """The run of a pipeline's job, or of the job that collected before it; raises `JobNotFound`, `NotARun`."""
    job = await find_job(uow, job_id)
    if job.kind == CORPUS:
        child = await uow.session.scalar(select(Job).where(Job.parent_id == job.id, Job.kind == PIPELINE))
        job = child or job
    if job.kind not in (PIPELINE, CORPUS):
        raise NotARun()
    result = job.result or {}
    told = result.get("run") or await _live(uow, job)
    counts = (result.get("counts") or {}).get("total", {})
    operators = told.get("operators") or []
    seconds = sum(float(one["seconds"]) for one in operators)
    first = operators[0] if operators else {}
    reasons = (await describe_recipes(uow.platform))["reasons"] if told.get("stages") else {}
    change = result.get("change") or told.get("change")
    return {
        "job_id": job.id,
        "state": job.state,
        "dataset": job.params["dataset"],
        "revision": result.get("revision"),
        "unchanged": bool(result.get("unchanged")),
        "documents": counts.get("documents", told.get("documents")),
        "kept": counts.get("kept"),
        "change": {"put": change["put"], "deleted": change["deleted"], "measured": change.get("measured")}
        if change
        else None,
        "operators": operators,
        "stages": [one | _named(reasons, one["reason"]) for one in _in_order(told.get("stages") or [])],
        "semantic": (result.get("counts") or {}).get("semantic"),
        "bytes_per_second": first["bytes"] / seconds if first and seconds else None,
        "documents_per_second": first["documents"] / seconds if first and seconds else None,
        "cpu_seconds": job.cpu_seconds,
        "cost_micro": job.cost_micro,
    }


def _named(reasons: dict[str, Any], reason: str) -> dict[str, str]:
    zh, en = reasons.get(reason, (reason, reason))
    return {"zh": zh, "en": en}


async def _live(uow: UnitOfWork, job: Job) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for line in await log_tail(uow.session, job.id, _LINES):
        found |= {name: line.data[name] for name in _PARTS if line.data and name in line.data}
    return found


def _in_order(stages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What was dropped by reason, in the order that it happens: filters, then exact, near and semantic duplicates."""
    last = {"exact_duplicate": 1, "near_duplicate": 2, "semantic_duplicate": 3}
    return sorted(stages, key=lambda stage: last.get(stage["reason"], 0))
