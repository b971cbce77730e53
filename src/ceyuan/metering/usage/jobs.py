"""What durable jobs use: their processes' CPU time becomes a usage event when they end."""

from __future__ import annotations

from decimal import Decimal

from ceyuan.kernel.events import Event
from ceyuan.kernel.ids import is_id
from ceyuan.kernel.jobs import charge
from ceyuan.kernel.work import UnitOfWork
from ceyuan.metering.quantities import rounded
from ceyuan.metering.resources import CPU_SECOND
from ceyuan.metering.usage import repository
from ceyuan.metering.usage.events import UsageEvent
from ceyuan.metering.usage.posting import post_usage


def _key(job_id: str, run: int) -> str:
    return f"job:{job_id}:{run}"


async def on_job_finished(uow: UnitOfWork, event: Event) -> None:
    """Post the CPU-seconds of a run of a job. The job counts them over all its runs (a resumed or retried job has
    several), so what earlier runs posted is taken off. Jobs of no organisation are the platform's own."""
    data = event.data
    org_id, seconds = data.get("org_id"), data.get("cpu_seconds")
    if not org_id or not seconds:
        return
    job_id, run = str(data["job_id"]), int(data.get("run", 1))
    earlier = await repository.known(uow.session, [_key(job_id, number) for number in range(1, run)])
    quantity = rounded(seconds) - sum((row.quantity for row in earlier.values()), Decimal(0))
    if quantity <= 0:
        return
    person = data.get("created_by", "")
    used = UsageEvent(
        key=_key(job_id, run),
        org_id=org_id,
        resource=CPU_SECOND.name,
        quantity=quantity,
        occurred_at=uow.clock.now(),
        subject=job_id,
        person_id=person if is_id(person, "per") else "",
        evidence={name: data.get(name) for name in ("kind", "state", "run", "cpu_seconds", "wall_seconds")},
        group=job_id,
    )
    posted = await post_usage(uow, [used])
    if posted.posted and posted.cost_micro:
        await charge(uow, job_id, posted.cost_micro)
