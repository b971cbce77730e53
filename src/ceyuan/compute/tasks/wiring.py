"""How tasks take part in the platform: they hear how their jobs end, and end and tidy up what was stopped."""

from __future__ import annotations

import ceyuan.compute.tasks.tasks  # noqa: F401 - declares the kind of job
from ceyuan.compute.pools import PoolUse
from ceyuan.compute.tasks.admitting import Admission
from ceyuan.compute.tasks.amounts import CORE_SECOND, DEVICE_SECONDS
from ceyuan.compute.tasks.closing import close_tasks, on_job_finished, sweep
from ceyuan.compute.tasks.seats import TaskUse
from ceyuan.compute.tasks.service import Meters
from ceyuan.compute.tasks.tables import ComputeTask
from ceyuan.identity import OrganisationData, OrganisationRows, Rows
from ceyuan.kernel.platform import Chore, Platform
from ceyuan.metering import Resource

_CLOSE_S, _SWEEP_S = 1.0, 6 * 3600.0


def wire(platform: Platform) -> None:
    """Subscribe, name what is metered, declare the chores."""
    platform.subscriptions.on("job.finished", on_job_finished)
    rows = OrganisationRows("tasks", Rows("tasks", ComputeTask, ComputeTask.org_id))
    platform.provide(OrganisationData, rows)  # type: ignore[type-abstract]
    for resource in (CORE_SECOND, *DEVICE_SECONDS):
        platform.provide(Resource, resource)
    admission = Admission()
    platform.provide(Admission, admission)
    platform.provide(Meters, Meters())
    platform.provide(PoolUse, TaskUse(admission.wake))  # type: ignore[type-abstract]
    platform.services.append(admission)
    platform.chores.append(Chore("end the tries of stopped tasks", _CLOSE_S, close_tasks))
    platform.chores.append(Chore("remove the files of old tasks", _SWEEP_S, sweep))
