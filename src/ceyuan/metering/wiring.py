"""How metering takes part in the platform: what it hears, what it declares, what it does by the clock."""

from __future__ import annotations

from ceyuan.identity import OrganisationData, PersonalData, ScopeRoom
from ceyuan.kernel.platform import Chore, Platform
from ceyuan.metering import tasks, telling
from ceyuan.metering.belongings import MeteringOrganisationData, MeteringPersonalData
from ceyuan.metering.resources import CPU_SECOND, STORAGE, Resource
from ceyuan.metering.usage.jobs import on_job_finished


def wire(platform: Platform) -> None:
    """Subscribe to finished jobs and to what people are told, provide scopes, resources and data exports, declare
    the chores."""
    platform.subscriptions.on("job.finished", on_job_finished)
    telling.subscribe(platform)
    platform.provide(ScopeRoom, ScopeRoom("metering", ("计量与账务", "Metering and billing")))
    platform.provide(OrganisationData, MeteringOrganisationData())  # type: ignore[type-abstract]
    platform.provide(PersonalData, MeteringPersonalData())  # type: ignore[type-abstract]
    for resource in (CPU_SECOND, STORAGE):
        platform.provide(Resource, resource)
    platform.chores.append(Chore("release stale holds and ended wallets", 60.0, tasks.sweep))
    platform.chores.append(Chore("check the books and issue bills", 3600.0, tasks.daily))
