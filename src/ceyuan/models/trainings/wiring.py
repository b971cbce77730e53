"""How training runs take part in the platform: they hear how their jobs end, and tidy up what was given up."""

from __future__ import annotations

import asyncio
import shutil
from datetime import timedelta

from ceyuan.identity import OrganisationData, OrganisationRows, Rows, ScopeRoom
from ceyuan.kernel import jobs
from ceyuan.kernel.actor import SYSTEM
from ceyuan.kernel.events import Event
from ceyuan.kernel.platform import Chore, Platform
from ceyuan.kernel.work import UnitOfWork
from ceyuan.models.trainings import repository, service, tasks
from ceyuan.models.trainings.settings import TrainingSettings
from ceyuan.models.trainings.tables import TrainingPoint, TrainingRun

_SWEEP_S = 6 * 3600.0
_OF_ORGANISATION = OrganisationRows(
    "training",
    Rows("runs", TrainingRun, TrainingRun.org_id),
    Rows("points", TrainingPoint, TrainingRun.org_id, TrainingPoint.run_id),
)


def wire(platform: Platform) -> None:
    """Subscribe to finished jobs, let tokens be limited to training, declare the chore that drops old checkpoints."""
    platform.subscriptions.on("job.finished", on_job_finished)
    platform.provide(ScopeRoom, ScopeRoom("training", ("模型训练", "Model training"), paths=("/api/v1/training",)))
    platform.provide(OrganisationData, _OF_ORGANISATION)  # type: ignore[type-abstract]
    platform.chores.append(Chore("drop checkpoints of trainings given up", _SWEEP_S, sweep))


async def on_job_finished(uow: UnitOfWork, event: Event) -> None:
    """Let a run's state follow its job's, also when the job ended before it began."""
    if event.data.get("kind") != service.JOB_KIND:
        return
    run = await repository.of_job(uow.session, str(event.data["job_id"]))
    job = await jobs.find(uow, str(event.data["job_id"]))
    # A job that somebody resumed in the meantime is open again, and the run with it.
    if run is not None and job.state in ("failed", "cancelled"):
        run.state, run.finished_at = job.state, job.finished_at


async def sweep(platform: Platform) -> None:
    """Remove what failed and cancelled runs left, once they are old enough."""
    kept = timedelta(days=platform.section(TrainingSettings).keep_unfinished_days)
    async with platform.work(SYSTEM, write=False) as uow:
        given_up = await repository.ended_badly_before(uow.session, uow.clock.now() - kept)
        folders = [tasks.scratch(platform, run.job_id) for run in given_up]
    for folder in folders:
        if folder.is_dir():
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
